//! A semaphore that divides its permits by [`Shares`] and serves those who wait in turn, customer by customer.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::Shares;

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

/// What waits for units of a [`Limiter`].
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

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Asking<'a> = Pin<Box<dyn Future<Output = Result<Permit<char>, Overloaded>> + 'a>>;

    fn ask(limiter: &Limiter<char>, holder: char, amount: usize) -> Asking<'_> {
        let mut asking: Asking<'_> = Box::pin(limiter.acquire_within(holder, amount, 3));
        // Once, so that it stands in the queue.
        if let Poll::Ready(answer) = poll(&mut asking) {
            return Box::pin(std::future::ready(answer));
        }
        asking
    }

    fn poll(asking: &mut Asking<'_>) -> Poll<Result<Permit<char>, Overloaded>> {
        asking.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn admitted(asking: &mut Asking<'_>) -> Option<Permit<char>> {
        match poll(asking) {
            Poll::Ready(answer) => Some(answer.expect("admitted")),
            Poll::Pending => None,
        }
    }

    fn limiter(capacity: usize, extra: usize) -> Limiter<char> {
        Limiter::new(Shares { capacity, extra })
    }

    #[test]
    fn those_who_wait_are_admitted_in_turn_customer_by_customer() {
        let limiter = limiter(2, 0);
        let held: Vec<_> =
            (0..2).map(|_| admitted(&mut ask(&limiter, 'a', 1)).expect("free")).collect();
        let mut waiting: Vec<_> =
            ['a', 'a', 'b', 'b', 'c'].iter().map(|&holder| ask(&limiter, holder, 1)).collect();
        let mut order = Vec::new();
        let mut held: VecDeque<_> = held.into();
        while let Some(permit) = held.pop_front() {
            drop(permit);
            for (n, asking) in waiting.iter_mut().enumerate() {
                if !order.contains(&n)
                    && let Some(permit) = admitted(asking)
                {
                    order.push(n);
                    held.push_back(permit);
                }
            }
        }
        assert_eq!(order, [0, 2, 4, 1, 3], "one of each, and then the second of each");
    }

    #[test]
    fn a_customer_that_holds_nothing_does_not_wait_for_one_that_holds_all() {
        let limiter = limiter(4, 1);
        let _slow: Vec<_> = (0..3).map(|_| admitted(&mut ask(&limiter, 'a', 1))).collect();
        let mut more = ask(&limiter, 'a', 1);
        assert!(admitted(&mut more).is_none(), "a reserve is left");
        let _first = admitted(&mut ask(&limiter, 'b', 1)).expect("the reserve");
        let beyond = admitted(&mut ask(&limiter, 'c', 1)).expect("beyond the capacity");
        let mut last = ask(&limiter, 'd', 1);
        assert!(admitted(&mut last).is_none(), "that is all");
        drop(beyond);
        assert!(admitted(&mut last).is_some() && admitted(&mut more).is_none());
    }

    #[test]
    fn one_that_had_its_turn_is_the_first_of_its_customer_to_have_the_next() {
        let limiter = limiter(1, 0);
        let held = admitted(&mut ask(&limiter, 'a', 1)).expect("free");
        let mut waits = ask(&limiter, 'a', 1);
        let (sender, mut again) = oneshot::channel();
        assert!(
            limiter.enter('a', 1, Turn::First, Task(sender)).expect("never too many").is_empty()
        );
        drop(held);
        let permit = again.try_recv().expect("its turn");
        assert!(admitted(&mut waits).is_none());
        drop(permit);
        assert!(admitted(&mut waits).is_some());
    }

    #[test]
    fn one_that_needs_much_is_not_passed_over_for_ever() {
        let limiter = limiter(10, 0);
        let mut small = admitted(&mut ask(&limiter, 'a', 1)).expect("free");
        let mut large = ask(&limiter, 'b', 10);
        for _ in 0..MAX_PASSED_OVER {
            let next = admitted(&mut ask(&limiter, 'c', 1)).expect("it fits beside");
            small = next;
        }
        let mut next = ask(&limiter, 'c', 1);
        assert!(admitted(&mut next).is_none(), "now it is the turn of the large one");
        drop(small);
        let permit = admitted(&mut large).expect("all is free");
        assert!(admitted(&mut next).is_none());
        drop(permit);
        assert!(admitted(&mut next).is_some());
    }

    #[test]
    fn those_who_give_up_leave_nothing_behind_and_too_many_are_refused() {
        let limiter = limiter(1, 0);
        let held = admitted(&mut ask(&limiter, 'a', 1)).expect("free");
        let waiting: Vec<_> = (0..3).map(|_| ask(&limiter, 'b', 1)).collect();
        let refused = poll(&mut ask(&limiter, 'b', 1));
        assert!(matches!(refused, Poll::Ready(Err(Overloaded))));
        drop(waiting);
        let mut later = ask(&limiter, 'b', 1);
        drop(held);
        assert!(admitted(&mut later).is_some());
        let state = limiter.0.lock();
        assert_eq!((state.total, state.held.len(), state.queues.len()), (0, 0, 0));
    }
}
