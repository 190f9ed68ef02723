//! The least rate at which the bytes of an upload may come.

use std::time::{Duration, Instant};

use crate::hydra::Problem;

/// Bytes a second, at least, over each stretch of [`STRETCH`].
const LEAST_RATE: u64 = 16 << 10;

/// Time over which the rate is measured.
const STRETCH: Duration = Duration::from_secs(30);

/// The rate at which the bytes of a request come, over the stretch that is under way.
#[derive(Debug)]
pub struct Pace {
    since: Instant,
    bytes: u64,
}

impl Pace {
    pub fn begin(now: Instant) -> Self {
        Self { since: now, bytes: 0 }
    }

    /// Notes bytes that came.
    pub fn came(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Leaves out time in which the service itself was not ready for more.
    pub fn waited(&mut self, time: Duration) {
        self.since += time;
    }

    /// Judges the stretch, once it is over.
    ///
    /// # Errors
    /// Returns [`Problem::BelowLeastRate`] if less came than that brings.
    pub fn check(&mut self, now: Instant) -> Result<(), Problem> {
        let over = now.saturating_duration_since(self.since);
        if over < STRETCH {
            return Ok(());
        }
        if self.bytes < over.as_secs().saturating_mul(LEAST_RATE) {
            let (least_rate, over_s) = (LEAST_RATE, STRETCH.as_secs());
            return Err(Problem::BelowLeastRate { least_rate, over_s });
        }
        *self = Self::begin(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the outcome of so many bytes each second, for so many seconds, of which the service kept the client waiting for `held`.
    fn sent(rate: usize, seconds: u64, held: u64) -> Result<(), Problem> {
        let began = Instant::now();
        let mut pace = Pace::begin(began);
        for second in 0..seconds {
            if second < held {
                pace.waited(Duration::from_secs(1));
            } else {
                pace.came(rate);
            }
            pace.check(began + Duration::from_secs(second + 1))?;
        }
        Ok(())
    }

    #[test]
    fn who_sends_too_slowly_over_half_a_minute_is_given_up_and_nobody_else() {
        let least = usize::try_from(LEAST_RATE).expect("few");
        assert!(sent(least, 3600, 0).is_ok(), "for an hour");
        assert!(sent(0, 29, 0).is_ok(), "a pause");
        assert!(matches!(sent(0, 31, 0), Err(Problem::BelowLeastRate { over_s: 30, .. })));
        assert!(sent(least - 100, 31, 0).is_err());
        assert!(sent(least, 120, 60).is_ok(), "the store was slow, and not the client");
    }
}
