//! Lanes by cost: small renderings take turns, large ones are refused at once when there are too many.
//!
//! Copies of stored bytes are not here: they take no lane, and are never refused.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use imaging::render::Cost;
use parking_lot::Mutex;

use super::error::DeliveryError;
use super::threads::Threads;
use crate::fairness::{Limiter, Overloaded, Permit, Shares};
use crate::metrics::Metrics;
use crate::metrics::renderings::{self, Renderings};

/// Pixels that a small rendering decodes, at most: 30 ms of work.
const SMALL_PIXELS: u64 = 4 << 20;

/// Bytes that a small rendering holds, at most.
const SMALL_BYTES: u64 = 32 << 20;

/// Pixels that small renderings of one customer which wait or are at work decode in all, at most: half a second of work. It
/// counts work, because a page of tiny pictures is asked for at once, and is soon done.
const WAITING_PIXELS: u64 = 48 << 20;

/// Pixels that a rendering counts for at least, for what it costs beside decoding.
const LEAST_PIXELS: u64 = 256 << 10;

/// Time that a small rendering waits, at most, as where the machine is busy with other things.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time that a large rendering waits for its customer's turn, if no other one of the customer does.
const TURN: Duration = Duration::from_secs(1);

/// Time between two lines about renderings without room.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// Steps by which the priority of renderings is lower than that of copies.
const NICE: (i32, i32) = (3, 12);

/// Tells what becomes of renderings for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Enforce,
    /// They wait, and are counted.
    Observe,
}

/// The two lanes of renderings.
pub struct Lanes {
    small: Lane,
    works: Works,
    large: Lane,
    admission: Admission,
    /// Large renderings for which there was no room since that was logged last, and when.
    without_room: Mutex<(u64, Option<Instant>)>,
    /// Bytes that one rendering may hold.
    most: u64,
    metrics: Renderings,
}

/// Threads, and what those at work on them may hold.
struct Lane {
    threads: Threads,
    slots: Limiter<i32>,
    /// MiB of pixels.
    memory: Limiter<i32>,
}

/// The right to render.
#[derive(Debug)]
pub struct Admitted {
    _memory: Permit<i32>,
    _slot: Permit<i32>,
    /// Its part of the work of its customer, if it is small.
    work: Option<Work>,
}

/// Pixels that small renderings under way decode, by customer.
type Works = Arc<Mutex<HashMap<i32, u64>>>;

/// A part of the work of a customer, until it is dropped.
#[derive(Debug)]
struct Work {
    of: Works,
    customer: i32,
    pixels: u64,
}

impl Work {
    /// Adds work of a customer, unless there would be too much of it.
    fn add(of: &Works, customer: i32, pixels: u64) -> Option<Self> {
        let pixels = pixels.max(LEAST_PIXELS);
        let mut works = of.lock();
        let held = works.entry(customer).or_default();
        if *held > 0 && held.saturating_add(pixels) > WAITING_PIXELS {
            return None;
        }
        *held += pixels;
        Some(Self { of: Arc::clone(of), customer, pixels })
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut works = self.of.lock();
        if let Some(held) = works.get_mut(&self.customer) {
            *held = held.saturating_sub(self.pixels);
            if *held == 0 {
                works.remove(&self.customer);
            }
        }
    }
}

impl Lane {
    fn new(name: &str, threads: usize, nice: i32, bytes: u64) -> io::Result<Self> {
        let limiter = |capacity| Limiter::new(Shares { capacity, extra: 0 });
        Ok(Self {
            threads: Threads::start(name, threads, nice)?,
            slots: limiter(threads),
            memory: limiter(mebibytes(bytes)),
        })
    }

    /// Takes memory in MiB, unless so many of the customer's wait already.
    async fn hold(
        &self,
        customer: i32,
        units: usize,
        waiting: usize,
    ) -> Result<Permit<i32>, Overloaded> {
        self.memory.acquire_within(customer, units, waiting).await
    }

    /// Takes a thread, unless so many of the customer's wait already.
    async fn enter(&self, customer: i32, waiting: usize) -> Result<Permit<i32>, Overloaded> {
        self.slots.acquire_within(customer, 1, waiting).await
    }
}

impl Lanes {
    /// Returns lanes that hold so many bytes of pixels in all, and refuse what would hold more than `most`.
    ///
    /// # Errors
    /// Fails if the system gives no threads.
    pub fn new(bytes: u64, most: u64, admission: Admission, metrics: &Metrics) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let small = Lane::new("render", cores, NICE.0, bytes / 2)?;
        let large = Lane::new("render-large", (cores / 2).max(1), NICE.1, bytes / 2)?;
        for (name, lane) in [(renderings::Lane::Small, &small), (renderings::Lane::Large, &large)] {
            let (slots, memory) = (lane.slots.clone(), lane.memory.clone());
            metrics.read_by(move |metrics| {
                metrics.renderings.set_lane(name, slots.usage(), memory.usage());
            });
        }
        Ok(Self {
            small,
            works: Works::default(),
            large,
            admission,
            without_room: Mutex::default(),
            most,
            metrics: metrics.renderings.clone(),
        })
    }

    /// Takes the right to render something of a customer at this cost, and returns it with what was prepared for it: once it
    /// has its memory, and before it has a thread.
    ///
    /// # Errors
    /// Returns [`DeliveryError::NeverAllowed`] if it could not be rendered alone, [`DeliveryError::Overloaded`] if it is
    /// large and there is no room now, or small and the customer's others take too long, and the error of what prepares.
    pub async fn admit<T>(
        &self,
        customer: i32,
        cost: Cost,
        prepare: impl Future<Output = Result<T, DeliveryError>>,
    ) -> Result<(Admitted, T), DeliveryError> {
        let lane = lane(cost);
        let admitted = self.admit_to(lane, customer, cost, prepare).await;
        let outcome = match &admitted {
            Ok(_) => renderings::Admission::Admitted,
            Err(DeliveryError::NeverAllowed { .. }) => renderings::Admission::NeverAllowed,
            Err(_) => renderings::Admission::Refused,
        };
        self.metrics.admission(lane, outcome);
        admitted
    }

    async fn admit_to<T>(
        &self,
        lane: renderings::Lane,
        customer: i32,
        cost: Cost,
        prepare: impl Future<Output = Result<T, DeliveryError>>,
    ) -> Result<(Admitted, T), DeliveryError> {
        if cost.bytes_held > self.most {
            return Err(DeliveryError::NeverAllowed { bytes: cost.bytes_held, limit: self.most });
        }
        let units = mebibytes(cost.bytes_held);
        if lane == renderings::Lane::Small {
            let work = Work::add(&self.works, customer, cost.pixels_decoded).ok_or(Overloaded)?;
            let began = Instant::now();
            let memory = within(PATIENCE, self.small.hold(customer, units, usize::MAX)).await?;
            let prepared = prepare.await?;
            let left = PATIENCE.saturating_sub(began.elapsed());
            let slot = within(left, self.small.enter(customer, usize::MAX)).await?;
            let admitted = Admitted { _memory: memory, _slot: slot, work: Some(work) };
            return Ok((admitted, prepared));
        }
        // One of each customer waits for a moment, so that customers take turns and none is refused for ever.
        let mut is_counted = false;
        let memory = match within(TURN, self.large.hold(customer, units, 1)).await {
            Err(_none) if self.waits(&mut is_counted) => {
                self.large.hold(customer, units, usize::MAX).await
            }
            held => held,
        };
        let memory = memory?;
        let prepared = prepare.await?;
        let slot = match within(TURN, self.large.enter(customer, 1)).await {
            Err(_none) if self.waits(&mut is_counted) => {
                self.large.enter(customer, usize::MAX).await
            }
            entered => entered,
        };
        Ok((Admitted { _memory: memory, _slot: slot?, work: None }, prepared))
    }

    /// Counts a large rendering for which there is no room, once; returns whether it waits all the same.
    fn waits(&self, is_counted: &mut bool) -> bool {
        let waits = self.admission == Admission::Observe;
        if std::mem::replace(is_counted, true) {
            return waits;
        }
        self.count(Instant::now());
        if waits {
            self.metrics.admission(renderings::Lane::Large, renderings::Admission::Observed);
        }
        waits
    }

    /// Renders on a thread of the lane of what was admitted.
    ///
    /// # Errors
    /// Fails if it panics.
    pub fn run<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        admitted: Admitted,
        act: F,
    ) -> impl Future<Output = io::Result<T>> + use<T, F> {
        let lane = if admitted.work.is_some() { &self.small } else { &self.large };
        lane.threads.run(move || {
            let done = act();
            drop(admitted);
            done
        })
    }

    /// Counts a large rendering for which there is no room, and logs the number now and then.
    fn count(&self, now: Instant) {
        let mut without_room = self.without_room.lock();
        let (count, logged) = &mut *without_room;
        *count += 1;
        if logged.is_some_and(|logged| now.saturating_duration_since(logged) < LOG_PAUSE) {
            return;
        }
        let done = match self.admission {
            Admission::Enforce => "were refused",
            Admission::Observe => "had to wait",
        };
        log::info!("large renderings without room: {count} {done} since this was said last");
        (*count, *logged) = (0, Some(now));
    }
}

/// Returns the lane of renderings at this cost.
pub(super) fn lane(cost: Cost) -> renderings::Lane {
    match cost.pixels_decoded <= SMALL_PIXELS && cost.bytes_held <= SMALL_BYTES {
        true => renderings::Lane::Small,
        false => renderings::Lane::Large,
    }
}

/// Waits for room, at most so long.
async fn within<T>(
    patience: Duration,
    room: impl Future<Output = Result<T, Overloaded>>,
) -> Result<T, Overloaded> {
    tokio::time::timeout(patience, room).await.unwrap_or(Err(Overloaded))
}

/// Returns the whole MiB that hold so many bytes; 1 at least.
fn mebibytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(1 << 20)).unwrap_or(usize::MAX >> 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_so_much_work_waiting_and_others_have_theirs() {
        let works = Works::default();
        let held: Vec<Work> = std::iter::from_fn(|| Work::add(&works, 1, 4 << 20)).collect();
        assert_eq!(held.len(), 12);
        assert!(Work::add(&works, 1, 1).is_none());
        assert!(Work::add(&works, 2, 4 << 20).is_some());
        drop(held);
        let tiny: Vec<Work> = std::iter::from_fn(|| Work::add(&works, 1, 1)).collect();
        assert_eq!(tiny.len(), 192, "a page of tiny pictures");
        drop(tiny);
        assert!(works.lock().is_empty());
    }
}
