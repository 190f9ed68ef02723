//! A page cut out of a query, so that the database need not plan it anew each time.
//!
//! A bound that is a parameter tells the planner nothing: it finds every plan made once for all worse than one
//! made for the case, and plans again and again, which takes longer than reading the page.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::hydra::collection::DEFAULT_SIZE;
use crate::resource::boundary::NEAR;

/// So many rows of a query from a place on.
#[derive(Debug, Clone, Copy)]
pub struct Cut<Q> {
    pub query: Q,
    pub limit: i64,
    pub offset: i64,
}

impl<Q> Cut<Q> {
    /// Whether its bounds stand in the statement: those of usual pages do, which are few, so that a connection
    /// has few statements to remember.
    fn is_usual(&self) -> bool {
        self.limit == DEFAULT_SIZE && self.offset <= NEAR && self.offset % DEFAULT_SIZE == 0
    }
}

impl<Q: Query> Query for Cut<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<PgConnection> for Cut<Q> {}

impl<Q> QueryId for Cut<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Cut<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        if self.is_usual() {
            out.push_sql(&format!(" LIMIT {}", self.limit));
            if self.offset > 0 {
                out.push_sql(&format!(" OFFSET {}", self.offset));
            }
            return Ok(());
        }
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.offset)
    }
}
