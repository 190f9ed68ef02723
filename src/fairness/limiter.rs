//! A semaphore that divides its permits by [`Shares`] and serves those who wait in turn, customer by customer.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::{Shares, Usage};

/// Number of times that one that does not fit is passed over by others before nobody is admitted until it fits.
const MAX_PASSED_OVER: u32 = 16;

/// The place of a waiter among those of its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Behind the others, of which there may be so many.
    Last(usize),
    /// Before the others, however many there are.
    First,
}

/// Waits for units of a [`Limiter`]: a task, or an act that a thread then runs.
pub trait Waiter<K: Eq + Hash + Clone + Send>: Send + Sized {
    /// Returns whether nobody needs the units any more.
    fn has_gone(&self) -> bool;

    /// Takes the units; one that has gone drops them.
    fn admit(self, permit: Permit<K, Self>);
}

/// A task that waits for units.
#[derive(Debug)]
pub struct Task<K: Eq + Hash + Clone + Send>(oneshot::Sender<Permit<K>>);

impl<K: Eq + Hash + Clone + Send> Waiter<K> for Task<K> {
    fn has_gone(&self) -> bool {
        self.0.is_closed()
    }

    fn admit(self, permit: Permit<K>) {
        // A task that no longer waits gives them back by dropping them.
        let _ = self.0.send(permit);
    }
}

/// A fair semaphore; cheap to clone. `K` says who asks, `W` is what waits.
#[derive(Debug)]
pub struct Limiter<K: Eq + Hash + Clone + Send, W: Waiter<K> = Task<K>>(Arc<Inner<K, W>>);

impl<K: Eq + Hash + Clone + Send, W: Waiter<K>> Clone for Limiter<K, W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Inner<K: Eq + Hash + Clone + Send, W> {
    shares: Shares,
    state: Mutex<State<K, W>>,
}

#[derive(Debug)]
struct State<K: Eq + Hash + Clone + Send, W> {
    total: usize,
    /// Units held, of those who hold any.
    held: HashMap<K, usize>,
    /// Those who wait, in the order of their turns; each is here once, and has a queue.
    turns: VecDeque<K>,
    queues: HashMap<K, Queue<W>>,
}

#[derive(Debug)]
struct Queue<W> {
    waiting: VecDeque<Waiting<W>>,
    /// Number of times that others were admitted since its first has waited for capacity.
    passed_over: u32,
}

#[derive(Debug)]
struct Waiting<W> {
    amount: usize,
    waiter: W,
}

/// Units that are held until this is dropped.
#[derive(Debug)]
pub struct Permit<K: Eq + Hash + Clone + Send, W: Waiter<K> = Task<K>> {
    of: Arc<Inner<K, W>>,
    /// None once it is given back.
    holder: Option<K>,
    amount: usize,
}

/// Waiters that may go on, each with its units.
pub type Admitted<K, W> = Vec<(W, Permit<K, W>)>;

/// A customer has too many waiting already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overloaded;

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too much waits already")
    }
}

impl std::error::Error for Overloaded {}

impl<K: Eq + Hash + Clone + Send> Limiter<K> {
    /// Waits for `amount` units, at most the capacity; no thread waits along.
    pub async fn acquire(&self, holder: K, amount: usize) -> Permit<K> {
        match self.acquire_within(holder.clone(), amount, usize::MAX).await {
            Ok(permit) => permit,
            // Not reached: nobody has so many waiting.
            Err(Overloaded) => Permit { of: Arc::clone(&self.0), holder: None, amount: 0 },
        }
    }

    /// Waits for `amount` units, unless `most` of the same holder's wait already.
    ///
    /// # Errors
    /// Returns [`Overloaded`] at once where they do.
    pub async fn acquire_within(
        &self,
        holder: K,
        amount: usize,
        most: usize,
    ) -> Result<Permit<K>, Overloaded> {
        let (sender, admission) = oneshot::channel();
        for (task, permit) in self.enter(holder, amount, Turn::Last(most), Task(sender))? {
            task.admit(permit);
        }
        admission.await.or(Err(Overloaded))
    }
}

impl<K: Eq + Hash + Clone + Send, W: Waiter<K>> Limiter<K, W> {
    pub fn new(shares: Shares) -> Self {
        let state = State {
            total: 0,
            held: HashMap::new(),
            turns: VecDeque::new(),
            queues: HashMap::new(),
        };
        Self(Arc::new(Inner { shares, state: Mutex::new(state) }))
    }

    /// Returns how much is held, and how many wait, those who have gone included.
    pub fn usage(&self) -> Usage {
        let state = self.0.lock();
        let waiting = state.queues.values().map(|queue| queue.waiting.len()).sum();
        Usage { held: state.total, capacity: self.0.shares.capacity, waiting }
    }

    /// Lets something wait for `amount` units, at most the capacity, unless too many of the same holder's wait already.
    ///
    /// Returns those that may go on now, of which it may be one.
    ///
    /// # Errors
    /// Returns [`Overloaded`] where too many wait.
    pub fn enter(
        &self,
        holder: K,
        amount: usize,
        turn: Turn,
        waiter: W,
    ) -> Result<Admitted<K, W>, Overloaded> {
        let amount = amount.min(self.0.shares.capacity);
        let mut state = self.0.lock();
        let held = state.held.get(&holder).copied().unwrap_or_default();
        if state.turns.is_empty() && self.0.shares.admits(held, state.total, amount) {
            let permit = Inner::grant(&self.0, &mut state, holder, amount);
            return Ok(vec![(waiter, permit)]);
        }
        let queue = state
            .queues
            .entry(holder.clone())
            .or_insert_with(|| Queue { waiting: VecDeque::new(), passed_over: 0 });
        if let Turn::Last(most) = turn
            && queue.waiting.len() >= most
        {
            // Those who gave up count no more.
            queue.waiting.retain(|waiting| !waiting.waiter.has_gone());
            if queue.waiting.len() >= most {
                return Err(Overloaded);
            }
        }
        match turn {
            Turn::Last(_) => queue.waiting.push_back(Waiting { amount, waiter }),
            Turn::First => queue.waiting.push_front(Waiting { amount, waiter }),
        }
        if !state.turns.contains(&holder) {
            state.turns.push_back(holder);
        }
        Ok(Inner::admit(&self.0, &mut state))
    }
}

impl<K: Eq + Hash + Clone + Send, W: Waiter<K>> Inner<K, W> {
    fn lock(&self) -> MutexGuard<'_, State<K, W>> {
        self.state.lock()
    }

    fn grant(this: &Arc<Self>, state: &mut State<K, W>, holder: K, amount: usize) -> Permit<K, W> {
        state.total += amount;
        *state.held.entry(holder.clone()).or_default() += amount;
        Permit { of: Arc::clone(this), holder: Some(holder), amount }
    }

    /// Returns those that may go on, in turn; they are told without the lock.
    fn admit(this: &Arc<Self>, state: &mut State<K, W>) -> Admitted<K, W> {
        let mut admitted = Vec::new();
        let mut place = 0;
        while let Some(holder) = state.turns.get(place).cloned() {
            let Some(queue) = state.queues.get_mut(&holder) else {
                state.turns.remove(place);
                continue;
            };
            while queue.waiting.front().is_some_and(|first| first.waiter.has_gone()) {
                queue.waiting.pop_front();
            }
            let Some(amount) = queue.waiting.front().map(|first| first.amount) else {
                state.queues.remove(&holder);
                state.turns.remove(place);
                continue;
            };
            let held = state.held.get(&holder).copied().unwrap_or_default();
            if !this.shares.admits(held, state.total, amount) {
                // One that holds nothing waits for the others only, and not for ever.
                if held == 0 && queue.passed_over >= MAX_PASSED_OVER {
                    break;
                }
                place += 1;
                continue;
            }
            queue.passed_over = 0;
            let first = queue.waiting.pop_front();
            // Its next turn comes after everybody else's.
            state.turns.remove(place);
            if queue.waiting.is_empty() {
                state.queues.remove(&holder);
            } else {
                state.turns.push_back(holder.clone());
            }
            for earlier in state.turns.iter().take(place) {
                if let Some(queue) = state.queues.get_mut(earlier) {
                    queue.passed_over += 1;
                }
            }
            if let Some(Waiting { waiter, .. }) = first {
                admitted.push((waiter, Self::grant(this, state, holder, amount)));
            }
            place = 0;
        }
        admitted
    }
}

impl<K: Eq + Hash + Clone + Send, W: Waiter<K>> Permit<K, W> {
    /// Gives the units back, and returns those that may go on with them.
    pub fn release(mut self) -> Admitted<K, W> {
        self.give_back()
    }

    fn give_back(&mut self) -> Admitted<K, W> {
        let Some(holder) = self.holder.take() else { return Vec::new() };
        let mut state = self.of.lock();
        state.total -= self.amount;
        if let Some(held) = state.held.get_mut(&holder) {
            *held -= self.amount;
            if *held == 0 {
                state.held.remove(&holder);
            }
        }
        Inner::admit(&self.of, &mut state)
    }
}

impl<K: Eq + Hash + Clone + Send, W: Waiter<K>> Drop for Permit<K, W> {
    fn drop(&mut self) {
        // Without the lock, because one that has gone drops its units, which takes the lock again.
        for (waiter, permit) in self.give_back() {
            waiter.admit(permit);
        }
    }
}
