//! Totals against what they count: images and bytes of spaces, jobs of customers.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::Check;
use crate::counters::{UPLOADS, roll_up};
use crate::hydra::Problem;

/// Key of the advisory lock under which totals are mended, so that two checks do not both add what is missing.
const LOCK: i64 = 0x4859_4452_4943;

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Integer)]
    space: i32,
}

#[derive(Debug, Default, PartialEq, Eq, QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    images: i64,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = BigInt)]
    thumbnail_size: i64,
}

#[derive(QueryableByName)]
struct Chunk {
    #[diesel(embed)]
    sums: Sums,
    #[diesel(sql_type = Text)]
    last: String,
}

/// Returns the next space after one that is there, stands for uploads, or has totals still, in the order of keys; a seek into each
/// table.
pub(super) fn next(
    conn: &mut PgConnection,
    (customer, space): (i32, i32),
) -> Result<Option<(i32, i32)>, Problem> {
    let seek = |table: &str, space: &str| {
        format!(
            "(SELECT customer, {space} AS space FROM {table} WHERE (customer, {space}) > ($1, $2) \
             ORDER BY customer, {space} LIMIT 1)"
        )
    };
    let found: Option<Key> = diesel::sql_query(format!(
        "SELECT customer, space FROM ({} UNION ALL {} UNION ALL {} UNION ALL {}) AS n \
         ORDER BY customer, space LIMIT 1",
        seek("spaces", "id"),
        seek("uploads", "0::integer"),
        seek("tallies", "space"),
        seek("tally_changes", "space")
    ))
    .bind::<Integer, _>(customer)
    .bind::<Integer, _>(space)
    .get_result(conn)
    .optional()?;
    Ok(found.map(|key| (key.customer, key.space)))
}

/// The totals of a space, in one statement with what is not rolled up yet.
const TOLD: &str = "SELECT total(images) AS images, total(size) AS size, \
    total(thumbnail_size) AS thumbnail_size FROM (\
      SELECT images, size, thumbnail_size FROM tallies WHERE customer = $1 AND space = $2 UNION ALL \
      SELECT images, size, thumbnail_size FROM tally_changes WHERE customer = $1 AND space = $2) AS t";

const COUNTED: &str = "SELECT (SELECT count(*) FROM images WHERE customer = $1 AND space = $2) AS images, \
    total(size) AS size, total(derived_size) AS thumbnail_size FROM (\
      SELECT size, derived_size FROM derivatives WHERE customer = $1 AND space = $2 UNION ALL \
      SELECT length, 0 FROM uploads WHERE customer = $1 AND $2 = 0) AS c";

/// Compares the totals of a space with its images.
pub(super) fn of_space(
    check: &mut Check<'_>,
    (customer, space): (i32, i32),
) -> Result<(), Problem> {
    let counted = match space {
        UPLOADS => count_uploads(check, customer)?,
        space => count(check, customer, space)?,
    };
    let told: Sums = check.read(|conn| {
        let told = diesel::sql_query(TOLD);
        Ok(told.bind::<Integer, _>(customer).bind::<Integer, _>(space).get_result(conn)?)
    })?;
    if counted == told {
        return Ok(());
    }
    // The space may have changed between two chunks. One statement sees one moment; and as each change to a total
    // is added to it, what is missing at that moment can be added at any later one.
    let apart = format!(
        "WITH told AS ({TOLD}), counted AS ({COUNTED}) SELECT c.images - t.images AS images, \
         c.size - t.size AS size, c.thumbnail_size - t.thumbnail_size AS thumbnail_size \
         FROM told t CROSS JOIN counted c"
    );
    let apart: Sums = check.settle(|conn, repair| {
        diesel::sql_query("SET LOCAL statement_timeout = 0").execute(conn)?;
        let (statement, lock) = match repair {
            true => (
                format!(
                    "WITH apart AS ({apart}), added AS (INSERT INTO tally_changes \
                     (customer, space, images, removals, size, thumbnail_size) \
                     SELECT $1, $2, images, 1, size, thumbnail_size FROM apart \
                     WHERE images <> 0 OR size <> 0 OR thumbnail_size <> 0) SELECT * FROM apart"
                ),
                true,
            ),
            false => (apart.clone(), false),
        };
        if lock {
            diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(conn)?;
        }
        let statement = diesel::sql_query(statement);
        Ok(statement.bind::<Integer, _>(customer).bind::<Integer, _>(space).get_result(conn)?)
    })?;
    if apart != Sums::default() {
        let Sums { images, size, thumbnail_size } = apart;
        let of = match space {
            UPLOADS => format!("uploads of customer {customer}"),
            space => format!("space {customer}/{space}"),
        };
        check.say(&format!(
            "totals of {of} are off by {images} images, {size} bytes, {thumbnail_size} bytes of thumbnails"
        ));
    }
    Ok(())
}

/// Counts the bytes of the uploads of a customer.
fn count_uploads(check: &Check<'_>, customer: i32) -> Result<Sums, Problem> {
    check.read(|conn| {
        let counted = diesel::sql_query(COUNTED).bind::<Integer, _>(customer);
        Ok(counted.bind::<Integer, _>(UPLOADS).get_result(conn)?)
    })
}

/// Counts the images of a space, a chunk a statement.
fn count(check: &Check<'_>, customer: i32, space: i32) -> Result<Sums, Problem> {
    let mut sums = Sums::default();
    let mut after = String::new();
    loop {
        let chunks: Vec<Chunk> = check.chunk(
            (customer, space),
            &after,
            "SELECT count(*) AS images, total(size) AS size, total(derived_size) AS thumbnail_size, \
             COALESCE(max(id), '') AS last FROM (SELECT id, size, derived_size FROM images i \
             LEFT JOIN derivatives d ON (d.customer, d.space, d.image) = (i.customer, i.space, i.id) \
             WHERE i.customer = $1 AND i.space = $2 AND id > $3 ORDER BY id LIMIT $4) AS chunk",
        )?;
        let Some(chunk) = chunks.into_iter().next() else { return Ok(sums) };
        sums.images += chunk.sums.images;
        sums.size += chunk.sums.size;
        sums.thumbnail_size += chunk.sums.thumbnail_size;
        if chunk.sums.images < check.options.chunk {
            return Ok(sums);
        }
        after = chunk.last;
    }
}

#[derive(QueryableByName)]
struct Jobs {
    #[diesel(sql_type = BigInt)]
    jobs: i64,
}

/// Compares the total of a queue with its jobs, which an index counts, in one statement.
pub(super) fn of_queue(check: &mut Check<'_>, customer: i32) -> Result<(), Problem> {
    const APART: &str = "SELECT (SELECT count(*) FROM jobs WHERE customer = $1) \
        - (SELECT total(jobs) FROM (SELECT jobs FROM job_tallies WHERE customer = $1 UNION ALL \
           SELECT jobs FROM job_tally_changes WHERE customer = $1) AS t) AS jobs";
    let apart: Jobs = check.settle(|conn, repair| {
        let statement = match repair {
            true => {
                diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(conn)?;
                format!(
                    "WITH apart AS ({APART}), added AS (INSERT INTO job_tally_changes (customer, jobs) \
                     SELECT $1, jobs FROM apart WHERE jobs <> 0) SELECT * FROM apart"
                )
            }
            false => APART.to_owned(),
        };
        Ok(diesel::sql_query(statement).bind::<Integer, _>(customer).get_result(conn)?)
    })?;
    if apart.jobs != 0 {
        check.say(&format!(
            "the total of the queue of customer {customer} is off by {}",
            apart.jobs
        ));
    }
    Ok(())
}

/// Compares the chunks by which pages of images are found with the images.
pub(super) fn of_chunks(check: &mut Check<'_>, customer: i32) -> Result<(), Problem> {
    let found = check.settle(|conn, repair| {
        diesel::sql_query("SET LOCAL statement_timeout = 0").execute(conn)?;
        roll_up::check::chunks(conn, customer, repair)
    })?;
    for finding in found {
        check.say(&finding);
    }
    Ok(())
}
