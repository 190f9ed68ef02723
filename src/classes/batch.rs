//! Batches: what was submitted to the queue, and how it came out.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::addresses::{self, BatchAddress, ImageAddress};
use super::image::{BATCH_COMPLETED, BATCH_ERRORS, BATCH_IMAGES};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::{batches, images, members};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = batches, check_for_backend(diesel::pg::Pg))]
pub struct Batch {
    pub customer: i32,
    pub id: i64,
    pub submitted: DateTime<Utc>,
    pub count: i32,
    pub finished: Option<DateTime<Utc>>,
    pub superseded: bool,
    /// Members settled with success.
    pub completed: i32,
    /// Members settled with failure, deleted ones among them.
    pub errors: i32,
}

impl Resource for Batch {
    type Address = BatchAddress;
    type Draft = ();

    const NAME: &'static str = "Batch";
    const TEMPLATE: &'static str = addresses::BATCH;
    const CLASS: Class<Self> = Class {
        doc: "Images that were submitted together. completed counts successes only: a batch is done \
              when finished is there, and then completed and errors add up to count.",
        properties: &[
            &field("id", "Number in addresses, ascending", |b: &Self| &b.id),
            &field("submitted", "When it was registered", |b: &Self| &b.submitted),
            &field("count", "Images as submitted; never changes", |b: &Self| &b.count)
                .non_negative(),
            &field("completed", "Images processed with success", |b: &Self| &b.completed)
                .non_negative(),
            &field(
                "errors",
                "Images processed with failure, and those deleted while they waited",
                |b: &Self| &b.errors,
            )
            .non_negative(),
            &field("finished", "When the last image was settled; absent until then", |b: &Self| {
                &b.finished
            }),
            &field(
                "superseded",
                "Whether all its images were sent again in later batches; test brings it up to date",
                |b: &Self| &b.superseded,
            ),
            &collection("images", "Images for which this is the latest batch", &BATCH_IMAGES),
            &collection("completedImages", "Of these, those without an error", &BATCH_COMPLETED),
            &collection("errorImages", "Of these, those with an error", &BATCH_ERRORS),
            &action::<Self, BatchTest>("test", "POST here to bring the batch up to date", &[TEST]),
        ],
        operations: &[retrieve_counting::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> BatchAddress {
        BatchAddress { customer: self.customer, batch: self.id }
    }
    fn draft(&self) {}
}

/// What a test of a batch came to.
#[derive(Debug)]
pub struct BatchTest {
    at: BatchAddress,
    success: bool,
}

impl Resource for BatchTest {
    type Address = BatchAddress;
    type Draft = ();

    const NAME: &'static str = "BatchTest";
    const TEMPLATE: &'static str = addresses::BATCH_TEST;
    const CLASS: Class<Self> = Class {
        doc: "What a test of a batch came to.",
        properties: &[&field(
            "success",
            "Whether something was out of date, and is now right",
            |t: &Self| &t.success,
        )],
        ..Class::EMPTY
    };

    fn address(&self) -> BatchAddress {
        self.at
    }
    fn draft(&self) {}
}

const TEST: Operation<BatchAddress> = post("test", "Bring the batch up to date")
    .accepts_any_body()
    .returns::<BatchTest>()
    .answering(statuses::TESTED)
    .writes(|s, at, _| {
        lock(s.conn, at.customer, &[at.batch])?;
        let held = Batch::find(s, at)?;
        let pointing = images::table
            .filter(images::customer.eq(at.customer))
            .filter(images::batch.eq(at.batch));
        let superseded: bool = diesel::select(not(exists(pointing))).get_result(s.conn)?;
        let finished = finish(s.conn, at.customer, &[at.batch])?;
        if superseded != held.superseded {
            diesel::update(batches::table.find((at.customer, at.batch)))
                .set(batches::superseded.eq(superseded))
                .execute(s.conn)?;
        }
        let success = !finished.is_empty() || superseded != held.superseded;
        s.effects.extend(finished.iter().map(|finished| Effect::Note(finished.to_string())));
        let test = BatchTest { at: *at, success };
        Ok(Reply::shown(Outcome::Reported, &test, s))
    });

/// Makes a batch of so many images; answers its number, and when that was by the database's clock.
///
/// # Errors
/// Where the database does not answer.
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
/// Where the database does not answer.
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
/// Where the database does not answer.
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

/// Numbers of the batches in which an image waits.
///
/// # Errors
/// Where the database does not answer.
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

/// How a member of a batch came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOutcome {
    Completed,
    Failed,
    Deleted,
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
        let path = path_to::<Batch>(at);
        write!(f, "{path} is finished: {completed} of {count} images came through, {errors} failed")
    }
}

/// Settles an image in batches whose rows the transaction holds; finishes those that have no other left.
///
/// Returns those that were finished by that.
///
/// # Errors
/// Where the database does not answer.
pub fn record_outcomes(
    conn: &mut PgConnection,
    at: &ImageAddress,
    held: &[i64],
    outcome: MemberOutcome,
) -> Result<Vec<Finished>, Problem> {
    let word = match outcome {
        MemberOutcome::Completed => "completed",
        MemberOutcome::Failed => "failed",
        MemberOutcome::Deleted => "deleted",
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
    let settled: Vec<i64> = diesel::update(waiting)
        .set(members::outcome.eq(word))
        .returning(members::batch)
        .load(conn)?;
    let (completed, errors) = match outcome {
        MemberOutcome::Completed => (1, 0),
        MemberOutcome::Failed | MemberOutcome::Deleted => (0, 1),
    };
    let own = batches::table
        .filter(batches::customer.eq(at.customer))
        .filter(batches::id.eq_any(&settled));
    diesel::update(own)
        .set((
            batches::completed.eq(batches::completed + completed),
            batches::errors.eq(batches::errors + errors),
        ))
        .execute(conn)?;
    finish(conn, at.customer, held)
}

/// Sets `finished` of those batches in which nothing waits any more, where it is not set; returns them.
fn finish(
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
    let finished: Vec<(i64, i32, i32, i32)> = diesel::update(unfinished)
        .set(batches::finished.eq(Utc::now()))
        .returning((batches::id, batches::count, batches::completed, batches::errors))
        .load(conn)?;
    let finished = finished.into_iter().map(|(batch, count, completed, errors)| Finished {
        at: BatchAddress { customer, batch },
        count,
        completed,
        errors,
    });
    Ok(finished.collect())
}

crate::stored! {
    Batch in batches { customer: customer, id: batch }: retrieve,
}
