//! The connections of one thread: their number is bounded, and those whose clients do nothing are closed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Phase, State};

/// Interval at which connections are looked through; time limits are kept to within one of these.
const TICK: Duration = Duration::from_secs(1);

/// Heads of requests that are larger than this, in bytes, count as large.
pub(super) const LARGE_HEAD: usize = 16 << 10;

/// Bounds on the connections of one thread.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections that are in the middle of a large head, at once.
    pub large_heads: usize,
    /// Time that the head of a request may take from its first byte to its last.
    pub head: Duration,
    /// Time that a connection waits for its client to close it once its last answer is sent.
    pub linger: Duration,
    /// Time that a client may take nothing of an answer.
    pub stalled: Duration,
    /// Bytes a second that a client takes at least once it has used up that time.
    pub least_rate: usize,
}

/// The connections of one thread.
#[derive(Debug)]
pub struct Registry {
    limits: Limits,
    connections: RefCell<BTreeMap<u64, Rc<State>>>,
    next: Cell<u64>,
    now: Cell<u64>,
    large_heads: Cell<usize>,
    /// Turns of long answers.
    turns: Arc<Semaphore>,
}

impl Registry {
    pub fn new(limits: Limits) -> Rc<Self> {
        Rc::new(Self {
            limits,
            connections: RefCell::default(),
            next: Cell::new(0),
            now: Cell::new(0),
            large_heads: Cell::new(0),
            turns: Arc::new(Semaphore::new(1)),
        })
    }

    /// Closes stalled connections for as long as the registry is in use.
    pub async fn watch(this: Weak<Self>) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let Some(registry) = this.upgrade() else { return };
            registry.tick();
        }
    }

    pub(super) fn turns(&self) -> Arc<Semaphore> {
        Arc::clone(&self.turns)
    }

    /// Ticks since the start.
    pub(super) fn now(&self) -> u64 {
        self.now.get()
    }

    /// Adds a connection; where there are too many, one that waits for its client is closed for it.
    ///
    /// Nothing is returned where every connection is busy.
    pub(super) fn add(&self) -> Option<(u64, Rc<State>)> {
        let mut connections = self.connections.borrow_mut();
        let open = connections.values().filter(|state| !state.closing.get());
        if connections.len() >= self.limits.connections && open.count() >= self.limits.connections {
            let longest_idle = connections
                .values()
                .filter(|state| !state.closing.get() && self.may_be_closed(state))
                .min_by_key(|state| state.last_progress.get())?;
            longest_idle.close();
        }
        let number = self.next.replace(self.next.get() + 1);
        let state = Rc::new(State::new(self.now()));
        connections.insert(number, Rc::clone(&state));
        Some((number, state))
    }

    pub(super) fn remove(&self, number: u64) {
        let removed = self.connections.borrow_mut().remove(&number);
        if let Some(state) = removed {
            self.forget_head(&state);
        }
    }

    /// Counts a head that has become large; false where there are too many of them.
    pub(super) fn admit_large_head(&self, state: &State) -> bool {
        if state.large_head.get() {
            return true;
        }
        let admitted = self.large_heads.get() < self.limits.large_heads;
        if admitted {
            state.large_head.set(true);
            self.large_heads.set(self.large_heads.get() + 1);
        }
        admitted
    }

    /// Counts a head as read.
    pub(super) fn forget_head(&self, state: &State) {
        if state.large_head.replace(false) {
            self.large_heads.set(self.large_heads.get() - 1);
        }
    }

    /// Returns whether a connection waits for its client: between requests, or with an answer that is not taken.
    fn may_be_closed(&self, state: &State) -> bool {
        match state.blocked_since.get() {
            Some(since) => since + 1 < self.now(),
            None => state.phase.get() == Phase::Idle,
        }
    }

    fn tick(&self) {
        self.now.set(self.now.get() + 1);
        for state in self.connections.borrow().values() {
            if !state.closing.get() && self.is_overdue(state) {
                state.close();
            }
        }
    }

    fn is_overdue(&self, state: &State) -> bool {
        let lasts = |since: u64| TICK * u32::try_from(self.now() - since).unwrap_or(u32::MAX);
        if let Some(since) = state.blocked_since.get() {
            let earned = state.taken.get() / self.limits.least_rate.max(1);
            let earned = Duration::from_secs(u64::try_from(earned).unwrap_or(u64::MAX));
            return lasts(since) > self.limits.stalled.saturating_add(earned);
        }
        if let Some(since) = state.lingering_since.get() {
            return lasts(since) > self.limits.linger;
        }
        let in_head = state.phase.get() == Phase::Idle && state.head_bytes.get() > 0;
        in_head && lasts(state.head_since.get()) > self.limits.head
    }
}
