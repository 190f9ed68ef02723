//! Removes rows of the journal that every reader has read.

use std::collections::VecDeque;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

/// Age, in seconds, from which a row may be removed, counted from the beginning of its transaction.
const RETENTION_S: i32 = 3600;

/// Time for which a row has been visible, at least, when it is removed.
///
/// A transaction may have been open for longer than rows are kept, and readers must still find what it wrote.
pub const SETTLED: Duration = Duration::from_mins(1);

/// Rows that are removed in one transaction, at most.
const AT_ONCE: i64 = 1000;

/// The snapshots of so many rounds of maintenance, the oldest first.
#[derive(Debug)]
pub struct Rounds {
    snapshots: VecDeque<String>,
    /// Rounds that take [`SETTLED`] together.
    kept: usize,
}

impl Rounds {
    /// Keeps snapshots for as long as rows have to be visible; a round takes `round` at least.
    pub fn every(round: Duration) -> Self {
        let rounds = SETTLED.as_millis().div_ceil(round.as_millis().max(1));
        let kept = usize::try_from(rounds).unwrap_or(usize::MAX);
        Self { snapshots: VecDeque::new(), kept }
    }

    /// Adds the snapshot of a round; returns the one that is old enough by now, if any is.
    pub fn push(&mut self, snapshot: String) -> Option<String> {
        self.snapshots.push_back(snapshot);
        if self.snapshots.len() > self.kept { self.snapshots.pop_front() } else { None }
    }
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Text)]
    snapshot: String,
}

/// Returns the present snapshot of the database, as text.
///
/// # Errors
/// Fails if the database does not answer.
pub fn snapshot(conn: &mut PgConnection) -> QueryResult<String> {
    let taken = diesel::sql_query("SELECT pg_current_snapshot()::text AS snapshot");
    taken.get_result::<Taken>(conn).map(|taken| taken.snapshot)
}

/// Looks at the first rows only, so that a round costs the same however many are kept, and passes over those that
/// another process is removing. Rows from a dump of another server name transactions that are yet to come here.
const REMOVE: &str = "\
    DELETE FROM journal WHERE id = ANY (ARRAY( \
        SELECT id FROM journal \
        WHERE id <= (SELECT max(id) FROM (SELECT id FROM journal ORDER BY id LIMIT $3) AS first) \
            AND created < now() - make_interval(secs => $2) \
            AND (pg_visible_in_snapshot(transaction, $1::pg_snapshot) \
                OR transaction >= pg_snapshot_xmax(pg_current_snapshot())) \
        FOR UPDATE SKIP LOCKED))";

/// Removes a bounded number of rows that are older than an hour and were visible in a snapshot.
///
/// Returns whether there may be more.
///
/// # Errors
/// Fails if the database does not answer.
pub fn remove_old(conn: &mut PgConnection, settled: &str) -> QueryResult<bool> {
    let removed = diesel::sql_query(REMOVE)
        .bind::<Text, _>(settled)
        .bind::<Integer, _>(RETENTION_S)
        .bind::<BigInt, _>(AT_ONCE)
        .execute(conn)?;
    Ok(i64::try_from(removed).is_ok_and(|removed| removed >= AT_ONCE))
}
