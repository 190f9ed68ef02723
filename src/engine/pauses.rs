//! Pauses after faults of the service's own, such as a full disk: customer by customer, longer each time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Customers whose images are not claimed for a while: what fails for one of them most likely fails for the next.
#[derive(Debug, Default)]
pub struct Pauses(Mutex<HashMap<i32, Pause>>);

#[derive(Debug)]
struct Pause {
    /// Faults since the last success.
    faults: u32,
    until: Instant,
}

impl Pauses {
    fn lock(&self) -> MutexGuard<'_, HashMap<i32, Pause>> {
        self.0.lock()
    }

    /// Notes a fault that met an image of a customer; returns how long the image is left alone.
    ///
    /// `returns` says how often this image was given back before: one that fails while others succeed is left
    /// alone longer each time as well.
    pub fn fault(&self, customer: i32, returns: i32) -> Duration {
        let mut pauses = self.lock();
        let pause = pauses.entry(customer).or_insert(Pause { faults: 0, until: Instant::now() });
        // Those that were under way together meet the same fault, which counts once.
        if pause.until <= Instant::now() {
            pause.faults = pause.faults.saturating_add(1);
            pause.until = Instant::now() + backed_off(pause.faults);
        }
        backed_off(pause.faults.max(u32::try_from(returns).unwrap_or_default()))
    }

    /// Notes that an image of a customer came through.
    pub fn success(&self, customer: i32) {
        self.lock().remove(&customer);
    }

    /// Returns the customers whose images are left alone now.
    pub fn customers(&self) -> Vec<i32> {
        let now = Instant::now();
        let mut pauses = self.lock();
        // What happened long ago says nothing any more.
        pauses.retain(|_, pause| now < pause.until + LONGEST * 2);
        pauses
            .iter()
            .filter(|(_, pause)| now < pause.until)
            .map(|(customer, _)| *customer)
            .collect()
    }
}

/// 1, 2, 4, … seconds, a minute at most.
fn backed_off(faults: u32) -> Duration {
    FIRST.saturating_mul(1 << faults.saturating_sub(1).min(10)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_every_fault_up_to_a_minute() {
        let seconds: Vec<u64> = (0..9).map(|faults| backed_off(faults).as_secs()).collect();
        assert_eq!(seconds, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backed_off(u32::MAX), LONGEST);
    }

    #[test]
    fn a_fault_of_one_customer_pauses_no_other_and_a_success_ends_it() {
        let pauses = Pauses::default();
        assert_eq!(pauses.fault(1, 0), FIRST);
        assert_eq!(pauses.fault(1, 0), FIRST, "met by one that was under way already");
        assert_eq!(pauses.fault(1, 3), FIRST * 4, "that has been given back thrice");
        assert_eq!(pauses.customers(), [1]);
        pauses.success(1);
        assert_eq!(pauses.customers(), [0; 0]);
    }
}
