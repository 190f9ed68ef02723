//! The parts of uploads: where the next begins, who may write it, and its row.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use super::{AFTER_READERS_S, Upload, end_of_life, find, missing, object};
use crate::hydra::Problem;
use crate::queue::job;
use crate::schema::{discards, upload_parts, uploads};

/// Bytes of a part, at most: one request to a bucket.
pub const PART_BYTES: i64 = 4 << 20;

/// Bytes below which a part may be written anew together with those that follow.
///
/// So an upload has few parts, however small the pieces are that it comes in ([`Writing::merged`]).
const SMALL_BYTES: i64 = 1 << 20;

/// Parts at the end of an upload that are looked at.
///
/// Each small one has at most half as many bytes as the one before, so that there are no more.
const MOST_SMALL: i64 = 24;

/// Time for which an object is kept that no row names yet.
///
/// It is written meanwhile, or its process is gone.
const UNNAMED: Duration = Duration::from_hours(1);

/// Time for which an upload does not expire once a request begins to add to it.
const BEGUN: &str = "10 minutes";

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
    /// The small parts at the end, in order.
    tail: Vec<Part>,
}

/// Returns an upload, if a request may add to it where it says; changes nothing.
///
/// `announced`: the bytes that the request says it has.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, [`Problem::OffsetConflict`] if it has more bytes, or fewer, and
/// [`Problem::BeyondEnd`] if the request has more than are missing.
pub fn look(
    conn: &mut PgConnection,
    customer: i32,
    id: &str,
    (offset, announced): (i64, Option<u64>),
) -> Result<Upload, Problem> {
    let upload = find(conn, customer, id)?;
    if upload.received != offset {
        return Err(Problem::OffsetConflict { offset: upload.received });
    }
    match announced.is_some_and(|announced| announced > upload.missing()) {
        true => Err(Problem::BeyondEnd { length: upload.length }),
        false => Ok(upload),
    }
}

/// Begins to add to an upload; from now on whoever began before adds nothing.
///
/// To be called once something came to add: a request that adds nothing displaces nobody.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, and [`Problem::OffsetConflict`] if it has not as many bytes as the request
/// says.
pub fn begin(
    conn: &mut PgConnection,
    customer: i32,
    id: &str,
    offset: i64,
) -> Result<Writing, Problem> {
    let row = uploads::table.find((customer, id));
    let held: Option<String> =
        row.select(uploads::id).for_no_key_update().first(conn).optional()?;
    held.ok_or_else(|| missing(id))?;
    look(conn, customer, id, (offset, None))?;
    let writer = uuid::Uuid::new_v4().simple().to_string();
    // Its time may be over before the first part is stored.
    let kept = format!("GREATEST(expires, now() + interval '{BEGUN}')");
    let expires = uploads::expires.eq(sql::<Nullable<Timestamptz>>(&kept));
    diesel::update(row).set((uploads::writer.eq(&writer), expires)).execute(conn)?;
    let last = upload_parts::table
        .filter(upload_parts::customer.eq(customer))
        .filter(upload_parts::upload.eq(id))
        .order(upload_parts::start.desc())
        .limit(MOST_SMALL);
    let last: Vec<Part> = last.select(Part::as_select()).load(conn)?;
    let mut tail: Vec<Part> = last.into_iter().take_while(Part::is_small).collect();
    tail.reverse();
    Ok(Writing { customer, id: id.to_owned(), writer, offset, tail })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns the number of an object that is to be written for a request.
///
/// Unless a row names the object within an hour, it is removed.
///
/// # Errors
/// Returns [`Problem::OffsetConflict`] if another request has begun to add to the upload, and [`Problem::NotFound`] if it is gone:
/// nothing is to be written then.
pub fn take_number(conn: &mut PgConnection, writing: &Writing) -> Result<i64, Problem> {
    writing.lock(conn)?;
    let taken = diesel::sql_query("SELECT nextval('upload_objects') AS number");
    let Number { number } = taken.get_result(conn)?;
    job::discard(conn, &object(number), i32::try_from(UNNAMED.as_secs()).unwrap_or(i32::MAX))?;
    Ok(number)
}

/// Removes an object soon that was written, and that no row will name.
///
/// # Errors
/// Fails if the database does not answer.
pub fn give_up(conn: &mut PgConnection, number: i64) -> Result<(), Problem> {
    job::discard_ended(conn, &object(number))
}

/// Names an object that was written.
///
/// It holds the parts of [`Writing::merged`], and so many bytes more.
///
/// `media_type`: what its first bytes tell, which is the type of the upload if it is the first.
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
    let Writing { customer, id, offset, .. } = writing;
    writing.lock(conn)?;
    // Whoever removes what is due may have read its row already.
    let soon = chrono::Utc::now() + chrono::Duration::minutes(5);
    let unnamed = discards::table.find(object(number)).filter(discards::due.gt(soon));
    if diesel::delete(unnamed).execute(conn)? != 1 {
        let words = "the store took too long for what was sent; try again";
        return Err(Problem::Unavailable(words.into(), None));
    }
    for part in writing.merged(added) {
        diesel::delete(upload_parts::table.find((*customer, id, part.start))).execute(conn)?;
        job::discard(conn, &part.key(), AFTER_READERS_S)?;
    }
    let Part { start, length, .. } = writing.part(number, added);
    let part = (
        upload_parts::customer.eq(*customer),
        upload_parts::upload.eq(id),
        upload_parts::start.eq(start),
        upload_parts::length.eq(length),
        upload_parts::object.eq(number),
    );
    diesel::insert_into(upload_parts::table).values(part).execute(conn)?;
    let row = uploads::table.find((*customer, id));
    if start == 0 {
        diesel::update(row).set(uploads::media_type.eq(media_type)).execute(conn)?;
    }
    let values = (uploads::received.eq(offset + added), uploads::expires.eq(end_of_life()));
    let written = diesel::update(row).set(values).returning(Upload::as_returning());
    Ok(written.get_result(conn)?)
}

impl Part {
    fn is_small(&self) -> bool {
        self.length < SMALL_BYTES
    }
}

impl Writing {
    /// Locks the upload, if the request may still add to it.
    ///
    /// # Errors
    /// Returns [`Problem::OffsetConflict`] if another request has begun to, and [`Problem::NotFound`] if the upload is gone.
    pub fn lock(&self, conn: &mut PgConnection) -> Result<(), Problem> {
        let row = uploads::table.find((self.customer, &self.id));
        let row = row.select((uploads::received, uploads::writer)).for_update();
        let held: Option<(i64, Option<String>)> = row.first(conn).optional()?;
        let (received, writer) = held.ok_or_else(|| missing(&self.id))?;
        match received == self.offset && writer.as_ref() == Some(&self.writer) {
            true => Ok(()),
            false => Err(Problem::OffsetConflict { offset: received }),
        }
    }

    /// Returns how many bytes may come before they are stored.
    ///
    /// As many as fit into one part with all that may be written anew.
    pub fn room(&self) -> i64 {
        let tail: i64 = self.tail.iter().map(|part| part.length).sum();
        (PART_BYTES - tail).max(SMALL_BYTES)
    }

    /// Returns the parts that are written anew in one with so many bytes after them.
    ///
    /// Those are the ones that have less than twice as many as all that follows.
    ///
    /// So a byte is written anew only into a part that is larger by half at least, which is some ten times, and thirty at most, until the part is no longer
    /// small; and of the small parts that stay, each has at most half as many bytes as the one before.
    pub fn merged(&self, added: i64) -> &[Part] {
        let mut bytes = added;
        let joins = |part: &&Part| {
            let joins = part.length < 2 * bytes;
            bytes += part.length;
            joins
        };
        let merged = self.tail.iter().rev().take_while(joins).count();
        self.tail.split_at(self.tail.len() - merged).1
    }

    /// Returns the part of so many bytes more, with those that are written anew.
    fn part(&self, number: i64, added: i64) -> Part {
        let merged = self.merged(added);
        let start = merged.first().map_or(self.offset, |part| part.start);
        Part { start, length: self.offset + added - start, object: number }
    }

    /// Goes on after so many bytes more, which are in an object with this number.
    pub fn advance(&mut self, number: i64, added: i64) {
        let part = self.part(number, added);
        self.tail.truncate(self.tail.len() - self.merged(added).len());
        match part.is_small() {
            true => self.tail.push(part),
            // What is before it stays as it is.
            false => self.tail.clear(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds pieces of these sizes; returns the sizes of parts, and the bytes written.
    fn added(pieces: impl Iterator<Item = i64>) -> (Vec<i64>, i64) {
        let (customer, id, writer) = (1, String::new(), String::new());
        let mut writing = Writing { customer, id, writer, offset: 0, tail: Vec::new() };
        let (mut parts, mut written) = (Vec::<Part>::new(), 0);
        for (number, piece) in (1..).zip(pieces) {
            assert!(piece <= writing.room(), "it would be stored in two");
            let part = writing.part(number, piece);
            parts.truncate(parts.len() - writing.merged(piece).len());
            assert_eq!(part.start, parts.iter().map(|part| part.length).sum::<i64>());
            written += part.length;
            parts.push(part);
            writing.advance(number, piece);
        }
        (parts.iter().map(|part| part.length).collect(), written)
    }

    #[test]
    fn bytes_that_come_one_by_one_are_written_anew_some_ten_times_and_make_few_parts() {
        let (parts, written) = added(std::iter::repeat_n(1, 1 << 20));
        assert_eq!(parts, [1 << 20]);
        assert_eq!(written, 11 << 20);
        let (parts, _) = added(std::iter::repeat_n(1, (1 << 20) - 1));
        assert_eq!(parts.len(), 20);
        // Whoever chooses sizes so that as little as possible is put together.
        let falling = (1..1500).rev();
        let (parts, written) = added(falling.clone());
        assert!(parts.len() <= 24, "{parts:?}");
        assert!(written < falling.sum::<i64>() * 30, "{written}");
    }

    #[test]
    fn large_parts_stay_as_they_are_and_take_small_ones_before_them_along() {
        let mib = 1 << 20;
        assert_eq!(
            added([4 * mib, 4 * mib, mib].into_iter()),
            (vec![4 * mib, 4 * mib, mib], 9 * mib)
        );
        let (parts, _) = added([4 * mib, 5, 1000, 2, mib, 7].into_iter());
        assert_eq!(parts, [4 * mib, mib + 1007, 7]);
    }
}
