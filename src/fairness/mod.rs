//! Dividing limited capacity among customers, so that none waits for what another does slowly.
//!
//! [`Shares`] is the rule; a [`Limiter`] is a semaphore that follows it and serves customers in turn; [`priority`]
//! makes threads that compute for long yield the processor to the others.

mod limiter;
pub mod priority;

pub use limiter::{Limiter, Overloaded, Permit, Turn, Waiter};

/// A rule for how much of a capacity one customer may hold.
///
/// A customer may hold at most twice as much as is left free (the dynamic threshold of shared-buffer switches, with
/// a factor of 2). One that is alone gets about two thirds; as others come and free capacity shrinks, so does the
/// share of each, and something is left free for those who come next. A customer that holds nothing is admitted
/// whatever the others hold, even beyond the capacity, as long as `extra` lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Units that are shared.
    pub capacity: usize,
    /// Units beyond the capacity, for customers that hold nothing.
    pub extra: usize,
}

/// Usage of a limited capacity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units that are held.
    pub held: usize,
    /// Units that are shared.
    pub capacity: usize,
    /// Number of those who wait for more.
    pub waiting: usize,
}

impl Shares {
    /// Returns whether a customer that holds `held` of the `total` units held may have `amount` more.
    pub fn admits(self, held: usize, total: usize, amount: usize) -> bool {
        let with_it = total.saturating_add(amount);
        if held == 0 {
            return with_it <= self.capacity + self.extra;
        }
        let free = self.capacity.saturating_sub(total);
        with_it <= self.capacity && held.saturating_add(amount) <= free.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how much a customer gets that holds `held` and asks for unit after unit.
    fn filled(shares: Shares, held: usize, total: &mut usize) -> usize {
        let mut held = held;
        while held < 100_000 && shares.admits(held, *total, 1) {
            held += 1;
            *total += 1;
        }
        held
    }

    #[test]
    fn a_customer_alone_leaves_a_reserve_and_those_who_come_get_less_and_less() {
        let shares = Shares { capacity: 8, extra: 2 };
        let mut total = 0;
        let each: Vec<usize> = (0..5).map(|_| filled(shares, 0, &mut total)).collect();
        assert_eq!(each, [6, 2, 1, 1, 0], "the third and the fourth are beyond the capacity");
        for (capacity, alone) in [(1, 1), (2, 2), (4, 3), (16, 11), (1000, 667)] {
            assert_eq!(filled(Shares { capacity, extra: 0 }, 0, &mut 0), alone, "of {capacity}");
        }
    }

    #[test]
    fn what_exceeds_the_capacity_is_never_admitted() {
        let shares = Shares { capacity: 8, extra: 0 };
        assert!(shares.admits(0, 0, 8));
        assert!(!shares.admits(0, 0, 9));
        assert!(!shares.admits(0, 1, 8));
        assert!(!shares.admits(3, 3, usize::MAX));
    }
}
