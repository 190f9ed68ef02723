//! Keys and sessions that were looked for and not found, remembered for a moment so that asking again costs no look-up.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::time::{Duration, Instant};

/// Time that a key is remembered as unknown. A key that another process makes works after it at the latest.
const REMEMBERED: Duration = Duration::from_secs(1);
/// Keys that are remembered at once.
const MAX_REMEMBERED: usize = 10_000;

/// A bounded memory of keys that are not there; of a key, it keeps a hash.
#[derive(Default)]
pub struct Unknown {
    hasher: RandomState,
    since: HashMap<u64, Instant>,
}

impl Unknown {
    /// Remembers that a key was not there when it was asked for.
    pub fn remember(&mut self, key: &(impl Hash + ?Sized), asked: Instant) {
        if self.since.len() >= MAX_REMEMBERED {
            self.since.retain(|_, since| asked.saturating_duration_since(*since) < REMEMBERED);
        }
        if self.since.len() < MAX_REMEMBERED {
            self.since.insert(self.hasher.hash_one(key), asked);
        }
    }

    /// Returns whether a key was not there a moment ago.
    pub fn holds(&self, key: &(impl Hash + ?Sized), now: Instant) -> bool {
        let since = self.since.get(&self.hasher.hash_one(key));
        since.is_some_and(|since| now.saturating_duration_since(*since) < REMEMBERED)
    }

    /// Forgets a key that was made.
    pub fn forget(&mut self, key: &(impl Hash + ?Sized)) {
        self.since.remove(&self.hasher.hash_one(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_remembered_for_a_moment_or_until_it_is_made() {
        let (mut unknown, now) = (Unknown::default(), Instant::now());
        unknown.remember("one", now);
        unknown.remember("two", now);
        assert!(unknown.holds("one", now) && unknown.holds("two", now));
        assert!(!unknown.holds("three", now));
        unknown.forget("one");
        assert!(!unknown.holds("one", now) && unknown.holds("two", now));
        assert!(!unknown.holds("two", now + REMEMBERED));
    }

    #[test]
    fn no_number_of_invented_keys_fills_its_memory() {
        let (mut unknown, now) = (Unknown::default(), Instant::now());
        for number in 0..MAX_REMEMBERED * 3 {
            unknown.remember(&number.to_string(), now);
        }
        assert_eq!(unknown.since.len(), MAX_REMEMBERED);
        let later = now + REMEMBERED;
        unknown.remember("later", later);
        assert_eq!(unknown.since.len(), 1, "what is forgotten takes no room");
        assert!(unknown.holds("later", later));
    }
}
