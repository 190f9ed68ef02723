//! The number up to which changes are settled, so that who follows them misses none.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::change::last_given;

/// Follows the number up to which every change is committed, or never will be.
///
/// Numbers are given in another order than transactions are committed. A transaction has its own number before it
/// gives one to a change, because the change follows what it writes. So once every transaction is over that had begun to
/// write when a number was the last that was given, nothing up to that number is still to come.
#[derive(Debug, Default)]
pub struct Watermark {
    settled: Option<i64>,
    candidate: Option<Candidate>,
}

/// The number that is settled next.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    number: i64,
    /// A transaction that began after that number was given.
    transaction: i64,
}

#[derive(QueryableByName)]
struct Transaction {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Uses up a number of a transaction, which that of a snapshot would not do: it says nothing of transactions that have
/// begun after the last one that is over.
const BEGIN: &str = "SELECT pg_current_xact_id()::text::bigint AS number";

const OLDEST: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS number";

impl Watermark {
    /// Returns the number up to which changes are settled by now; `None` while a transaction is open that had begun to write
    /// before the first look.
    ///
    /// Costs one statement where nothing was changed, and three otherwise, none of which waits.
    ///
    /// # Errors
    /// Fails if the database does not answer, or a transaction is open on the connection.
    pub fn look(&mut self, conn: &mut PgConnection) -> QueryResult<Option<i64>> {
        let candidate = if let Some(candidate) = self.candidate {
            candidate
        } else {
            let number = last_given(conn)?;
            if self.settled == Some(number) {
                return Ok(self.settled);
            }
            let transaction = diesel::sql_query(BEGIN).get_result::<Transaction>(conn)?.number;
            *self.candidate.insert(Candidate { number, transaction })
        };
        let oldest = diesel::sql_query(OLDEST).get_result::<Transaction>(conn)?.number;
        if oldest >= candidate.transaction {
            // It may also be less, where the database was restored.
            self.settled = Some(candidate.number);
            self.candidate = None;
        }
        Ok(self.settled)
    }
}
