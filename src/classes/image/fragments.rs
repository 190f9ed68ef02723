//! Parts of statements that diesel has no words for: pages cut out of queries, and rows compared as keys.
//!
//! A limit that is a parameter tells the planner nothing: it finds every plan made once for all worse than one
//! made for the case, and plans again and again, which takes longer than reading the page. So the limit of a
//! usual page stands in the statement.

use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};

use super::order::Column;
use crate::hydra::collection::DEFAULT_SIZE;
use crate::resource::page_key::KeyValue;
use crate::schema::images;

/// Images that are skipped sooner than their place is looked up.
pub const NEAR: i64 = 1000;

/// Makes a fragment a query or an expression whose statement is not known by its type.
macro_rules! unnamed {
    ($($name:ident $(<$of:ident>)?),+) => {
        $(impl $(<$of>)? QueryId for $name $(<$of>)? {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        })+
    };
}
unnamed!(
    Cut<Q>,
    Compared,
    AtAnchor,
    Collected<Q>,
    Merged<Q>,
    Advanced<Q>,
    Counted<Q>,
    Explained<Q>
);

/// Makes a fragment an expression over images.
macro_rules! condition {
    ($($name:ident),+) => {
        $(
            impl Expression for $name {
                type SqlType = Bool;
            }
            impl AppearsOnTable<images::table> for $name {}
            impl<G> ValidGrouping<G> for $name {
                type IsAggregate = is_aggregate::No;
            }
        )+
    };
}
condition!(Compared, AtAnchor);

/// The image at a place in the default order, by the chunks of its list (`image_at` in the migrations).
#[derive(Debug, Clone, Copy)]
pub struct Anchor {
    pub customer: i32,
    /// None: all spaces.
    pub space: Option<i32>,
    /// Counted from 0.
    pub place: i64,
    pub descending: bool,
}

/// So many rows of a query from an offset on; `anchor` is what an [`AtAnchor`] in it refers to.
#[derive(Debug, Clone, Copy)]
pub struct Cut<Q> {
    pub query: Q,
    pub anchor: Option<Anchor>,
    pub limit: i64,
    pub offset: i64,
}

impl<Q> Cut<Q> {
    /// Whether it has the usual size, with the one row more that says whether another page follows, and begins
    /// where the query does.
    pub fn is_usual(&self) -> bool {
        self.limit == DEFAULT_SIZE + 1 && self.offset == 0
    }

    /// Whether its bounds stand in the statement: there are few such, so that a connection has few statements
    /// to remember.
    fn is_constant(&self) -> bool {
        self.limit == DEFAULT_SIZE + 1 && self.offset <= NEAR && self.offset % DEFAULT_SIZE == 0
    }
}

impl<Q: Query> Query for Cut<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<PgConnection> for Cut<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Cut<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if let Some(anchor) = &self.anchor {
            out.push_sql("WITH anchor AS MATERIALIZED (SELECT * FROM image_at(");
            out.push_bind_param::<Integer, _>(&anchor.customer)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, _>(anchor.space.as_ref().unwrap_or(&0))?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&anchor.place)?;
            out.push_sql(if anchor.descending { ", TRUE)) " } else { ", FALSE)) " });
        }
        self.query.walk_ast(out.reborrow())?;
        if self.is_constant() {
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

/// A page of the usual size, whose statement is always the same and known by `SHAPE`.
///
/// The statement is then found by its type, and its text is not made again.
#[derive(Debug, Clone, Copy)]
pub struct Usual<Q, const SHAPE: u8>(pub Cut<Q>);

/// The name of a statement.
#[derive(Debug, Clone, Copy)]
pub struct Shape<const SHAPE: u8>;

impl<Q: Query, const SHAPE: u8> Query for Usual<Q, SHAPE> {
    type SqlType = Q::SqlType;
}

impl<Q, const SHAPE: u8> RunQueryDsl<PgConnection> for Usual<Q, SHAPE> {}

impl<Q, const SHAPE: u8> QueryId for Usual<Q, SHAPE> {
    type QueryId = Shape<SHAPE>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: QueryFragment<Pg>, const SHAPE: u8> QueryFragment<Pg> for Usual<Q, SHAPE> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

/// Compares the order values of images with those of a key, as rows are compared: an index leads to the key.
#[derive(Debug, Clone)]
pub struct Compared {
    pub columns: Vec<&'static Column>,
    /// Such as `" > "`.
    pub operator: &'static str,
    pub values: Vec<KeyValue>,
}

impl QueryFragment<Pg> for Compared {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.sql).collect();
        out.push_sql(&format!("({}){}(", names.join(", "), self.operator));
        for (number, value) in self.values.iter().enumerate() {
            if number > 0 {
                out.push_sql(", ");
            }
            match value {
                KeyValue::Text(text) => out.push_bind_param::<Text, _>(text)?,
                KeyValue::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                KeyValue::Integer(number) => out.push_bind_param::<Integer, _>(number)?,
                KeyValue::Flag(flag) => out.push_bind_param::<Bool, _>(flag)?,
                KeyValue::Moment(moment) => out.push_bind_param::<Timestamptz, _>(moment)?,
                KeyValue::Never => out.push_sql("'infinity'::timestamptz"),
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

/// The images from the anchor of the [`Cut`] on, in the default order or in the reverse of it.
#[derive(Debug, Clone, Copy)]
pub struct AtAnchor {
    pub one_space: bool,
    pub descending: bool,
}

impl QueryFragment<Pg> for AtAnchor {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Each value by itself: a row of a subquery would be compared with every image.
        out.push_sql(match self.one_space {
            true => "(images.created, images.id)",
            false => "(images.created, images.space, images.id)",
        });
        out.push_sql(if self.descending { " <= " } else { " >= " });
        out.push_sql(match self.one_space {
            true => "((SELECT created FROM anchor), (SELECT id FROM anchor))",
            false => {
                "((SELECT created FROM anchor), (SELECT space FROM anchor), (SELECT id FROM anchor))"
            }
        });
        Ok(())
    }
}

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
