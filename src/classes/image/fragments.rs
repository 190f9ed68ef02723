//! Parts of statements that diesel has no words for: pages cut out of queries, and rows compared as keys.
//!
//! A limit that is a parameter tells the planner nothing: it finds every plan made once for all worse than one
//! made for the case, and plans again and again, which takes longer than reading the page. So the limit of a
//! usual page stands in the statement.

use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Text, Timestamptz};

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
pub(super) use unnamed;
unnamed!(Cut<Q>, Locking<Q>, Compared, AtAnchor, OrderedBy, Within);

/// Makes a fragment an expression over images.
macro_rules! expression {
    ($($name:ident: $type:ty),+) => {
        $(
            impl Expression for $name {
                type SqlType = $type;
            }
            impl AppearsOnTable<images::table> for $name {}
            impl<G> ValidGrouping<G> for $name {
                type IsAggregate = is_aggregate::No;
            }
        )+
    };
}
expression!(Compared: Bool, AtAnchor: Bool, OrderedBy: Text, Within: Bool);

/// The image at a place in the default order, by the chunks of its list (`image_at` in the migrations).
#[derive(Debug, Clone, Copy)]
pub struct Anchor {
    pub customer: i32,
    /// `None`: all spaces.
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
    /// Returns whether it has the usual size, with the one row more that says whether another page follows, and begins
    /// where the query does.
    pub fn is_usual(&self) -> bool {
        self.limit == DEFAULT_SIZE + 1 && self.offset == 0
    }

    /// Returns whether its bounds stand in the statement: there are few such, so that a connection has few statements
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

/// Images of a query, locked in the order of their keys.
#[derive(Debug, Clone, Copy)]
pub struct Locking<Q> {
    pub query: Q,
    /// Locking clause, such as `FOR UPDATE`.
    pub words: &'static str,
}

impl<Q: Query> Query for Locking<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<PgConnection> for Locking<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Locking<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" ORDER BY images.space, images.id ");
        out.push_sql(self.words);
        out.push_sql(" OF images");
        Ok(())
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

/// Orders rows, in a statement that is prepared once for each connection.
///
/// Literal SQL of the query builder is never prepared, since it may have any number of texts; orders are few.
#[derive(Debug, Clone)]
pub struct OrderedBy(pub String);

impl QueryFragment<Pg> for OrderedBy {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.0);
        Ok(())
    }
}

/// The images of a customer, in one space or in all.
///
/// The values stand in subqueries, so that the planner estimates the same for all of them: it would find a plan made for
/// one space a little cheaper than one made for every space, and plan each page anew, which takes longer than reading it.
#[derive(Debug, Clone, Copy)]
pub struct Within {
    pub customer: i32,
    pub space: Option<i32>,
}

impl QueryFragment<Pg> for Within {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("images.customer = (SELECT ");
        out.push_bind_param::<Integer, _>(&self.customer)?;
        out.push_sql(")");
        if let Some(space) = &self.space {
            out.push_sql(" AND images.space = (SELECT ");
            out.push_bind_param::<Integer, _>(space)?;
            out.push_sql(")");
        }
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
