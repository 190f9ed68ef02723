//! The rows of `changes`: every change of an image, a batch, a space, a role, or a named query.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::addresses::{
    self, BatchAddress, ImageAddress, NamedQueryAddress, RoleAddress, SpaceAddress,
};
use crate::resource::address::Template;
use crate::schema::{changes, deployment};

/// The kinds that are told as they happen; the others are kept for who looks them up.
pub const TOLD: [&str; 5] =
    ["batchFinished", "imageCreated", "imageChanged", "imageFailed", "imageDeleted"];

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = changes, check_for_backend(diesel::pg::Pg))]
pub struct Change {
    pub customer: i32,
    /// Greater than that of any change of the same resource before.
    pub id: i64,
    /// Time at which its transaction began.
    pub created: DateTime<Utc>,
    /// What was changed, and how, such as `imageDeleted`.
    pub kind: String,
    /// Number of the space of an image.
    pub space: Option<i32>,
    /// Last segment of the address of what was changed.
    pub name: String,
    /// The path of who made it, or a word for what has none.
    pub actor: String,
}

impl Change {
    /// Returns the path of what was changed, which may be gone.
    pub fn path(&self) -> String {
        let (customer, name) = (self.customer, self.name.clone());
        let mut path = String::with_capacity(64 + name.len());
        if let Some(space) = self.space {
            let at = ImageAddress { customer, space, image: name };
            const { Template::of(addresses::IMAGE) }.fill(&at, &mut path);
        } else if self.kind.starts_with("batch") {
            let at = BatchAddress { customer, batch: name.parse().unwrap_or_default() };
            const { Template::of(addresses::BATCH) }.fill(&at, &mut path);
        } else if self.kind.starts_with("space") {
            let at = SpaceAddress { customer, space: name.parse().unwrap_or_default() };
            const { Template::of(addresses::SPACE) }.fill(&at, &mut path);
        } else if self.kind.starts_with("role") {
            let at = RoleAddress { customer, role: name };
            const { Template::of(addresses::ROLE) }.fill(&at, &mut path);
        } else {
            let at = NamedQueryAddress { customer, named_query: name };
            const { Template::of(addresses::NAMED_QUERY) }.fill(&at, &mut path);
        }
        path
    }

    /// Returns whether it is told as it happens.
    pub fn is_told(&self) -> bool {
        TOLD.contains(&self.kind.as_str())
    }
}

/// Returns the changes of a customer after a number and up to another, in their order, so many at most.
///
/// Up to a number of [`Watermark`](super::Watermark) there will be no others.
///
/// # Errors
/// Fails if the database does not answer.
pub fn between(
    conn: &mut PgConnection,
    customer: i32,
    (after, up_to): (i64, i64),
    most: i64,
) -> QueryResult<Vec<Change>> {
    within(customer, after, up_to, most).select(Change::as_select()).load(conn)
}

/// Selects the changes of a customer within a range of numbers, in their order.
#[diesel::dsl::auto_type(no_type_alias)]
fn within(customer: i32, after: i64, up_to: i64, most: i64) -> _ {
    changes::table
        .filter(changes::customer.eq(customer))
        .filter(changes::id.gt(after))
        .filter(changes::id.le(up_to))
        .order(changes::id)
        .limit(most)
}

/// Returns those of these kinds among the changes of a customer after a number and up to another, as [`between`] does.
///
/// # Errors
/// Fails if the database does not answer.
pub fn of_kinds(
    conn: &mut PgConnection,
    customer: i32,
    kinds: &[String],
    (after, up_to): (i64, i64),
    most: i64,
) -> QueryResult<Vec<Change>> {
    within(customer, after, up_to, most)
        .filter(changes::kind.eq_any(kinds))
        .select(Change::as_select())
        .load(conn)
}

/// Returns the customers of whom something was changed after a number and up to another.
///
/// # Errors
/// Fails if the database does not answer.
pub fn customers_between(
    conn: &mut PgConnection,
    (after, up_to): (i64, i64),
) -> QueryResult<Vec<i32>> {
    changes::table
        .filter(changes::id.gt(after))
        .filter(changes::id.le(up_to))
        .select(changes::customer)
        .distinct()
        .load(conn)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns the greatest number that was given so far, whether its transaction is committed or not; 0: none was.
///
/// # Errors
/// Fails if the database does not answer.
pub fn last_given(conn: &mut PgConnection) -> QueryResult<i64> {
    let given = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM changes_id";
    diesel::sql_query(given).get_result::<Number>(conn).map(|given| given.number)
}

/// Returns the number after which all changes are kept: who has read up to there has missed nothing. What was read of the
/// database that a restored one replaces is not of this one.
///
/// # Errors
/// Fails if the database does not answer.
pub fn kept_after(conn: &mut PgConnection) -> QueryResult<i64> {
    // Read first, so that what is written meanwhile is after it.
    let given = last_given(conn)?;
    let first: Option<i64> =
        changes::table.order(changes::id).select(changes::id).first(conn).optional()?;
    let restored: Option<i64> =
        deployment::table.select(deployment::changes_after).first(conn).optional()?;
    Ok(first.map_or(given, |first| first - 1).max(restored.unwrap_or_default()))
}
