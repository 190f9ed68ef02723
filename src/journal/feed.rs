//! The feed of changes in this process: how far they are settled, and whose were settled last.

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::thread::Thread;
use std::time::Duration;

use diesel::PgConnection;
use tokio::sync::watch;

use super::Watermark;
use super::change::customers_between;
use crate::database;

/// Interval at which changes are looked for; what is told is late by two of these at most, unless a transaction stays open.
const INTERVAL: Duration = Duration::from_millis(250);
/// Pause before the database is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Changes between two looks, from which on it is not looked up whose they are.
const PLENTY: i64 = 100_000;

/// How far changes are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The number after which it is known whose changes there are.
    pub from: i64,
    /// The number up to which no change is still to come.
    pub to: i64,
    /// The customers of whom something was changed between these.
    pub customers: Arc<HashSet<i32>>,
}

impl Advance {
    /// Returns whether a customer may have changes after a number.
    pub fn concerns(&self, customer: i32, after: i64) -> bool {
        self.to > after && (after < self.from || self.customers.contains(&customer))
    }
}

/// Tells advances to all that listen; cheap to clone.
///
/// It has a thread, and while somebody listens a connection, whatever the number of those who do.
#[derive(Debug, Clone)]
pub struct Feed {
    told: Arc<watch::Sender<Told>>,
    thread: Thread,
}

/// What was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Nothing,
    Advance(Advance),
    /// Nothing more is told.
    Closed,
}

impl Feed {
    /// Starts the thread, which waits for somebody to listen.
    ///
    /// # Errors
    /// Returns what the system says where it gives no thread.
    pub fn start(url: &str) -> io::Result<Self> {
        let told = Arc::new(watch::Sender::new(Told::Nothing));
        let (shared, url) = (Arc::clone(&told), url.to_owned());
        let thread = std::thread::Builder::new().name("feed".into());
        let running = thread.spawn(move || run(&shared, &url))?;
        Ok(Self { told, thread: running.thread().clone() })
    }

    /// Returns a listener, which is told the next advance within a moment, and from then on each look at the database.
    pub fn listen(&self) -> watch::Receiver<Told> {
        let mut listener = self.told.subscribe();
        listener.mark_unchanged();
        self.thread.unpark();
        listener
    }

    /// Ends all listening, now and from now on.
    pub fn close(&self) {
        self.told.send_replace(Told::Closed);
        self.thread.unpark();
    }
}

fn is_closed(told: &watch::Sender<Told>) -> bool {
    *told.borrow() == Told::Closed
}

fn run(told: &watch::Sender<Told>, url: &str) {
    let mut from = None;
    while !is_closed(told) {
        if told.receiver_count() == 0 {
            // Who listens next begins where it is then.
            from = None;
            std::thread::park_timeout(PAUSE);
            continue;
        }
        if let Err(error) = follow(told, url, &mut from) {
            log::debug!("changes cannot be followed for now: {error}");
            std::thread::park_timeout(PAUSE);
        }
    }
}

/// Follows changes on one connection until nobody listens or the connection is lost.
fn follow(
    told: &watch::Sender<Told>,
    url: &str,
    from: &mut Option<i64>,
) -> Result<(), Box<dyn Error>> {
    let mut conn = database::connect(url)?;
    let mut watermark = Watermark::default();
    while told.receiver_count() > 0 && !is_closed(told) {
        if let Some(to) = watermark.look(&mut conn)? {
            let advance = advance(&mut conn, from.unwrap_or(to), to)?;
            *from = Some(to);
            told.send_if_modified(|told| {
                let goes_on = *told != Told::Closed;
                if goes_on {
                    *told = Told::Advance(advance);
                }
                goes_on
            });
        }
        std::thread::park_timeout(INTERVAL);
    }
    Ok(())
}

fn advance(conn: &mut PgConnection, from: i64, to: i64) -> Result<Advance, Box<dyn Error>> {
    if to - from > PLENTY {
        return Ok(Advance { from: to, to, customers: Arc::default() });
    }
    let customers = match from < to {
        true => customers_between(conn, (from, to))?.into_iter().collect(),
        false => HashSet::new(),
    };
    Ok(Advance { from, to, customers: Arc::new(customers) })
}
