//! Images whose origins fail for a passing reason are tried again, later each time.
//!
//! Between two attempts a job is a row and nothing more: it holds no slot and no lease, and jobs that are available are
//! claimed before it (docs/adr/0021).

use std::time::Duration;

use diesel::prelude::*;

use super::claim::{self, Claimed};
use super::finish::JobResult;
use super::{Engine, path, with_cause};
use crate::hydra::Problem;
use crate::queue::{job, retry};
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
enum Verdict {
    Again(Duration),
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
        let decide = move |_: &_, conn: &mut PgConnection| {
            let before = retry::failures(conn, &claimed.at)?;
            match limits.delay(before.count, before.since, retry_after, chance) {
                Some(delay) => postpone(conn, &claimed, &said, delay),
                None => Ok(Verdict::GivenUp),
            }
        };
        match self.with_retry(job, decide).await {
            Ok(Verdict::Again(delay)) => {
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

/// Releases a job until the next attempt at its image. No request waits for that one.
fn postpone(
    conn: &mut PgConnection,
    job: &Claimed,
    words: &str,
    delay: Duration,
) -> Result<Verdict, Problem> {
    // The image first, then its job, as all lock.
    let image = images::table.find((job.at.customer, job.at.space, &job.at.image));
    image.select(images::id).for_no_key_update().first::<String>(conn).optional()?;
    let own = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt));
    let held = own.select(jobs::immediate).for_update().first::<bool>(conn).optional()?;
    let Some(was_immediate) = held else { return Ok(Verdict::Lost) };
    claim::release(conn, job, delay)?;
    diesel::update(own).set(jobs::immediate.eq(false)).execute(conn)?;
    retry::note(conn, &job.at, words, delay)?;
    if was_immediate {
        job::notify_completed(conn, job.id)?;
    }
    Ok(Verdict::Again(delay))
}
