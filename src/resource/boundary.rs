//! Remembered keys of large collections, so that a page far in is sought and not skipped to.
//!
//! It only saves work: a process that remembers nothing finds the same page. What was remembered holds as
//! long as nothing was removed from the collection, for new members come after all that is remembered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// A key of the default order: moment, space, id.
pub type Key = (DateTime<Utc>, i32, String);

/// Members from one remembered key to the next.
pub const STEP: i64 = 500;

/// Collections that are remembered at once; beyond, all are forgotten and found again.
const MAX_COLLECTIONS: usize = 1000;

#[derive(Debug, Default)]
struct Remembered {
    /// Members removed when the keys were found.
    removals: i64,
    /// Keys of the members number `STEP`, `2 * STEP`, …, counted from 0.
    keys: Vec<Key>,
}

/// The keys that a process remembers.
#[derive(Debug, Default)]
pub struct Boundaries {
    collections: Mutex<HashMap<String, Remembered>>,
}

impl Boundaries {
    /// The last remembered key at or before a member, and that key's number; none: the beginning.
    pub fn before(&self, collection: &str, removals: i64, member: i64) -> Option<(i64, Key)> {
        let collections = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = collections.get(collection).filter(|r| r.removals == removals)?;
        let wanted = usize::try_from(member / STEP).ok()?;
        let at = wanted.min(remembered.keys.len()).checked_sub(1)?;
        let number = i64::try_from(at + 1).ok()?.checked_mul(STEP)?;
        Some((number, remembered.keys.get(at)?.clone()))
    }

    /// Adds keys that follow the key with this number; 0 stands for the beginning.
    pub fn remember(&self, collection: &str, removals: i64, after: i64, found: Vec<Key>) {
        let mut collections = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        if collections.len() >= MAX_COLLECTIONS && !collections.contains_key(collection) {
            collections.clear();
        }
        let remembered = collections.entry(collection.to_owned()).or_default();
        if remembered.removals != removals {
            *remembered = Remembered { removals, keys: Vec::new() };
        }
        // Another request may have been here first; what it found is the same.
        if i64::try_from(remembered.keys.len()) == Ok(after / STEP) {
            remembered.keys.extend(found);
        }
    }
}
