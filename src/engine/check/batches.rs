//! Batches: each counts its members, and is finished when none waits.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};

use super::{Check, of_batch};
use crate::hydra::Problem;
use crate::queue::batch;

/// Members that a batch has on average, at the most that is usual: what one statement reads is counted in members.
const MEMBERS: i64 = 1_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    members: i64,
    #[diesel(sql_type = Bool)]
    unfinished: bool,
    #[diesel(sql_type = Bool)]
    miscounted: bool,
}

const COUNTED: &str =
    "(SELECT count(*) FROM members m WHERE (m.customer, m.batch) = (b.customer, b.id))";

const UNFINISHED: &str = "finished IS NULL AND NOT EXISTS (SELECT FROM members m \
    WHERE (m.customer, m.batch) = (b.customer, b.id) AND outcome IS NULL)";

/// Counts `completed` and `errors` from the members of a batch.
const SETTLED: &str = "(SELECT count(*) FILTER (WHERE outcome = 'completed') AS completed, \
    count(*) FILTER (WHERE outcome <> 'completed') AS errors FROM members m \
    WHERE (m.customer, m.batch) = (b.customer, b.id))";

/// Finishes a batch that has nothing left to wait for.
pub(super) const FINISH: &str = "UPDATE batches b SET finished = now() \
    WHERE customer = $1 AND id = $2 AND finished IS NULL AND NOT EXISTS (SELECT FROM members m \
    WHERE (m.customer, m.batch) = (b.customer, b.id) AND outcome IS NULL)";

/// Looks at the batches of a customer.
pub(super) fn of_customer(check: &mut Check<'_>, customer: i32) -> Result<(), Problem> {
    let mut after = i64::MIN;
    let chunk = (check.options.chunk / MEMBERS).max(1);
    loop {
        let rows: Vec<Row> = check.read(|conn| {
            Ok(diesel::sql_query(format!(
                "SELECT id, count::bigint AS count, {COUNTED} AS members, {UNFINISHED} AS unfinished, \
                 (completed, errors) <> {SETTLED} AS miscounted FROM batches b WHERE customer = $1 AND id > $2 ORDER BY id LIMIT $3"
            ))
            .bind::<Integer, _>(customer)
            .bind::<BigInt, _>(after)
            .bind::<BigInt, _>(chunk)
            .load(conn)?)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        for row in rows {
            if row.unfinished && settle(check, customer, row.id, UNFINISHED, FINISH)? {
                check.say(&format!(
                    "batch {} of customer {customer} has nothing left to wait for, but is not finished",
                    row.id
                ));
            }
            let differs = format!("(completed, errors) <> {SETTLED}");
            let mend = format!(
                "UPDATE batches b SET (completed, errors) = {SETTLED} WHERE customer = $1 AND id = $2"
            );
            if row.miscounted && settle(check, customer, row.id, &differs, &mend)? {
                check.say(&format!(
                    "batch {} of customer {customer} says of its images that they came out otherwise",
                    row.id
                ));
            }
            let differs = format!("count <> {COUNTED}");
            let mend =
                format!("UPDATE batches b SET count = {COUNTED} WHERE customer = $1 AND id = $2");
            if row.count != row.members && settle(check, customer, row.id, &differs, &mend)? {
                check.say(&format!(
                    "batch {} of customer {customer} says {} images, but has {}",
                    row.id, row.count, row.members
                ));
            }
        }
    }
}

/// Looks once more, the row locked where it is to be mended.
fn settle(
    check: &Check<'_>,
    customer: i32,
    batch: i64,
    condition: &str,
    mend: &str,
) -> Result<bool, Problem> {
    let again = format!("SELECT FROM batches b WHERE customer = $1 AND id = $2 AND {condition}");
    check.settle(|conn, repair| {
        if repair {
            batch::lock(conn, customer, &[batch])?;
        }
        let is_so = of_batch(conn, customer, batch, &again)? > 0;
        if is_so && repair {
            of_batch(conn, customer, batch, mend)?;
        }
        Ok(is_so)
    })
}
