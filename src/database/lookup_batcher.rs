//! One batcher for single-row look-ups: those that wait together are answered by one statement.
//!
//! Few threads with a connection each flush what has gathered while the last statement ran. At one request
//! at a time nothing is lost; at many, a statement serves up to 64 of them. A look-up that takes too long, as
//! on a network that drops packets, is refused, and the thread that is stuck in it is replaced.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::{Connected, DatabaseError};
use crate::fairness::priority;

/// Look-ups that one statement serves, at most.
const MAX_BATCH: usize = 64;
/// Time that a look-up may take, waiting included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Threads of a batcher that are stuck in their connections and were replaced, at most.
const MAX_STUCK: usize = 8;
/// Settings of these connections: the server gives up a statement before its look-up is refused. Each statement is
/// planned once, for any values. By itself the server would plan a statement that takes a list of keys anew each time,
/// which takes longer than doing it. Whatever size the tables had then, none is read whole.
const SESSION: &str = "SET statement_timeout = '4s'; SET lock_timeout = '4s'; \
    SET plan_cache_mode = force_generic_plan; \
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// Answers look-ups of one kind.
///
/// Nothing is returned where the connection was lost; the batcher then opens another and asks once more.
pub type LoadMany<K, V> = Box<dyn Fn(&mut Connected, &[K]) -> Option<Vec<V>> + Send + Sync>;

type Waiting<K, V> = VecDeque<(K, oneshot::Sender<V>)>;

/// Look-ups of one kind, waiting for the batcher.
pub struct BatchQueue<K, V> {
    waiting: Mutex<Waiting<K, V>>,
    load_many: LoadMany<K, V>,
    /// Makes the answer to a look-up that was refused.
    refuse: fn(Refusal) -> V,
}

/// The reason why a look-up has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no database, or it does not answer in time.
    Closed,
    /// The worker that should have answered it panicked.
    BrokeOff,
}

trait Flush: Send + Sync {
    /// Serves what waits; false where the connection was lost and what waited is left for another.
    fn flush(&self, conn: &mut Connected) -> bool;
    /// Answers what waits without a database.
    fn refuse(&self);
}

#[derive(Default)]
struct WorkerSignal {
    state: Mutex<SignalState>,
    changed: Condvar,
}

#[derive(Default)]
struct SignalState {
    /// Queues with look-ups that wait, in order of arrival.
    queues: VecDeque<Arc<dyn Flush>>,
    /// Tells whether the batcher is closed: nothing will be queued any more.
    closed: bool,
}

/// One thread behind the queues.
#[derive(Debug, Default)]
struct Worker {
    /// Since when it has been at a queue.
    busy_since: Mutex<Option<Instant>>,
    /// Tells whether another thread has taken its place, so that it ends when it gets free.
    replaced: AtomicBool,
}

impl Worker {
    fn set_busy(&self, since: Option<Instant>) {
        *self.busy_since.lock() = since;
    }

    fn is_stuck(&self, patience: Duration) -> bool {
        let since = *self.busy_since.lock();
        since.is_some_and(|since| since.elapsed() >= patience)
    }
}

/// Closes the batcher when its last clone is dropped.
struct Inner {
    signal: Arc<WorkerSignal>,
    name: &'static str,
    url: String,
    patience: Duration,
    workers: Mutex<Vec<Arc<Worker>>>,
    stuck: Arc<AtomicUsize>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.signal.state.lock().closed = true;
        self.signal.changed.notify_all();
    }
}

impl Inner {
    fn start_worker(&self, workers: &mut Vec<Arc<Worker>>) -> io::Result<()> {
        let worker = Arc::new(Worker::default());
        let (signal, url) = (Arc::clone(&self.signal), self.url.clone());
        let (own, stuck) = (Arc::clone(&worker), Arc::clone(&self.stuck));
        std::thread::Builder::new().name(self.name.into()).spawn(move || {
            priority::run_soon();
            run_worker(&signal, &url, &own);
            if own.replaced.load(Ordering::SeqCst) {
                stuck.fetch_sub(1, Ordering::SeqCst);
            }
        })?;
        workers.push(worker);
        Ok(())
    }

    /// Puts new threads in the place of those that are stuck, as long as they are few.
    fn replace_stuck(&self) {
        let mut workers = self.workers.lock();
        let is_stuck = |worker: &Arc<Worker>| worker.is_stuck(self.patience);
        while let Some(place) = workers.iter().position(is_stuck) {
            if self.stuck.fetch_add(1, Ordering::SeqCst) >= MAX_STUCK {
                self.stuck.fetch_sub(1, Ordering::SeqCst);
                return;
            }
            if let Err(error) = self.start_worker(&mut workers) {
                self.stuck.fetch_sub(1, Ordering::SeqCst);
                log::error!("no thread for look-ups: {error}");
                return;
            }
            workers.swap_remove(place).replaced.store(true, Ordering::SeqCst);
            log::warn!("the database does not answer a look-up; another connection is tried");
        }
    }
}

/// The threads behind the queues; cheap to clone.
#[derive(Clone)]
pub struct Batcher {
    inner: Arc<Inner>,
}

impl Batcher {
    /// Returns a batcher with so many threads, each with a connection of its own.
    ///
    /// # Errors
    /// Fails if the system gives no thread.
    pub fn open(url: &str, name: &'static str, threads: usize) -> io::Result<Self> {
        Self::open_with(url, name, threads, PATIENCE)
    }

    fn open_with(
        url: &str,
        name: &'static str,
        threads: usize,
        patience: Duration,
    ) -> io::Result<Self> {
        let inner = Inner {
            signal: Arc::default(),
            name,
            url: url.to_owned(),
            patience,
            workers: Mutex::default(),
            stuck: Arc::default(),
        };
        {
            let mut workers = inner.workers.lock();
            for _ in 0..threads {
                inner.start_worker(&mut workers)?;
            }
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Waits for the answer to one look-up; one that takes too long is refused.
    pub async fn load<K, V>(&self, queue: &Arc<BatchQueue<K, V>>, key: K) -> V
    where
        K: Clone + Send + 'static,
        V: Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut waiting = queue.waiting.lock();
            // Those in front who were refused meanwhile need no answer any more.
            while waiting.front().is_some_and(|(_, sender)| sender.is_closed()) {
                waiting.pop_front();
            }
            waiting.push_back((key, sender));
            waiting.len() == 1
        };
        // The request that finds the queue empty wakes a worker for all that join before it is drained.
        if first {
            let signal = &self.inner.signal;
            let mut state = signal.state.lock();
            state.queues.push_back(Arc::clone(queue) as Arc<dyn Flush>);
            drop(state);
            signal.changed.notify_one();
        }
        match tokio::time::timeout(self.inner.patience, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_dropped| (queue.refuse)(Refusal::BrokeOff)),
            Err(_elapsed) => {
                self.inner.replace_stuck();
                (queue.refuse)(Refusal::Closed)
            }
        }
    }
}

impl<K, V> BatchQueue<K, V> {
    pub fn new(load_many: LoadMany<K, V>, refuse: fn(Refusal) -> V) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::new(VecDeque::new()), load_many, refuse })
    }

    fn take(&self) -> Vec<(K, oneshot::Sender<V>)> {
        let mut waiting = self.waiting.lock();
        waiting.drain(..).collect()
    }
}

impl<K: Clone + Send, V: Send> Flush for BatchQueue<K, V> {
    fn flush(&self, conn: &mut Connected) -> bool {
        let mut taken = self.take();
        while !taken.is_empty() {
            let rest = taken.split_off(taken.len().min(MAX_BATCH));
            let keys: Vec<K> = taken.iter().map(|(key, _)| key.clone()).collect();
            let Some(answers) = (self.load_many)(conn, &keys) else {
                let mut waiting = self.waiting.lock();
                for look_up in taken.into_iter().chain(rest).rev() {
                    waiting.push_front(look_up);
                }
                return false;
            };
            for ((_, sender), answer) in taken.into_iter().zip(answers) {
                // A request that was given up has nobody waiting; its answer is dropped.
                let _ = sender.send(answer);
            }
            taken = rest;
        }
        true
    }

    fn refuse(&self) {
        for (_, sender) in self.take() {
            let _ = sender.send((self.refuse)(Refusal::Closed));
        }
    }
}

/// Serves queues until the batcher is closed, or until another has taken its place.
fn run_worker(signal: &WorkerSignal, url: &str, worker: &Worker) {
    let mut conn: Option<Connected> = None;
    while let Some(queue) = next(signal) {
        let mut broke_off = false;
        worker.set_busy(Some(Instant::now()));
        for _attempt in 0..2 {
            let connected = match conn.take() {
                Some(connected) => Ok(connected),
                None => connect(url),
            };
            match connected {
                // The connection goes with what broke off; the requests that waited for it are told.
                Ok(mut connected) => {
                    let flush = AssertUnwindSafe(|| queue.flush(&mut connected));
                    match catch_unwind(flush) {
                        Ok(true) => {
                            conn = Some(connected);
                            break;
                        }
                        Ok(false) => {}
                        Err(_panic) => {
                            log::error!("a look-up broke off");
                            broke_off = true;
                            break;
                        }
                    }
                }
                Err(error) => {
                    log::debug!("{error}");
                    break;
                }
            }
        }
        // Nothing waits here unless the database is gone; who came since something broke off has state.
        if conn.is_none() && !broke_off {
            queue.refuse();
        }
        worker.set_busy(None);
        if worker.replaced.load(Ordering::SeqCst) {
            return;
        }
    }
}

fn connect(url: &str) -> Result<Connected, DatabaseError> {
    let mut connected = Connected::open(url)?;
    let set = connected.conn.batch_execute(SESSION);
    set.map_err(|error| DatabaseError::from_query(&error))?;
    Ok(connected)
}

/// Waits for a queue with requests and returns it; `None` if the batcher is closed.
fn next(signal: &WorkerSignal) -> Option<Arc<dyn Flush>> {
    let mut state = signal.state.lock();
    loop {
        if let Some(queue) = state.queues.pop_front() {
            return Some(queue);
        }
        if state.closed {
            return None;
        }
        signal.changed.wait(&mut state);
    }
}
