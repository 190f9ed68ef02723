//! Checks and repairs of chunks.

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::LOCK;
use crate::hydra::Problem;

#[derive(QueryableByName)]
struct List {
    #[diesel(sql_type = Integer)]
    space: i32,
}

/// Finds lists of images of a customer whose chunks are off, a line each; with `repair`, counts those anew as one chunk, which
/// the workers split.
///
/// # Errors
/// Fails if the database does not answer.
pub fn chunks(
    conn: &mut PgConnection,
    customer: i32,
    repair: bool,
) -> Result<Vec<String>, Problem> {
    let own = "(c.space = 0 OR i.space = c.space)";
    let wrong: Vec<List> = diesel::sql_query(format!(
        "WITH ranges AS (SELECT customer, space, start, images, \
           lead(start) OVER (PARTITION BY customer, space ORDER BY start) AS following \
           FROM image_chunks WHERE customer = $1 AND level = 0), \
         apart AS (SELECT customer, space FROM ranges AS c WHERE images <> (\
             SELECT count(*) FROM images AS i WHERE i.customer = c.customer AND {own} \
               AND i.created >= c.start AND (following IS NULL OR i.created < following)) - (\
             SELECT total(i.images) FROM tally_changes AS i WHERE i.customer = c.customer AND {own} \
               AND i.registered >= c.start AND (following IS NULL OR i.registered < following)) \
           UNION SELECT customer, space FROM image_chunks WHERE customer = $1 GROUP BY customer, space \
             HAVING sum(images) FILTER (WHERE level = 0) IS DISTINCT FROM \
               sum(images) FILTER (WHERE level = 1)) \
         SELECT space FROM apart ORDER BY space"
    ))
    .bind::<Integer, _>(customer)
    .load(conn)?;
    let mut findings = Vec::with_capacity(wrong.len());
    for List { space } in wrong {
        findings.push(match space {
            0 => format!("chunks of all images of customer {customer} are off"),
            space => format!("chunks of the images of space {customer}/{space} are off"),
        });
        if repair {
            count_anew(conn, customer, space)?;
        }
    }
    Ok(findings)
}

fn count_anew(conn: &mut PgConnection, customer: i32, space: i32) -> Result<(), Problem> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind::<Integer, _>(LOCK)
        .bind::<Integer, _>(customer)
        .execute(conn)?;
    diesel::sql_query("DELETE FROM image_chunks WHERE customer = $1 AND space = $2")
        .bind::<Integer, _>(customer)
        .bind::<Integer, _>(space)
        .execute(conn)?;
    diesel::sql_query(
        "INSERT INTO image_chunks (customer, space, level, start, images) \
         SELECT $1, $2, level, '-infinity', \
           (SELECT count(*) FROM images WHERE customer = $1 AND ($2 = 0 OR space = $2)) \
           - (SELECT total(images) FROM tally_changes WHERE customer = $1 \
              AND ($2 = 0 OR space = $2) AND registered IS NOT NULL) \
         FROM (VALUES (0), (1)) AS levels (level)",
    )
    .bind::<Integer, _>(customer)
    .bind::<Integer, _>(space)
    .execute(conn)?;
    Ok(())
}
