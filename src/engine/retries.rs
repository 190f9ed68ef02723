//! Images whose origins fail for a passing reason are tried again, later each time.
//!
//! Between two attempts a job is a row and nothing more: it holds no slot and no lease, and jobs that are available are
//! claimed before it (docs/adr/0023).

use std::time::Duration;

use diesel::prelude::*;

use super::claim::{self, Claimed};
use super::finish::JobResult;
use super::{Engine, path, with_cause};
use crate::hydra::Problem;
use crate::metrics::engine::AttemptOutcome;
use crate::queue::job;
use crate::queue::retry::{self, Failures};
use crate::schema::{images, jobs};

/// The reason why an origin failed that may serve the image another time.
#[derive(Debug)]
pub(super) struct PassingFault {
    /// In words for the customer.
    pub words: String,
    /// Time for which the origin asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// The decision about an image whose origin failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again after so long.
    Again(Duration),
    /// It was tried for long enough.
    GivenUp,
    /// The job is another's by now.
    Lost,
}

impl Engine {
    /// Has an image tried again, or settles it with the fault where it was tried for long enough.
    pub(super) async fn retry(&self, job: &Claimed, fault: PassingFault) {
        let (claimed, limits, chance) = (job.clone(), self.settings.retries, fastrand::f64());
        let PassingFault { words, retry_after } = fault;
        let said = words.clone();
        let delay =
            move |before: Failures| limits.delay(before.count, before.since, retry_after, chance);
        let act = move |_: &_, conn: &mut PgConnection| decide(conn, &claimed, &said, delay);
        match self.with_retry(job, act).await {
            Ok(Verdict::Again(delay)) => {
                self.attempt_ended(AttemptOutcome::Retried);
                let seconds = delay.as_secs();
                log::info!("{} is tried again in {seconds} s: {words}", path(&job.at));
                // The service itself did its part.
                self.pauses.success(job.at.customer);
                self.suspects.forget(job.id);
                self.notifications.notify_completed(job.id);
            }
            Ok(Verdict::GivenUp) => self.complete(job, JobResult::Failed(words)).await,
            Ok(Verdict::Lost) => self.abandon_if_superseded(job).await,
            Err(problem) => {
                self.put_off(job, &with_cause(&problem), Duration::ZERO).await;
            }
        }
    }
}

/// Postpones a job until the next attempt at its image, for which no request waits, unless the limits are reached.
///
/// It may be called again for the same claim: what was decided stays.
///
/// # Errors
/// Fails if the database does not answer.
pub fn decide(
    conn: &mut PgConnection,
    job: &Claimed,
    words: &str,
    delay: impl FnOnce(Failures) -> Option<Duration>,
) -> Result<Verdict, Problem> {
    // The image first, then its job, as all lock.
    let image = images::table.find((job.at.customer, job.at.space, &job.at.image));
    image.select(images::id).for_no_key_update().first::<String>(conn).optional()?;
    let own = jobs::table.find(job.id).select((jobs::attempts, jobs::immediate));
    let held: Option<(i32, bool)> = own.for_no_key_update().first(conn).optional()?;
    let Some((attempts, was_immediate)) = held else { return Ok(Verdict::Lost) };
    if attempts != job.attempt {
        // The beginning of this claim cleared the time: where there is one, it is of this decision, whose answer was lost.
        let noted = retry::time_left(conn, &job.at)?.filter(|_| attempts == job.attempt + 1);
        return Ok(noted.map_or(Verdict::Lost, Verdict::Again));
    }
    let Some(delay) = delay(retry::failures(conn, &job.at)?) else { return Ok(Verdict::GivenUp) };
    claim::postpone(conn, job, delay)?;
    retry::note(conn, &job.at, words, delay)?;
    if was_immediate {
        job::notify_completed(conn, job.id)?;
    }
    Ok(Verdict::Again(delay))
}
