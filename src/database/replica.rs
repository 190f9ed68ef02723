//! A replica of the database for reading: used for as long as it is known to be close behind, and never for a reader
//! whose last write it does not show yet.
//!
//! A thread asks the primary for its position in the log of changes (WAL) ten times a second, and the replica how much of the
//! log it has applied. The replica shows all that was committed before the last moment whose position it has passed: its
//! horizon. What a reader has written since then is not sure to be there, so that the primary answers.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::RunQueryDsl as _;
use diesel::sql_types::{BigInt, Bool, Nullable};
use parking_lot::Mutex;

use super::deployment::Deployment;
use super::{Conn, Database, DatabaseError, connect};

/// Interval at which both servers are asked.
const INTERVAL: Duration = Duration::from_millis(100);

/// Interval at which a replica is tried that did not answer, or is none.
const PAUSE: Duration = Duration::from_secs(1);

/// Time after which bytes that a replica does not acknowledge end the connection, in milliseconds: the primary answers then.
const UNACKNOWLEDGED: &str = "3000";

/// Readers whose last writes are remembered before those that the replica shows are forgotten.
const REMEMBERED: usize = 1_000;

/// Bytes of a page of the log, of its header, of a segment as it is unless the cluster was made otherwise, and of the header
/// of its first page.
const PAGE_BYTES: i64 = 8 << 10;
const HEADER_BYTES: i64 = 24;
const SEGMENT_BYTES: i64 = 16 << 20;
const LONG_HEADER_BYTES: i64 = 40;

/// Positions of the primary that are kept: those of ten minutes.
const MAX_POSITIONS: usize = 6_000;

/// A replica; cheap to clone. The thread that watches it ends with the last clone.
#[derive(Clone)]
pub struct Replica {
    database: Database,
    shared: Arc<Shared>,
    _watched: Arc<Watched>,
}

/// State of a replica that the thread which watches it shares with those who read.
struct Shared {
    /// The last moment of which the replica shows all that was committed before it; `None`: it is not to be used.
    horizon: Mutex<Option<Instant>>,
    /// Time that the horizon may be ago.
    most_behind: Duration,
    /// Time of the last write of a reader, by its number.
    writes: Mutex<HashMap<i32, Instant>>,
    ends: AtomicBool,
}

/// Ends the thread when it is dropped.
struct Watched(Arc<Shared>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.ends.store(true, Ordering::SeqCst);
    }
}

impl Replica {
    /// Watches the replica of a primary from now on; one that does not answer yet is used once it does.
    ///
    /// It is left alone while it shows nothing that is younger than `most_behind`.
    ///
    /// # Errors
    /// Fails if the system gives no threads.
    pub fn watch(
        url: &str,
        primary: &str,
        connections: u32,
        most_behind: Duration,
    ) -> Result<Self, DatabaseError> {
        let no_thread =
            |error: io::Error| DatabaseError(format!("no thread for a replica: {error}"));
        let url = super::address::with(url, "tcp_user_timeout", UNACKNOWLEDGED);
        let database = Database::replica(&url, connections)?;
        let shared = Arc::new(Shared {
            horizon: Mutex::default(),
            most_behind,
            writes: Mutex::default(),
            ends: AtomicBool::new(false),
        });
        let (watching, primary) = (Arc::clone(&shared), primary.to_owned());
        let thread = std::thread::Builder::new().name("replica".into());
        thread.spawn(move || watching.run(&url, &primary)).map_err(no_thread)?;
        Ok(Self { database, _watched: Arc::new(Watched(Arc::clone(&shared))), shared })
    }

    /// Returns the database of the replica if it may answer somebody now: one of the readers that are named has written
    /// nothing that it might not show.
    pub fn for_readers(&self, readers: &[i32]) -> Option<&Database> {
        let horizon = (*self.shared.horizon.lock())?;
        if horizon.elapsed() > self.shared.most_behind {
            return None;
        }
        let writes = self.shared.writes.lock();
        let is_shown = |reader: &i32| writes.get(reader).is_none_or(|at| *at < horizon);
        readers.iter().all(is_shown).then_some(&self.database)
    }

    /// Notes that readers have written something, or may have, up to now.
    pub fn wrote(&self, readers: &[i32]) {
        let mut writes = self.shared.writes.lock();
        if writes.len() > REMEMBERED
            && let Some(horizon) = *self.shared.horizon.lock()
        {
            writes.retain(|_, at| *at >= horizon);
        }
        let now = Instant::now();
        writes.extend(readers.iter().map(|reader| (*reader, now)));
    }
}

impl Shared {
    /// Watches until nobody needs the replica any more.
    fn run(&self, url: &str, primary: &str) {
        let mut told = None;
        while !self.ends.load(Ordering::SeqCst) {
            let reason = match self.follow(url, primary, &mut told) {
                Ok(()) => return,
                Err(reason) => reason,
            };
            *self.horizon.lock() = None;
            // Each reason once, however long it stays.
            if told.as_ref() != Some(&reason) {
                log::warn!(
                    "the replica (DATABASE_READ_URL) is not used: {reason}; the primary answers"
                );
                told = Some(reason);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Follows both servers on connections of their own until one fails; returns at the end of the process.
    fn follow(&self, url: &str, primary: &str, told: &mut Option<String>) -> Result<(), String> {
        let failed = |error: DatabaseError| error.to_string();
        let mut of_primary = connect(primary).map_err(failed)?;
        let mut of_replica = connect(url).map_err(failed)?;
        let read = |conn: &mut Conn| Deployment::read(conn).map_err(|error| error.to_string());
        let own = read(&mut of_primary)?.map(|deployment| deployment.cluster);
        if own.is_none() || read(&mut of_replica)?.map(|deployment| deployment.cluster) != own {
            return Err("it is the replica of another database".into());
        }
        let mut positions = VecDeque::new();
        let mut was_used = false;
        while !self.ends.load(Ordering::SeqCst) {
            let asked = Instant::now();
            let position = number(&mut of_primary, "pg_current_wal_insert_lsn()")?;
            let position = position.ok_or("the primary has no position")?;
            positions.push_back((asked, without_header(position)));
            if positions.len() > MAX_POSITIONS {
                positions.pop_front();
            }
            if !is_standby(&mut of_replica)? {
                return Err("it is no replica, for it is not in recovery".into());
            }
            let applied = number(&mut of_replica, "pg_last_wal_replay_lsn()")?.unwrap_or_default();
            while let Some((at, _)) = positions.front().filter(|(_, position)| *position <= applied)
            {
                *self.horizon.lock() = Some(*at);
                positions.pop_front();
            }
            let horizon = *self.horizon.lock();
            let is_used = horizon.is_some_and(|horizon| horizon.elapsed() <= self.most_behind);
            if is_used != was_used || (is_used && told.is_some()) {
                if is_used {
                    log::info!("the replica (DATABASE_READ_URL) is close behind, and answers");
                } else {
                    let seconds = self.most_behind.as_secs();
                    log::warn!(
                        "the replica (DATABASE_READ_URL) is more than {seconds} s behind; the primary answers"
                    );
                }
                (was_used, *told) = (is_used, None);
            }
            std::thread::sleep(INTERVAL);
        }
        Ok(())
    }
}

#[derive(diesel::QueryableByName)]
struct Position {
    #[diesel(sql_type = Nullable<BigInt>)]
    position: Option<i64>,
}

/// Returns a position in the log of changes as a number of bytes.
fn number(conn: &mut Conn, position: &str) -> Result<Option<i64>, String> {
    let sql = format!("SELECT ({position} - '0/0')::bigint AS position");
    let row: Position = diesel::sql_query(sql).get_result(conn).map_err(|e| e.to_string())?;
    Ok(row.position)
}

/// Returns the end of the last page in place of a position behind the header of a page that has nothing else: a replica
/// that has applied everything stays there until something is written.
fn without_header(position: i64) -> i64 {
    let of_page = (position % PAGE_BYTES == HEADER_BYTES).then_some(HEADER_BYTES);
    let of_segment = (position % SEGMENT_BYTES == LONG_HEADER_BYTES).then_some(LONG_HEADER_BYTES);
    position - of_page.or(of_segment).unwrap_or_default()
}

#[derive(diesel::QueryableByName)]
struct Recovery {
    #[diesel(sql_type = Bool)]
    is_standby: bool,
}

fn is_standby(conn: &mut Conn) -> Result<bool, String> {
    let asked = diesel::sql_query("SELECT pg_is_in_recovery() AS is_standby");
    let row: Recovery = asked.get_result(conn).map_err(|e| e.to_string())?;
    Ok(row.is_standby)
}
