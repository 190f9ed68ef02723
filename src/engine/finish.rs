//! The end of a job: the image, its batches and its objects in one transaction, or nothing.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use super::claim::Claimed;
use crate::classes::customer_storage::quota;
use crate::classes::image::derivatives::{self, Derivatives};
use crate::database::prepared::{BY_INDEX, Prepared};
use crate::hydra::Problem;
use crate::queue::batch::{self, Finished, MemberOutcome};
use crate::queue::job;
use crate::queue::retry::{self, OfImage, Retry};
use crate::schema::{images, jobs};

/// Seconds for which what was replaced is still there, for readers that have just looked it up.
const AFTER_REPLACEMENT_S: i32 = 60;

/// The result of processing an image.
#[derive(Debug)]
pub enum JobResult {
    Done(Ingested),
    /// The reason why not, in words that a librarian understands.
    Failed(String),
}

impl fmt::Display for JobResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(ingested) => write!(f, "done, {} x {}", ingested.width, ingested.height),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
        }
    }
}

/// The values that are stored of an image that was processed.
#[derive(Debug)]
pub struct Ingested {
    pub width: i32,
    pub height: i32,
    /// Bytes of the original.
    pub size: i64,
    /// Key of the object with what was made.
    pub object: String,
    /// The encoded index of the object.
    pub index: Vec<u8>,
    pub thumbnails: Vec<i32>,
    /// Bytes of the object.
    pub derived_size: i64,
    /// The media type that was recognised.
    pub media_type: &'static str,
    /// The initial origin that it was fetched from, which is then used up.
    pub initial_origin: Option<String>,
}

/// A job that was settled.
#[derive(Debug)]
pub struct Settled {
    /// Batches that were finished by it.
    pub finished: Vec<Finished>,
    /// The outcome that took the place of the one asked for, because there was no room for what was made.
    pub refused: Option<JobResult>,
}

/// The columns of the image that its new values depend on.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = images, check_for_backend(diesel::pg::Pg))]
struct StoredColumns {
    initial_origin: Option<String>,
    media_type: String,
    media_type_given: bool,
    #[diesel(select_expression = OfImage)]
    #[diesel(select_expression_type = OfImage)]
    retry: Retry,
}

/// Settles a job: batches first, then the image, then the job, as all lock (`docs/rules.md` 6.3).
///
/// Returns what came of it; `None` if the job is another worker's by now, and nothing was written.
///
/// # Errors
/// Fails if the database does not answer.
pub fn complete_job(
    conn: &mut PgConnection,
    job: &Claimed,
    settled: &JobResult,
) -> Result<Option<Settled>, Problem> {
    conn.batch_execute(BY_INDEX)?;
    let at = &job.at;
    // Before anything else is locked, because others of the customer may wait for the same room.
    let refused = match settled {
        JobResult::Done(ingested) => {
            let held = derivatives::of_image(conn, at)?.map_or(0, |before| before.size);
            let lacking = quota::take_room(conn, at, (ingested.size, ingested.size - held));
            lacking?.map(JobResult::Failed)
        }
        JobResult::Failed(_) => None,
    };
    let waiting = batch::waiting_in(conn, at)?;
    batch::lock(conn, at.customer, &waiting)?;
    let row = images::table.find((at.customer, at.space, &at.image));
    // Batches compare it with when they were submitted: both are of the database's clock.
    let columns = (StoredColumns::as_select(), diesel::dsl::now.into_sql::<Timestamptz>());
    let held: Option<(StoredColumns, DateTime<Utc>)> =
        row.select(columns).for_no_key_update().first(conn).optional()?;
    let own = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt));
    let was_immediate: Option<bool> =
        diesel::delete(own).returning(jobs::immediate).get_result(conn).optional()?;
    let (Some((held, now)), Some(was_immediate)) = (held, was_immediate) else {
        return Ok(None);
    };
    if batch::waiting_in(conn, at)? != waiting {
        return Err(Problem::SerializationConflict(None));
    }
    let settled = refused.as_ref().unwrap_or(settled);
    let was_retried = held.retry.attempts.is_some();
    let ended = (images::ingesting.eq(false), images::finished.eq(now));
    let outcome = match settled {
        JobResult::Done(ingested) => {
            // What was said of the image while it was worked on stands.
            let is_used_up = ingested.initial_origin == held.initial_origin;
            let initial_origin = held.initial_origin.filter(|_| !is_used_up);
            let media_type = match held.media_type_given {
                true => held.media_type.as_str(),
                false => ingested.media_type,
            };
            let values = (
                ended,
                images::error.eq(""),
                images::width.eq(ingested.width),
                images::height.eq(ingested.height),
                images::thumbnails.eq(&ingested.thumbnails),
                images::has_tiles.eq(true),
                images::initial_origin.eq(initial_origin),
                images::media_type.eq(media_type),
            );
            let complete = diesel::update(row).set(values);
            Prepared(complete.returning(images::customer)).load::<i32>(conn)?;
            let replaced = derivatives::of_image(conn, at)?.and_then(|before| before.object);
            let made = Derivatives {
                object: Some(ingested.object.clone()),
                index: Some(ingested.index.clone()),
                size: ingested.size,
                derived_size: ingested.derived_size,
                checked: now,
            };
            derivatives::save(conn, at, &made)?;
            job::keep(conn, &ingested.object)?;
            if let Some(replaced) = &replaced {
                job::discard(conn, replaced, AFTER_REPLACEMENT_S)?;
            }
            if was_retried {
                retry::forget(conn, at.customer, &[at.space], &[&at.image])?;
            }
            MemberOutcome::Completed
        }
        JobResult::Failed(reason) => {
            let values = (ended, images::error.eq(reason));
            let fail = diesel::update(row).set(values);
            Prepared(fail.returning(images::customer)).load::<i32>(conn)?;
            derivatives::outdate(conn, at)?;
            if was_retried {
                retry::give_up(conn, at)?;
            }
            MemberOutcome::Failed
        }
    };
    // What attempts may have left behind; this one as well, if it came to nothing after it had stored an object.
    let useless = match settled {
        JobResult::Done(_) => job.attempt - 1,
        JobResult::Failed(_) => job.attempt,
    };
    job::discard_all(conn, job.id, useless, 0)?;
    let finished = batch::record_outcomes(conn, at, &waiting, outcome)?;
    if was_immediate {
        job::notify_completed(conn, job.id)?;
    }
    Ok(Some(Settled { finished, refused }))
}
