//! Requests of one kind that are under way in a process, divided among customers: streams of events and uploads, each of which may last
//! for hours.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::fairness::Shares;
use crate::hydra::Problem;

/// The bounds on the requests that may be under way.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Those of one customer.
    pub each: usize,
    /// Those of all; what is free is shared, and something is kept for customers that have none.
    pub shares: Shares,
}

/// Requests that are under way; cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: Bounds,
    /// The detail of the problem where there is no room.
    words: String,
    held: Mutex<HashMap<i32, usize>>,
}

/// The place of a request, until this is dropped.
#[derive(Debug)]
pub struct Slot {
    of: Slots,
    customer: i32,
}

impl Slots {
    /// Returns slots of which none is taken; `words` is the detail of the problem where there is no room.
    pub fn new(bounds: Bounds, words: impl Into<String>) -> Self {
        Self(Arc::new(Inner { bounds, words: words.into(), held: Mutex::default() }))
    }

    /// Returns the number of requests of all customers.
    pub fn count(&self) -> usize {
        self.0.held.lock().values().sum()
    }

    /// Takes a place, or none at once: those who have one may keep it for long.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if the customer has too many, or all have.
    pub fn take(&self, customer: i32) -> Result<Slot, Problem> {
        let Bounds { each, shares } = self.0.bounds;
        let mut held = self.0.held.lock();
        let total = held.values().sum();
        let own = held.get(&customer).copied().unwrap_or_default();
        if own >= each || !shares.admits(own, total, 1) {
            return Err(Problem::Unavailable(self.0.words.clone(), None));
        }
        held.insert(customer, own + 1);
        Ok(Slot { of: self.clone(), customer })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.of.0.held.lock();
        if let Some(own) = held.get_mut(&self.customer) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_so_many_and_leaves_something_to_those_who_have_none() {
        let shares = Shares { capacity: 12, extra: 2 };
        let slots = Slots::new(Bounds { each: 5, shares }, "too many");
        let mut held = Vec::new();
        let mut taken = |customer: i32| {
            let before = held.len();
            held.extend(std::iter::from_fn(|| slots.take(customer).ok()));
            held.len() - before
        };
        let each: Vec<usize> = (1..=6).map(&mut taken).collect();
        assert_eq!(each, [5, 5, 2, 1, 1, 0], "the fourth and the fifth are beyond what is shared");
        assert_eq!(taken(7), 0);
        assert!(
            matches!(slots.take(7), Err(Problem::Unavailable(words, _)) if words == "too many")
        );
        assert_eq!(slots.count(), 14);
        held.clear();
        assert!(slots.0.held.lock().is_empty(), "nobody's count is kept");
    }
}
