//! Images at which the service fails again and again while others come through: the fault lies with the image.
//!
//! Such an image is tried again later and later, and is finished in the end with an error that says so. A fault that
//! all images meet (a full disk, no database) is never held against one: nothing comes through meanwhile.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

/// Pause after the first attempt that failed.
const FIRST: Duration = Duration::from_secs(1);
/// Longest pause between two attempts.
const LONGEST: Duration = Duration::from_hours(1);
/// Images that are watched at once; others are tried again as if it were the first time.
const MAX_WATCHED: usize = 10_000;

/// Limits after which an image is given up at which the service keeps failing.
#[derive(Debug, Clone, Copy)]
pub struct GiveUp {
    /// Attempts that failed, at least.
    pub attempts: u32,
    /// Time since the first of them, at least.
    pub after: Duration,
}

impl Default for GiveUp {
    /// With the pauses as they are, some 36 attempts within a day.
    fn default() -> Self {
        Self { attempts: 20, after: Duration::from_hours(24) }
    }
}

/// The decision about an image after a fault.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again after a pause; `attempts` have failed so far.
    Again { attempts: u32, pause: Duration },
    /// It is finished with an error.
    GivenUp { attempts: u32 },
}

/// The images at which the service failed, by job, and when another came through.
#[derive(Debug, Default)]
pub struct Suspects(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    jobs: HashMap<i64, Suspect>,
    came_through: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Suspect {
    since: Instant,
    attempts: u32,
}

impl Suspects {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock()
    }

    /// Counts a fault that met a job at `now` and not the whole service, as far as is known.
    pub fn fault(&self, job: i64, now: Instant, limits: GiveUp) -> Verdict {
        let mut watched = self.lock();
        let came_through = watched.came_through;
        if watched.jobs.len() >= MAX_WATCHED && !watched.jobs.contains_key(&job) {
            return Verdict::Again { attempts: 1, pause: FIRST };
        }
        let suspect = watched.jobs.entry(job).or_insert(Suspect { since: now, attempts: 0 });
        suspect.attempts = suspect.attempts.saturating_add(1);
        let Suspect { since, attempts } = *suspect;
        let is_alone = came_through.is_some_and(|other| other > since);
        let is_due = attempts >= limits.attempts && now.duration_since(since) >= limits.after;
        if is_alone && is_due {
            return Verdict::GivenUp { attempts };
        }
        Verdict::Again { attempts, pause: backed_off(attempts) }
    }

    /// Notes that a job was settled at `now`; `came_through`: all of its work was done.
    pub fn settled(&self, job: i64, came_through: bool, now: Instant) {
        let mut watched = self.lock();
        watched.jobs.remove(&job);
        if came_through {
            watched.came_through = Some(now);
        }
    }

    /// Forgets a job that is another's now.
    pub fn forget(&self, job: i64) {
        self.lock().jobs.remove(&job);
    }
}

/// Returns the pause after so many attempts: 1, 2, 4, … seconds, an hour at most.
fn backed_off(attempts: u32) -> Duration {
    FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(12)).min(LONGEST)
}
