//! Parts of statements for searches: what is collected, merged over all spaces, counted or explained.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};

use super::super::fragments::unnamed;

unnamed!(Collected<Q>, Merged<Q>, Advanced<Q>, Counted<Q>, Explained<Q>);

/// The keys (space, id) of so many rows of a query, of which all are found before they are put in order.
#[derive(Debug, Clone)]
pub struct Collected<Q> {
    /// Selects space, id, created, and the value that is ordered by.
    pub query: Q,
    /// What ORDER BY says of the rows of `m`.
    pub order: String,
    pub limit: i64,
    pub offset: i64,
}

impl<Q> Query for Collected<Q> {
    type SqlType = (Integer, Text);
}

impl<Q> RunQueryDsl<PgConnection> for Collected<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Collected<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT m.space, m.id FROM (");
        self.query.walk_ast(out.reborrow())?;
        // An offset keeps the planner from walking an order until enough is met.
        out.push_sql(&format!(" OFFSET 0) AS m ORDER BY {} LIMIT ", self.order));
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.offset)
    }
}

/// The keys (space, id) of the first rows over all spaces, merged from the orders of each.
///
/// Only spaces whose first row is among the first of all can give any: as many spaces as rows at most.
#[derive(Debug, Clone)]
pub struct Merged<Q> {
    pub customer: i32,
    /// Only these spaces; none: all.
    pub spaces: Option<Vec<i32>>,
    /// Selects space, id, created, and the value that is ordered by, of the space `s.id`, in order.
    pub query: Q,
    /// What ORDER BY says of the rows of `h`.
    pub order: String,
    pub limit: i64,
}

impl<Q> Query for Merged<Q> {
    type SqlType = (Integer, Text);
}

impl<Q> RunQueryDsl<PgConnection> for Merged<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Merged<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH heads AS MATERIALIZED (SELECT s.id FROM spaces AS s CROSS JOIN LATERAL (",
        );
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT 1) AS h WHERE s.customer = ");
        out.push_bind_param::<Integer, _>(&self.customer)?;
        if let Some(spaces) = &self.spaces {
            out.push_sql(" AND s.id = ANY(");
            out.push_bind_param::<Array<Integer>, _>(spaces)?;
            out.push_sql(")");
        }
        out.push_sql(&format!(" ORDER BY {} LIMIT ", self.order));
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(") SELECT h.space, h.id FROM heads AS s CROSS JOIN LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(&format!(") AS h ORDER BY {} LIMIT ", self.order));
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

/// The order values of a row some rows on over all spaces, merged from the orders of each, and how far on it is.
///
/// Each space gives its share of the rows by its size, and some more; where one gives all of its share, no row
/// after its last is known to be next.
#[derive(Debug, Clone)]
pub struct Advanced<Q> {
    pub customer: i32,
    /// Only these spaces; none: all.
    pub spaces: Option<Vec<i32>>,
    /// Selects space, id, created, and the value that is ordered by, of the space `s.id`, in order.
    pub query: Q,
    /// What ORDER BY says of the rows of `h`.
    pub order: String,
    /// Images of all spaces together.
    pub images: i64,
    pub rows: i64,
}

impl<Q> Query for Advanced<Q> {
    type SqlType = (Nullable<Text>, Timestamptz, Integer, Text, BigInt);
}

impl<Q> RunQueryDsl<PgConnection> for Advanced<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Advanced<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (order, rows) = (&self.order, self.rows);
        out.push_sql(&format!(
            "WITH lists AS MATERIALIZED (SELECT s.id, \
             64 + {rows}::bigint * 3 / 2 * COALESCE(t.images, 0) / {} AS share \
             FROM spaces AS s LEFT JOIN tallies AS t ON t.customer = s.customer AND t.space = s.id \
             WHERE s.customer = ",
            self.images.max(1)
        ));
        out.push_bind_param::<Integer, _>(&self.customer)?;
        if let Some(spaces) = &self.spaces {
            out.push_sql(" AND s.id = ANY(");
            out.push_bind_param::<Array<Integer>, _>(spaces)?;
            out.push_sql(")");
        }
        out.push_sql(&format!(
            "), numbered AS MATERIALIZED (SELECT h.*, s.share, row_number() OVER (ORDER BY {order}) AS n \
             FROM lists AS s CROSS JOIN LATERAL (SELECT *, row_number() OVER () AS own FROM ("
        ));
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(
            " LIMIT s.share) AS i) AS h) SELECT value::text, created, space, id, n - 1 FROM numbered \
             WHERE n <= LEAST({rows} + 1, (SELECT min(n) FROM numbered WHERE own = share)) \
             ORDER BY n DESC LIMIT 1"
        ));
        Ok(())
    }
}

/// How many rows a query has, counted up to a limit.
#[derive(Debug, Clone)]
pub struct Counted<Q> {
    pub query: Q,
    pub limit: i64,
}

impl<Q> Query for Counted<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<PgConnection> for Counted<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Counted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}) AS m", self.limit));
        Ok(())
    }
}

/// What the planner expects of a query, as JSON.
#[derive(Debug, Clone)]
pub struct Explained<Q>(pub Q);

impl<Q> Query for Explained<Q> {
    type SqlType = Text;
}

impl<Q> RunQueryDsl<PgConnection> for Explained<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN (FORMAT JSON) ");
        self.0.walk_ast(out.reborrow())
    }
}
