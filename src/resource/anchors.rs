//! Page anchors: order values of rows far into a list, remembered for a minute.
//!
//! They serve bare page numbers far into lists that are filtered or in another order than the default one. Such
//! a page is found by reading past all before it; what was read past is not read again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::page_key::KeyValue;

/// Life of an anchor: rows that came or went meanwhile are not counted.
const LIFE: Duration = Duration::from_mins(1);
/// Anchors that are remembered at once, of all lists; a key is a kilobyte at most.
const MAX_ANCHORS: usize = 4096;

#[derive(Debug)]
struct Remembered {
    since: Instant,
    /// Numbers of rows, counted from 0 and ascending, and their order values.
    anchors: Vec<(i64, Vec<KeyValue>)>,
}

/// The anchors that a process remembers.
#[derive(Debug, Default)]
pub struct Anchors {
    lists: Mutex<HashMap<u64, Remembered>>,
}

impl Anchors {
    /// Returns the last anchor at or before a row, with the row's number; `None`: there is none after the
    /// beginning.
    pub fn before(&self, list: u64, row: i64) -> Option<(i64, Vec<KeyValue>)> {
        let lists = self.lists.lock();
        let found = lists.get(&list).filter(|found| found.since.elapsed() < LIFE)?;
        let at = found.anchors.partition_point(|(number, _)| *number <= row).checked_sub(1)?;
        found.anchors.get(at).cloned()
    }

    /// Remembers the order values of a row, where it is the farthest so far.
    pub fn remember(&self, list: u64, row: i64, values: &[KeyValue]) {
        let mut lists = self.lists.lock();
        lists.retain(|_, found| found.since.elapsed() < LIFE);
        if lists.values().map(|found| found.anchors.len()).sum::<usize>() >= MAX_ANCHORS {
            lists.retain(|other, _| *other == list);
        }
        let found = lists
            .entry(list)
            .or_insert_with(|| Remembered { since: Instant::now(), anchors: Vec::new() });
        // Another request may have been here first; what it found is as good.
        let is_farthest = found.anchors.last().is_none_or(|(farthest, _)| *farthest < row);
        if is_farthest && found.anchors.len() < MAX_ANCHORS {
            found.anchors.push((row, values.to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_anchor_of_the_same_list_is_found_and_memory_is_bounded() {
        let anchors = Anchors::default();
        assert_eq!(anchors.before(1, 1000), None);
        for number in [10, 20, 15, 30] {
            anchors.remember(1, number, &[KeyValue::Number(number)]);
        }
        let at = |number| Some((number, vec![KeyValue::Number(number)]));
        assert_eq!(anchors.before(1, 19), at(10));
        assert_eq!(anchors.before(1, 20), at(20));
        assert_eq!(anchors.before(1, 90), at(30));
        assert_eq!(anchors.before(1, 9), None);
        assert_eq!(anchors.before(2, 90), None);
        for list in 2..10_000 {
            anchors.remember(list, 10, &[KeyValue::Number(1)]);
        }
        assert!(anchors.lists.lock().len() <= MAX_ANCHORS);
    }
}
