//! Connections to PostgreSQL: a pool for requests and one batcher for single-row look-ups.

pub mod address;
pub mod deployment;
pub mod key_rings;
pub mod lookup_batcher;
pub mod messages;
pub mod migrate;
pub mod notifications;
pub mod pooler;
pub mod prepared;
pub mod readiness;
pub mod refill;
pub mod replica;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub use diesel::PgConnection as Conn;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use messages::Messages;
use r2d2::ManageConnection;

use crate::metrics::database::PoolUsage;

/// Longest wait for a free connection; then the service says that it cannot answer.
const POOL_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections for look-ups of single rows.
const LOOK_UPS: usize = 2;

/// Connections for look-ups of viewers.
const VIEWERS: usize = 2;

/// Settings of every connection: no statement, lock or idle transaction lasts for ever. A statement that
/// only reads is given up first, so that nobody holds a connection by asking for too much, and has one process of
/// the server: to start others takes longer than a page may. Rows that an index on words finds are fetched ahead, where
/// the server's platform can: one after another they take seconds where the disk is slow to seek. Where it can (version 14, Linux), the
/// server looks each second whether a process that waits for a statement is still there, and else frees what it holds.
const SESSION: &str = "SET statement_timeout = '5s'; SET lock_timeout = '20s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC'; SET jit = off; \
    SET max_parallel_workers_per_gather = 0; \
    SELECT set_config(name, '100', FALSE) FROM pg_settings \
    WHERE name = 'effective_io_concurrency' AND max_val <> '0'; \
    SELECT set_config(name, '1s', FALSE) FROM pg_settings \
    WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%'";

/// Settings of a transaction that writes: it may wait for locks longer than a read may take.
pub const WRITING: &str = "SET LOCAL statement_timeout = '60s'";

/// Settings of a connection that no request waits for.
pub const LONG: &str = "SET statement_timeout = '60s'";

/// One connection, and whether it was found broken.
pub struct Connected {
    pub conn: PgConnection,
    /// The language of the server's messages.
    pub messages: Messages,
    /// Set by the caller that saw it fail; the pool then drops it.
    pub broken: bool,
}

impl Connected {
    /// Opens a connection as [`connect_with_messages`] does.
    ///
    /// # Errors
    /// Fails if the server does not answer.
    fn open(url: &str) -> Result<Self, DatabaseError> {
        let (conn, messages) = connect_with_messages(url)?;
        Ok(Self { conn, messages, broken: false })
    }
}

/// Opens connections for the pool.
#[derive(Debug)]
pub struct Manager {
    url: String,
}

impl ManageConnection for Manager {
    type Connection = Connected;
    type Error = DatabaseError;

    fn connect(&self) -> Result<Connected, DatabaseError> {
        Connected::open(&self.url)
    }

    /// Looks whether the server has closed the connection meanwhile, as it does when it is started anew.
    ///
    /// Asks the socket and not the server: a query before every use would cost a third of a look-up.
    fn is_valid(&self, connected: &mut Connected) -> Result<(), DatabaseError> {
        // A server that stops says so before it closes; the first look may find those words, the second the end.
        for _ in 0..2 {
            let found = connected.conn.notifications_iter().next().transpose();
            found.map_err(|e| DatabaseError::from_query(&e))?;
        }
        Ok(())
    }

    fn has_broken(&self, connected: &mut Connected) -> bool {
        // What broke off in the middle may have left a transaction open, with all that it holds.
        connected.broken || std::thread::panicking()
    }
}

/// Opens one connection, with time-outs where its address gives none.
///
/// # Errors
/// Fails if the server does not answer.
pub fn connect(url: &str) -> Result<PgConnection, DatabaseError> {
    connect_with_messages(url).map(|(conn, _)| conn)
}

/// Opens one connection as [`connect`] does, and tells in which language its errors come.
///
/// # Errors
/// Fails if the server does not answer.
pub fn connect_with_messages(url: &str) -> Result<(PgConnection, Messages), DatabaseError> {
    let mut conn = PgConnection::establish(&address::with_timeouts(url))
        .map_err(|e| DatabaseError(format!("no connection to the database: {e}")))?;
    conn.batch_execute(SESSION).map_err(|e| DatabaseError::from_query(&e))?;
    let messages = Messages::settle(&mut conn)?;
    Ok((conn, messages))
}

/// A database that answers; cheap to clone.
#[derive(Clone)]
pub struct Database {
    url: String,
    pool: r2d2::Pool<Manager>,
    /// Threads that wait for a connection of the pool.
    waiting: Arc<AtomicUsize>,
    /// Look-ups of single rows.
    pub batcher: lookup_batcher::Batcher,
    /// Look-ups of keys, which wait for no others.
    pub keys: lookup_batcher::Batcher,
    /// Look-ups of images by those who begin to view them, and of customers by name, which wait for none of crawlers.
    pub viewers: lookup_batcher::Batcher,
    /// Tells whether it is a replica, which is behind and takes no writes.
    pub is_replica: bool,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database(..)")
    }
}

impl Database {
    /// Opens a pool of at most `connections`, and the batchers with five of their own.
    ///
    /// # Errors
    /// Fails if the address is malformed, the server does not answer, or the system gives no threads.
    pub fn open(url: &str, connections: u32) -> Result<Self, DatabaseError> {
        connect(url)?;
        Self::unconnected(url, connections)
    }

    /// Opens a replica for reading, which need not answer yet.
    ///
    /// # Errors
    /// Fails if the system gives no threads.
    fn replica(url: &str, connections: u32) -> Result<Self, DatabaseError> {
        Ok(Self { is_replica: true, ..Self::unconnected(url, connections)? })
    }

    fn unconnected(url: &str, connections: u32) -> Result<Self, DatabaseError> {
        let no_thread = |error| DatabaseError(format!("no thread for look-ups: {error}"));
        let open =
            |name, threads| lookup_batcher::Batcher::open(url, name, threads).map_err(no_thread);
        let batcher = open("look-up", LOOK_UPS)?;
        let (keys, viewers) = (open("keys", 1)?, open("viewers", VIEWERS)?);
        let (url, pool, waiting) = (url.to_owned(), pool(url, connections), Arc::default());
        Ok(Self { url, pool, waiting, batcher, keys, viewers, is_replica: false })
    }

    /// Returns the same database with a pool of its own, of which others take nothing.
    pub fn with_own_pool(&self, connections: u32) -> Self {
        Self { pool: pool(&self.url, connections), waiting: Arc::default(), ..self.clone() }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns a connection from the pool; waits two seconds at most.
    ///
    /// # Errors
    /// Fails if none is free in that time, or the server does not answer.
    pub fn connection(&self) -> Result<r2d2::PooledConnection<Manager>, DatabaseError> {
        if let Some(free) = self.pool.try_get() {
            return Ok(free);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let got = self.pool.get();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        got.map_err(|e| DatabaseError(format!("no connection is free: {e}")))
    }

    /// Returns what tells the state of the pool at any time.
    pub fn pool_usage(&self) -> impl Fn() -> PoolUsage + Send + use<> {
        let (pool, waiting) = (self.pool.clone(), Arc::clone(&self.waiting));
        move || {
            let state = pool.state();
            PoolUsage {
                open: state.connections as usize,
                idle: state.idle_connections as usize,
                capacity: pool.max_size() as usize,
                waiting: waiting.load(Ordering::Relaxed),
            }
        }
    }
}

fn pool(url: &str, connections: u32) -> r2d2::Pool<Manager> {
    r2d2::Pool::builder()
        .max_size(connections)
        .min_idle(Some(1))
        .connection_timeout(POOL_TIMEOUT)
        .test_on_check_out(true)
        .error_handler(Box::new(QuietHandler))
        .build_unchecked(Manager { url: url.to_owned() })
}

/// The failure reaches the request that waits; the pool need not shout it every second as well.
#[derive(Debug)]
struct QuietHandler;

impl r2d2::HandleError<DatabaseError> for QuietHandler {
    fn handle_error(&self, error: DatabaseError) {
        log::debug!("{error}");
    }
}

/// The reason why there is no connection.
#[derive(Debug)]
pub struct DatabaseError(pub String);

impl DatabaseError {
    fn from_query(error: &diesel::result::Error) -> Self {
        Self(format!("the database refuses: {error}"))
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DatabaseError {}
