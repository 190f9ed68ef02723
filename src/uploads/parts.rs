//! The parts of uploads: where the next begins, who may write it, and the row that names it.

use std::time::Duration;

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Upload, end_of_life, find, missing, object};
use crate::hydra::Problem;
use crate::queue::job;
use crate::schema::{discards, upload_parts, uploads};

/// Bytes of a part, at most: one request to a bucket.
pub const PART_BYTES: i64 = 4 << 20;

/// Parts with fewer bytes are written anew together with those that follow, so that an upload has few parts however small the
/// pieces are that it comes in.
const SMALL_BYTES: i64 = 1 << 20;

/// Time for which an object is kept that no row names yet: it is written meanwhile, or its process is gone.
const UNNAMED: Duration = Duration::from_hours(1);

/// Seconds for which the object of a part that was written anew is still there, for who reads it.
const AFTER_REPLACEMENT_S: i32 = 60;

/// A part of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = upload_parts, check_for_backend(diesel::pg::Pg))]
pub struct Part {
    /// Place of its first byte in the upload.
    pub start: i64,
    /// Bytes.
    pub length: i64,
    /// Number of its object.
    pub object: i64,
}

impl Part {
    /// Returns the key of its object.
    pub fn key(&self) -> String {
        object(self.object)
    }
}

/// The right of a request to add to an upload, until another begins to.
#[derive(Debug, Clone)]
pub struct Writing {
    pub customer: i32,
    pub id: String,
    writer: String,
    /// Bytes that were stored when it began, or last added.
    pub offset: i64,
    pub length: i64,
    /// The last part, where it is so small that it is written anew.
    pub tail: Option<Part>,
}

/// Begins to add to an upload that has as many bytes as the request says; from now on whoever began before adds nothing.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, and [`Problem::OffsetConflict`] if it has more bytes, or fewer.
pub fn begin(
    conn: &mut PgConnection,
    customer: i32,
    id: &str,
    offset: i64,
) -> Result<Writing, Problem> {
    let row = uploads::table.find((customer, id));
    let of = row.filter(uploads::expires.is_null().or(uploads::expires.gt(now)));
    let held = of.select(Upload::as_select()).for_no_key_update().first(conn).optional()?;
    let held: Upload = held.ok_or_else(|| missing(id))?;
    if held.received != offset {
        return Err(Problem::OffsetConflict { offset: held.received });
    }
    let writer = uuid::Uuid::new_v4().simple().to_string();
    if !held.is_finished() {
        let begun = (uploads::writer.eq(&writer), uploads::expires.eq(end_of_life()));
        diesel::update(row).set(begun).execute(conn)?;
    }
    let last = upload_parts::table
        .filter(upload_parts::customer.eq(customer))
        .filter(upload_parts::upload.eq(id))
        .order(upload_parts::start.desc());
    let last: Option<Part> = last.select(Part::as_select()).first(conn).optional()?;
    let tail = last.filter(|part| part.length < SMALL_BYTES);
    Ok(Writing { customer, id: id.to_owned(), writer, offset, length: held.length, tail })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns the number of an object that is to be written; unless a row names it within an hour, it is removed.
///
/// # Errors
/// Fails if the database does not answer.
pub fn take_number(conn: &mut PgConnection) -> Result<i64, Problem> {
    let taken = diesel::sql_query("SELECT nextval('upload_objects') AS number");
    let Number { number } = taken.get_result(conn)?;
    job::discard(conn, &object(number), i32::try_from(UNNAMED.as_secs()).unwrap_or(i32::MAX))?;
    Ok(number)
}

/// Names an object that was written: it holds the tail, if there is one, and so many bytes more.
///
/// `head`: the first bytes of the object, which tell the media type if it is the first.
///
/// # Errors
/// Returns [`Problem::OffsetConflict`] if another request has begun to add to the upload, [`Problem::NotFound`] if it is gone,
/// and [`Problem::Unavailable`] if the object was not written in time.
pub fn add(
    conn: &mut PgConnection,
    writing: &Writing,
    (number, added): (i64, i64),
    media_type: Option<&str>,
) -> Result<Upload, Problem> {
    let Writing { customer, id, writer, offset, tail, .. } = writing;
    let row = uploads::table.find((*customer, id));
    let held: Option<(i64, Option<String>)> =
        row.select((uploads::received, uploads::writer)).for_update().first(conn).optional()?;
    let (received, holder) = held.ok_or_else(|| missing(id))?;
    if received != *offset || holder.as_ref() != Some(writer) {
        return Err(Problem::OffsetConflict { offset: received });
    }
    // Whoever removes what is due may have read its row already.
    let soon = chrono::Utc::now() + chrono::Duration::minutes(5);
    let unnamed = discards::table.find(object(number)).filter(discards::due.gt(soon));
    if diesel::delete(unnamed).execute(conn)? != 1 {
        let words = "the store took too long for what was sent; try again";
        return Err(Problem::Unavailable(words.into(), None));
    }
    let (start, before) = tail.as_ref().map_or((*offset, 0), |tail| (tail.start, tail.length));
    if let Some(tail) = tail {
        diesel::delete(upload_parts::table.find((*customer, id, tail.start))).execute(conn)?;
        job::discard(conn, &tail.key(), AFTER_REPLACEMENT_S)?;
    }
    let part = (
        upload_parts::customer.eq(*customer),
        upload_parts::upload.eq(id),
        upload_parts::start.eq(start),
        upload_parts::length.eq(before + added),
        upload_parts::object.eq(number),
    );
    diesel::insert_into(upload_parts::table).values(part).execute(conn)?;
    if start == 0 {
        diesel::update(row).set(uploads::media_type.eq(media_type)).execute(conn)?;
    }
    let values = (uploads::received.eq(offset + added), uploads::expires.eq(end_of_life()));
    let written = diesel::update(row).set(values).returning(Upload::as_returning());
    Ok(written.get_result(conn)?)
}

impl Writing {
    /// Goes on after so many bytes more, which are in an object with this number.
    pub fn advance(&mut self, number: i64, added: i64) {
        let (start, before) =
            self.tail.as_ref().map_or((self.offset, 0), |tail| (tail.start, tail.length));
        let part = Part { start, length: before + added, object: number };
        self.tail = Some(part).filter(|part| part.length < SMALL_BYTES);
        self.offset += added;
    }
}

/// Returns a finished upload with its parts, in order.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, or it is not finished.
pub fn finished(
    conn: &mut PgConnection,
    customer: i32,
    id: &str,
) -> Result<(Upload, Vec<Part>), Problem> {
    let upload = find(conn, customer, id)?;
    if !upload.is_finished() {
        let words = format!(
            "the upload {id} is not finished: {} of {} bytes are there",
            upload.received, upload.length
        );
        return Err(Problem::NotFound(words));
    }
    let parts = of(conn, customer, id)?;
    // It may have been removed between the two statements.
    match parts.iter().map(|part| part.length).sum::<i64>() == upload.length {
        true => Ok((upload, parts)),
        false => Err(missing(id)),
    }
}

/// Returns the parts of an upload, in order.
///
/// # Errors
/// Fails if the database does not answer.
pub fn of(conn: &mut PgConnection, customer: i32, id: &str) -> Result<Vec<Part>, Problem> {
    let of = upload_parts::table
        .filter(upload_parts::customer.eq(customer))
        .filter(upload_parts::upload.eq(id));
    Ok(of.order(upload_parts::start).select(Part::as_select()).load(conn)?)
}
