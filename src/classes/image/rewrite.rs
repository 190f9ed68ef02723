//! Writing drafts of images that are there, many in one statement.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use serde::Serialize;
use serde_json::Map;

use super::ImageDraft;
use crate::hydra::Problem;

/// An image that is there, and what is now said of it, under the names of the columns.
#[derive(Serialize)]
pub(super) struct Rewritten<'a> {
    pub space: i32,
    pub id: &'a str,
    #[serde(flatten)]
    pub draft: &'a ImageDraft,
}

/// Tells whether images are put into the queue as well.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent {
    /// They stay as they came through.
    Not,
    /// They are processed again.
    Again {
        /// The batch that they were sent in; `None`: their latest one stays.
        batch: Option<i64>,
        queued: DateTime<Utc>,
    },
}

/// Returns the columns of a draft, which is serialized under their names.
pub(super) fn columns() -> Vec<String> {
    let draft = serde_json::to_value(ImageDraft::default()).unwrap_or_default();
    draft.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// Sets the columns of a draft, as SQL.
static WRITTEN: LazyLock<String> = LazyLock::new(|| {
    let set = columns().into_iter().map(|column| format!("{column} = n.{column}"));
    set.collect::<Vec<_>>().join(", ")
});

/// Writes the drafts of locked images of a customer.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn all(
    conn: &mut PgConnection,
    customer: i32,
    images: &[Rewritten<'_>],
    sent: Sent,
) -> Result<(), Problem> {
    if images.is_empty() {
        return Ok(());
    }
    let (also, batch, queued) = match sent {
        Sent::Not => ("", None, None),
        Sent::Again { batch, queued } => (
            ", ingesting = TRUE, error = '', finished = NULL, dequeued = NULL, \
             batch = COALESCE($2, i.batch), queued = $3",
            batch,
            Some(queued),
        ),
    };
    // As JSON, for arrays of arrays (tags, roles) of different lengths are no value of PostgreSQL.
    let rows = serde_json::to_string(images).map_err(Problem::internal)?;
    diesel::sql_query(format!(
        "UPDATE images AS i SET {}{also} \
         FROM json_populate_recordset(NULL::images, $1::json) AS n, \
           (SELECT $2::bigint, $3::timestamptz) AS sent \
         WHERE i.customer = $4 AND i.space = n.space AND i.id = n.id",
        *WRITTEN
    ))
    .bind::<Text, _>(rows)
    .bind::<Nullable<BigInt>, _>(batch)
    .bind::<Nullable<Timestamptz>, _>(queued)
    .bind::<Integer, _>(customer)
    .execute(conn)?;
    Ok(())
}
