//! One door for single-row look-ups: those that wait together are answered by one statement.
//!
//! Few threads with a connection each drain what has gathered while the last statement ran. At one request
//! at a time nothing is lost; at many, a statement serves up to 64 of them. A look-up that takes too long, as
//! on a network that drops packets, is refused, and the thread that is stuck in it is replaced.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use tokio::sync::oneshot;

use super::{Connected, DatabaseError};

/// Look-ups that one statement serves, at most.
const TOGETHER: usize = 64;
/// How long a look-up may take, waiting included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Threads of a door that are stuck in their connections and were replaced, at most.
const MAX_STUCK: usize = 8;
/// What connections are told besides: the server gives up a statement before its look-up is refused.
const SESSION: &str = "SET statement_timeout = '4s'; SET lock_timeout = '4s'";

/// Answers look-ups of one kind.
///
/// Nothing is returned where the connection was lost; the door then opens another and asks once more.
pub type Serve<K, V> = Box<dyn Fn(&mut Connected, &[K]) -> Option<Vec<V>> + Send + Sync>;

type Waiting<K, V> = VecDeque<(K, oneshot::Sender<V>)>;

/// Look-ups of one kind, waiting for the door.
pub struct Desk<K, V> {
    waiting: Mutex<Waiting<K, V>>,
    serve: Serve<K, V>,
    /// What is answered where nothing was found out.
    refuse: fn(Refusal) -> V,
}

/// Why a look-up has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no database, or it does not answer in time.
    Closed,
    /// What should have answered it broke off, by a fault of ours.
    BrokeOff,
}

trait Drain: Send + Sync {
    /// Serves what waits; false where the connection was lost and what waited is left for another.
    fn drain(&self, conn: &mut Connected) -> bool;
    /// Answers what waits without a database.
    fn refuse(&self);
}

#[derive(Default)]
struct Bell {
    rung: Mutex<Rung>,
    ring: Condvar,
}

#[derive(Default)]
struct Rung {
    /// Desks with something waiting, in order of arrival.
    desks: VecDeque<Arc<dyn Drain>>,
    /// Whether nobody will ring any more.
    closed: bool,
}

/// One thread behind the desks.
#[derive(Debug, Default)]
struct Attendant {
    /// Since when it has been at a desk.
    busy_since: Mutex<Option<Instant>>,
    /// Whether another thread has taken its place, so that it ends when it gets free.
    replaced: AtomicBool,
}

impl Attendant {
    fn set_busy(&self, since: Option<Instant>) {
        *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn is_stuck(&self, patience: Duration) -> bool {
        let since = *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() >= patience)
    }
}

/// Closes the door when its last clone is dropped.
struct Open {
    bell: Arc<Bell>,
    name: &'static str,
    url: String,
    patience: Duration,
    attendants: Mutex<Vec<Arc<Attendant>>>,
    stuck: Arc<AtomicUsize>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.bell.rung.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.bell.ring.notify_all();
    }
}

impl Open {
    fn hire(&self, attendants: &mut Vec<Arc<Attendant>>) -> io::Result<()> {
        let attendant = Arc::new(Attendant::default());
        let (bell, url) = (Arc::clone(&self.bell), self.url.clone());
        let (own, stuck) = (Arc::clone(&attendant), Arc::clone(&self.stuck));
        std::thread::Builder::new().name(self.name.into()).spawn(move || {
            attend(&bell, &url, &own);
            if own.replaced.load(Ordering::SeqCst) {
                stuck.fetch_sub(1, Ordering::SeqCst);
            }
        })?;
        attendants.push(attendant);
        Ok(())
    }

    /// Puts new threads in the place of those that are stuck, as long as they are few.
    fn relieve(&self) {
        let mut attendants = self.attendants.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stuck = |attendant: &Arc<Attendant>| attendant.is_stuck(self.patience);
        while let Some(place) = attendants.iter().position(is_stuck) {
            if self.stuck.fetch_add(1, Ordering::SeqCst) >= MAX_STUCK {
                self.stuck.fetch_sub(1, Ordering::SeqCst);
                return;
            }
            if let Err(error) = self.hire(&mut attendants) {
                self.stuck.fetch_sub(1, Ordering::SeqCst);
                log::error!("no thread for look-ups: {error}");
                return;
            }
            attendants.swap_remove(place).replaced.store(true, Ordering::SeqCst);
            log::warn!("the database does not answer a look-up; another connection is tried");
        }
    }
}

/// The threads behind the desks; cheap to clone.
#[derive(Clone)]
pub struct Door {
    open: Arc<Open>,
}

impl Door {
    /// A door with so many threads, each with a connection of its own.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn open(url: &str, name: &'static str, threads: usize) -> io::Result<Self> {
        Self::open_with(url, name, threads, PATIENCE)
    }

    fn open_with(
        url: &str,
        name: &'static str,
        threads: usize,
        patience: Duration,
    ) -> io::Result<Self> {
        let open = Open {
            bell: Arc::default(),
            name,
            url: url.to_owned(),
            patience,
            attendants: Mutex::default(),
            stuck: Arc::default(),
        };
        {
            let mut attendants = open.attendants.lock().unwrap_or_else(PoisonError::into_inner);
            for _ in 0..threads {
                open.hire(&mut attendants)?;
            }
        }
        Ok(Self { open: Arc::new(open) })
    }

    /// Waits for the answer to one look-up; one that takes too long is refused.
    pub async fn ask<K, V>(&self, desk: &Arc<Desk<K, V>>, key: K) -> V
    where
        K: Clone + Send + 'static,
        V: Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut waiting = desk.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Those in front who were refused meanwhile need no answer any more.
            while waiting.front().is_some_and(|(_, sender)| sender.is_closed()) {
                waiting.pop_front();
            }
            waiting.push_back((key, sender));
            waiting.len() == 1
        };
        // Whoever finds the desk empty rings for all who come before it is drained.
        if first {
            let bell = &self.open.bell;
            let mut rung = bell.rung.lock().unwrap_or_else(PoisonError::into_inner);
            rung.desks.push_back(Arc::clone(desk) as Arc<dyn Drain>);
            drop(rung);
            bell.ring.notify_one();
        }
        match tokio::time::timeout(self.open.patience, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_dropped| (desk.refuse)(Refusal::BrokeOff)),
            Err(_elapsed) => {
                self.open.relieve();
                (desk.refuse)(Refusal::Closed)
            }
        }
    }
}

impl<K, V> Desk<K, V> {
    pub fn new(serve: Serve<K, V>, refuse: fn(Refusal) -> V) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::new(VecDeque::new()), serve, refuse })
    }

    fn take(&self) -> Vec<(K, oneshot::Sender<V>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain(..).collect()
    }
}

impl<K: Clone + Send, V: Send> Drain for Desk<K, V> {
    fn drain(&self, conn: &mut Connected) -> bool {
        let mut taken = self.take();
        while !taken.is_empty() {
            let rest = taken.split_off(taken.len().min(TOGETHER));
            let keys: Vec<K> = taken.iter().map(|(key, _)| key.clone()).collect();
            let Some(answers) = (self.serve)(conn, &keys) else {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Serves desks until the door is closed, or until another has taken its place.
fn attend(bell: &Bell, url: &str, attendant: &Attendant) {
    let mut conn: Option<Connected> = None;
    while let Some(desk) = next(bell) {
        let mut broke_off = false;
        attendant.set_busy(Some(Instant::now()));
        for _attempt in 0..2 {
            let connected = match conn.take() {
                Some(connected) => Ok(connected),
                None => connect(url),
            };
            match connected {
                // The connection goes with what broke off; whoever waited for it is told.
                Ok(mut connected) => {
                    let drain = AssertUnwindSafe(|| desk.drain(&mut connected));
                    match catch_unwind(drain) {
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
        // Nothing waits here unless the database is gone; who came since something broke off has rung.
        if conn.is_none() && !broke_off {
            desk.refuse();
        }
        attendant.set_busy(None);
        if attendant.replaced.load(Ordering::SeqCst) {
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

/// The next desk with something waiting; none: the door is closed.
fn next(bell: &Bell) -> Option<Arc<dyn Drain>> {
    let mut rung = bell.rung.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(desk) = rung.desks.pop_front() {
            return Some(desk);
        }
        if rung.closed {
            return None;
        }
        rung = bell.ring.wait(rung).unwrap_or_else(PoisonError::into_inner);
    }
}
