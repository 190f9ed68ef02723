//! Maintained counters: triggers append a delta in the statement that changes the rows.
//!
//! A delta is a row of its own (table `tally_changes`), so that writers never wait for one another. A total is the
//! stored count (table `tallies`) plus all deltas that are not rolled up yet; `roll_up` adds them. `hydria check`
//! counts the rows again.

pub mod rate;
pub mod roll_up;

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, max};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::hydra::Problem;
use crate::resource::sql::total;
use crate::schema::{images, job_tallies, job_tally_changes, tallies, tally_changes};

/// The number that stands for a customer's uploads in place of that of a space.
pub const UPLOADS: i32 = 0;

/// The counts of a space, or of all spaces of a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub images: i64,
    /// Images ever removed; while this is unchanged, cached page positions are valid.
    pub removals: i64,
    /// Bytes of originals, and of uploads.
    pub size: i64,
    /// Bytes of uploads, which are part of `size`; those of a space are none.
    pub uploads: i64,
    /// Bytes.
    pub thumbnail_size: i64,
    /// Time of the last change; `None` if there was none.
    pub changed: Option<DateTime<Utc>>,
}

type Sums = (i64, i64, i64, i64, i64, Option<DateTime<Utc>>);

/// One statement, so that no roll-up comes between totals and deltas.
macro_rules! sums {
    ($conn:expr, $tallies:expr, $changes:expr) => {{
        let rolled_up = $tallies.select((
            total(tallies::images),
            total(tallies::removals),
            total(tallies::size),
            total(case_when(tallies::space.eq(UPLOADS), tallies::size).otherwise(0)),
            total(tallies::thumbnail_size),
            max(tallies::changed),
        ));
        let since = $changes.select((
            total(tally_changes::images),
            total(tally_changes::removals),
            total(tally_changes::size),
            total(case_when(tally_changes::space.eq(UPLOADS), tally_changes::size).otherwise(0)),
            total(tally_changes::thumbnail_size),
            max(tally_changes::changed),
        ));
        let halves: Vec<Sums> = rolled_up.union_all(since).load($conn)?;
        Ok(halves.into_iter().fold(Counts::default(), |sum, half| Counts {
            images: sum.images + half.0,
            removals: sum.removals + half.1,
            size: sum.size + half.2,
            uploads: sum.uploads + half.3,
            thumbnail_size: sum.thumbnail_size + half.4,
            changed: sum.changed.max(half.5),
        }))
    }};
}

/// # Errors
/// Fails if the database does not answer.
pub fn of_space(conn: &mut PgConnection, customer: i32, space: i32) -> Result<Counts, Problem> {
    let tallies =
        tallies::table.filter(tallies::customer.eq(customer)).filter(tallies::space.eq(space));
    let changes = tally_changes::table
        .filter(tally_changes::customer.eq(customer))
        .filter(tally_changes::space.eq(space));
    sums!(conn, tallies, changes)
}

/// # Errors
/// Fails if the database does not answer.
pub fn of_customer(conn: &mut PgConnection, customer: i32) -> Result<Counts, Problem> {
    let tallies = tallies::table.filter(tallies::customer.eq(customer));
    let changes = tally_changes::table.filter(tally_changes::customer.eq(customer));
    sums!(conn, tallies, changes)
}

/// The number of images of a space, or of a customer, as part of a statement.
pub type Images = Box<dyn BoxableExpression<images::table, Pg, SqlType = BigInt>>;

/// Returns how many images a space has, or without a space, a customer.
pub fn images(customer: i32, space: Option<i32>) -> Images {
    let rolled_up = tallies::table.filter(tallies::customer.eq(customer));
    let rolled_up = rolled_up.select(total(tallies::images));
    let since = tally_changes::table.filter(tally_changes::customer.eq(customer));
    let since = since.select(total(tally_changes::images));
    match space {
        None => {
            let rolled_up = rolled_up.single_value().assume_not_null();
            Box::new(rolled_up + since.single_value().assume_not_null())
        }
        Some(space) => {
            let rolled_up = rolled_up.filter(tallies::space.eq(space));
            let since = since.filter(tally_changes::space.eq(space));
            let rolled_up = rolled_up.single_value().assume_not_null();
            Box::new(rolled_up + since.single_value().assume_not_null())
        }
    }
}

/// Images of a customer that have a job, waiting or under way.
///
/// # Errors
/// Fails if the database does not answer.
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
