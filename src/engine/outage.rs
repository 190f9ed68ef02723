//! Outages of the store: while one lasts, no image is begun that could not be stored in the end.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::storage::Storage;

/// Time between two looks at the store.
const LOOK: Duration = Duration::from_secs(1);

/// Tells whether the store was away when it was needed last.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Time of the next look at the store; `None`: it is there, as far as is known.
    next: Mutex<Option<Instant>>,
}

impl Outage {
    /// Notes that the store is away.
    pub fn begin(&self) {
        let mut next = self.next.lock();
        if next.is_none() {
            log::warn!("the store does not answer: no image is begun until it does");
            *next = Some(Instant::now() + LOOK);
        }
    }

    /// Returns whether the store is away still, for which it is looked at once a second at most.
    pub async fn lasts(&self, storage: &Storage) -> bool {
        {
            let mut next = self.next.lock();
            match *next {
                None => return false,
                Some(due) if Instant::now() < due => return true,
                Some(_) => *next = Some(Instant::now() + LOOK),
            }
        }
        let confirmed = storage.confirm().await;
        if let Err(error) = confirmed {
            log::debug!("{error}");
            return true;
        }
        if self.next.lock().take().is_some() {
            log::info!("the store answers again");
        }
        false
    }
}
