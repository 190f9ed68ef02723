//! Slots for jobs of one kind, divided among customers (docs/adr/0011).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use super::Engine;
use super::claim::{Claimed, Wanted, claim, last_turn};
use crate::fairness::Shares;

/// Polling interval for work of which no notification came.
const LOOK: Duration = Duration::from_secs(1);

/// Of so many claims, one takes a job that is not of the priority queue first, so that these do not starve.
const OTHERS: u32 = 4;

/// The settings of a pool of slots for jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlotSettings {
    /// Tells whether it takes only jobs that a request waits for.
    pub immediate_only: bool,
    pub shares: Shares,
    /// Time that all slots must have been taken before a customer without any gets one beyond them: while slots
    /// come free, its turn comes soon enough.
    pub patience: Duration,
}

/// The holders of slots, and the customer whose turn it is.
struct Slots {
    settings: SlotSettings,
    working: JoinSet<()>,
    customers: HashMap<Id, i32>,
    held: HashMap<i32, usize>,
    /// Time when the last slot was taken or came free.
    moved: Instant,
    /// The customers served last, with immediate and with queued work.
    turns: Turns,
}

#[derive(Debug, Default, Clone, Copy)]
struct Turns {
    immediate: i32,
    queued: i32,
}

/// The jobs that may be claimed now.
struct Offer {
    most: usize,
    except: Vec<i32>,
}

impl Slots {
    fn new(settings: SlotSettings) -> Self {
        Self {
            settings,
            working: JoinSet::new(),
            customers: HashMap::new(),
            held: HashMap::new(),
            moved: Instant::now(),
            turns: Turns::default(),
        }
    }

    fn is_full(&self) -> bool {
        self.customers.len() >= self.settings.shares.capacity
    }

    /// Returns how many jobs may be claimed, and the customers of which none may be; `None` if nothing may be claimed.
    fn offer(&self) -> Option<Offer> {
        let Shares { capacity, extra } = self.settings.shares;
        let total = self.customers.len();
        if self.is_full() && self.moved.elapsed() < self.settings.patience {
            return None;
        }
        let most = match capacity.saturating_sub(total) {
            0 => (capacity + extra).saturating_sub(total),
            // Half, so that those who are served together leave something free as well.
            free => free.div_ceil(2),
        };
        let full = |held: usize| !self.settings.shares.admits(held, total, 1);
        let except = self.held.iter().filter(|(_, held)| full(**held)).map(|(of, _)| *of).collect();
        (most > 0).then_some(Offer { most, except })
    }

    fn take(&mut self, customer: i32, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.working.spawn(work).id();
        self.customers.insert(id, customer);
        *self.held.entry(customer).or_default() += 1;
        self.moved = Instant::now();
    }

    fn free(&mut self, id: Id) {
        self.moved = Instant::now();
        let Some(customer) = self.customers.remove(&id) else { return };
        if let Some(held) = self.held.get_mut(&customer) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&customer);
            }
        }
    }

    /// Waits until one has ended; for ever where none is under way.
    async fn ended(&mut self) {
        match self.working.join_next_with_id().await {
            Some(ended) => self.free(ended.map_or_else(|error| error.id(), |(id, ())| id)),
            None => std::future::pending().await,
        }
        while let Some(ended) = self.working.try_join_next_with_id() {
            self.free(ended.map_or_else(|error| error.id(), |(id, ())| id));
        }
    }
}

impl Engine {
    /// Claims work for free slots and starts it, until told to stop.
    pub(super) async fn dispatch(
        self: Arc<Self>,
        settings: SlotSettings,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut slots = Slots::new(settings);
        while !*stop.borrow() {
            // Listened for before looking, so that nothing falls between.
            let more = self.notifications.work_available();
            let is_away = tokio::select! {
                biased;
                is_away = self.outage.lasts(&self.storage) => is_away,
                _ = stop.changed() => continue,
            };
            let claimed = match slots.offer().filter(|_| !is_away) {
                Some(offer) => self.claim(settings, &mut slots.turns, offer).await,
                None => Vec::new(),
            };
            if !claimed.is_empty() {
                for job in claimed {
                    self.metrics.engine.claimed(job.immediate);
                    let customer = job.at.customer;
                    slots.take(customer, Arc::clone(&self).work(job, stop.clone()));
                }
                continue;
            }
            let wait = if slots.is_full() { settings.patience.min(LOOK) } else { LOOK };
            tokio::select! {
                () = more => {}
                () = tokio::time::sleep(wait.max(Duration::from_millis(100))) => {}
                () = slots.ended() => {}
                _ = stop.changed() => {}
            }
        }
        while slots.working.join_next().await.is_some() {}
    }

    async fn claim(&self, settings: SlotSettings, turns: &mut Turns, offer: Offer) -> Vec<Claimed> {
        let (lease, before) = (self.settings.lease, *turns);
        let Offer { most, mut except } = offer;
        // By chance: who counts gives one of several customers that take turns the same kind each time.
        let priority_first = fastrand::u32(..OTHERS) > 0;
        except.extend(self.pauses.customers());
        let claimed = self.blocking(None, move |_, conn| {
            let wanted = Wanted {
                immediate: true,
                priority_first: false,
                most,
                after: before.immediate,
                except: &except,
                lease,
            };
            let immediate = claim(conn, &wanted)?;
            if settings.immediate_only || immediate.len() >= most {
                return Ok((immediate, Vec::new()));
            }
            let served = immediate.iter().map(|job| job.at.customer);
            let except: Vec<i32> = except.iter().copied().chain(served).collect();
            let most = most - immediate.len();
            let wanted = Wanted {
                immediate: false,
                priority_first,
                most,
                after: before.queued,
                except: &except,
                lease,
            };
            Ok((immediate, claim(conn, &wanted)?))
        });
        match claimed.await {
            Ok((mut immediate, queued)) => {
                turns.immediate = last_turn(before.immediate, &immediate);
                turns.queued = last_turn(before.queued, &queued);
                immediate.extend(queued);
                immediate
            }
            Err(problem) => {
                log::debug!("nothing claimed: {problem}");
                Vec::new()
            }
        }
    }

    /// Claims one image and works it to its end; `None` if there was nothing to do.
    pub async fn work_one(self: &Arc<Self>) -> Option<Claimed> {
        let shares = Shares { capacity: 1, extra: 0 };
        let settings = SlotSettings { immediate_only: false, shares, patience: Duration::ZERO };
        let offer = Offer { most: 1, except: Vec::new() };
        let claimed = self.claim(settings, &mut Turns::default(), offer).await.pop()?;
        let (_never, stop) = watch::channel(false);
        Arc::clone(self).work(claimed.clone(), stop).await;
        Some(claimed)
    }
}
