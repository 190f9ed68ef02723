//! Chunks of the lists of images: begun, split and merged, so that each holds some thousand images.
//!
//! The caller holds the lock of the customer, so that nobody else changes its chunks. What a chunk says is
//! compared with what one statement counts and finds not rolled up yet, so it may run beside writers.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};

use super::Sizes;
use crate::hydra::Problem;

/// A chunk; moments are as PostgreSQL writes them, because they may be infinite.
#[derive(Debug, QueryableByName)]
struct Chunk {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    start: String,
    /// Start of the next chunk; `None` if it is the last.
    #[diesel(sql_type = Nullable<Text>)]
    following: Option<String>,
    #[diesel(sql_type = BigInt)]
    images: i64,
}

/// The images registered in one second.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
struct Second {
    #[diesel(sql_type = Text)]
    at: String,
    /// The second that comes after it.
    #[diesel(sql_type = Text)]
    following: String,
    /// Images that there are.
    #[diesel(sql_type = BigInt)]
    counted: i64,
    /// Changes that are not rolled up.
    #[diesel(sql_type = BigInt)]
    pending: i64,
}

/// Begins the chunks of lists that have none and are about to get images.
pub(super) fn begin_lists(conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
    diesel::sql_query(
        "INSERT INTO image_chunks (customer, space, level, start, images) \
         SELECT $1, s.space, l.level, '-infinity', 0 FROM (\
           SELECT DISTINCT space FROM tally_changes WHERE customer = $1 AND registered IS NOT NULL \
           UNION SELECT 0 FROM customers WHERE id = $1) AS s \
         CROSS JOIN (VALUES (0), (1)) AS l (level) \
         WHERE NOT EXISTS (SELECT FROM image_chunks AS c WHERE c.customer = $1 AND c.space = s.space)",
    )
    .bind::<Integer, _>(customer)
    .execute(conn)?;
    Ok(())
}

/// Splits chunks that are too large and merges those that have become small, some at a time; returns whether
/// there is more to split.
pub(super) fn keep_sizes(
    conn: &mut PgConnection,
    customer: i32,
    sizes: Sizes,
) -> Result<bool, Problem> {
    let large: Vec<Chunk> = diesel::sql_query(
        "SELECT space, start::text AS start, following::text AS following, images FROM (\
           SELECT space, start, images, \
             lead(start) OVER (PARTITION BY space ORDER BY start) AS following \
           FROM image_chunks WHERE customer = $1 AND level = 0) AS c \
         WHERE images > 2 * $2 AND (following IS NULL OR following > start + interval '1 second') \
         ORDER BY images DESC LIMIT $3",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(sizes.chunk)
    .bind::<BigInt, _>(sizes.splits)
    .load(conn)?;
    let mut changed: Vec<i32> = merge(conn, customer, sizes)?;
    let mut was_split = false;
    for chunk in &large {
        was_split |= split(conn, customer, chunk, sizes)?;
        changed.push(chunk.space);
    }
    changed.sort_unstable();
    changed.dedup();
    for space in changed {
        group(conn, customer, space, sizes)?;
    }
    Ok(was_split)
}

/// Adds small chunks to those before them; returns the spaces whose lists that changed.
fn merge(conn: &mut PgConnection, customer: i32, sizes: Sizes) -> Result<Vec<i32>, Problem> {
    #[derive(QueryableByName)]
    struct Space {
        #[diesel(sql_type = Integer)]
        space: i32,
    }
    // Every second one at most, so that none is added to one that goes itself.
    let merged: Vec<Space> = diesel::sql_query(
        "WITH numbered AS (\
           SELECT space, start, images, \
             row_number() OVER in_order AS number, lag(start) OVER in_order AS before, \
             lag(images) OVER in_order AS images_before \
           FROM image_chunks WHERE customer = $1 AND level = 0 \
           WINDOW in_order AS (PARTITION BY space ORDER BY start)), \
         small AS (SELECT * FROM numbered WHERE number % 2 = 0 AND images + images_before <= $2 / 2), \
         gone AS (DELETE FROM image_chunks AS c USING small AS s WHERE c.customer = $1 \
           AND c.space = s.space AND c.level = 0 AND c.start = s.start), \
         grown AS (UPDATE image_chunks AS c SET images = c.images + s.images FROM small AS s \
           WHERE c.customer = $1 AND c.space = s.space AND c.level = 0 AND c.start = s.before) \
         SELECT DISTINCT space FROM small",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(sizes.chunk)
    .load(conn)?;
    Ok(merged.into_iter().map(|row| row.space).collect())
}

/// Splits a chunk, as far as a bounded look at its images goes, the rest staying one chunk; returns whether it
/// could be split.
fn split(
    conn: &mut PgConnection,
    customer: i32,
    chunk: &Chunk,
    sizes: Sizes,
) -> Result<bool, Problem> {
    let mut seconds = count(conn, customer, chunk, Some(sizes.scan))?;
    let scanned: i64 = seconds.iter().map(|second| second.counted).sum();
    let is_whole = scanned < sizes.scan;
    if !is_whole {
        // The last second that was reached may have more images: it is counted whole, and what is after it
        // is not known.
        let Some(reached) = seconds.iter().rposition(|second| second.counted > 0) else {
            return Ok(false);
        };
        seconds.truncate(reached + 1);
        if let Some(last) = seconds.pop() {
            let whole = Chunk {
                start: last.at.clone(),
                following: Some(last.following.clone()),
                ..Chunk { space: chunk.space, images: 0, start: String::new(), following: None }
            };
            seconds.extend(count(conn, customer, &whole, None)?);
        }
    }
    let parts = parts(chunk, &seconds, is_whole, sizes.chunk);
    let (starts, images): (Vec<String>, Vec<i64>) = parts.into_iter().unzip();
    diesel::sql_query(
        "INSERT INTO image_chunks (customer, space, level, start, images) \
         SELECT $1, $2, 0, start::timestamptz, images FROM unnest($3, $4) AS n (start, images) \
         ON CONFLICT (customer, space, level, start) DO UPDATE SET images = excluded.images",
    )
    .bind::<Integer, _>(customer)
    .bind::<Integer, _>(chunk.space)
    .bind::<Array<Text>, _>(&starts)
    .bind::<Array<BigInt>, _>(&images)
    .execute(conn)?;
    Ok(starts.len() > 1)
}

/// Counts images and pending changes by seconds, in one snapshot; at most so many images, from the first on.
fn count(
    conn: &mut PgConnection,
    customer: i32,
    chunk: &Chunk,
    limit: Option<i64>,
) -> Result<Vec<Second>, Problem> {
    let (own, order) = match chunk.space {
        0 => ("$2 = 0", "created, space, id"),
        _ => ("space = $2", "created, id"),
    };
    let sql = format!(
        "SELECT at::text AS at, (at + interval '1 second')::text AS following, \
           total(counted) AS counted, total(pending) AS pending FROM (\
           SELECT date_trunc('second', created) AS at, count(*) AS counted, 0::bigint AS pending FROM (\
             SELECT created FROM images WHERE customer = $1 AND {own} \
               AND created >= $3::timestamptz AND ($4 IS NULL OR created < $4::timestamptz) \
             ORDER BY {order} LIMIT $5) AS i GROUP BY 1 \
           UNION ALL SELECT registered, 0, images FROM tally_changes WHERE customer = $1 AND {own} \
             AND registered >= $3::timestamptz AND ($4 IS NULL OR registered < $4::timestamptz)\
         ) AS s GROUP BY s.at ORDER BY s.at"
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(customer)
        .bind::<Integer, _>(chunk.space)
        .bind::<Text, _>(&chunk.start)
        .bind::<Nullable<Text>, _>(chunk.following.as_deref())
        .bind::<Nullable<BigInt>, _>(limit)
        .load(conn)?)
}

/// Returns the chunks that one becomes: where each begins, and how many images are rolled up in it.
///
/// `is_whole`: the seconds are all that the chunk has; else what comes after them is one more chunk. Together
/// they have what the chunk had, so that no image is counted twice or not at all.
fn parts(chunk: &Chunk, seconds: &[Second], is_whole: bool, size: i64) -> Vec<(String, i64)> {
    let mut parts = Vec::new();
    let (mut start, mut counted, mut rolled_up) = (chunk.start.clone(), 0, 0);
    for second in seconds {
        if counted + second.counted > size && second.at != start {
            parts.push((std::mem::replace(&mut start, second.at.clone()), rolled_up));
            (counted, rolled_up) = (0, 0);
        }
        counted += second.counted;
        rolled_up += second.counted - second.pending;
    }
    if let Some(last) = seconds.last().filter(|_| !is_whole)
        && chunk.following.as_ref() != Some(&last.following)
    {
        parts.push((std::mem::replace(&mut start, last.following.clone()), rolled_up));
    }
    let others: i64 = parts.iter().map(|(_, images)| images).sum();
    parts.push((start, chunk.images - others));
    parts
}

/// Makes the groups of a list anew, of its chunks.
fn group(conn: &mut PgConnection, customer: i32, space: i32, sizes: Sizes) -> Result<(), Problem> {
    diesel::sql_query("DELETE FROM image_chunks WHERE customer = $1 AND space = $2 AND level = 1")
        .bind::<Integer, _>(customer)
        .bind::<Integer, _>(space)
        .execute(conn)?;
    diesel::sql_query(
        "INSERT INTO image_chunks (customer, space, level, start, images) \
         SELECT $1, $2, 1, min(start), total(images) FROM (\
           SELECT start, images, (row_number() OVER (ORDER BY start) - 1) / $3 AS number \
           FROM image_chunks WHERE customer = $1 AND space = $2 AND level = 0) AS c GROUP BY number",
    )
    .bind::<Integer, _>(customer)
    .bind::<Integer, _>(space)
    .bind::<BigInt, _>(sizes.group)
    .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(at: i64, counted: i64, pending: i64) -> Second {
        Second { at: at.to_string(), following: (at + 1).to_string(), counted, pending }
    }

    fn chunk(images: i64) -> Chunk {
        Chunk { space: 1, start: "-infinity".into(), following: None, images }
    }

    fn split(images: i64, seconds: &[Second], is_whole: bool) -> Vec<(String, i64)> {
        parts(&chunk(images), seconds, is_whole, 10)
    }

    fn part(start: &str, images: i64) -> (String, i64) {
        (start.to_owned(), images)
    }

    #[test]
    fn chunks_are_filled_with_whole_seconds_up_to_their_size() {
        let seconds: Vec<Second> = (0..6).map(|at| second(at, 4, 0)).collect();
        let wanted = [part("-infinity", 8), part("2", 8), part("4", 8)];
        assert_eq!(split(24, &seconds, true), wanted);
    }

    #[test]
    fn what_was_not_looked_at_becomes_a_chunk_of_its_own() {
        let seconds: Vec<Second> = (0..3).map(|at| second(at, 6, 0)).collect();
        let wanted = [part("-infinity", 6), part("1", 6), part("2", 6), part("3", 82)];
        assert_eq!(split(100, &seconds, false), wanted);
    }

    #[test]
    fn a_second_with_more_images_than_a_chunk_stands_alone() {
        let seconds = [second(5, 50, 0), second(6, 3, 0), second(7, 50, 0)];
        let wanted = [part("-infinity", 0), part("5", 50), part("6", 3), part("7", 50)];
        assert_eq!(split(103, &seconds, true), wanted);
        let wanted = [part("-infinity", 0), part("5", 50), part("6", 20)];
        assert_eq!(split(70, &[second(5, 50, 0)], false), wanted);
    }

    #[test]
    fn changes_that_are_not_rolled_up_are_left_out_of_chunks() {
        let seconds = [second(1, 8, 8), second(2, 8, 0), second(3, 0, -4), second(4, 9, 9)];
        let parts = split(12, &seconds, true);
        assert_eq!(parts, [part("-infinity", 0), part("2", 12), part("4", 0)]);
    }
}
