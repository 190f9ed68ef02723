//! Parts of statements for searches: what is collected, merged over all spaces, counted or explained.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};

use super::super::fragments::unnamed;

/// Makes each fragment a query of rows of a type.
macro_rules! queries {
    ($($name:ident: $row:ty;)+) => {
        $(
            impl<Q> Query for $name<Q> {
                type SqlType = $row;
            }
            impl<Q> RunQueryDsl<PgConnection> for $name<Q> {}
        )+
        unnamed!($($name<Q>),+);
    };
}
queries! {
    Collected: (Integer, Text);
    Heads: (Nullable<Text>, Timestamptz, Integer, Text);
    Merged: (Nullable<Text>, Timestamptz, Integer, Text);
    CountedInEach: (Integer, BigInt);
    Counted: BigInt;
    Explained: Text;
}

/// The keys (space, id) of so many rows of a query, of which all are found before they are put in order.
#[derive(Debug, Clone)]
pub struct Collected<Q> {
    /// Selects space, id, created, and the value that is ordered by.
    pub query: Q,
    /// Orders the rows of `m`: the text of ORDER BY.
    pub order: String,
    pub limit: i64,
    pub offset: i64,
}

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

/// The first row of each space, in order: none but these spaces can have any of as many first rows of all.
#[derive(Debug, Clone)]
pub struct Heads<Q> {
    pub customer: i32,
    /// Only these spaces; `None`: all.
    pub spaces: Option<Vec<i32>>,
    /// Selects space, id, created, and the value that is ordered by, of the space `s.id`, in order.
    pub query: Q,
    /// Orders the rows of `h`: the text of ORDER BY.
    pub order: String,
    pub limit: i64,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Heads<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT h.value::text, h.created, h.space, h.id FROM spaces AS s CROSS JOIN LATERAL (",
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
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

/// Rows of some spaces, merged from the orders of each.
#[derive(Debug, Clone)]
pub struct Merged<Q> {
    pub spaces: Vec<i32>,
    /// Selects space, id, created, and the value that is ordered by, of the space `s.id`.
    pub query: Q,
    /// Orders the rows of `h`: the text of ORDER BY.
    pub order: String,
    /// Rows of each space that are read at most; `None`: all, in whichever order.
    pub each: Option<i64>,
    pub limit: i64,
    pub offset: i64,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Merged<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT h.value::text, h.created, h.space, h.id FROM unnest(");
        out.push_bind_param::<Array<Integer>, _>(&self.spaces)?;
        out.push_sql(") AS s (id) CROSS JOIN LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        if let Some(each) = &self.each {
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, _>(each)?;
        }
        out.push_sql(&format!(") AS h ORDER BY {} LIMIT ", self.order));
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.offset)
    }
}

/// Counts the rows of each of some spaces, where it has any.
#[derive(Debug, Clone)]
pub struct CountedInEach<Q> {
    pub spaces: Vec<i32>,
    /// Counts the rows of the space `s.id`.
    pub query: Q,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for CountedInEach<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT s.id, h.images FROM unnest(");
        out.push_bind_param::<Array<Integer>, _>(&self.spaces)?;
        out.push_sql(") AS s (id) CROSS JOIN LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") AS h (images) WHERE h.images > 0");
        Ok(())
    }
}

/// Counts the rows of a query, up to a limit.
#[derive(Debug, Clone)]
pub struct Counted<Q> {
    pub query: Q,
    pub limit: i64,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Counted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}) AS m", self.limit));
        Ok(())
    }
}

/// Explains a query: what the planner expects of it, as JSON.
#[derive(Debug, Clone)]
pub struct Explained<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN (FORMAT JSON) ");
        self.0.walk_ast(out.reborrow())
    }
}
