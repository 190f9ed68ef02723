//! Whether this process can do its work: its database answers, has the schema of this version, and it is not stopping.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use parking_lot::Mutex;

use super::key_rings::Follower;
use super::migrate::{self, Schema};
use super::{DatabaseError, connect};

/// Interval at which the database is looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// Time for which the last look counts that found everything in order.
const COUNTS: Duration = Duration::from_secs(4);

/// Knows whether the process is ready; cheap to clone.
///
/// A thread looks at the database on a connection of its own. Who asks reads what it found last, so that any number of
/// questions costs nothing.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<State>);

#[derive(Debug)]
struct State {
    created: Instant,
    /// Time from `created` until the last look began that found everything in order, in milliseconds; 0: none did.
    found: AtomicU64,
    /// Tells whether the parts of the process are started.
    is_started: AtomicBool,
    is_stopping: AtomicBool,
    watcher: Mutex<Option<std::thread::Thread>>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(State {
            created: Instant::now(),
            found: AtomicU64::new(0),
            is_started: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
            watcher: Mutex::default(),
        }))
    }
}

impl Readiness {
    /// Looks at the database from now on, at first before this returns, and has the keys of the process follow those there.
    ///
    /// # Errors
    /// Returns what the system says where it gives no thread.
    pub fn watch(&self, url: &str, mut keys: Follower) -> io::Result<()> {
        let (state, url) = (Arc::clone(&self.0), url.to_owned());
        let mut conn = None;
        state.look(&url, &mut conn, &mut keys);
        let watcher = std::thread::Builder::new().name("readiness".into()).spawn(move || {
            while !state.is_stopping.load(Ordering::Acquire) {
                std::thread::park_timeout(INTERVAL);
                state.look(&url, &mut conn, &mut keys);
            }
        })?;
        *self.0.watcher.lock() = Some(watcher.thread().clone());
        Ok(())
    }

    /// Says that all parts of the process are started.
    pub fn started(&self) {
        self.0.is_started.store(true, Ordering::Release);
    }

    /// Says that the process is stopping, and ends the looking.
    pub fn stopping(&self) {
        self.0.is_stopping.store(true, Ordering::Release);
        if let Some(watcher) = self.0.watcher.lock().take() {
            watcher.unpark();
        }
    }

    /// Returns whether the process is stopping: what takes long is to end.
    pub fn is_stopping(&self) -> bool {
        self.0.is_stopping.load(Ordering::Acquire)
    }

    /// Returns whether the process is ready, by what was found a few seconds ago at most.
    pub fn is_ready(&self) -> bool {
        let found = Duration::from_millis(self.0.found.load(Ordering::Acquire));
        let is_in_order = !found.is_zero() && self.0.created.elapsed() < found + COUNTS;
        let is_started = self.0.is_started.load(Ordering::Acquire);
        is_in_order && is_started && !self.0.is_stopping.load(Ordering::Acquire)
    }
}

impl State {
    fn look(&self, url: &str, conn: &mut Option<PgConnection>, keys: &mut Follower) {
        let began = self.created.elapsed().as_millis().max(1);
        match found(url, conn, keys) {
            // A version after this one keeps what this one needs, so that both can run during an upgrade.
            Ok(Schema::Current | Schema::Ahead(_)) => {
                let began = u64::try_from(began).unwrap_or(u64::MAX);
                self.found.store(began, Ordering::Release);
            }
            Ok(Schema::Empty | Schema::Behind(_)) => self.found.store(0, Ordering::Release),
            Err(error) => {
                log::debug!("not ready: {error}");
                *conn = None;
                keys.lost_session();
            }
        }
    }
}

/// Returns how the schema of the database compares with this version.
fn found(
    url: &str,
    conn: &mut Option<PgConnection>,
    keys: &mut Follower,
) -> Result<Schema, DatabaseError> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(connect(url)?),
    };
    let schema = migrate::schema(conn)?;
    keys.look(conn)?;
    Ok(schema)
}
