//! Jobs: the image of each says that it waits.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::{Check, change, holds, lock_image};
use crate::addresses::ImageAddress;
use crate::hydra::Problem;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    image: String,
    #[diesel(sql_type = Bool)]
    idle: bool,
}

const IDLE: &str = "EXISTS (SELECT FROM jobs j JOIN images i \
    ON (j.customer, j.space, j.image) = (i.customer, i.space, i.id) \
    WHERE (j.customer, j.space, j.image) = ($1, $2, $3) AND NOT i.ingesting)";

/// Looks at all jobs.
pub(super) fn all(check: &mut Check<'_>) -> Result<(), Problem> {
    let mut after = i64::MIN;
    loop {
        let rows: Vec<Row> = check.read(|conn| {
            Ok(diesel::sql_query(
                "SELECT id, customer, space, image, EXISTS (SELECT FROM images i \
                 WHERE (j.customer, j.space, j.image) = (i.customer, i.space, i.id) AND NOT ingesting) \
                 AS idle FROM jobs j WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .bind::<BigInt, _>(after)
            .bind::<BigInt, _>(check.options.chunk)
            .load(conn)?)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        for row in rows.into_iter().filter(|row| row.idle) {
            let at = ImageAddress { customer: row.customer, space: row.space, image: row.image };
            idle(check, &at)?;
        }
    }
}

fn idle(check: &mut Check<'_>, at: &ImageAddress) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let is_so = holds(conn, at, IDLE)?;
        if is_so && repair {
            let sql =
                "UPDATE images SET ingesting = TRUE WHERE (customer, space, id) = ($1, $2, $3)";
            change(conn, at, sql)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        let ImageAddress { customer, space, image } = at;
        check.say(&format!("image {customer}/{space}/{image} has a job but does not say so"));
    }
    Ok(())
}
