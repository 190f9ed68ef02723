//! Rows of batches and of their members: which images were submitted together, and how each came out.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use crate::addresses::{self, BatchAddress, ImageAddress};
use crate::database::prepared::Prepared;
use crate::hydra::Problem;
use crate::resource::address::Template;
use crate::schema::{batches, members};

/// Makes a batch of so many images; answers its number, and when that was by the database's clock.
///
/// # Errors
/// Fails if the database does not answer.
pub fn make(
    conn: &mut PgConnection,
    customer: i32,
    count: usize,
) -> Result<(i64, DateTime<Utc>), Problem> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    Ok(diesel::insert_into(batches::table)
        .values((batches::customer.eq(customer), batches::count.eq(count)))
        .returning((batches::id, batches::submitted))
        .get_result(conn)?)
}

/// Makes images the members of a batch that was made in this transaction.
///
/// # Errors
/// Fails if the database does not answer.
pub fn put_members<'a>(
    conn: &mut PgConnection,
    customer: i32,
    batch: i64,
    images: impl Iterator<Item = &'a ImageAddress>,
) -> Result<(), Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        images.map(|at| (at.space, at.image.as_str())).unzip();
    diesel::sql_query(
        "INSERT INTO members (customer, batch, space, image) \
         SELECT $1, $2, space, image FROM unnest($3, $4) AS n (space, image)",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(batch)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .execute(conn)?;
    Ok(())
}

/// Holds batches until the transaction ends, in the order of their numbers (`docs/rules.md` 6.3).
///
/// # Errors
/// Fails if the database does not answer.
pub fn lock(conn: &mut PgConnection, customer: i32, wanted: &[i64]) -> Result<(), Problem> {
    batches::table
        .filter(batches::customer.eq(customer))
        .filter(batches::id.eq_any(wanted))
        .order(batches::id)
        .select(batches::id)
        .for_no_key_update()
        .load::<i64>(conn)?;
    Ok(())
}

/// Returns the numbers of the batches in which an image waits.
///
/// # Errors
/// Fails if the database does not answer.
pub fn waiting_in(conn: &mut PgConnection, at: &ImageAddress) -> Result<Vec<i64>, Problem> {
    Ok(members::table
        .filter(members::customer.eq(at.customer))
        .filter(members::space.eq(at.space))
        .filter(members::image.eq(&at.image))
        .filter(members::outcome.is_null())
        .order(members::batch)
        .select(members::batch)
        .load(conn)?)
}

/// Returns the numbers of the batches in which any of these images of a customer waits, ascending.
///
/// # Errors
/// Fails if the database does not answer.
pub fn any_waiting_in(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
) -> Result<Vec<i64>, Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    let found: Vec<Numbered> = diesel::sql_query(
        "SELECT DISTINCT batch AS id FROM members WHERE customer = $1 AND outcome IS NULL \
         AND (space, image) IN (SELECT * FROM unnest($2, $3)) ORDER BY batch",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .load(conn)?;
    Ok(found.into_iter().map(|batch| batch.id).collect())
}

/// Returns the numbers of the batches in which an image waits that waits in this one too, and of this one.
///
/// # Errors
/// Fails if the database does not answer.
pub fn sharing(conn: &mut PgConnection, customer: i32, batch: i64) -> Result<Vec<i64>, Problem> {
    let others: Vec<Numbered> = diesel::sql_query(
        "SELECT DISTINCT o.batch AS id FROM members AS m JOIN members AS o \
         ON (o.customer, o.space, o.image) = (m.customer, m.space, m.image) AND o.outcome IS NULL \
         WHERE m.customer = $1 AND m.batch = $2 AND m.outcome IS NULL UNION SELECT $2",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(batch)
    .load(conn)?;
    Ok(others.into_iter().map(|other| other.id).collect())
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Settles all that waits in a batch, and images whose jobs are gone in all batches that are held, as cancelled.
///
/// Returns the batches that were finished by that.
///
/// # Errors
/// Fails if the database does not answer.
pub fn cancel(
    conn: &mut PgConnection,
    customer: i32,
    batch: i64,
    held: &[i64],
    gone: &[(i32, String)],
) -> Result<Vec<Finished>, Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        gone.iter().map(|(space, id)| (*space, id.as_str())).unzip();
    diesel::sql_query(
        "WITH cancelled AS (\
           UPDATE members SET outcome = 'cancelled' WHERE customer = $1 AND batch = ANY ($3) \
           AND outcome IS NULL \
           AND (batch = $2 OR (space, image) IN (SELECT * FROM unnest($4, $5))) RETURNING batch), \
         counted AS (SELECT batch, count(*) AS members FROM cancelled GROUP BY batch) \
         UPDATE batches AS b SET errors = b.errors + c.members FROM counted AS c \
         WHERE b.customer = $1 AND b.id = c.batch",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(batch)
    .bind::<Array<BigInt>, _>(held)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .execute(conn)?;
    finish(conn, customer, held)
}

/// Settles images that are deleted in all batches that are held.
///
/// Returns the batches that were finished by that.
///
/// # Errors
/// Fails if the database does not answer.
pub fn record_deletions(
    conn: &mut PgConnection,
    customer: i32,
    held: &[i64],
    images: &[(i32, &str)],
) -> Result<Vec<Finished>, Problem> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    diesel::sql_query(
        "WITH deleted AS (\
           UPDATE members SET outcome = 'deleted' WHERE customer = $1 AND batch = ANY ($2) \
           AND outcome IS NULL AND (space, image) IN (SELECT * FROM unnest($3, $4)) \
           RETURNING batch), \
         counted AS (SELECT batch, count(*) AS members FROM deleted GROUP BY batch) \
         UPDATE batches AS b SET errors = b.errors + c.members FROM counted AS c \
         WHERE b.customer = $1 AND b.id = c.batch",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<BigInt>, _>(held)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .execute(conn)?;
    finish(conn, customer, held)
}

/// The outcome of a member of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOutcome {
    Completed,
    Failed,
}

/// A batch whose last member was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub at: BatchAddress,
    pub count: i32,
    pub completed: i32,
    pub errors: i32,
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, count, completed, errors } = self;
        let mut path = String::new();
        const { Template::of(addresses::BATCH) }.fill(at, &mut path);
        write!(f, "{path} is finished: {completed} of {count} images came through, {errors} failed")
    }
}

/// Settles an image in batches whose rows the transaction holds; finishes those that have no other left.
///
/// Returns those that were finished by that.
///
/// # Errors
/// Fails if the database does not answer.
pub fn record_outcomes(
    conn: &mut PgConnection,
    at: &ImageAddress,
    held: &[i64],
    outcome: MemberOutcome,
) -> Result<Vec<Finished>, Problem> {
    let word = match outcome {
        MemberOutcome::Completed => "completed",
        MemberOutcome::Failed => "failed",
    };
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let waiting = members::table
        .filter(members::customer.eq(at.customer))
        .filter(members::batch.eq_any(held))
        .filter(members::space.eq(at.space))
        .filter(members::image.eq(&at.image))
        .filter(members::outcome.is_null());
    let settle = diesel::update(waiting).set(members::outcome.eq(word));
    let settled: Vec<i64> = Prepared(settle.returning(members::batch)).load(conn)?;
    let (completed, errors) = match outcome {
        MemberOutcome::Completed => (1, 0),
        MemberOutcome::Failed => (0, 1),
    };
    let own = batches::table
        .filter(batches::customer.eq(at.customer))
        .filter(batches::id.eq_any(&settled));
    let counts = (
        batches::completed.eq(batches::completed + completed),
        batches::errors.eq(batches::errors + errors),
    );
    let count = diesel::update(own).set(counts);
    Prepared(count.returning(batches::id)).load::<i64>(conn)?;
    finish(conn, at.customer, held)
}

/// Sets `finished` of those batches in which nothing waits any more, where it is not set; returns them.
///
/// # Errors
/// Fails if the database does not answer.
pub fn finish(
    conn: &mut PgConnection,
    customer: i32,
    wanted: &[i64],
) -> Result<Vec<Finished>, Problem> {
    let waiting = members::table
        .filter(members::customer.eq(batches::customer))
        .filter(members::batch.eq(batches::id))
        .filter(members::outcome.is_null());
    let unfinished = batches::table
        .filter(batches::customer.eq(customer))
        .filter(batches::id.eq_any(wanted))
        .filter(batches::finished.is_null())
        .filter(not(exists(waiting)));
    let counts = (batches::id, batches::count, batches::completed, batches::errors);
    let finish = diesel::update(unfinished).set(batches::finished.eq(Utc::now()));
    let finished: Vec<(i64, i32, i32, i32)> = Prepared(finish.returning(counts)).load(conn)?;
    let finished = finished.into_iter().map(|(batch, count, completed, errors)| Finished {
        at: BatchAddress { customer, batch },
        count,
        completed,
        errors,
    });
    Ok(finished.collect())
}
