//! Bulk jobs: changes and deletions of many images, worked chunk by chunk, customer by customer in turn (docs/adr/0026).
//!
//! A chunk is one short transaction that holds the row of its job, so that no lease is needed: the row is free again as
//! soon as the transaction is over, or the connection of a process that died is closed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Engine;
use crate::classes::image::bulk::step;
use crate::hydra::Problem;
use crate::queue::bulk::{self, Key};
use crate::resource::{Caller, Effect, UnitOfWork};

/// Interval at which jobs are looked for where there are none.
const ROUND: Duration = Duration::from_millis(500);
/// Longest pause after a chunk; else it is as long as the chunk took, so that half of the time is left to others.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// The result of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A chunk was worked.
    Worked,
    /// There is none to be worked now.
    Nothing,
}

impl Engine {
    /// Works bulk jobs until told to stop.
    pub(super) async fn run_bulk_jobs(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let began = Instant::now();
            let pause = match self.bulk_turn().await {
                Ok(Turn::Worked) => began.elapsed().min(MAX_PAUSE),
                Ok(Turn::Nothing) => ROUND,
                Err(problem) => {
                    log::debug!("no bulk jobs are worked now: {problem}");
                    ROUND
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Works one chunk of the job whose turn it is, passing over those at which other processes are.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub async fn bulk_turn(&self) -> Result<Turn, Problem> {
        let due = self.read(bulk::due).await?;
        for key in due {
            match self.work_chunk(key).await {
                Ok(Some(notes)) => {
                    for note in notes {
                        log::info!("{note}");
                    }
                    return Ok(Turn::Worked);
                }
                Ok(None) => {}
                Err(problem) => {
                    let (customer, id) = key;
                    log::warn!("job {id} of customer {customer} is tried again later: {problem}");
                    self.blocking(None, move |_, conn| bulk::put_off(conn, key)).await?;
                    return Ok(Turn::Worked);
                }
            }
        }
        Ok(Turn::Nothing)
    }

    /// Works a chunk in one transaction, and returns what is to be said of it; `None` if the job is finished, or another
    /// process is at it.
    async fn work_chunk(&self, key: Key) -> Result<Option<Vec<String>>, Problem> {
        self.blocking_for(key.0, move |site, conn| {
            let Some(job) = bulk::hold(conn, key)? else { return Ok(None) };
            let mut s = UnitOfWork::new(conn, site, Caller::Visitor);
            let chunk = step(&mut s, &job)?;
            bulk::advance(s.conn, &job, chunk)?;
            // Other processes, and this one, learn of changes to images by the journal.
            let notes = s.effects.into_iter().filter_map(|effect| match effect {
                Effect::Note(note) => Some(note),
                _ => None,
            });
            Ok(Some(notes.collect()))
        })
        .await
    }
}
