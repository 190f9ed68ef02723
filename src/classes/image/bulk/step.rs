//! A chunk of a bulk job: so many images in one transaction.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::super::filter::Filter;
use super::super::fragments::{Compared, Cut};
use super::super::order::{Column, Sort};
use super::super::scope::Scope;
use super::super::select::{ImageQuery, Words, filtered, ordered};
use super::super::{Image, query, removal};
use super::revise::{self, Revision, revised};
use super::selection::{self, Matching, Strength, lock_matching};
use crate::addresses::SpaceAddress;
use crate::classes::role::uris::settle_searched_roles;
use crate::hydra::Problem;
use crate::queue::bulk::{BulkJob, Chunk, Place};
use crate::resource::page_key::KeyValue;
use crate::resource::*;
use crate::schema::images;

/// Images that a chunk changes or deletes, at most: others wait for its locks for some 100 ms.
const CHUNK: i64 = 200;
/// Images among which they are looked for, at most.
const LOOKED_AT: i64 = 5_000;

/// Changes or deletes the next images of a job that is held, and returns what came of it.
///
/// # Errors
/// Fails if the database does not answer.
pub fn step(s: &mut UnitOfWork<'_>, job: &BulkJob) -> Result<Chunk, Problem> {
    s.conn.batch_execute("SET LOCAL plan_cache_mode = force_custom_plan")?;
    // Jobs of others wait for this chunk, and it is tried again.
    s.conn.batch_execute("SET LOCAL lock_timeout = '1s'")?;
    let of = job.of();
    let filter = filter(s, job)?;
    let walk = Walk { of, filter: &filter, job, columns: Sort::of(None).columns(true) };
    // Where all match, the first images are the next.
    let edge = if filter.is_empty() { None } else { walk.edge(s.conn)? };
    let keys = walk.keys(s.conn, edge.as_ref())?;
    let is_full = i64::try_from(keys.len()) == Ok(CHUNK);
    let reached = if is_full { keys.last().cloned() } else { edge };
    let ids: Vec<(i32, &str)> = keys.iter().map(|(_, id)| (of.space, id.as_str())).collect();
    let done = match &job.body {
        None => delete(s, job, &filter, &ids)?,
        Some(body) => {
            let body = serde_json::from_str(body).map_err(Problem::internal)?;
            update(s, job, &filter, &ids, &body)?
        }
    };
    Ok(Chunk { reached, ..done })
}

/// Reads the filter of a job anew, because the roles that it names may be others by now.
fn filter(s: &mut UnitOfWork<'_>, job: &BulkJob) -> Result<Filter, Problem> {
    let path = selection::path(job.of());
    let context = ParseContext::lenient(s.site, job.customer, &path);
    let mut faults = Vec::new();
    let mut filter = query::read(&Query::parse(Some(&job.query)), context, &mut faults);
    if !faults.is_empty() {
        return Err(Problem::internal(format!("the filter of job {} cannot be read", job.id)));
    }
    settle_searched_roles(s.conn, job.customer, &mut filter.roles)?;
    Ok(filter)
}

/// The images of a job that are not done, in the default order.
struct Walk<'a> {
    of: SpaceAddress,
    filter: &'a Filter,
    job: &'a BulkJob,
    columns: Vec<&'static Column>,
}

impl Walk<'_> {
    fn compared(&self, operator: &'static str, (created, id): Place) -> Compared {
        let values = vec![KeyValue::Moment(created), KeyValue::Text(id)];
        Compared { columns: self.columns.clone(), operator, values }
    }

    /// The images of the job that a filter matches, beyond the place that was reached.
    fn rest<'q>(&self, filter: &Filter, words: Words) -> ImageQuery<'q> {
        let found = filtered(Scope::Space(self.of), filter, words);
        let found = found.filter(images::created.lt(self.job.created));
        match self.job.reached() {
            Some(reached) => found.filter(self.compared(" > ", reached)),
            None => found,
        }
    }

    /// Returns the last place at which images are looked for in this chunk; `None`: as far as there are any.
    fn edge(&self, conn: &mut PgConnection) -> Result<Option<Place>, Problem> {
        let all = self.rest(&Filter::default(), Words::Met);
        let query = ordered(all, &self.columns, false).select((images::created, images::id));
        let query = Cut { query, anchor: None, limit: 1, offset: LOOKED_AT };
        Ok(query.get_result(conn).optional()?)
    }

    /// Returns the places of the first images that match, no farther than the edge.
    fn keys(&self, conn: &mut PgConnection, edge: Option<&Place>) -> Result<Vec<Place>, Problem> {
        let mut found = self.rest(self.filter, Words::Met);
        if let Some(edge) = edge {
            found = found.filter(self.compared(" <= ", edge.clone()));
        }
        let query = ordered(found, &self.columns, false).select((images::created, images::id));
        Ok(Cut { query, anchor: None, limit: CHUNK, offset: 0 }.load(conn)?)
    }
}

fn delete(
    s: &mut UnitOfWork<'_>,
    job: &BulkJob,
    filter: &Filter,
    keys: &[(i32, &str)],
) -> Result<Chunk, Problem> {
    let matching = Matching { of: job.of(), filter, before: Some(job.created) };
    let images = removal::lock(s.conn, job.customer, keys, |conn| {
        lock_matching(conn, matching, keys, Strength::Delete)
    })?;
    removal::remove(s, job.customer, &images)?;
    Ok(Chunk { completed: i64::try_from(images.len()).unwrap_or(i64::MAX), ..Chunk::default() })
}

fn update(
    s: &mut UnitOfWork<'_>,
    job: &BulkJob,
    filter: &Filter,
    keys: &[(i32, &str)],
    body: &Map<String, Value>,
) -> Result<Chunk, Problem> {
    let of = job.of();
    let matching = Matching { of, filter, before: Some(job.created) };
    let images = lock_matching(s.conn, matching, keys, Strength::Change)?;
    let path = selection::path(of);
    let mut chunk = Chunk::default();
    let mut revisions = Vec::with_capacity(images.len());
    for image in images {
        match revised(s.site, &image, body.clone(), (&path, false)) {
            Ok(draft) => revisions.push(Revision { index: 0, image, draft }),
            Err(faults) => chunk.errors.push(said(&image, faults.iter().map(ToString::to_string))),
        }
    }
    let unknown = revise::settle(s.conn, of.customer, &mut revisions)?;
    let (wrong, right): (Vec<Revision>, Vec<Revision>) =
        revisions.into_iter().partition(|revision| revise::names_any(&revision.draft, &unknown));
    for Revision { image, draft, .. } in wrong {
        let missing = draft.roles.iter().filter_map(|role| role.own_id());
        let missing = missing.filter(|role| unknown.contains(*role));
        let reasons = missing.map(|role| format!("roles names {role}, which is not there"));
        chunk.errors.push(said(&image, reasons));
    }
    let locked = revise::lock_uploads(s.conn, of.customer, &right)?;
    let (wrong, right): (Vec<Revision>, Vec<Revision>) =
        right.into_iter().partition(|revision| !revision.upload_faults(&locked).is_empty());
    for revision in wrong {
        let faults = revision.upload_faults(&locked);
        chunk.errors.push(said(&revision.image, faults.iter().map(ToString::to_string)));
    }
    chunk.completed = i64::try_from(right.len()).unwrap_or(i64::MAX);
    revise::write(s, of.customer, right)?;
    // All that is refused goes back, but here the rest is written.
    locked.release_unnamed(s.conn, of.customer)?;
    Ok(chunk)
}

/// Bytes that the message about an image takes, about.
const MESSAGE: usize = 500;

/// Says why an image could not be changed.
fn said(image: &Image, reasons: impl Iterator<Item = String>) -> String {
    let mut words = format!("{}: {}", image.id, reasons.collect::<Vec<_>>().join("; "));
    words.truncate(words.floor_char_boundary(MESSAGE));
    words
}
