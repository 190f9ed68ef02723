//! When an origin is asked again that failed for a passing reason (`docs/rules.md` 6.9).

use std::time::Duration;

/// Longest delay between two attempts, unless an origin asks for a longer one.
const LONGEST: Duration = Duration::from_mins(30);

/// Limits after which an image is given up whose origin keeps failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLimits {
    /// Attempts, at most.
    pub attempts: u32,
    /// The delay after the first attempt.
    pub first: Duration,
    /// Time from the first attempt that failed to the last, at most.
    pub within: Duration,
}

impl Default for RetryLimits {
    /// Returns the defaults: 10 attempts within 6 hours, the second after 10 s.
    fn default() -> Self {
        Self { attempts: 10, first: Duration::from_secs(10), within: Duration::from_hours(6) }
    }
}

impl RetryLimits {
    /// Returns the delay until the next attempt; `None` if there is none any more.
    ///
    /// `before` attempts have failed before the one at hand, the first of them `since` ago. The delay is what the origin
    /// asked for, if it did, and otherwise doubles with each attempt and is varied by up to a quarter, as `chance` from 0
    /// to 1 says.
    #[must_use]
    pub fn delay(
        self,
        before: u32,
        since: Duration,
        asked: Option<Duration>,
        chance: f64,
    ) -> Option<Duration> {
        if before.saturating_add(1) >= self.attempts {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << before.min(20)).min(LONGEST);
        let varied = || doubled.mul_f64(0.75 + chance / 2.0);
        // An origin that says "at once" is asked when it would be if it said nothing.
        let delay = asked.filter(|asked| !asked.is_zero()).unwrap_or_else(varied);
        (since.saturating_add(delay) <= self.within).then_some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: u32, since: Duration, asked: Option<u64>, chance: f64) -> Option<f64> {
        let asked = asked.map(Duration::from_secs);
        let delay = RetryLimits::default().delay(before, since, asked, chance);
        delay.map(|delay| delay.as_secs_f64())
    }

    #[test]
    fn each_delay_is_twice_the_one_before_up_to_half_an_hour_and_there_are_ten_attempts() {
        let middle = |before| after(before, Duration::ZERO, None, 0.5);
        let delays: Vec<f64> = (0..9).filter_map(middle).collect();
        assert_eq!(delays, [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 1800.0]);
        assert_eq!(middle(9), None);
        assert_eq!(middle(u32::MAX), None);
    }

    #[test]
    fn a_delay_varies_by_a_quarter() {
        assert_eq!(after(1, Duration::ZERO, None, 0.0), Some(15.0));
        assert_eq!(after(1, Duration::ZERO, None, 1.0), Some(25.0));
        assert_eq!(after(8, Duration::ZERO, None, 1.0), Some(2250.0));
    }

    #[test]
    fn an_origin_that_says_when_is_asked_then_unless_that_is_too_late() {
        let hours = Duration::from_hours;
        assert_eq!(after(0, Duration::ZERO, Some(7), 0.0), Some(7.0), "sooner than by itself");
        assert_eq!(after(0, Duration::ZERO, Some(0), 0.5), Some(10.0), "at once is no time");
        assert_eq!(after(0, Duration::ZERO, Some(6 * 3600), 0.0), Some(21600.0));
        assert_eq!(after(0, Duration::ZERO, Some(6 * 3600 + 1), 0.0), None);
        assert_eq!(after(1, hours(5), Some(3600), 0.0), Some(3600.0));
        assert_eq!(after(1, hours(5), Some(3601), 0.0), None);
        assert_eq!(after(1, hours(5), Some(u64::MAX), 0.0), None);
        assert_eq!(after(1, hours(6), None, 0.5), None);
    }
}
