//! Wrong credentials are answered later and later, by the pair of account and address.
//!
//! Only failures count where secrets are random: a right one is never delayed, so that nobody can lock an owner out. Passwords
//! can be guessed, so that a try waits before it is looked at where the same pair had several before it; the owner waits too,
//! at the address of who guesses and nowhere else.
//!
//! Failures are kept in a table of fixed size. Pairs that share a slot share its count, so that inventing pairs makes the answers
//! to failures slower and never faster.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const SLOTS: usize = 1 << 14;

/// Failures that are answered at once: a person mistypes, a script is given an old key.
const FREE: u32 = 5;
/// Delay of the first failure beyond; each one more doubles it.
const FIRST_DELAY: Duration = Duration::from_millis(50);
/// Tries of a pair that may wait; beyond, they are refused.
const MOST_WAITING: u32 = 2;
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
    /// Moment from which the next try may be looked at.
    next: Instant,
}

impl Failures {
    /// No answer waits longer than `longest`.
    pub fn new(longest: Duration) -> Self {
        Self { hasher: RandomState::new(), longest, slots: Mutex::new(vec![None; SLOTS]) }
    }

    /// Counts a failure at `now`; returns how long its answer is to wait.
    pub fn count(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Duration {
        self.with_slot(account, address, now, |held| {
            let failures = held.map_or(0, |held| held.failures).saturating_add(1);
            let next = held.map_or(now, |held| held.next);
            (Some(Slot { failures, last: now, next }), delay(failures).min(self.longest))
        })
    }

    /// Takes a try at a password at `now`, counted as a failure until [`Failures::forgive`]; returns how long it is to wait
    /// before it is looked at. `None`: so many wait already that it is refused.
    ///
    /// A try that goes away while it waits keeps its place, so that giving up early makes guessing no faster.
    pub fn take_try(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Option<Duration> {
        self.with_slot(account, address, now, |held| {
            let begins = held.map_or(now, |held| held.next.max(now));
            let wait = begins.duration_since(now);
            if wait > self.longest * MOST_WAITING {
                return (held, None);
            }
            let failures = held.map_or(0, |held| held.failures).saturating_add(1);
            let next = begins + delay(failures).min(self.longest);
            (Some(Slot { failures, last: begins, next }), Some(wait))
        })
    }

    /// Takes back the count of a try that was right.
    pub fn forgive(&self, account: &str, address: Option<IpAddr>, now: Instant) {
        self.with_slot(account, address, now, |held| {
            (held.map(|held| Slot { failures: held.failures.saturating_sub(1), ..held }), ())
        });
    }

    /// Replaces what is held of a pair, and not forgotten, by what `change` returns.
    fn with_slot<T>(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Instant,
        change: impl FnOnce(Option<Slot>) -> (Option<Slot>, T),
    ) -> T {
        let hash = self.hasher.hash_one((account, address.map(network)));
        let mut slots = self.slots.lock();
        let length = u64::try_from(slots.len()).unwrap_or(1);
        let index = usize::try_from(hash % length.max(1)).unwrap_or_default();
        let held = slots.get(index).copied().flatten();
        let held = held.filter(|held| now.saturating_duration_since(held.last) < FORGOTTEN);
        let (changed, result) = change(held);
        if let Some(slot) = slots.get_mut(index) {
            *slot = changed;
        }
        result
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
    fn guesses_of_one_pair_come_one_after_another_however_many_are_sent_at_once() {
        let (failures, now) = (Failures::new(LONGEST_DELAY), Instant::now());
        let address = Some(address("192.0.2.1"));
        let take = |after: Duration| failures.take_try("one", address, now + after);
        let waits: Vec<Option<Duration>> = (0..100).map(|_| take(Duration::ZERO)).collect();
        assert!(waits.iter().take(6).all(|wait| *wait == Some(Duration::ZERO)), "{waits:?}");
        assert_eq!(waits[6], Some(FIRST_DELAY));
        assert_eq!(waits[99], None);
        // From then on, one in the longest delay.
        let later = (1..=20).map(|n| take(Duration::from_secs(10) + LONGEST_DELAY * n / 4));
        let looked_at = later.flatten().count();
        assert!((5..=8).contains(&looked_at), "{looked_at}");
        assert_eq!(failures.take_try("other", address, now), Some(Duration::ZERO));
    }

    #[test]
    fn who_is_right_is_not_slowed_by_being_right() {
        let (failures, now) = (Failures::new(LONGEST_DELAY), Instant::now());
        for _ in 0..50 {
            assert_eq!(failures.take_try("one", None, now), Some(Duration::ZERO));
            failures.forgive("one", None, now);
        }
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
