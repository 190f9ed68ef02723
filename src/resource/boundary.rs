//! Remembered keys of large collections, so that a page far in is sought and not skipped to.
//!
//! It only saves work: a process that remembers nothing finds the same page. What was remembered holds as
//! long as nothing was removed from the collection, for new members come after all that is remembered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// A key of the default order: moment, space, id.
pub type Key = (DateTime<Utc>, i32, String);

/// Members from one remembered key to the next: a usual page begins at one, so that nothing is skipped.
pub const STEP: i64 = 100;

/// Members that are skipped sooner than keys are looked for.
pub const NEAR: i64 = 1000;

/// Keys that are remembered at once, some 20 MB; beyond, those of other collections are forgotten.
const MAX_KEYS: usize = 200_000;

/// A remembered key, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// Members removed from the collection when it was found.
    pub removals: i64,
    /// Number of the member with this key, counted from 0.
    pub number: i64,
    pub key: Key,
}

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
    /// The last remembered key at or before a member; none: there is none after the beginning.
    ///
    /// It holds as long as no more was removed than it says.
    pub fn before(&self, collection: &str, member: i64) -> Option<Boundary> {
        let collections = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = collections.get(collection)?;
        let wanted = usize::try_from(member / STEP).ok()?;
        let at = wanted.min(remembered.keys.len()).checked_sub(1)?;
        let number = i64::try_from(at + 1).ok()?.checked_mul(STEP)?;
        let key = remembered.keys.get(at)?.clone();
        Some(Boundary { removals: remembered.removals, number, key })
    }

    /// Adds keys that follow the key with this number; 0 stands for the beginning.
    pub fn remember(&self, collection: &str, removals: i64, after: i64, found: Vec<Key>) {
        let mut collections = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        let held: usize = collections.values().map(|remembered| remembered.keys.len()).sum();
        if held + found.len() > MAX_KEYS && held > 0 {
            collections.retain(|name, _| name == collection);
        }
        let remembered = collections.entry(collection.to_owned()).or_default();
        if remembered.removals != removals {
            *remembered = Remembered { removals, keys: Vec::new() };
        }
        // Another request may have been here first; what it found is the same.
        if i64::try_from(remembered.keys.len()) == Ok(after / STEP) {
            let room = MAX_KEYS.saturating_sub(remembered.keys.len());
            remembered.keys.extend(found.into_iter().take(room));
        }
    }
}
