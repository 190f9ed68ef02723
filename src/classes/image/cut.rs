//! A page cut out of a query, so that the database need not plan it anew each time.
//!
//! These are fragments of their own because text that is given to diesel is parsed anew each time as well.
//!
//! A bound that is a parameter tells the planner nothing: it finds every plan made once for all worse than one
//! made for the case, and plans again and again, which takes longer than reading the page.

use chrono::{DateTime, Utc};
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Text, Timestamptz};

use crate::hydra::collection::DEFAULT_SIZE;
use crate::resource::boundary::NEAR;
use crate::schema::images;

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

    /// Whether it is a page of the usual size that begins where the query does.
    pub fn is_first(&self) -> bool {
        self.limit == DEFAULT_SIZE && self.offset == 0
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

/// A first page of the usual size, whose statement is always the same and known by `SHAPE`.
///
/// The statement is then found by its type, and its text is not made again.
#[derive(Debug, Clone, Copy)]
pub struct First<Q, const SHAPE: u8>(pub Cut<Q>);

/// The name of a statement.
#[derive(Debug, Clone, Copy)]
pub struct Shape<const SHAPE: u8>;

impl<Q: Query, const SHAPE: u8> Query for First<Q, SHAPE> {
    type SqlType = Q::SqlType;
}

impl<Q, const SHAPE: u8> RunQueryDsl<PgConnection> for First<Q, SHAPE> {}

impl<Q, const SHAPE: u8> QueryId for First<Q, SHAPE> {
    type QueryId = Shape<SHAPE>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: QueryFragment<Pg>, const SHAPE: u8> QueryFragment<Pg> for First<Q, SHAPE> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

/// What comes with or after a key in the default order, compared as rows are: an index leads to the very key.
#[derive(Debug, Clone)]
pub struct FromOn {
    /// Without a space where all are of one.
    pub key: (DateTime<Utc>, Option<i32>, String),
}

impl Expression for FromOn {
    type SqlType = Bool;
}

impl AppearsOnTable<images::table> for FromOn {}

impl<G> ValidGrouping<G> for FromOn {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for FromOn {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for FromOn {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (created, space, id) = &self.key;
        out.push_sql(match space {
            None => "(images.created, images.id) >= (",
            Some(_) => "(images.created, images.space, images.id) >= (",
        });
        out.push_bind_param::<Timestamptz, _>(created)?;
        if let Some(space) = space {
            out.push_sql(", ");
            out.push_bind_param::<Integer, _>(space)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(id)?;
        out.push_sql(")");
        Ok(())
    }
}
