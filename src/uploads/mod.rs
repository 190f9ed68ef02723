//! Uploads: originals that customers send in parts, each part an object (`docs/adr/0034-uploads-in-parts.md`).
//!
//! A row tells of bytes only once the object that holds them is on the disk, so that what it tells is true whenever a process
//! ends. It is no matter which process a request reaches.

pub mod expiry;
pub mod origin;
pub mod parts;

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::dsl::{now, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};

use crate::hydra::Problem;
use crate::queue::job;
use crate::schema::{upload_parts, uploads};

/// Folder of the objects of uploads in their store.
pub const OBJECTS: &str = "uploads";

/// Uploads of a customer that no image names yet, at most: each has a row, and objects.
pub const MOST_WAITING: i64 = 10_000;

/// Time after which an upload is removed that nothing was added to, and that no image names.
const LIFE: &str = "24 hours";

/// Seconds for which the object of a part that is no longer named is still there, for who reads it.
const AFTER_READERS_S: i32 = 60;

/// First part of the advisory locks under which uploads of a customer are made one after another, so that their number is
/// exact.
const MAKING: i32 = 0x7570_6c64;

/// Returns the key of the object of a part, by its number; numbers are never used twice.
pub fn object(number: i64) -> String {
    format!("{OBJECTS}/{:03}/{number}", number % 1000)
}

/// Returns the number of the object that has a key; none where [`object`] gives no such key.
pub fn of_object(key: &str) -> Option<i64> {
    let number = key.rsplit('/').next()?.parse().ok()?;
    (object(number) == key).then_some(number)
}

/// An upload, as far as it is received.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = uploads, check_for_backend(diesel::pg::Pg))]
pub struct Upload {
    pub id: String,
    /// Bytes that it has once it is finished.
    pub length: i64,
    /// Bytes that are stored.
    pub received: i64,
    /// `Upload-Metadata` as it was sent.
    pub metadata: String,
    /// The media type that its first bytes tell; `None`: none that is read here.
    pub media_type: Option<String>,
    /// From when it is removed; `None`: not as long as an image names it.
    pub expires: Option<DateTime<Utc>>,
}

impl Upload {
    /// Returns whether all bytes are there.
    pub fn is_finished(&self) -> bool {
        self.received == self.length
    }

    /// Returns how many bytes are not there yet.
    pub fn missing(&self) -> u64 {
        u64::try_from(self.length - self.received).unwrap_or_default()
    }
}

/// The uploads of a customer that no image names; as the end of a sentence that says that there is no room.
#[derive(Debug, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = BigInt)]
    uploads: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    /// When the first of them expires.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first: Option<DateTime<Utc>>,
}

impl Waiting {
    /// Reads them.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn of(conn: &mut PgConnection, customer: i32) -> Result<Self, Problem> {
        let waiting = diesel::sql_query(
            "SELECT count(*) AS uploads, coalesce(sum(length), 0)::bigint AS bytes, min(expires) AS first \
             FROM uploads WHERE customer = $1 AND expires IS NOT NULL",
        );
        Ok(waiting.bind::<Integer, _>(customer).get_result(conn)?)
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uploads, bytes, first: Some(first) } = self else { return Ok(()) };
        let first = first.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(
            f,
            "; {bytes} bytes are those of uploads that no image names ({uploads}), the first of which expires at {first}"
        )
    }
}

/// Returns the moment from which what is changed now is removed, as SQL.
fn end_of_life() -> SqlLiteral<Nullable<Timestamptz>> {
    sql(&format!("(now() + interval '{LIFE}')"))
}

/// Makes an upload without any bytes, of so many when it is finished. Room for it is taken elsewhere.
///
/// # Errors
/// Returns [`Problem::QuotaExceeded`] if too many wait for an image to name them.
pub fn make(
    conn: &mut PgConnection,
    customer: i32,
    length: i64,
    metadata: &str,
) -> Result<Upload, Problem> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind::<Integer, _>(MAKING)
        .bind::<Integer, _>(customer)
        .execute(conn)?;
    let waiting = uploads::table
        .filter(uploads::customer.eq(customer))
        .filter(uploads::expires.is_not_null());
    let waiting: i64 = waiting.count().get_result(conn)?;
    if waiting >= MOST_WAITING {
        return Err(Problem::QuotaExceeded(format!(
            "{MOST_WAITING} uploads, as many as a customer may have, wait to be finished and named by an image; delete \
             some, or register images of them"
        )));
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let row = (
        uploads::customer.eq(customer),
        uploads::id.eq(id),
        uploads::length.eq(length),
        uploads::metadata.eq(metadata),
        uploads::expires.eq(end_of_life()),
    );
    let made = diesel::insert_into(uploads::table).values(row).returning(Upload::as_returning());
    Ok(made.get_result(conn)?)
}

/// Returns an upload.
///
/// One that an image has let go of is due to be looked at, and shown as what it is: kept if another image names it.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, or its time is over and no image names it.
pub fn find(conn: &mut PgConnection, customer: i32, id: &str) -> Result<Upload, Problem> {
    let of = uploads::table.find((customer, id));
    let found: Option<(Upload, Option<bool>)> =
        of.select((Upload::as_select(), uploads::expires.le(now))).first(conn).optional()?;
    let (upload, is_due) = found.ok_or_else(|| missing(id))?;
    match is_due.unwrap_or_default() {
        false => Ok(upload),
        true if is_named(conn, customer, id)? => Ok(Upload { expires: None, ..upload }),
        true => Err(missing(id)),
    }
}

/// Removes an upload, and discards its objects.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, and [`Problem::Conflict`] if an image names it.
pub fn remove(conn: &mut PgConnection, customer: i32, id: &str) -> Result<(), Problem> {
    let row = uploads::table.find((customer, id));
    let held: Option<String> = row.select(uploads::id).for_update().first(conn).optional()?;
    if held.is_none() {
        return Err(missing(id));
    }
    // Nobody names it while its row is locked.
    if is_named(conn, customer, id)? {
        return Err(Problem::Conflict(
            "an image has this upload as its origin; it is removed with the last that has".into(),
        ));
    }
    drop_locked(conn, customer, id).map(|_| ())
}

/// Removes an upload whose row is locked, and discards its objects; returns how many.
fn drop_locked(conn: &mut PgConnection, customer: i32, id: &str) -> Result<usize, Problem> {
    let of = upload_parts::table
        .filter(upload_parts::customer.eq(customer))
        .filter(upload_parts::upload.eq(id));
    let objects: Vec<i64> = diesel::delete(of).returning(upload_parts::object).get_results(conn)?;
    let keys: Vec<String> = objects.into_iter().map(object).collect();
    job::discard_objects(conn, &keys, AFTER_READERS_S)?;
    diesel::delete(uploads::table.find((customer, id))).execute(conn)?;
    Ok(keys.len())
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    flag: bool,
}

/// Returns whether an image names an upload.
///
/// # Errors
/// Fails if the database does not answer.
pub fn is_named(conn: &mut PgConnection, customer: i32, id: &str) -> Result<bool, Problem> {
    // The patterns are those of the indexes.
    let found: Flag = diesel::sql_query(
        "SELECT EXISTS (SELECT FROM images WHERE customer = $1 AND origin = $2 AND origin LIKE '/uploads/%') \
         OR EXISTS (SELECT FROM images WHERE customer = $1 AND initial_origin = $2 \
           AND initial_origin LIKE '/uploads/%') AS flag",
    )
    .bind::<Integer, _>(customer)
    .bind::<Text, _>(origin::stored(id))
    .get_result(conn)?;
    Ok(found.flag)
}

/// Returns whether a text could be the id of an upload.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Returns the problem of an upload that is not there.
pub fn missing(id: &str) -> Problem {
    Problem::NotFound(format!("there is no upload {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_objects_are_told_from_all_others() {
        assert_eq!(object(12_345), "uploads/345/12345");
        assert_eq!(of_object("uploads/345/12345"), Some(12_345));
        for other in ["uploads/345/12346", "thumbnails/345/12345", "uploads/345/x", "12345", ""] {
            assert_eq!(of_object(other), None, "{other}");
        }
    }
}
