//! Wrong credentials are answered later and later, by the pair of account and address.
//!
//! Only failures count: a right secret is never delayed, so that nobody can lock an owner out. What is kept is a
//! table of fixed size. Pairs that share a slot share its count, so that inventing pairs makes the answers to
//! failures slower and never faster.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const SLOTS: usize = 1 << 14;

/// Failures that are answered at once: a person mistypes, a script is given an old key.
const FREE: u32 = 5;
/// Delay of the first failure beyond; each one more doubles it.
const FIRST_DELAY: Duration = Duration::from_millis(50);
/// Failures are forgotten after so long without another one.
const FORGOTTEN: Duration = Duration::from_mins(1);

/// Counts of failed authentication attempts, by account and address.
pub struct Failures {
    hasher: RandomState,
    longest: Duration,
    slots: Mutex<Vec<Option<Slot>>>,
}

#[derive(Clone, Copy)]
struct Slot {
    failures: u32,
    last: Instant,
}

impl Failures {
    /// No answer waits longer than `longest`.
    pub fn new(longest: Duration) -> Self {
        Self { hasher: RandomState::new(), longest, slots: Mutex::new(vec![None; SLOTS]) }
    }

    /// Counts a failure at `now`; returns how long its answer is to wait.
    pub fn count(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Duration {
        let hash = self.hasher.hash_one((account, address.map(network)));
        let mut slots = self.slots.lock();
        let length = u64::try_from(slots.len()).unwrap_or(1);
        let index = usize::try_from(hash % length.max(1)).unwrap_or_default();
        let Some(slot) = slots.get_mut(index) else { return Duration::ZERO };
        let held = slot.filter(|held| now.duration_since(held.last) < FORGOTTEN);
        let failures = held.map_or(0, |held| held.failures).saturating_add(1);
        *slot = Some(Slot { failures, last: now });
        delay(failures).min(self.longest)
    }
}

/// Returns the part of an address that one person has: of IPv6, the first 64 bits.
pub(super) fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address) >> 64 << 64,
    }
}

fn delay(failures: u32) -> Duration {
    match failures.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => {
            let factor = 1_u32.checked_shl(doublings.min(16)).unwrap_or(u32::MAX);
            FIRST_DELAY.saturating_mul(factor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST_DELAY: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn failures_of_one_pair_are_answered_later_and_later_and_those_of_others_are_not() {
        let (failures, now) = (Failures::new(LONGEST_DELAY), Instant::now());
        let delays: Vec<Duration> =
            (0..20).map(|_| failures.count("one", Some(address("192.0.2.1")), now)).collect();
        assert!(delays.iter().take(5).all(Duration::is_zero), "{delays:?}");
        assert!(delays.is_sorted() && delays[5] == FIRST_DELAY, "{delays:?}");
        assert_eq!(delays[19], LONGEST_DELAY);
        assert_eq!(failures.count("other", Some(address("192.0.2.1")), now), Duration::ZERO);
        assert_eq!(failures.count("one", Some(address("192.0.2.2")), now), Duration::ZERO);
        let later = now + FORGOTTEN;
        assert_eq!(failures.count("one", Some(address("192.0.2.1")), later), Duration::ZERO);
    }

    #[test]
    fn a_network_of_ipv6_addresses_has_one_account_of_failures() {
        let (failures, now) = (Failures::new(LONGEST_DELAY), Instant::now());
        for host in 1..=5 {
            failures.count("one", Some(address(&format!("2001:db8::{host}"))), now);
        }
        assert!(!failures.count("one", Some(address("2001:db8::ffff:1")), now).is_zero());
        assert!(failures.count("one", Some(address("2001:db8:1::1")), now).is_zero());
    }

    #[test]
    fn inventing_pairs_fills_no_memory_and_frees_no_pair() {
        let (failures, now) = (Failures::new(LONGEST_DELAY), Instant::now());
        for _ in 0..10 {
            failures.count("one", Some(address("192.0.2.1")), now);
        }
        for number in 0..100_000 {
            failures.count(&format!("invented {number}"), Some(address("192.0.2.1")), now);
        }
        assert_eq!(failures.slots.lock().len(), SLOTS);
        assert_eq!(failures.count("one", Some(address("192.0.2.1")), now), LONGEST_DELAY);
    }
}
