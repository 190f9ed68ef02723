//! The keys of the deployment as the database keeps them, wrapped by its secret (docs/adr/0031).
//!
//! A set of keys has a generation. A process that follows them holds a shared advisory lock of its session for the
//! generation that it has, so that the process that changes the keys knows when all processes have the new ones, and a process that
//! has ended is in nobody's way.

use std::fmt;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};

use super::deployment::Deployment;
use super::{Conn, DatabaseError};
use crate::schema::{deployment, deployment_keys};
use crate::secrets::{KeyRing, Secret, Secrets, SecretsError, WrappingKey};

/// Class of the advisory locks of generations; any number that nobody else takes.
const GENERATIONS: i32 = 0x4859_4B59;
/// Key of the advisory lock of the one process that changes keys; any number that nobody else takes.
const ROTATION: i64 = 0x4859_4452_4945;

/// A row of wrapped keys.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deployment_keys, check_for_backend(diesel::pg::Pg))]
pub struct WrappedKeys {
    /// Fingerprint of the secret.
    pub secret: Vec<u8>,
    pub generation: i32,
    wrapped: Vec<u8>,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_so: bool,
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// Reads all rows; none if no start has wrapped the keys yet.
///
/// # Errors
/// Fails if the database does not answer.
pub fn read(conn: &mut PgConnection) -> Result<Vec<WrappedKeys>, DatabaseError> {
    let rows = deployment_keys::table.select(WrappedKeys::as_select()).load(conn);
    rows.map_err(|e| DatabaseError::from_query(&e))
}

/// Returns whether a secret opens these keys, by its fingerprint.
pub fn opens(rows: &[WrappedKeys], secret: &WrappingKey) -> bool {
    rows.iter().any(|row| row.secret == secret.fingerprint())
}

/// Returns whether a secret is one of a deployment, also where no start has wrapped its keys yet.
pub fn fits(rows: &[WrappedKeys], deployment: &Deployment, secret: &WrappingKey) -> bool {
    match rows.is_empty() {
        true => deployment.secret == secret.fingerprint(),
        false => opens(rows, secret),
    }
}

/// Opens the keys by the first of some secrets that does; returns them with their generation, `None` if none does.
///
/// # Errors
/// Fails if the keys are damaged.
pub fn open(
    rows: &[WrappedKeys],
    by: &[WrappingKey],
) -> Result<Option<(KeyRing, i32)>, SecretsError> {
    let found = by.iter().find_map(|secret| {
        Some((rows.iter().find(|row| row.secret == secret.fingerprint())?, secret))
    });
    let Some((row, secret)) = found else { return Ok(None) };
    Ok(Some((KeyRing::unwrap(&row.wrapped, secret)?, row.generation)))
}

/// Wraps keys for some secrets, in place of all rows of a generation, as those of another or of the same; the first of the secrets
/// is from now on that of the deployment. Returns false, and changes nothing, where the rows are of another generation.
///
/// # Errors
/// Fails if the database does not answer, or the system gives no randomness.
pub fn replace(
    conn: &mut Conn,
    (before, generation): (i32, i32),
    ring: &KeyRing,
    secrets: &[&WrappingKey],
) -> Result<bool, DatabaseError> {
    let wrap = |secret: &&WrappingKey| {
        let wrapped = ring.wrap(secret)?;
        Ok(WrappedKeys { secret: secret.fingerprint().to_vec(), generation, wrapped })
    };
    let Some(first) = secrets.first() else { return Ok(false) };
    let rows: Result<Vec<_>, SecretsError> = secrets.iter().map(wrap).collect();
    let rows = rows.map_err(|error| DatabaseError(error.to_string()))?;
    let done = conn.transaction(|conn| {
        let held: Vec<i32> =
            deployment_keys::table.select(deployment_keys::generation).for_update().load(conn)?;
        if held.into_iter().any(|held| held != before) {
            return Ok(false);
        }
        let own: Vec<&Vec<u8>> = rows.iter().map(|row| &row.secret).collect();
        diesel::delete(deployment_keys::table.filter(deployment_keys::secret.ne_all(own)))
            .execute(conn)?;
        for row in &rows {
            diesel::insert_into(deployment_keys::table)
                .values(row)
                .on_conflict(deployment_keys::secret)
                .do_update()
                .set(row)
                .execute(conn)?;
        }
        let set = deployment::secret.eq(first.fingerprint());
        diesel::update(deployment::table).set(set).execute(conn)?;
        Ok::<_, diesel::result::Error>(true)
    });
    done.map_err(|e| DatabaseError::from_query(&e))
}

/// Takes the keys of the database, which stay the same until the transaction ends: what the process seals is sealed with the key
/// that seals then.
///
/// # Errors
/// Fails if the database does not answer; the error within tells that none of the secrets of the process opens the keys any
/// more.
pub fn settle(
    conn: &mut PgConnection,
    secrets: &Secrets,
) -> QueryResult<Result<(), DatabaseError>> {
    let rows = deployment_keys::table.select(WrappedKeys::as_select()).for_share();
    Ok(take(&rows.load(conn)?, secrets))
}

/// Takes keys of a later generation.
fn take(rows: &[WrappedKeys], secrets: &Secrets) -> Result<(), DatabaseError> {
    if rows.iter().all(|row| row.generation == secrets.generation()) {
        return Ok(());
    }
    match open(rows, &secrets.wrapping()) {
        Ok(Some((ring, _))) if !secrets.hashes_with(&ring) => {
            let words = "another secret was adopted, by which API keys are hashed anew: start this process again";
            Err(DatabaseError(words.into()))
        }
        Ok(Some((ring, generation))) => {
            secrets.take(&ring, generation);
            Ok(())
        }
        Ok(None) => {
            let words = "the secret was replaced, and this process has that of before: start it again with the new one";
            Err(DatabaseError(words.into()))
        }
        Err(error) => Err(DatabaseError(error.to_string())),
    }
}

/// Keeps the keys of a process those of the database, on a connection that stays.
pub struct Follower {
    secrets: Secrets,
    /// Returns the secret that a start would find now, if there is one.
    at_hand: Box<dyn Fn() -> Option<Secret> + Send>,
    /// The generation whose lock the session holds.
    locked: Option<i32>,
    /// The generation that could not be taken, so that it is told once.
    refused: Option<i32>,
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Follower(..)")
    }
}

impl Follower {
    /// Returns one that has followed nothing yet; `at_hand` returns the secret that a start would find, which may be replaced.
    pub fn new(secrets: Secrets, at_hand: impl Fn() -> Option<Secret> + Send + 'static) -> Self {
        Self { secrets, at_hand: Box::new(at_hand), locked: None, refused: None }
    }

    /// Takes the keys of the newest generation, if they are not taken yet, and tells by the lock that they are.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn look(&mut self, conn: &mut PgConnection) -> Result<(), DatabaseError> {
        // Once more after the lock is taken: they may have been changed just before, unseen by the process that looks for it.
        loop {
            let newest =
                deployment_keys::table.select(diesel::dsl::max(deployment_keys::generation));
            let newest = newest.first::<Option<i32>>(conn);
            let Some(newest) = newest.map_err(|e| DatabaseError::from_query(&e))? else {
                return Ok(());
            };
            if self.locked.is_some_and(|locked| locked >= newest) {
                return Ok(());
            }
            // So that the next rotation needs no restart after this one.
            let is_new = (self.at_hand)()
                .is_some_and(|secret| self.secrets.open_also_by(WrappingKey::of(&secret)));
            if self.refused == Some(newest) && !is_new {
                return Ok(());
            }
            if let Err(error) = take(&read(conn)?, &self.secrets) {
                log::error!("{error}");
                self.refused = Some(newest);
                return Ok(());
            }
            let taken = self.secrets.generation();
            lock(conn, "pg_advisory_lock_shared", taken)?;
            if let Some(before) = self.locked.replace(taken) {
                lock(conn, "pg_advisory_unlock_shared", before)?;
            }
        }
    }

    /// Forgets the session, which has ended, and its lock with it.
    pub fn lost_session(&mut self) {
        self.locked = None;
    }
}

fn lock(conn: &mut PgConnection, call: &str, generation: i32) -> Result<(), DatabaseError> {
    let asked = diesel::sql_query(format!("SELECT {call}($1, $2)"));
    let done = asked.bind::<Integer, _>(GENERATIONS).bind::<Integer, _>(generation).execute(conn);
    done.map(|_| ()).map_err(|e| DatabaseError::from_query(&e))
}

/// Returns the sessions of processes that have keys before a generation, by their numbers in `pg_stat_activity`.
///
/// # Errors
/// Fails if the database does not answer.
pub fn sessions_before(
    conn: &mut PgConnection,
    generation: i32,
) -> Result<Vec<i32>, DatabaseError> {
    let asked = diesel::sql_query(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND classid::bigint = $1 AND objid::bigint < $2 ORDER BY pid",
    );
    let asked = asked.bind::<Integer, _>(GENERATIONS).bind::<Integer, _>(generation);
    let sessions = asked.load::<Session>(conn).map_err(|e| DatabaseError::from_query(&e))?;
    Ok(sessions.into_iter().map(|session| session.pid).collect())
}

/// Makes this session the one that changes the keys, until it ends; returns false where another one is.
///
/// # Errors
/// Fails if the database does not answer.
pub fn begin_rotation(conn: &mut PgConnection) -> Result<bool, DatabaseError> {
    // Nothing that it does is waited for by a request.
    let done = conn.batch_execute(super::LONG).and_then(|()| {
        let asked = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS is_so");
        asked.bind::<BigInt, _>(ROTATION).get_result::<Answer>(conn)
    });
    done.map(|answer| answer.is_so).map_err(|e| DatabaseError::from_query(&e))
}
