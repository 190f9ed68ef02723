//! Totals that are maintained: by triggers, in the statement that changes the rows.
//!
//! A change is a row of its own, so that writers never wait for one another; a total is a tally and the
//! changes since. [`fold`] adds the changes to the tallies now and then. `hydria check` counts anew.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::sql::total;
use crate::hydra::Problem;
use crate::schema::{images, job_tallies, job_tally_changes, tallies, tally_changes};

/// What a space, or all of a customer's, come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub images: i64,
    /// Images ever removed: while it stays, what was found of an order stays found.
    pub removals: i64,
    /// Bytes of originals.
    pub size: i64,
    /// Bytes.
    pub thumbnail_size: i64,
    /// When it last changed; none: it never did.
    pub changed: Option<DateTime<Utc>>,
}

type Sums = (i64, i64, i64, i64, Option<DateTime<Utc>>);

/// One statement, so that no fold comes between the two halves, and one look at each table.
macro_rules! sums {
    ($conn:expr, $tallies:expr, $changes:expr) => {{
        let folded = $tallies.select((
            total(tallies::images),
            total(tallies::removals),
            total(tallies::size),
            total(tallies::thumbnail_size),
            max(tallies::changed),
        ));
        let since = $changes.select((
            total(tally_changes::images),
            total(tally_changes::removals),
            total(tally_changes::size),
            total(tally_changes::thumbnail_size),
            max(tally_changes::changed),
        ));
        let halves: Vec<Sums> = folded.union_all(since).load($conn)?;
        Ok(halves.into_iter().fold(Tally::default(), |sum, half| Tally {
            images: sum.images + half.0,
            removals: sum.removals + half.1,
            size: sum.size + half.2,
            thumbnail_size: sum.thumbnail_size + half.3,
            changed: sum.changed.max(half.4),
        }))
    }};
}

/// # Errors
/// Where the database does not answer.
pub fn of_space(conn: &mut PgConnection, customer: i32, space: i32) -> Result<Tally, Problem> {
    let tallies =
        tallies::table.filter(tallies::customer.eq(customer)).filter(tallies::space.eq(space));
    let changes = tally_changes::table
        .filter(tally_changes::customer.eq(customer))
        .filter(tally_changes::space.eq(space));
    sums!(conn, tallies, changes)
}

/// # Errors
/// Where the database does not answer.
pub fn of_customer(conn: &mut PgConnection, customer: i32) -> Result<Tally, Problem> {
    let tallies = tallies::table.filter(tallies::customer.eq(customer));
    let changes = tally_changes::table.filter(tally_changes::customer.eq(customer));
    sums!(conn, tallies, changes)
}

/// The images of a collection, and the removals from it, as part of a statement that reads some of them.
pub type Numbers = (Number, Number);
type Number = Box<dyn BoxableExpression<images::table, Pg, SqlType = BigInt>>;

/// Both numbers of a space, or of all that a customer has.
pub fn numbers(customer: i32, space: Option<i32>) -> Numbers {
    macro_rules! number {
        ($column:ident) => {{
            let folded = tallies::table.filter(tallies::customer.eq(customer));
            let since = tally_changes::table.filter(tally_changes::customer.eq(customer));
            let (folded, since) = (
                folded.select(total(tallies::$column)),
                since.select(total(tally_changes::$column)),
            );
            match space {
                None => {
                    let folded = folded.single_value().assume_not_null();
                    Box::new(folded + since.single_value().assume_not_null()) as Number
                }
                Some(space) => {
                    let folded = folded.filter(tallies::space.eq(space));
                    let since = since.filter(tally_changes::space.eq(space));
                    let folded = folded.single_value().assume_not_null();
                    Box::new(folded + since.single_value().assume_not_null()) as Number
                }
            }
        }};
    }
    (number!(images), number!(removals))
}

/// Images of a customer that have a job, waiting or under way.
///
/// # Errors
/// Where the database does not answer.
pub fn jobs(conn: &mut PgConnection, customer: i32) -> Result<i64, Problem> {
    let old = job_tallies::table.filter(job_tallies::customer.eq(customer));
    let new = job_tally_changes::table.filter(job_tally_changes::customer.eq(customer));
    let (old, new): (Option<i64>, Option<i64>) = diesel::select((
        old.select(total(job_tallies::jobs)).single_value(),
        new.select(total(job_tally_changes::jobs)).single_value(),
    ))
    .get_result(conn)?;
    Ok(old.unwrap_or_default() + new.unwrap_or_default())
}

/// Adds the changes to the tallies; two that fold at once take different changes.
///
/// # Errors
/// Where the database does not answer.
pub fn fold(conn: &mut PgConnection) -> Result<(), Problem> {
    const IMAGES: &str = "WITH taken AS (DELETE FROM tally_changes WHERE (customer, id) IN \
        (SELECT customer, id FROM tally_changes ORDER BY customer, id LIMIT 10000 FOR UPDATE SKIP LOCKED) RETURNING *) \
        INSERT INTO tallies AS t (customer, space, images, removals, size, thumbnail_size, changed) \
        SELECT customer, space, total(images), total(removals), total(size), total(thumbnail_size), max(changed) \
        FROM taken GROUP BY customer, space ORDER BY customer, space \
        ON CONFLICT (customer, space) DO UPDATE SET images = t.images + excluded.images, \
        removals = t.removals + excluded.removals, size = t.size + excluded.size, \
        thumbnail_size = t.thumbnail_size + excluded.thumbnail_size, \
        changed = greatest(t.changed, excluded.changed)";
    const JOBS: &str = "WITH taken AS (DELETE FROM job_tally_changes WHERE (customer, id) IN \
        (SELECT customer, id FROM job_tally_changes ORDER BY customer, id LIMIT 10000 FOR UPDATE SKIP LOCKED) RETURNING *) \
        INSERT INTO job_tallies AS t (customer, jobs) \
        SELECT customer, total(jobs) FROM taken GROUP BY customer ORDER BY customer \
        ON CONFLICT (customer) DO UPDATE SET jobs = t.jobs + excluded.jobs";
    diesel::sql_query(IMAGES).execute(conn)?;
    diesel::sql_query(JOBS).execute(conn)?;
    Ok(())
}
