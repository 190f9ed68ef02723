//! Measures how fast the images of a customer are settled, and estimates when what waits will be.
//!
//! The roll-up measures it: each job that is settled is a change of its own, and those that are withdrawn together are
//! one change, which is not counted.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Timestamptz};

use crate::hydra::Problem;

/// The new rate of a customer with the changes `taken` since it was measured last, as SQL.
///
/// It is an average that forgets within a minute, in steps of ten seconds at most: what lies before that was no time of
/// work, because a queue at work is rolled up more often.
pub(super) const MEASURED: &str = "(SELECT CASE WHEN t.rate = 0 OR past > 60 THEN now_rate \
    ELSE t.rate + (now_rate - t.rate) * (1 - exp(-step / 60)) END FROM (\
      SELECT past, step, (SELECT count(*) FROM taken WHERE jobs = -1) / step AS now_rate FROM (\
        SELECT past, greatest(least(past, 10), 0.5) AS step FROM (\
          SELECT extract(epoch FROM now() - t.measured)::float8 AS past) AS p) AS s) AS r)";

/// Longest time ahead for which an estimate is shown.
const YEAR: Duration = Duration::from_hours(365 * 24);
/// Minutes after which a rate says nothing of a queue at which nothing is settled any more.
const STALE_MINUTES: i32 = 10;

/// The measured rate at which the images of a customer are settled.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Rate {
    /// Images a second; above 0.
    #[diesel(sql_type = Double)]
    per_second: f64,
    /// Time when this was measured.
    #[diesel(sql_type = Timestamptz)]
    measured: DateTime<Utc>,
    /// The time of the look-up.
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// Returns how fast the images of a customer are settled; `None` where that is not known.
///
/// # Errors
/// Fails if the database does not answer.
pub fn measured(conn: &mut PgConnection, customer: i32) -> Result<Option<Rate>, Problem> {
    Ok(diesel::sql_query(
        "SELECT rate AS per_second, measured, now() AS now FROM job_tallies \
         WHERE customer = $1 AND rate > 0 AND measured > now() - $2 * interval '1 minute'",
    )
    .bind::<Integer, _>(customer)
    .bind::<Integer, _>(STALE_MINUTES)
    .get_result(conn)
    .optional()?)
}

impl Rate {
    /// Returns when so many images will be settled, in whole seconds; `None` where none waits, where they should have been
    /// settled already, or where it takes more than a year.
    ///
    /// It is reckoned from the time of the measurement, so that it stays the same until the next one, or until one more is
    /// settled.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn completion(self, images: i64) -> Option<DateTime<Utc>> {
        if images <= 0 {
            return None;
        }
        let seconds = Duration::try_from_secs_f64(images as f64 / self.per_second).ok()?;
        let lasts = TimeDelta::from_std(seconds).ok().filter(|_| seconds < YEAR)?;
        let at = self.measured.checked_add_signed(lasts).filter(|at| *at > self.now)?;
        DateTime::from_timestamp(at.timestamp(), 0)
    }
}

#[derive(QueryableByName)]
struct Ahead {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
}

/// Returns how many images wait in each of a customer's unfinished batches together with those before it, by number;
/// of the first so many batches.
///
/// # Errors
/// Fails if the database does not answer.
pub fn ahead(
    conn: &mut PgConnection,
    customer: i32,
    batches: i64,
) -> Result<Vec<(i64, i64)>, Problem> {
    let found: Vec<Ahead> = diesel::sql_query(
        "SELECT id, (sum(count - completed - errors) OVER (ORDER BY id))::bigint AS waiting FROM (\
           SELECT id, count, completed, errors FROM batches \
           WHERE customer = $1 AND finished IS NULL ORDER BY id LIMIT $2) AS b",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(batches)
    .load(conn)?;
    Ok(found.into_iter().map(|Ahead { id, waiting }| (id, waiting)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_takes_its_number_by_the_rate_and_what_takes_years_is_not_told() {
        let measured = DateTime::<Utc>::UNIX_EPOCH;
        let rate = Rate { per_second: 4.0, measured, now: measured };
        let seconds = |rate: Rate, images| rate.completion(images).map(|at| at.timestamp());
        assert_eq!(seconds(rate, 100), Some(25));
        assert_eq!(seconds(rate, 1), Some(0), "within this second");
        assert_eq!((seconds(rate, 0), seconds(rate, -3)), (None, None));
        let late = Rate { now: measured + TimeDelta::seconds(20), ..rate };
        assert_eq!((seconds(late, 100), seconds(late, 80)), (Some(25), None));
        assert_eq!(seconds(Rate { per_second: 1e-9, ..rate }, 5), None);
        assert_eq!(seconds(Rate { per_second: 1e-300, ..rate }, i64::MAX), None);
    }
}
