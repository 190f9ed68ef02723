//! Threads that bodies are read on: with stacks for deep ones, in turn by customer, and no harm done by a panic.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::fairness::priority;
use crate::hydra::Problem;

/// Stack of each thread, in bytes, of which only what is used is taken.
const STACK_BYTES: usize = 64 << 20;
/// Bodies of one customer that wait in a kind, at most.
const MAX_OF_CUSTOMER: usize = 32;
/// Bodies of all customers that wait in a kind, at most.
const MAX_WAITING: usize = 1_024;

/// By how much the priority of the threads is lower than of those that answer requests.
const STEPS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;
/// Customer that sent the body, if one did.
type Customer = Option<i32>;

/// The kind of work on a body. Each kind has threads of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// Large JSON is parsed, and is in our own terms as a rule.
    Plain,
    /// Linked data in other terms is expanded, or triples are read.
    Linked,
}

/// Threads for all kinds; they end when this is dropped.
#[derive(Debug)]
pub struct Pool {
    plain: Arc<Queue>,
    linked: Arc<Queue>,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// Fails if the system gives no thread.
    pub fn start() -> io::Result<Self> {
        // Two at least, for a customer is served by one at a time.
        let threads = std::thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 8);
        Ok(Self {
            plain: Queue::start("plain bodies", threads)?,
            linked: Queue::start("linked bodies", threads)?,
        })
    }

    /// Runs an act for a body of a customer when its turn comes.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if too many bodies of the customer wait, or of all;
    /// [`Problem::Unreadable`] if the act panics.
    pub async fn run<T: Send + 'static>(
        &self,
        kind: BodyKind,
        customer: Customer,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            if sender.is_closed() {
                return;
            }
            let panicked =
                |_| Err(Problem::Unreadable("the body makes no sense as JSON-LD".into()));
            // Who asked may have gone meanwhile.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(panicked));
        });
        let queue = if kind == BodyKind::Plain { &self.plain } else { &self.linked };
        queue.push(customer, job)?;
        receiver.await.unwrap_or_else(|gone| Err(Problem::internal(gone)))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.plain.close();
        self.linked.close();
    }
}

/// Jobs that wait, and the threads that take them.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    /// Jobs of each customer that has any waiting.
    waiting: HashMap<Customer, VecDeque<Job>>,
    /// Those customers, whose turn is next first.
    turns: VecDeque<Customer>,
    /// Customers of whom a job is under way.
    served: HashSet<Customer>,
    /// Number of the jobs that wait.
    count: usize,
    closed: bool,
}

impl State {
    /// Takes the next job: of the customer whose turn it is among those of whom none is under way.
    fn take(&mut self) -> Option<(Customer, Job)> {
        let at = self.turns.iter().position(|customer| !self.served.contains(customer))?;
        let customer = self.turns.remove(at)?;
        let jobs = self.waiting.get_mut(&customer)?;
        let job = jobs.pop_front()?;
        if jobs.is_empty() {
            self.waiting.remove(&customer);
        } else {
            self.turns.push_back(customer);
        }
        self.count -= 1;
        self.served.insert(customer);
        Some((customer, job))
    }
}

impl Queue {
    fn start(name: &str, threads: usize) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self::default());
        for _ in 0..threads {
            let own = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name(name.into()).stack_size(STACK_BYTES);
            thread.spawn(move || {
                priority::lower(STEPS);
                own.work();
            })?;
        }
        Ok(queue)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn push(&self, customer: Customer, job: Job) -> Result<(), Problem> {
        let mut state = self.lock();
        let own = state.waiting.get(&customer).map_or(0, VecDeque::len);
        if own >= MAX_OF_CUSTOMER || state.count >= MAX_WAITING {
            return Err(Problem::Unavailable(
                "too many bodies wait to be read; try again".into(),
                None,
            ));
        }
        if own == 0 {
            state.turns.push_back(customer);
        }
        state.waiting.entry(customer).or_default().push_back(job);
        state.count += 1;
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Runs jobs until the queue is closed.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            match state.take() {
                Some((customer, job)) => {
                    drop(state);
                    job();
                    state = self.lock();
                    state.served.remove(&customer);
                    // Another of its jobs may have been passed over.
                    self.changed.notify_one();
                }
                None if state.closed => return,
                None => {
                    self.changed.wait(&mut state);
                }
            }
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Waiting<'a> = Pin<Box<dyn Future<Output = Result<(), Problem>> + 'a>>;

    /// Asks for a job, and answers what waits for it.
    fn asked<'a>(
        pool: &'a Pool,
        customer: i32,
        act: impl FnOnce() + Send + 'static,
    ) -> Waiting<'a> {
        let act = move || {
            act();
            Ok(())
        };
        let mut waiting: Waiting<'a> = Box::pin(pool.run(BodyKind::Linked, Some(customer), act));
        let polled = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(!matches!(polled, Poll::Ready(Ok(()))));
        match polled {
            Poll::Ready(Err(problem)) => Box::pin(async { Err(problem) }),
            _ => waiting,
        }
    }

    #[test]
    fn a_panic_is_a_bad_body_and_the_thread_lives_on() {
        let pool = Pool::start().expect("threads");
        let act = || -> Result<(), Problem> { std::panic::resume_unwind(Box::new("on purpose")) };
        let answer = pollster::block_on(pool.run(BodyKind::Linked, None, act));
        assert!(matches!(answer, Err(Problem::Unreadable(_))), "{answer:?}");
        let act = || Ok(7);
        assert!(matches!(pollster::block_on(pool.run(BodyKind::Linked, None, act)), Ok(7)));
    }

    #[test]
    fn a_customer_waits_for_its_own_bodies_only() {
        let pool = Pool::start().expect("threads");
        let (release, held) = mpsc::channel::<()>();
        // Released by dropping the sender.
        let first = asked(&pool, 1, move || assert!(held.recv().is_err()));
        let mut others: Vec<_> = (0..MAX_OF_CUSTOMER).map(|_| asked(&pool, 1, || {})).collect();
        // Whether or not the first was begun already, one of two more is one too many.
        others.extend([asked(&pool, 1, || {}), asked(&pool, 1, || {})]);
        let refused = others.pop().expect("the last");
        let refused = pollster::block_on(refused);
        assert!(matches!(refused, Err(Problem::Unavailable(..))), "{refused:?}");
        assert!(pollster::block_on(asked(&pool, 2, || {})).is_ok());
        let act = || Ok(());
        assert!(pollster::block_on(pool.run(BodyKind::Plain, Some(1), act)).is_ok());
        drop(release);
        assert!(pollster::block_on(first).is_ok());
    }

    #[test]
    fn customers_take_turns() {
        let mut state = State::default();
        for customer in [1, 1, 1, 2, 3] {
            let jobs = state.waiting.entry(Some(customer)).or_default();
            jobs.push_back(Box::new(|| {}));
            state.count += 1;
        }
        state.turns.extend([Some(1), Some(2), Some(3)]);
        let mut order = Vec::new();
        while let Some((customer, _)) = state.take() {
            order.push(customer);
            state.served.clear();
        }
        assert_eq!(order, [1, 2, 3, 1, 1].map(Some));
        assert_eq!(state.count, 0);
    }
}
