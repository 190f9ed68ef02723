//! Counts the streams of each customer.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::MOST;

/// Counts streams by customer; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    taken: Arc<Mutex<HashMap<i32, usize>>>,
    /// Streams of all customers at once, at most.
    most: usize,
}

/// A stream that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    customer: i32,
}

impl Slots {
    /// Returns an empty count of at most so many streams of all customers.
    pub(super) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// Returns the number of streams of all customers.
    pub(super) fn count(&self) -> usize {
        self.taken.lock().values().sum()
    }

    /// Counts one more stream of a customer; `None` where it or all together have as many as they may have. One that has
    /// none always gets one.
    pub(super) fn take(&self, customer: i32) -> Option<Slot> {
        let mut taken = self.taken.lock();
        // There are few customers with streams at a time.
        let all: usize = taken.values().sum();
        let own = taken.get(&customer).copied().unwrap_or_default();
        if own >= MOST || (own > 0 && all >= self.most) {
            return None;
        }
        taken.insert(customer, own + 1);
        Some(Slot { slots: self.clone(), customer })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock();
        if let Some(count) = taken.get_mut(&self.customer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_so_many_and_what_ends_makes_room() {
        let slots = Slots::new(1000);
        let mut held: Vec<Slot> = (0..MOST).filter_map(|_| slots.take(1)).collect();
        assert_eq!(held.len(), MOST);
        assert!(slots.take(1).is_none());
        assert!(slots.take(2).is_some(), "another has its own");
        held.pop();
        assert!(slots.take(1).is_some());
        held.clear();
        assert!(slots.taken.lock().is_empty(), "nobody's count is kept");
    }

    #[test]
    fn all_customers_together_have_so_many() {
        let slots = Slots::new(3);
        let mut held: Vec<Slot> = (1..=3).filter_map(|customer| slots.take(customer)).collect();
        assert_eq!(held.len(), 3);
        assert!(slots.take(1).is_none());
        let first = slots.take(4);
        assert!(first.is_some(), "who has none is not shut out by others");
        assert!(slots.take(4).is_none());
        drop(first);
        held.pop();
        assert!(slots.take(1).is_some());
    }
}
