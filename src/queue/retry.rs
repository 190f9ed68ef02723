//! Retries: images whose origins failed for a passing reason, and when each is tried again (docs/adr/0023).
//!
//! A row is written while its image is locked, and forgotten when the image comes through or is sent again.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Double, Integer, Nullable, Record, Text, Timestamptz};
use std::time::Duration;

use crate::addresses::ImageAddress;
use crate::database::refill::{Items, Refill};
use crate::hydra::Problem;
use crate::schema::{images, retries};

/// The attempts at an image since it was last sent; all `None` where none failed for a passing reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromSqlRow)]
pub struct Retry {
    /// Attempts that failed.
    pub attempts: Option<i32>,
    /// The reason why the last of them failed, while the image is not settled.
    pub last_error: Option<String>,
    /// Time when it is tried again at the earliest; `None` while an attempt is under way.
    pub next_try: Option<DateTime<Utc>>,
}

type Columns = Record<(Integer, Nullable<Text>, Nullable<Timestamptz>)>;

impl FromSql<Nullable<Columns>, Pg> for Retry {
    fn from_sql(row: PgValue<'_>) -> deserialize::Result<Self> {
        let (attempts, last_error, next_try): (i32, _, _) = FromSql::<Columns, Pg>::from_sql(row)?;
        Ok(Self { attempts: Some(attempts), last_error, next_try })
    }

    fn from_nullable_sql(row: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        row.map_or_else(|| Ok(Self::default()), Self::from_sql)
    }
}

impl Refill for Retry {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        let Some(record) = value else {
            *self = Self::default();
            return Ok(());
        };
        let mut items = Items::of_record(record)?;
        items.field(&mut self.attempts)?;
        items.field(&mut self.last_error)?;
        items.field(&mut self.next_try)
    }
}

/// Selects a value of the row of retries of an image, in a query over images.
macro_rules! of_image {
    ($value:literal) => {
        concat!(
            "(SELECT ",
            $value,
            " FROM retries AS r WHERE r.customer = images.customer AND r.space = images.space \
             AND r.image = images.id)"
        )
    };
}

/// The attempts of each image, as they are ordered by.
pub const ATTEMPTS: &str = concat!("COALESCE(", of_image!("r.failures"), ", 2147483647)");
/// The last error of each image, as they are ordered by.
pub const LAST_ERROR: &str = concat!("COALESCE(", of_image!("r.last_error"), ", chr(1114111))");
/// The next try of each image, as they are ordered by.
pub const NEXT_TRY: &str = concat!("COALESCE(", of_image!("r.next_try"), ", 'infinity')");

/// The [`Retry`] of each image in a query over images.
///
/// It is looked for only where there may be one: an image that came through has none.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct OfImage;

impl Expression for OfImage {
    type SqlType = Nullable<Columns>;
}
impl SelectableExpression<images::table> for OfImage {}
impl AppearsOnTable<images::table> for OfImage {}
impl<G> ValidGrouping<G> for OfImage {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Pg> for OfImage {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(concat!(
            "CASE WHEN images.ingesting OR images.error <> '' THEN ",
            of_image!("ROW(r.failures, r.last_error, r.next_try)"),
            " END"
        ));
        Ok(())
    }
}

/// The failures of an image so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    /// Time since the first.
    pub since: Duration,
}

/// Returns the failures of an image so far, by the database's clock.
///
/// # Errors
/// Fails if the database does not answer.
pub fn failures(conn: &mut PgConnection, at: &ImageAddress) -> Result<Failures, Problem> {
    let own = retries::table.find((at.customer, at.space, &at.image));
    let now = diesel::dsl::now.into_sql::<Timestamptz>();
    let held: Option<(i32, DateTime<Utc>, DateTime<Utc>)> =
        own.select((retries::failures, retries::since, now)).first(conn).optional()?;
    Ok(held.map_or(Failures { count: 0, since: Duration::ZERO }, |(count, since, now)| Failures {
        count: u32::try_from(count).unwrap_or_default(),
        since: (now - since).to_std().unwrap_or_default(),
    }))
}

/// Returns the time until the next attempt at an image, 0 where that is over; `None` where none is to come.
///
/// # Errors
/// Fails if the database does not answer.
pub fn time_left(conn: &mut PgConnection, at: &ImageAddress) -> Result<Option<Duration>, Problem> {
    let own = retries::table.find((at.customer, at.space, &at.image));
    let now = diesel::dsl::now.into_sql::<Timestamptz>();
    let held: Option<(Option<DateTime<Utc>>, DateTime<Utc>)> =
        own.select((retries::next_try, now)).first(conn).optional()?;
    Ok(held.and_then(|(next, now)| next.map(|next| (next - now).to_std().unwrap_or_default())))
}

/// Notes that an attempt failed, and that the next comes after a delay.
///
/// # Errors
/// Fails if the database does not answer.
pub fn note(
    conn: &mut PgConnection,
    at: &ImageAddress,
    error: &str,
    delay: Duration,
) -> Result<(), Problem> {
    diesel::sql_query(
        "INSERT INTO retries AS r (customer, space, image, failures, since, last_error, next_try) \
         VALUES ($1, $2, $3, 1, now(), $4, now() + $5 * interval '1 second') \
         ON CONFLICT (customer, space, image) DO UPDATE SET failures = r.failures + 1, \
         last_error = excluded.last_error, next_try = excluded.next_try",
    )
    .bind::<Integer, _>(at.customer)
    .bind::<Integer, _>(at.space)
    .bind::<Text, _>(&at.image)
    .bind::<Text, _>(error)
    .bind::<Double, _>(delay.as_secs_f64())
    .execute(conn)?;
    Ok(())
}

/// Notes that an attempt at an image with retries begins.
///
/// # Errors
/// Fails if the database does not answer.
pub fn begin(conn: &mut PgConnection, at: &ImageAddress) -> Result<(), Problem> {
    diesel::update(retries::table.find((at.customer, at.space, &at.image)))
        .set(retries::next_try.eq(None::<DateTime<Utc>>))
        .execute(conn)?;
    Ok(())
}

/// Notes that an image with retries is given up; its error says why.
///
/// # Errors
/// Fails if the database does not answer.
pub fn give_up(conn: &mut PgConnection, at: &ImageAddress) -> Result<(), Problem> {
    diesel::update(retries::table.find((at.customer, at.space, &at.image)))
        .set((
            retries::failures.eq(retries::failures + 1),
            retries::last_error.eq(None::<String>),
            retries::next_try.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets the retries of images, which the caller has locked: they came through, or begin anew.
///
/// # Errors
/// Fails if the database does not answer.
pub fn forget(
    conn: &mut PgConnection,
    customer: i32,
    spaces: &[i32],
    ids: &[&str],
) -> Result<(), Problem> {
    // Each is looked for by its key, however many other retries the customer has. Nothing moves a row of an image that is
    // locked.
    diesel::sql_query(
        "DELETE FROM retries WHERE ctid = ANY (ARRAY(\
           SELECT f.ctid FROM unnest($2, $3) AS n (space, image), LATERAL (\
             SELECT r.ctid FROM retries AS r \
             WHERE r.customer = $1 AND r.space = n.space AND r.image = n.image OFFSET 0) AS f))",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .execute(conn)?;
    Ok(())
}
