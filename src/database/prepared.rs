//! Statements that a connection prepares once.

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

/// A setting of transactions whose prepared statements are about single rows.
///
/// The plan of a prepared statement may be kept. It is made for the tables as they are, and stays when they grow: one that was made
/// while a table was empty would read all of it from then on.
pub const BY_INDEX: &str = "SET LOCAL enable_seqscan = off";

/// Settings of transactions whose prepared statements are planned once, for any values.
///
/// The server would plan one that takes a list anew each time, which takes longer than doing it. Use it only where a single index
/// serves each part of a statement: such a plan knows nothing of how many rows a customer or a space has.
pub const PLANNED_ONCE: &str = "SET LOCAL plan_cache_mode = force_generic_plan; \
    SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// A statement that a connection prepares once and remembers by its text.
///
/// Diesel has every UPDATE, every upsert and every `sql_query` parsed and planned each time, because their texts may differ each
/// time. Of a statement whose text does not depend on what it is given, this spares half of what it costs the server.
///
/// It has to return rows: `execute` of Diesel asks what is inside whether it may be remembered, and so prepares it anew.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q>(pub Q);

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<PgConnection> for Prepared<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}
