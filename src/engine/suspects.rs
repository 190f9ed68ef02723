//! Images at which the service fails again and again while others come through: the fault lies with the image.
//!
//! Such an image is tried again later and later, and is finished in the end with an error that says so. A fault that
//! all images meet (a full disk, no database) is never held against one: nothing comes through meanwhile.

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults of a job, each after the pause that the one before asked for, until it is given up.
    fn attempts(suspects: &Suspects, others_come_through: bool) -> Option<(u32, Duration)> {
        let began = Instant::now();
        let mut now = began;
        for _ in 0..200 {
            match suspects.fault(1, now, GiveUp::default()) {
                Verdict::GivenUp { attempts } => return Some((attempts, now - began)),
                Verdict::Again { pause, .. } => now += pause,
            }
            if others_come_through {
                suspects.settled(2, true, now);
            }
        }
        None
    }

    #[test]
    fn an_image_that_alone_fails_is_given_up_after_a_day_and_tried_less_and_less_until_then() {
        let suspects = Suspects::default();
        let (attempts, time) = attempts(&suspects, true).expect("given up");
        assert!((30..=40).contains(&attempts), "{attempts}");
        assert!(time >= Duration::from_hours(24) && time < Duration::from_hours(26), "{time:?}");
    }

    #[test]
    fn a_fault_that_all_images_meet_is_held_against_none() {
        let suspects = Suspects::default();
        // Others came through before it failed for the first time, and none since.
        suspects.settled(2, true, Instant::now());
        assert_eq!(attempts(&suspects, false), None);
        // An image that is settled by an error of its own proves nothing.
        suspects.settled(2, false, Instant::now() + Duration::from_hours(48));
        assert_eq!(attempts(&suspects, false), None);
    }

    #[test]
    fn what_was_settled_or_lost_is_watched_no_more_and_memory_is_bounded() {
        let (suspects, now) = (Suspects::default(), Instant::now());
        let again = |job| suspects.fault(job, now, GiveUp::default());
        let first = Verdict::Again { attempts: 1, pause: FIRST };
        assert_eq!(again(1), first);
        assert_ne!(again(1), first);
        suspects.settled(1, false, now);
        assert_eq!(again(1), first);
        suspects.forget(1);
        assert_eq!(again(1), first);
        let many = i64::try_from(MAX_WATCHED).expect("few") + 10;
        (2..many).for_each(|job| assert_eq!(again(job), first));
        assert_eq!(suspects.lock().jobs.len(), MAX_WATCHED);
        assert_eq!(
            (again(many - 1), again(many - 1)),
            (Verdict::Again { attempts: 1, pause: FIRST }, first)
        );
    }
}
