//! The deployment that a database belongs to: its id, its secret, its storage.

use diesel::prelude::*;
use diesel::result::Error;

use super::DatabaseError;
use crate::schema::{deployment, derivatives, keys};

/// Key of the advisory lock under which a deployment is claimed; any number that nobody else takes.
const LOCK: i64 = 0x4859_4452_4942;

/// The one row that a database has of its deployment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deployment, check_for_backend(diesel::pg::Pg))]
pub struct Deployment {
    /// A UUID.
    pub cluster: String,
    /// Fingerprint of the secret; while it is being replaced, of the new one.
    pub secret: Vec<u8>,
    /// Id of the storage, a UUID; `None` if no storage is marked yet.
    pub storage: Option<String>,
}

/// Runs `act` while no other process claims the same database; `act` must end every transaction that it begins.
///
/// # Errors
/// Returns the error of `act`, or one if the lock cannot be taken.
pub fn exclusively<T, E: From<DatabaseError>>(
    conn: &mut PgConnection,
    act: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let lock = |conn: &mut PgConnection, call: &str| {
        let done = diesel::sql_query(format!("SELECT {call}({LOCK})")).execute(conn);
        done.map(|_| ()).map_err(|e| DatabaseError::from_query(&e))
    };
    lock(conn, "pg_advisory_lock")?;
    let done = act(conn);
    // Where the connection is lost the lock goes with it.
    let unlocked = lock(conn, "pg_advisory_unlock");
    let value = done?;
    unlocked?;
    Ok(value)
}

impl Deployment {
    /// Reads the row; `None` if the database is not claimed yet.
    ///
    /// # Errors
    /// Fails if the database does not answer, or has no such table.
    pub fn read(conn: &mut PgConnection) -> Result<Option<Self>, DatabaseError> {
        let row = deployment::table.select(Self::as_select()).first(conn).optional();
        row.map_err(|e| DatabaseError::from_query(&e))
    }

    /// Writes the row of a database that nobody has claimed.
    ///
    /// # Errors
    /// Fails if there is one already, or the database does not answer.
    pub fn insert(&self, conn: &mut PgConnection) -> Result<(), DatabaseError> {
        written(diesel::insert_into(deployment::table).values(self).execute(conn))
    }
}

/// Sets the id of the storage.
///
/// # Errors
/// Fails if the database does not answer.
pub fn set_storage(conn: &mut PgConnection, storage: &str) -> Result<(), DatabaseError> {
    let set = diesel::update(deployment::table).set(deployment::storage.eq(storage));
    written(set.execute(conn))
}

/// Returns whether there are API keys, whose hashes need the secret that they were made with.
///
/// # Errors
/// Fails if the database does not answer.
pub fn has_keys(conn: &mut PgConnection) -> Result<bool, DatabaseError> {
    let any = diesel::select(diesel::dsl::exists(keys::table.select(keys::key)));
    any.get_result(conn).map_err(|e| DatabaseError::from_query(&e))
}

/// Returns the hash of an API key's secret; none where there is no such key.
///
/// # Errors
/// Fails if the database does not answer.
pub fn key_hash(conn: &mut PgConnection, key: &str) -> Result<Option<Vec<u8>>, DatabaseError> {
    let hash = keys::table.find(key).select(keys::secret).first(conn).optional();
    hash.map_err(|e| DatabaseError::from_query(&e))
}

/// Keys of some of the objects that images name, at most `limit`.
///
/// # Errors
/// Fails if the database does not answer.
pub fn some_objects(conn: &mut PgConnection, limit: i64) -> Result<Vec<String>, DatabaseError> {
    let named = derivatives::table.filter(derivatives::object.is_not_null());
    let keys = named.select(derivatives::object.assume_not_null()).limit(limit).load(conn);
    keys.map_err(|e| DatabaseError::from_query(&e))
}

fn written(done: Result<usize, Error>) -> Result<(), DatabaseError> {
    done.map(|_| ()).map_err(|e| DatabaseError::from_query(&e))
}
