//! Members of batches: each that waits has an image with a job.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::{Check, batches, lock_image, of_batch};
use crate::addresses::ImageAddress;
use crate::hydra::Problem;
use crate::queue::batch;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    image: String,
    #[diesel(sql_type = BigInt)]
    batch: i64,
    #[diesel(sql_type = Bool)]
    forgotten: bool,
}

const FORGOTTEN: &str = "outcome IS NULL AND NOT EXISTS (SELECT FROM jobs j \
    WHERE (j.customer, j.space, j.image) = (m.customer, m.space, m.image)) \
    AND NOT EXISTS (SELECT FROM images i \
    WHERE (i.customer, i.space, i.id) = (m.customer, m.space, m.image) AND i.ingesting)";

/// Looks at the members of a customer's batches that wait.
pub(super) fn of_customer(check: &mut Check<'_>, customer: i32) -> Result<(), Problem> {
    let mut after = (0, String::new(), 0);
    loop {
        let rows: Vec<Row> = check.read(|conn| {
            Ok(diesel::sql_query(format!(
                "SELECT space, image, batch, {FORGOTTEN} AS forgotten FROM members m \
                 WHERE customer = $1 AND outcome IS NULL AND (space, image, batch) > ($2, $3, $4) \
                 ORDER BY space, image, batch LIMIT $5"
            ))
            .bind::<Integer, _>(customer)
            .bind::<Integer, _>(after.0)
            .bind::<Text, _>(&after.1)
            .bind::<BigInt, _>(after.2)
            .bind::<BigInt, _>(check.options.chunk)
            .load(conn)?)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.space, last.image.clone(), last.batch);
        for row in rows.into_iter().filter(|row| row.forgotten) {
            let at = ImageAddress { customer, space: row.space, image: row.image };
            forgotten(check, &at, row.batch)?;
        }
    }
}

fn forgotten(check: &mut Check<'_>, at: &ImageAddress, batch: i64) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            // Batches before images, as all lock.
            batch::lock(conn, at.customer, &[batch])?;
            lock_image(conn, at)?;
        }
        let sql = match repair {
            true => format!(
                "UPDATE members m SET outcome = CASE WHEN EXISTS (SELECT FROM images WHERE \
                 (customer, space, id) = ($1, $2, $3) AND error = '') THEN 'completed' ELSE 'failed' END \
                 WHERE (customer, space, image, batch) = ($1, $2, $3, $4) AND {FORGOTTEN}"
            ),
            false => format!(
                "SELECT FROM members m WHERE (customer, space, image, batch) = ($1, $2, $3, $4) \
                 AND {FORGOTTEN}"
            ),
        };
        let met = diesel::sql_query(sql)
            .bind::<Integer, _>(at.customer)
            .bind::<Integer, _>(at.space)
            .bind::<Text, _>(&at.image)
            .bind::<BigInt, _>(batch)
            .execute(conn)?;
        if met > 0 && repair {
            of_batch(conn, at.customer, batch, batches::FINISH)?;
        }
        Ok(met > 0)
    })?;
    if is_so {
        let ImageAddress { customer, space, image } = at;
        check.say(&format!(
            "batch {batch} of customer {customer} waits for {space}/{image}, which has no job"
        ));
    }
    Ok(())
}
