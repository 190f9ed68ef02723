//! One door for single-row look-ups: those that wait together are answered by one statement.
//!
//! Two threads with a connection each drain what has gathered while the last statement ran. At one request
//! at a time nothing is lost; at many, a statement serves up to 64 of them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use diesel::PgConnection;
use tokio::sync::oneshot;

/// Look-ups that one statement serves, at most.
const TOGETHER: usize = 64;
/// Threads, each with its own connection.
const THREADS: usize = 2;

/// Answers look-ups of one kind.
///
/// Nothing is returned where the connection was lost; the door then opens another and asks once more.
pub type Serve<K, V> = Box<dyn Fn(&mut PgConnection, &[K]) -> Option<Vec<V>> + Send + Sync>;

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
    /// There is no database.
    Closed,
    /// What should have answered it broke off, by a fault of ours.
    BrokeOff,
}

trait Drain: Send + Sync {
    /// Serves what waits; false where the connection was lost and what waited is left for another.
    fn drain(&self, conn: &mut PgConnection) -> bool;
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

/// Closes the door when its last clone is dropped.
struct Open(Arc<Bell>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.rung.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.0.ring.notify_all();
    }
}

/// The threads behind the desks; cheap to clone.
#[derive(Clone)]
pub struct Door {
    open: Arc<Open>,
}

impl Door {
    pub fn open(url: &str) -> Self {
        let bell = Arc::new(Bell::default());
        for number in 0..THREADS {
            let (bell, url) = (Arc::clone(&bell), url.to_owned());
            let thread = std::thread::Builder::new().name(format!("look-up {number}"));
            // A machine that cannot start two threads at start-up cannot run the service at all.
            if let Err(error) = thread.spawn(move || attend(&bell, &url)) {
                log::error!("no thread for look-ups: {error}");
            }
        }
        Self { open: Arc::new(Open(bell)) }
    }

    /// Waits for the answer to one look-up.
    pub async fn ask<K, V>(&self, desk: &Arc<Desk<K, V>>, key: K) -> V
    where
        K: Clone + Send + 'static,
        V: Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut waiting = desk.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push_back((key, sender));
            waiting.len() == 1
        };
        // Whoever finds the desk empty rings for all who come before it is drained.
        if first {
            let bell = &self.open.0;
            let mut rung = bell.rung.lock().unwrap_or_else(PoisonError::into_inner);
            rung.desks.push_back(Arc::clone(desk) as Arc<dyn Drain>);
            drop(rung);
            bell.ring.notify_one();
        }
        answer.await.unwrap_or_else(|_dropped| (desk.refuse)(Refusal::BrokeOff))
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
    fn drain(&self, conn: &mut PgConnection) -> bool {
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

/// Serves desks until the door is closed.
fn attend(bell: &Bell, url: &str) {
    let mut conn: Option<PgConnection> = None;
    while let Some(desk) = next(bell) {
        let mut broke_off = false;
        for _attempt in 0..2 {
            let connected = match conn.take() {
                Some(connected) => Ok(connected),
                None => super::connect(url),
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
    }
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
