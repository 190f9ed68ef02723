//! Look-ups of images by address; those of one space share a statement.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Integer, Text};

use super::Image;
use crate::addresses::ImageAddress;
use crate::classes::role::stored::StoredRole;
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::{derivatives, images};

impl Retrieve for Image {
    fn find(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let images = images::table.find((at.customer, at.space, &at.image));
        Ok(images.select(Self::as_select()).first(s.conn)?)
    }

    fn find_each(s: &mut UnitOfWork<'_>, at: &[ImageAddress]) -> Vec<Result<Self, Problem>> {
        each(s.conn, at, Self::address, |conn, of, ids| {
            images::table.filter(HasKey { of, ids }).select(Self::as_select()).load(conn)
        })
    }
}

/// The columns that serving the derivatives of an image needs.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = images, check_for_backend(Pg))]
pub struct ServedImage {
    customer: i32,
    space: i32,
    id: String,
    /// Pixels; -1: no limit.
    pub max_unauthorised: i32,
    pub roles: Vec<StoredRole>,
    pub rights: Option<String>,
    pub required_statement: Option<String>,
    /// Numbers of its thumbnails.
    pub thumbnails: Vec<i32>,
    /// Key of the object.
    #[diesel(select_expression = derivatives::object.nullable())]
    pub object: Option<String>,
    /// The encoded index of the object; `None` where a version before made it.
    #[diesel(select_expression = derivatives::index.nullable())]
    pub index: Option<Vec<u8>>,
    /// Time when the derivatives were made, or last found right.
    #[diesel(select_expression = derivatives::checked.nullable())]
    pub made: Option<DateTime<Utc>>,
}

impl ServedImage {
    /// Returns its address.
    pub fn address(&self) -> ImageAddress {
        ImageAddress { customer: self.customer, space: self.space, image: self.id.clone() }
    }

    /// Looks several up.
    pub fn find_each(s: &mut UnitOfWork<'_>, at: &[ImageAddress]) -> Vec<Result<Self, Problem>> {
        each(s.conn, at, Self::address, |conn, of, ids| {
            let made_of_it = derivatives::customer
                .eq(images::customer)
                .and(derivatives::space.eq(images::space))
                .and(derivatives::image.eq(images::id));
            let own = images::table.left_join(derivatives::table.on(made_of_it));
            own.filter(HasKey { of, ids }).select(Self::as_select()).load(conn)
        })
    }
}

/// The condition that an image of a space has one of these ids.
///
/// Each is sought by the primary key, at which the plan cannot go wrong: bounds and an order are cheapest there. For equal ids, the
/// server may hold any index that begins with customer and space for as good, and read all of a space by it, because a plan that
/// is made once knows nothing of how many images it has.
#[derive(Debug, Clone, Copy, ValidGrouping)]
struct HasKey<'a> {
    of: (i32, i32),
    ids: &'a [&'a str],
}

impl Expression for HasKey<'_> {
    type SqlType = Bool;
}

impl<From> AppearsOnTable<From> for HasKey<'_> {}

// Its text is always the same.
impl QueryId for HasKey<'_> {
    type QueryId = HasKey<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for HasKey<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (customer, space) = &self.of;
        out.push_sql("images.ctid = ANY (ARRAY(SELECT f.ctid FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(") AS n (id), LATERAL (SELECT i.ctid FROM images AS i WHERE i.customer = ");
        out.push_bind_param::<Integer, _>(customer)?;
        out.push_sql(" AND i.space = ");
        out.push_bind_param::<Integer, _>(space)?;
        out.push_sql(" AND i.id >= n.id AND i.id <= n.id");
        out.push_sql(" ORDER BY i.customer, i.space, i.id LIMIT 1) AS f))");
        Ok(())
    }
}

/// Loads what stands at each of these addresses, in their order, with one statement a space.
fn each<T: Clone>(
    conn: &mut PgConnection,
    at: &[ImageAddress],
    address: fn(&T) -> ImageAddress,
    load: impl Fn(&mut PgConnection, (i32, i32), &[&str]) -> QueryResult<Vec<T>>,
) -> Vec<Result<T, Problem>> {
    let mut found: HashMap<ImageAddress, Result<T, Problem>> = HashMap::new();
    let mut spaces: Vec<(i32, i32)> = at.iter().map(|at| (at.customer, at.space)).collect();
    spaces.sort_unstable();
    spaces.dedup();
    for of in spaces {
        let own = at.iter().filter(|at| (at.customer, at.space) == of);
        let ids: Vec<&str> = own.map(|at| at.image.as_str()).collect();
        if let Ok(rows) = load(conn, of, &ids) {
            found.extend(rows.into_iter().map(|row| (address(&row), Ok(row))));
            continue;
        }
        // An error cannot be cloned, so that each look-up gets that of a statement of its own.
        for at in at.iter().filter(|at| (at.customer, at.space) == of) {
            if let Some(one) = load(conn, of, &[&at.image]).map(|mut rows| rows.pop()).transpose() {
                found.insert(at.clone(), one.map_err(Problem::from));
            }
        }
    }
    at.iter()
        .enumerate()
        .map(|(number, wanted)| {
            let missing = || Err(Problem::NotFound("there is no such image".into()));
            // The last who asks takes it.
            let is_last = !at.iter().skip(number + 1).any(|other| other == wanted);
            match found.get(wanted) {
                Some(Ok(row)) if !is_last => Ok(row.clone()),
                Some(_) => found.remove(wanted).unwrap_or_else(missing),
                None => missing(),
            }
        })
        .collect()
}
