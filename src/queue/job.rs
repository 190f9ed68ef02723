//! Jobs: images to be processed, at most one an image, each in the transaction with the data it is about.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Text};

use super::retry;
use crate::addresses::ImageAddress;
use crate::hydra::Problem;
use crate::schema::{discards, jobs};

/// Channel on which processes hear that there is work.
pub const WORK: &str = "hydria_work";
/// Channel on which processes hear that no request need wait for a job any more; the payload is its number.
pub const SETTLED: &str = "hydria_settled";

/// Key of the object that one attempt at a job writes.
///
/// Numbers are never used twice, so neither is a key; folders stay small.
pub fn object(job: i64, attempt: i32) -> String {
    format!("thumbnails/{:03}/{job}-{attempt}", job % 1000)
}

/// The job and the attempt that wrote an object; none where [`object`] gives no such key.
pub fn of_object(key: &str) -> Option<(i64, i32)> {
    let (job, attempt) = key.rsplit('/').next()?.split_once('-')?;
    let of = (job.parse().ok()?, attempt.parse().ok()?);
    (object(of.0, of.1) == key).then_some(of)
}

/// Puts images into the queue, or at its head when a request waits for them.
///
/// An image that has a job already gets a new one in its place: an attempt under way can no longer settle
/// anything, and what it has written is discarded. The images are locked. Answers the numbers of the jobs, in no order.
///
/// # Errors
/// Fails if the database does not answer.
pub fn put(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
    immediate: bool,
) -> Result<Vec<i64>, Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    discard_attempts(conn, customer, &spaces, &ids)?;
    retry::forget(conn, customer, &spaces, &ids)?;
    let put = diesel::sql_query(
        "INSERT INTO jobs AS j (customer, space, image, immediate) \
         SELECT $1, space, image, $4 FROM unnest($2, $3) AS n (space, image) ORDER BY space, image \
         ON CONFLICT (customer, space, image) DO UPDATE SET id = nextval('jobs_id_seq'), \
         immediate = j.immediate OR excluded.immediate, available = now(), attempts = 0, returns = 0 \
         RETURNING id",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .bind::<Bool, _>(immediate)
    .load::<Numbered>(conn)?;
    diesel::sql_query(format!("NOTIFY {WORK}")).execute(conn)?;
    Ok(put.into_iter().map(|n| n.id).collect())
}

/// As [`put`], for images that were made in this transaction, which have no job yet.
///
/// # Errors
/// Fails if the database does not answer.
pub fn put_new(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
) -> Result<(), Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    diesel::sql_query(
        "INSERT INTO jobs (customer, space, image, immediate) \
         SELECT $1, space, image, FALSE FROM unnest($2, $3) AS n (space, image)",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .execute(conn)?;
    diesel::sql_query(format!("NOTIFY {WORK}")).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct LockedJob {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// Discards what attempts under way may yet write; it is due when their lease is long over.
fn discard_attempts(
    conn: &mut PgConnection,
    customer: i32,
    spaces: &[i32],
    ids: &[&str],
) -> Result<(), Problem> {
    // All are locked, in the order of keys, so that none is claimed under its old number any more.
    let held: Vec<LockedJob> = diesel::sql_query(
        "SELECT id, attempts FROM jobs WHERE customer = $1 \
         AND (space, image) IN (SELECT * FROM unnest($2, $3)) ORDER BY space, image FOR UPDATE",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .load(conn)?;
    for LockedJob { id, attempts } in held {
        discard_all(conn, id, attempts, AFTER_ATTEMPT_S)?;
    }
    Ok(())
}

/// Longest time, in seconds, that an attempt which lost its job may go on: fetching is given ten minutes.
const AFTER_ATTEMPT_S: i32 = 1200;

/// Discards the objects of the attempts 1 to `attempts` at a job, due so many seconds from now.
///
/// # Errors
/// Fails if the database does not answer.
pub fn discard_all(
    conn: &mut PgConnection,
    job: i64,
    attempts: i32,
    due_s: i32,
) -> Result<(), Problem> {
    (1..=attempts).try_for_each(|attempt| discard(conn, &object(job, attempt), due_s))
}

/// Keeps an object that was to be discarded: a row names it now.
///
/// # Errors
/// Fails if the database does not answer.
pub fn keep(conn: &mut PgConnection, key: &str) -> Result<(), Problem> {
    diesel::delete(discards::table.find(key)).execute(conn)?;
    Ok(())
}

/// Discards one object, due so many seconds from now.
///
/// # Errors
/// Fails if the database does not answer.
pub fn discard(conn: &mut PgConnection, key: &str, due_s: i32) -> Result<(), Problem> {
    let due = chrono::Utc::now() + chrono::Duration::seconds(i64::from(due_s));
    diesel::insert_into(discards::table)
        .values((discards::object.eq(key), discards::due.eq(due)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// Takes the job of an image away, when the image goes.
///
/// # Errors
/// Fails if the database does not answer.
pub fn withdraw(conn: &mut PgConnection, at: &ImageAddress) -> Result<(), Problem> {
    discard_attempts(conn, at.customer, &[at.space], &[at.image.as_str()])?;
    let own = jobs::table
        .filter(jobs::customer.eq(at.customer))
        .filter(jobs::space.eq(at.space))
        .filter(jobs::image.eq(&at.image));
    let withdrawn: Vec<(i64, bool)> =
        diesel::delete(own).returning((jobs::id, jobs::immediate)).load(conn)?;
    let waited_for = withdrawn.into_iter().filter(|(_, immediate)| *immediate);
    waited_for.map(|(job, _)| job).try_for_each(|job| notify_completed(conn, job))
}

/// Number of the job of an image that a request may wait for: until its first attempt has ended.
///
/// # Errors
/// Fails if the database does not answer.
pub fn awaited(conn: &mut PgConnection, at: &ImageAddress) -> Result<Option<i64>, Problem> {
    let own = jobs::table
        .filter(jobs::customer.eq(at.customer))
        .filter(jobs::space.eq(at.space))
        .filter(jobs::image.eq(&at.image))
        .filter(jobs::immediate);
    Ok(own.select(jobs::id).first(conn).optional()?)
}

/// Tells all processes that a job need not be waited for any more, once this is committed; only of jobs that a request
/// waits for.
///
/// Transactions that tell something are committed one after another in the whole of a PostgreSQL server.
///
/// # Errors
/// Fails if the database does not answer.
pub fn notify_completed(conn: &mut PgConnection, job: i64) -> Result<(), Problem> {
    diesel::sql_query(format!("NOTIFY {SETTLED}, '{job}'")).execute(conn)?;
    Ok(())
}
