//! Rolls changes up into totals, and keeps the chunks by which pages of images are found.
//!
//! Writers append changes and never wait for one another (docs/adr/0004); this adds them to the totals and to
//! the chunks of `image_chunks` (docs/adr/0013), one customer at a time, a bounded number of rows each.

pub mod check;
mod chunks;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};

use super::rate::MEASURED;
use crate::hydra::Problem;

/// The work of one call, and the sizes of chunks.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Changes that one call adds.
    pub changes: i64,
    /// Images of a chunk; one of more than twice as many is split.
    pub chunk: i64,
    /// Chunks of a group.
    pub group: i64,
    /// Images that are counted to split a chunk, in one go.
    pub scan: i64,
    /// Chunks that one call splits.
    pub splits: i64,
}

impl Sizes {
    /// The values that the service uses: reading past a thousand index entries takes a tenth of a millisecond.
    pub const DEFAULT: Self =
        Self { changes: 10_000, chunk: 1000, group: 64, scan: 50_000, splits: 10 };
}

/// First part of the advisory locks that keep two processes from rolling up the same customer.
const LOCK: i32 = 0x726f_6c6c;

#[derive(QueryableByName)]
struct Customer {
    #[diesel(sql_type = Integer)]
    customer: i32,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    flag: bool,
}

/// Returns the customers with something to roll up, the one whose oldest change waits longest first.
///
/// # Errors
/// Fails if the database does not answer.
pub fn customers(conn: &mut PgConnection, sizes: Sizes) -> Result<Vec<i32>, Problem> {
    // One look at the index for each customer, however many changes one has.
    let found: Vec<Customer> = diesel::sql_query(
        "WITH RECURSIVE waiting (customer, id) AS (\
           (SELECT customer, id FROM tally_changes ORDER BY customer, id LIMIT 1) \
           UNION ALL SELECT next.customer, next.id FROM waiting AS w CROSS JOIN LATERAL (\
             SELECT customer, id FROM tally_changes AS t WHERE t.customer > w.customer \
             ORDER BY customer, id LIMIT 1) AS next\
         ), jobs (customer, id) AS (\
           (SELECT customer, id FROM job_tally_changes ORDER BY customer, id LIMIT 1) \
           UNION ALL SELECT next.customer, next.id FROM jobs AS w CROSS JOIN LATERAL (\
             SELECT customer, id FROM job_tally_changes AS t WHERE t.customer > w.customer \
             ORDER BY customer, id LIMIT 1) AS next\
         ), large (customer, id) AS (\
           SELECT DISTINCT customer, 0::bigint FROM (\
             SELECT customer, start, images, \
               lead(start) OVER (PARTITION BY customer, space ORDER BY start) AS following \
             FROM image_chunks WHERE level = 0) AS c \
           WHERE images > 2 * $1 \
             AND (following IS NULL OR following > start + interval '1 second')\
         ) SELECT customer FROM (\
           SELECT customer, min(id) AS id FROM (\
             SELECT * FROM waiting UNION ALL SELECT * FROM jobs UNION ALL SELECT * FROM large\
           ) AS every GROUP BY customer) AS oldest ORDER BY id, customer",
    )
    .bind::<BigInt, _>(sizes.chunk)
    .load(conn)?;
    Ok(found.into_iter().map(|row| row.customer).collect())
}

/// Rolls up some changes of a customer, in the transaction at hand; returns whether there may be more to do.
///
/// Does nothing where another process is at this customer.
///
/// # Errors
/// Fails if the database does not answer.
pub fn roll_up(conn: &mut PgConnection, customer: i32, sizes: Sizes) -> Result<bool, Problem> {
    let locked: Flag = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1, $2) AS flag")
        .bind::<Integer, _>(LOCK)
        .bind::<Integer, _>(customer)
        .get_result(conn)?;
    if !locked.flag {
        return Ok(false);
    }
    let jobs = add_jobs(conn, customer, sizes)?;
    chunks::begin_lists(conn, customer)?;
    let images = add_images(conn, customer, sizes)?;
    let more = chunks::keep_sizes(conn, customer, sizes)?;
    Ok(more || jobs >= sizes.changes || images >= sizes.changes)
}

/// Adds changes to the totals of images, and to the chunks that they are of; returns how many.
fn add_images(conn: &mut PgConnection, customer: i32, sizes: Sizes) -> Result<i64, Problem> {
    let taken: Number = diesel::sql_query(
        "WITH taken AS (DELETE FROM tally_changes WHERE customer = $1 AND id IN \
           (SELECT id FROM tally_changes WHERE customer = $1 ORDER BY id LIMIT $2) RETURNING *), \
         totals AS (INSERT INTO tallies AS t \
             (customer, space, images, removals, size, thumbnail_size, changed) \
           SELECT customer, space, total(images), total(removals), total(size), \
             total(thumbnail_size), max(changed) FROM taken GROUP BY customer, space ORDER BY space \
           ON CONFLICT (customer, space) DO UPDATE SET images = t.images + excluded.images, \
             removals = t.removals + excluded.removals, size = t.size + excluded.size, \
             thumbnail_size = t.thumbnail_size + excluded.thumbnail_size, \
             changed = greatest(t.changed, excluded.changed)), \
         moved AS (\
           SELECT space, registered, total(images) AS images FROM taken \
             WHERE registered IS NOT NULL GROUP BY space, registered \
           UNION ALL SELECT 0, registered, total(images) FROM taken \
             WHERE registered IS NOT NULL GROUP BY registered), \
         placed AS (\
           SELECT m.space, l.level, c.start, total(m.images) AS images \
           FROM moved AS m CROSS JOIN (VALUES (0), (1)) AS l (level) CROSS JOIN LATERAL (\
             SELECT start FROM image_chunks AS c WHERE c.customer = $1 AND c.space = m.space \
               AND c.level = l.level AND c.start <= m.registered ORDER BY c.start DESC LIMIT 1) AS c \
           GROUP BY m.space, l.level, c.start), \
         counted AS (UPDATE image_chunks AS c SET images = c.images + p.images FROM placed AS p \
           WHERE p.images <> 0 AND c.customer = $1 AND c.space = p.space AND c.level = p.level \
             AND c.start = p.start) \
         SELECT count(*) AS number FROM taken",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(sizes.changes)
    .get_result(conn)?;
    Ok(taken.number)
}

/// Adds changes to the number of jobs, and measures how fast they are settled; returns how many.
fn add_jobs(conn: &mut PgConnection, customer: i32, sizes: Sizes) -> Result<i64, Problem> {
    let taken: Number = diesel::sql_query(format!(
        "WITH taken AS (DELETE FROM job_tally_changes WHERE customer = $1 AND id IN \
           (SELECT id FROM job_tally_changes WHERE customer = $1 ORDER BY id LIMIT $2) RETURNING *), \
         totals AS (INSERT INTO job_tallies AS t (customer, jobs) \
           SELECT customer, total(jobs) FROM taken GROUP BY customer \
           ON CONFLICT (customer) DO UPDATE SET jobs = t.jobs + excluded.jobs, \
             rate = {MEASURED}, measured = now()) \
         SELECT count(*) AS number FROM taken"
    ))
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(sizes.changes)
    .get_result(conn)?;
    Ok(taken.number)
}
