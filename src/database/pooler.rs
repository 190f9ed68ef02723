//! Poolers in front of PostgreSQL: those that keep sessions apart work, and others are told from them.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Integer;
use diesel::{Connection as _, QueryResult, RunQueryDsl as _};

use super::{Conn, DatabaseError, address};

#[derive(diesel::QueryableByName)]
struct Session {
    #[diesel(sql_type = Integer)]
    process: i32,
}

/// Returns the process of the server that answers a connection.
fn process(conn: &mut Conn) -> QueryResult<i32> {
    let row: Session = diesel::sql_query("SELECT pg_backend_pid() AS process").get_result(conn)?;
    Ok(row.process)
}

/// Refuses an address at which connections share sessions: settings, locks, notifications and prepared statements are parts of
/// a session, and would be those of another connection from one transaction to the next.
///
/// A second connection holds a transaction open. Where it has got the session of the first one, or where the first one has got
/// another session since, sessions are given out by transaction.
///
/// # Errors
/// Fails if they are shared, or the database does not answer.
pub fn refuse_shared_sessions(url: &str, conn: &mut Conn) -> Result<(), DatabaseError> {
    let refusal = || {
        DatabaseError(
            "the address of the database (DATABASE_URL) leads through a pooler that gives sessions out by transaction \
             or by statement, while Hydria needs sessions of its own: set the pooler to the mode of sessions \
             (pool_mode = session in pgbouncer), or name the server itself"
                .into(),
        )
    };
    // By statement, a transaction is refused, and the connection closed.
    let failed = |error: diesel::result::Error| match error.to_string() {
        words if words.contains("pooling mode") || words.contains("closed the connection") => {
            refusal()
        }
        _ => DatabaseError::from_query(&error),
    };
    let first = process(conn).map_err(failed)?;
    let mut other = Conn::establish(&address::with_timeouts(url))
        .map_err(|error| DatabaseError(format!("no second connection to the database: {error}")))?;
    other.batch_execute("BEGIN").map_err(failed)?;
    let is_shared =
        process(&mut other).map_err(failed)? == first || process(conn).map_err(failed)? != first;
    // The connection ends here, and its transaction with it.
    drop(other);
    if is_shared { Err(refusal()) } else { Ok(()) }
}
