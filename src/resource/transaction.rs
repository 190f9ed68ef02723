//! One request, one transaction: tried again where two met, answered 503 where there is no database.

use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::{
    AnsiTransactionManager as Transactions, SimpleConnection as _, TransactionManager,
};

use super::actor::Actor;
use super::problem::unclear;
use super::site::{Caller, Effect, Site, UnitOfWork};
use crate::database::lookup_batcher::Refusal;
use crate::database::{Database, WRITING};
use crate::hydra::Problem;

/// Times a transaction is tried when it meets others that must go first.
const TRIES: u32 = 5;

/// Time after its beginning from which a transaction is no longer retried: a statement that ran into its time-out
/// would do so once more.
const PATIENCE: Duration = Duration::from_secs(20);

/// Does `act` in one transaction, which is rolled back where it fails; what it changes is the service's own doing.
///
/// `act` is called again where the transaction had to yield to another, so it must change nothing else.
///
/// # Errors
/// Returns what `act` answers; [`Problem::Unavailable`] where there is no connection.
pub fn write<T>(
    database: &Database,
    act: impl FnMut(&mut PgConnection) -> Result<T, Problem>,
) -> Result<T, Problem> {
    write_as(database, None, act)
}

/// Writes as [`write()`] does, for an actor, whom the record of changes names.
///
/// # Errors
/// As [`write()`] has them.
pub fn write_as<T>(
    database: &Database,
    actor: Option<&Actor>,
    mut act: impl FnMut(&mut PgConnection) -> Result<T, Problem>,
) -> Result<T, Problem> {
    // One message to the server.
    let opening = match actor {
        Some(actor) => format!("BEGIN; {WRITING}; {}", actor.setting()),
        None => format!("BEGIN; {WRITING}"),
    };
    let mut tries = 0;
    let began = Instant::now();
    loop {
        let mut link = database.connection().map_err(unavailable)?;
        if let Err(error) = Transactions::begin_transaction_sql(&mut link.conn, &opening) {
            // Nothing was done yet: a connection that died in the pool is dropped, and another tried.
            link.broken = true;
            if tries < TRIES {
                tries += 1;
                continue;
            }
            return Err(unavailable(error));
        }
        let done = act(&mut link.conn);
        let ended = match &done {
            Ok(_) => Transactions::commit_transaction(&mut link.conn),
            Err(_) => Transactions::rollback_transaction(&mut link.conn),
        };
        let result = match (done, ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) => Err(Problem::from(error)),
            (Err(problem), _) => Err(problem),
        };
        let result = match link.messages.are_english() {
            true => result,
            false => result.map_err(unclear),
        };
        link.broken = may_be_broken(&result) && is_broken(&mut link.conn);
        match result {
            Err(Problem::SerializationConflict(_))
                if tries < TRIES && began.elapsed() < PATIENCE =>
            {
                tries += 1;
            }
            other => return other,
        }
    }
}

/// Does `act` on a connection of the pool, without a transaction; it may be called again.
///
/// # Errors
/// Returns what `act` answers; [`Problem::Unavailable`] where there is no connection.
pub fn read<T>(
    database: &Database,
    mut act: impl FnMut(&mut PgConnection) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let mut tries = 0;
    loop {
        let mut link = database.connection().map_err(unavailable)?;
        let result = act(&mut link.conn);
        let result = match link.messages.are_english() {
            true => result,
            false => result.map_err(unclear),
        };
        link.broken = may_be_broken(&result) && is_broken(&mut link.conn);
        match result {
            Err(_) if link.broken && tries < TRIES => tries += 1,
            other => return other,
        }
    }
}

/// What a session may do.
#[derive(Debug, Clone, Copy)]
pub enum Access<'a> {
    Reads,
    /// It writes for somebody, in a transaction.
    Writes(Option<&'a Actor>),
}

/// Does `act` in a session; answers what is to happen after it too.
///
/// # Errors
/// As [`write()`] and [`read()`] have them.
pub fn in_session<T>(
    database: &Database,
    site: &Site,
    caller: Caller,
    access: Access<'_>,
    mut act: impl FnMut(&mut UnitOfWork<'_>) -> Result<T, Problem>,
) -> Result<(T, Vec<Effect>), Problem> {
    let act = |conn: &mut PgConnection| {
        let mut session = UnitOfWork::new(conn, site, caller);
        if let Access::Writes(actor) = access {
            session.actor = actor.cloned();
        }
        let done = act(&mut session)?;
        Ok((done, session.effects))
    };
    match access {
        Access::Reads => read(database, act),
        Access::Writes(actor) => write_as(database, actor, act),
    }
}

/// Returns whether the database answers.
///
/// # Errors
/// Returns [`Problem::Unavailable`] if it does not.
pub fn ping(database: &Database) -> Result<(), Problem> {
    read(database, |conn| conn.batch_execute("SELECT 1").map_err(Into::into))
}

/// Returns whether a result may come of a lost connection, and not of what was asked.
pub fn may_be_broken<T>(result: &Result<T, Problem>) -> bool {
    matches!(
        result,
        Err(Problem::Unavailable(..) | Problem::Internal(_) | Problem::SerializationConflict(_))
    )
}

/// Returns whether a connection that failed is of no more use; asks the server.
pub fn is_broken(conn: &mut PgConnection) -> bool {
    conn.batch_execute("SELECT 1").is_err()
}

/// Returns what a look-up that was refused is answered with.
pub fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Closed => {
            Problem::Unavailable("the database does not answer; try again".into(), None)
        }
        Refusal::BrokeOff => Problem::internal("a look-up broke off"),
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Unavailable("the database does not answer; try again".into(), Some(Box::new(error)))
}
