//! Lines of the log that many requests would write: one a minute of each kind, with the number of those left out.
//!
//! A client must not fill the disk with lines that it can cause as often as it likes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Time that nothing more of a kind is logged.
const PAUSE: Duration = Duration::from_mins(1);
/// Kinds that are told apart; all others are one.
const MAX_KINDS: usize = 32;

/// The lines of each kind that were logged, and the number of those that were not.
#[derive(Debug, Default)]
pub struct Repeated(Mutex<HashMap<String, Kind>>);

#[derive(Debug, Clone, Copy)]
struct Kind {
    logged: Instant,
    left_out: u64,
}

impl Repeated {
    /// Counts an occurrence at `now`; returns how many were left out before it, where it is to be logged.
    pub fn count(&self, kind: &str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock();
        let kind = if kinds.len() < MAX_KINDS || kinds.contains_key(kind) { kind } else { "" };
        let Some(held) = kinds.get_mut(kind) else {
            kinds.insert(kind.to_owned(), Kind { logged: now, left_out: 0 });
            return Some(0);
        };
        if now.saturating_duration_since(held.logged) < PAUSE {
            held.left_out += 1;
            return None;
        }
        let left_out = held.left_out;
        *held = Kind { logged: now, left_out: 0 };
        Some(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_logged_a_minute_with_the_number_of_those_left_out() {
        let (repeated, now) = (Repeated::default(), Instant::now());
        assert_eq!(repeated.count("full", now), Some(0));
        assert_eq!(repeated.count("gone", now), Some(0));
        for _ in 0..1000 {
            assert_eq!(repeated.count("full", now + PAUSE / 2), None);
        }
        assert_eq!(repeated.count("full", now + PAUSE), Some(1000));
        assert_eq!(repeated.count("full", now + PAUSE), None);
        assert_eq!(repeated.count("gone", now + PAUSE), Some(0));
    }

    #[test]
    fn no_number_of_kinds_fills_its_memory_or_the_log() {
        let (repeated, now) = (Repeated::default(), Instant::now());
        let logged = (0..1000).filter(|n| repeated.count(&n.to_string(), now).is_some()).count();
        assert_eq!(logged, MAX_KINDS + 1, "each, and one for all others");
        assert_eq!(repeated.0.lock().len(), MAX_KINDS + 1);
    }
}
