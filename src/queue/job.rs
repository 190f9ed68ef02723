//! Jobs: images to be processed, at most one an image, each in the transaction with the data it is about.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};

use super::retry;
use crate::addresses::ImageAddress;
use crate::hydra::Problem;
use crate::schema::{discards, jobs};

/// Channel on which processes hear that there is work.
pub const WORK: &str = "hydria_work";
/// Channel on which processes hear that no request need wait for a job any more; the payload is its number.
pub const SETTLED: &str = "hydria_settled";

/// Folder of all objects in their store.
pub const OBJECTS: &str = "thumbnails";

/// Key of the object that one attempt at a job writes.
///
/// Numbers are never used twice, so neither is a key; folders stay small.
pub fn object(job: i64, attempt: i32) -> String {
    format!("{OBJECTS}/{:03}/{job}-{attempt}", job % 1000)
}

/// The job and the attempt that wrote an object; none where [`object`] gives no such key.
pub fn of_object(key: &str) -> Option<(i64, i32)> {
    let (job, attempt) = key.rsplit('/').next()?.split_once('-')?;
    let of = (job.parse().ok()?, attempt.parse().ok()?);
    (object(of.0, of.1) == key).then_some(of)
}

/// Who puts an image into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A request that waits for it.
    Request,
    Batch(BatchSender),
    /// The service itself.
    Service,
}

/// A batch that puts its images into a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSender {
    /// Its number.
    pub batch: i64,
    /// Tells whether into the priority queue.
    pub priority: bool,
}

/// Puts images into the queue, or at its head when a request waits for them.
///
/// An image that has a job already gets a new one in its place: an attempt under way can no longer settle
/// anything, and what it has written is discarded. One that a request waits for becomes no batch's, and is not cancelled
/// with it. The images are locked. Answers the numbers of the jobs, in no order.
///
/// # Errors
/// Fails if the database does not answer.
pub fn put(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
    sender: Sender,
) -> Result<Vec<i64>, Problem> {
    let sent = match sender {
        Sender::Batch(sent) => Some(sent),
        Sender::Request | Sender::Service => None,
    };
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    discard_attempts(conn, customer, &spaces, &ids)?;
    retry::forget(conn, customer, &spaces, &ids)?;
    let put = diesel::sql_query(
        "INSERT INTO jobs AS j (customer, space, image, immediate, batch, priority) \
         SELECT $1, space, image, $4, $5, $6 FROM unnest($2, $3) AS n (space, image) ORDER BY space, image \
         ON CONFLICT (customer, space, image) DO UPDATE SET id = nextval('jobs_id_seq'), \
         immediate = j.immediate OR excluded.immediate, priority = j.priority OR excluded.priority, \
         batch = excluded.batch, available = now(), attempts = 0, returns = 0 \
         RETURNING id",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .bind::<Bool, _>(sender == Sender::Request)
    .bind::<Nullable<BigInt>, _>(sent.map(|sent| sent.batch))
    .bind::<Bool, _>(sent.is_some_and(|sent| sent.priority))
    .load::<Numbered>(conn)?;
    diesel::sql_query(format!("NOTIFY {WORK}")).execute(conn)?;
    Ok(put.into_iter().map(|n| n.id).collect())
}

/// Puts images into the queue as [`put`] does, for those that a batch made in this transaction, which have no job yet.
///
/// # Errors
/// Fails if the database does not answer.
pub fn put_new(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
    sender: BatchSender,
) -> Result<(), Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    diesel::sql_query(
        "INSERT INTO jobs (customer, space, image, immediate, batch, priority) \
         SELECT $1, space, image, FALSE, $4, $5 FROM unnest($2, $3) AS n (space, image)",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .bind::<BigInt, _>(sender.batch)
    .bind::<Bool, _>(sender.priority)
    .execute(conn)?;
    diesel::sql_query(format!("NOTIFY {WORK}")).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct LockedJob {
    #[diesel(sql_type = BigInt)]
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
    discard_attempts_of(conn, held.into_iter().map(|LockedJob { id, attempts }| (id, attempts)))
}

/// Discards what attempts under way at jobs, given by number and attempts, may yet write.
fn discard_attempts_of(
    conn: &mut PgConnection,
    jobs: impl Iterator<Item = (i64, i32)>,
) -> Result<(), Problem> {
    let keys = jobs.flat_map(|(id, attempts)| (1..=attempts).map(move |n| object(id, n)));
    let keys: Vec<String> = keys.collect();
    if keys.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO discards (object, due) SELECT key, now() + $2 * interval '1 second' \
         FROM unnest($1) AS key ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(keys)
    .bind::<Integer, _>(AFTER_ATTEMPT_S)
    .execute(conn)?;
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

/// Discards the object of an attempt that has come to its end, at once, also where it was to be discarded later because the
/// attempt might go on.
///
/// # Errors
/// Fails if the database does not answer.
pub fn discard_ended(conn: &mut PgConnection, key: &str) -> Result<(), Problem> {
    let due = discards::due.eq(chrono::Utc::now());
    diesel::insert_into(discards::table)
        .values((discards::object.eq(key), due))
        .on_conflict(discards::object)
        .do_update()
        .set(due)
        .execute(conn)?;
    Ok(())
}

/// Discards objects that nothing names any more, due so many seconds from now.
///
/// # Errors
/// Fails if the database does not answer.
pub fn discard_objects(
    conn: &mut PgConnection,
    keys: &[String],
    due_s: i32,
) -> Result<(), Problem> {
    if keys.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO discards (object, due) SELECT key, now() + $2 * interval '1 second' \
         FROM unnest($1) AS key ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(keys)
    .bind::<Integer, _>(due_s)
    .execute(conn)?;
    Ok(())
}

/// Takes the jobs of images away, when the images go.
///
/// # Errors
/// Fails if the database does not answer.
pub fn withdraw(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
) -> Result<(), Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    discard_attempts(conn, customer, &spaces, &ids)?;
    let waited_for: Vec<Numbered> = diesel::sql_query(
        "WITH gone AS (DELETE FROM jobs WHERE customer = $1 \
           AND (space, image) IN (SELECT * FROM unnest($2, $3)) RETURNING id, immediate) \
         SELECT id FROM gone WHERE immediate",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .load(conn)?;
    waited_for.into_iter().try_for_each(|job| notify_completed(conn, job.id))
}

#[derive(QueryableByName)]
struct Withdrawn {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    image: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Bool)]
    immediate: bool,
}

/// Takes the jobs away that a batch put into the queue, whose images are locked; returns the spaces and ids of these.
///
/// An attempt under way can no longer settle anything, and what it has written is discarded.
///
/// # Errors
/// Fails if the database does not answer.
pub fn withdraw_of_batch(
    conn: &mut PgConnection,
    customer: i32,
    batch: i64,
) -> Result<Vec<(i32, String)>, Problem> {
    // Locked in the order of keys, through the members that wait: the index on jobs leads to each.
    let withdrawn: Vec<Withdrawn> = diesel::sql_query(
        "WITH held AS MATERIALIZED (\
           SELECT j.id, j.space, j.image, j.attempts, j.immediate FROM jobs AS j JOIN members AS m \
           ON (m.customer, m.space, m.image) = (j.customer, j.space, j.image) \
           WHERE m.customer = $1 AND m.batch = $2 AND m.outcome IS NULL AND j.batch = $2 \
           AND NOT j.immediate \
           ORDER BY j.space, j.image FOR UPDATE OF j), \
         gone AS (DELETE FROM jobs AS j USING held AS h WHERE j.id = h.id) \
         SELECT * FROM held",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(batch)
    .load(conn)?;
    discard_attempts_of(conn, withdrawn.iter().map(|job| (job.id, job.attempts)))?;
    let waited_for = withdrawn.iter().filter(|job| job.immediate);
    waited_for.map(|job| job.id).try_for_each(|job| notify_completed(conn, job))?;
    let images: Vec<(i32, String)> =
        withdrawn.into_iter().map(|job| (job.space, job.image)).collect();
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        images.iter().map(|(space, id)| (*space, id.as_str())).unzip();
    retry::forget(conn, customer, &spaces, &ids)?;
    Ok(images)
}

/// Returns the number of the job of an image that a request may wait for: until its first attempt has ended.
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
