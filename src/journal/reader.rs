//! The reader of the journal in this process.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::Changes;
use super::snapshot::changes_since;
use crate::database;

/// Interval at which the journal is read without a notice: short enough that a slow read leaves time within the two
/// seconds that what is cached goes unconfirmed.
const INTERVAL: Duration = Duration::from_millis(500);
/// Interval at which the connection is looked at for notices; an empty look costs a microsecond.
const POLL: Duration = Duration::from_millis(20);
/// Pause before the database is tried again; short, because what is cached goes unconfirmed meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// Prepares a session: whatever the statistics say, rows are found by their transactions.
const SESSION: &str = "SET enable_seqscan = off; LISTEN journal";

/// Reads the journal on a thread and a connection of its own until it is dropped.
///
/// Not the thread of [`database::notifications`], because requests wait for the notices that it passes on, and a read
/// may take as long as a statement may.
pub struct Reader {
    state: Arc<State>,
    thread: Thread,
}

struct State {
    started: Instant,
    /// Time from `started` to the beginning of the last complete read, in nanoseconds; 0: there was none.
    read_began: AtomicU64,
    is_dropped: AtomicBool,
}

impl Reader {
    /// Starts to read: each second, and at once where an image was closed or deleted.
    ///
    /// `on_change` is called on the thread of the reader, with [`Changes::Unknown`] at first and after each loss of the
    /// connection, and must be quick.
    ///
    /// # Errors
    /// Returns what the system says where it gives no thread.
    pub fn start(url: &str, on_change: impl Fn(Changes) + Send + 'static) -> io::Result<Self> {
        let state = Arc::new(State {
            started: Instant::now(),
            read_began: AtomicU64::new(0),
            is_dropped: AtomicBool::new(false),
        });
        let (shared, url) = (Arc::clone(&state), url.to_owned());
        let thread = std::thread::Builder::new().name("journal".into());
        let running = thread.spawn(move || shared.run(&url, &on_change))?;
        Ok(Self { state, thread: running.thread().clone() })
    }

    /// Returns when the last read began that came to its end; `None` until there is one.
    ///
    /// Of all changes that were committed before that time `on_change` has been called. While the database is away the
    /// time stands still. Costs an atomic load.
    pub fn read_began(&self) -> Option<Instant> {
        match self.state.read_began.load(Ordering::Acquire) {
            0 => None,
            nanoseconds => self.state.started.checked_add(Duration::from_nanos(nanoseconds)),
        }
    }
}

impl Drop for Reader {
    /// Lets the thread end, and does not wait for it: it may be waiting for the database.
    fn drop(&mut self) {
        self.state.is_dropped.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

impl State {
    fn goes_on(&self) -> bool {
        !self.is_dropped.load(Ordering::Acquire)
    }

    fn run(&self, url: &str, on_change: &impl Fn(Changes)) {
        let mut is_lost = false;
        while self.goes_on() {
            let Err(error) = self.follow(url, on_change, &mut is_lost) else { return };
            if self.goes_on() {
                let level = if is_lost { log::Level::Debug } else { log::Level::Warn };
                log::log!(level, "changes to images cannot be read for now: {error}");
                is_lost = true;
                std::thread::park_timeout(PAUSE);
            }
        }
    }

    /// Reads on one connection until the reader is dropped or the connection is lost.
    fn follow(
        &self,
        url: &str,
        on_change: &impl Fn(Changes),
        is_lost: &mut bool,
    ) -> Result<(), Box<dyn Error>> {
        let mut conn = database::connect(url)?;
        conn.batch_execute(SESSION)?;
        let mut last = None;
        while self.goes_on() {
            let began = Instant::now();
            let (changes, now) = changes_since(&mut conn, last.as_ref())?;
            if !changes.are_none() {
                on_change(changes);
            }
            last = Some(now);
            self.complete(began);
            *is_lost = false;
            while self.goes_on() && began.elapsed() < INTERVAL && !was_noticed(&mut conn)? {
                std::thread::park_timeout(POLL);
            }
        }
        Ok(())
    }

    fn complete(&self, began: Instant) {
        let since = began.saturating_duration_since(self.started).as_nanos();
        let since = u64::try_from(since).unwrap_or(u64::MAX).max(1);
        self.read_began.store(since, Ordering::Release);
    }
}

/// Takes all notices that have come; returns whether there were any.
fn was_noticed(conn: &mut PgConnection) -> diesel::QueryResult<bool> {
    let mut any = false;
    for notice in conn.notifications_iter() {
        notice?;
        any = true;
    }
    Ok(any)
}
