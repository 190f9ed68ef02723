//! Requests that wait for the processing of what they registered.

use std::time::{Duration, Instant};

use super::Service;
use crate::hydra::Problem;
use crate::resource::pending::PendingJob;
use crate::resource::reply::Then;
use crate::resource::transaction::Access;
use crate::resource::{Caller, Reply, UnitOfWork, transaction};

/// Interval at which a waiting request polls, in case a notification was lost.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Waits until no job is left, without holding a thread or a connection, and returns the resulting state.
///
/// # Errors
/// Returns the problem of the last look-up.
pub async fn await_completion(
    service: &Service,
    job: PendingJob,
    then: Then,
    caller: Caller,
) -> Result<Reply, Problem> {
    let until = Instant::now() + service.wait;
    let mut told = None;
    loop {
        let (database, job) = (service.database.clone(), PendingJob::clone(&job));
        let look = move || transaction::read(&database, |conn| job(conn));
        let waits = service.scheduler.go_on(caller, look).await;
        let left = until.saturating_duration_since(Instant::now());
        match waits {
            Ok(None) => break,
            _ if left.is_zero() => break,
            Ok(Some(number)) => {
                // It is asked once more after listening began, so that nothing falls between.
                if !matches!(&told, Some((heard, _)) if *heard == number) {
                    told = Some((number, service.notifications.completion(number)));
                    continue;
                }
            }
            // What was asked for is written: a database that is away for a moment is waited for too.
            Err(Problem::Unavailable(..)) => {}
            Err(problem) => return Err(problem),
        }
        let wait = left.min(POLL_INTERVAL);
        match &mut told {
            Some((_, settled)) => {
                if tokio::time::timeout(wait, settled).await.is_ok() {
                    told = None;
                }
            }
            None => tokio::time::sleep(wait).await,
        }
    }
    let (database, site) = (service.database.clone(), service.site.clone());
    let act = move || {
        let show = |s: &mut UnitOfWork<'_>| then(s);
        transaction::in_session(&database, &site, caller, Access::Reads, show)
            .map(|(reply, _)| reply)
    };
    service.scheduler.go_on(caller, act).await
}
