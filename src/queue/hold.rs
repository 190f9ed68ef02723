//! Keeps objects from being removed while a backup copies them.
//!
//! It is an advisory lock of a session, so that it goes with the process that takes it, however that ends. Who removes
//! objects looks whether it is free in the transaction in which it reads what is due: what was due before a backup
//! began is named by no row that the backup sees.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// Key of the advisory lock; any number that nobody else takes.
const LOCK: i64 = 0x4859_4452_4944;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_so: bool,
}

fn ask(conn: &mut PgConnection, call: &str) -> QueryResult<bool> {
    let asked = diesel::sql_query(format!("SELECT {call}($1) AS is_so"));
    Ok(asked.bind::<BigInt, _>(LOCK).get_result::<Answer>(conn)?.is_so)
}

/// Keeps all objects from now on and for as long as the connection is open; returns false where another backup does.
///
/// # Errors
/// Fails if the database does not answer.
pub fn keep_objects(conn: &mut PgConnection) -> QueryResult<bool> {
    ask(conn, "pg_try_advisory_lock")
}

/// Lets objects go that were kept; returns false where they were not kept any more, because the connection is another one.
///
/// # Errors
/// Fails if the database does not answer.
pub fn let_objects_go(conn: &mut PgConnection) -> QueryResult<bool> {
    ask(conn, "pg_advisory_unlock")
}

/// Returns whether objects may be removed that are due; belongs in the transaction in which these are read.
///
/// # Errors
/// Fails if the database does not answer.
pub fn may_remove(conn: &mut PgConnection) -> QueryResult<bool> {
    ask(conn, "pg_try_advisory_xact_lock_shared")
}
