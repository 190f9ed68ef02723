//! Reads the rows of the journal that have become visible between two snapshots of PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};

use super::Changes;
use super::retention::SETTLED;
use crate::addresses::ImageAddress;

/// Images that are told one by one, at most; beyond that it is cheaper to forget all.
const MOST: usize = 20_000;

/// A snapshot of PostgreSQL: which transactions were over at a moment, and which still ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The value of type `pg_snapshot`, such as `10:20:10,14`.
    pub text: String,
    /// The time at which it was taken, by the database's clock.
    pub taken: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    snapshot: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    taken: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Bool>)]
    is_behind: Option<bool>,
    #[diesel(sql_type = Nullable<Integer>)]
    customer: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    space: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    image: Option<String>,
}

/// One statement, so that the rows are those of the very snapshot that is returned with them.
///
/// A transaction that was open at the last snapshot is not visible in it, so its rows are found when it ends, however
/// many others have ended before. Rows from a dump of another server name transactions that are yet to come here.
const SINCE: &str = "\
    SELECT pg_current_snapshot()::text AS snapshot, now() AS taken, \
        pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax($1::pg_snapshot) AS is_behind, \
        NULL::integer AS customer, NULL::integer AS space, NULL::text AS image \
    UNION ALL \
    (SELECT DISTINCT NULL::text, NULL::timestamptz, NULL::boolean, customer, space, image FROM journal \
        WHERE transaction >= pg_snapshot_xmin($1::pg_snapshot) \
            AND transaction < pg_snapshot_xmax(pg_current_snapshot()) \
            AND NOT pg_visible_in_snapshot(transaction, $1::pg_snapshot) \
        LIMIT $2)";

/// Returns the changes that have become visible since a snapshot, and the snapshot that the next call begins at.
///
/// They are [`Changes::Unknown`] without a snapshot, where it is of a later state than that of the database, where it is
/// so old that rows may have been removed since, and where the images are too many to be named.
///
/// # Errors
/// Fails if the database does not answer.
pub fn changes_since(
    conn: &mut PgConnection,
    last: Option<&Snapshot>,
) -> QueryResult<(Changes, Snapshot)> {
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let rows: Vec<Row> = diesel::sql_query(SINCE)
        .bind::<Nullable<Text>, _>(last.map(|last| &last.text))
        .bind::<BigInt, _>(limit)
        .load(conn)?;
    let (mut now, mut images) = (None, Vec::new());
    for row in rows {
        if let (Some(text), Some(taken)) = (row.snapshot, row.taken) {
            now = Some((Snapshot { text, taken }, row.is_behind == Some(true)));
        } else if let (Some(customer), Some(space), Some(image)) =
            (row.customer, row.space, row.image)
        {
            images.push(ImageAddress { customer, space, image });
        }
    }
    let (now, is_behind) = now.ok_or(Error::NotFound)?;
    let is_stale = last
        .is_none_or(|last| (now.taken - last.taken).to_std().is_ok_and(|since| since >= SETTLED));
    let changes = if is_behind || is_stale || images.len() > MOST {
        Changes::Unknown
    } else {
        Changes::Images(images)
    };
    Ok((changes, now))
}
