//! The number of streams that each customer has.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::MOST;

/// Counts streams by customer; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots(Arc<Mutex<HashMap<i32, usize>>>);

/// A stream that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    customer: i32,
}

impl Slots {
    /// Counts one more stream of a customer; `None` where it has as many as it may have.
    pub(super) fn take(&self, customer: i32) -> Option<Slot> {
        let mut taken = self.0.lock();
        let count = taken.entry(customer).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Slot { slots: self.clone(), customer })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock();
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
        let slots = Slots::default();
        let mut held: Vec<Slot> = (0..MOST).filter_map(|_| slots.take(1)).collect();
        assert_eq!(held.len(), MOST);
        assert!(slots.take(1).is_none());
        assert!(slots.take(2).is_some(), "another has its own");
        held.pop();
        assert!(slots.take(1).is_some());
        held.clear();
        assert!(slots.0.lock().is_empty(), "nobody's count is kept");
    }
}
