//! Drafts of images that are there, made of what a body says of them, and written together.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use serde_json::{Map, Value};

use super::super::register::{changed, complete, missing_roles};
use super::super::rewrite::{self, Rewritten, Sent};
use super::super::{Image, ImageDraft, check_space};
use crate::addresses::SpaceAddress;
use crate::classes::role::stored::StoredRole;
use crate::classes::role::uris::{
    settle_roles, settle_searched_roles, unknown_fault, unknown_roles, unknown_searched_roles,
};
use crate::hydra::problem::MAX_FAULTS;
use crate::hydra::{Access, Fault, Problem};
use crate::queue::job::{self, Sender};
use crate::resource::*;
use crate::uploads::origin::NamedUploads;

/// A locked image, and what is to be written of it.
pub(super) struct Revision {
    /// The number of the member that says so.
    pub index: usize,
    pub image: Image,
    pub draft: ImageDraft,
}

/// Returns the draft of an image over which a body is read; `path` and `strict` are those of the request.
///
/// # Errors
/// Returns every fault of the body.
pub(super) fn revised(
    site: &Site,
    image: &Image,
    body: Map<String, Value>,
    (path, strict): (&str, bool),
) -> Result<ImageDraft, Vec<Fault>> {
    let mut faults = Vec::new();
    let context = ParseContext { strict, ..ParseContext::lenient(site, image.customer, path) };
    let mut draft = body::read::<Image>(image.draft(), body, context, &mut faults);
    faults.extend(size::fault(Some(image), &mut draft));
    match faults.is_empty() {
        true => Ok(complete(draft, Some(&image.draft))),
        false => Err(faults),
    }
}

/// Returns what a body says of all images alike: it names none of them, and no other space.
///
/// Leaves out members that no image has, and those that cannot be written.
///
/// # Errors
/// Returns every fault of what it says of where it is.
pub(super) fn alike(
    site: &Site,
    of: SpaceAddress,
    mut body: Map<String, Value>,
    input: &Input,
) -> Result<Map<String, Value>, Vec<Fault>> {
    let mut faults = Vec::new();
    identity::check_type(&mut body, Image::ACCEPTED, &site.base, &mut faults);
    if let Some(id) = body.remove("@id")
        && !id.is_null()
        && !id.as_str().is_some_and(|id| id.starts_with("_:"))
    {
        faults.push(Fault::new("@id", "names one image, but the body is about all that match"));
    }
    if identity::take_id(&mut body, &mut faults).is_some() {
        faults.push(Fault::new("id", "names one image, but the body is about all that match"));
    }
    check_space(&of, &input.path, &mut body, &mut faults);
    let properties = || Image::CLASS.properties.iter().map(|property| property.describe());
    if input.strict {
        let mut rest = body.clone();
        rest.retain(|name, _| !properties().any(|p| p.name == name || p.alias == Some(name)));
        strict::check_rest(&rest, &mut faults);
    }
    body.retain(|name, _| {
        let writable = properties().filter(|property| property.access != Access::ReadOnly);
        writable.into_iter().any(|p| p.name == name || p.alias == Some(name))
    });
    if faults.is_empty() { Ok(body) } else { Err(faults) }
}

/// Checks the values of a body that is about all images alike, whether any matches or not.
///
/// # Errors
/// Returns [`Problem::Invalid`] with every fault.
pub(super) fn check_values(
    s: &mut UnitOfWork<'_>,
    of: SpaceAddress,
    body: &Map<String, Value>,
    input: &Input,
) -> Result<(), Problem> {
    let mut faults = Vec::new();
    let context = ParseContext::lenient(s.site, of.customer, &input.path);
    // What is required is there of every image.
    let blank = ImageDraft { origin: "https://example.org/".into(), ..ImageDraft::default() };
    let mut draft = body::read::<Image>(blank, body.clone(), context, &mut faults);
    faults.extend(size::fault::<Image>(None, &mut draft));
    // None is locked: an open transaction that has written holds up all who follow changes, and images are searched for next.
    settle_searched_roles(s.conn, of.customer, &mut draft.roles)?;
    let unknown = unknown_searched_roles(s.conn, of.customer, draft.roles.iter())?;
    faults.extend(unknown_fault("roles", &unknown));
    let locked = NamedUploads::look(s.conn, of.customer, draft.origins())?;
    let initial = draft.initial_origin.as_deref().map(|origin| ("initialOrigin", origin));
    let named = [("origin", draft.origin.as_str())].into_iter().chain(initial);
    faults.extend(upload_faults(&locked, named));
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// Settles the roles that drafts name; returns the ids of those that are not there.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn settle(
    conn: &mut PgConnection,
    customer: i32,
    revisions: &mut [Revision],
) -> Result<HashSet<String>, Problem> {
    let given = revisions.iter_mut().flat_map(|revision| &mut revision.draft.roles);
    settle_roles(conn, customer, given)?;
    let named = revisions.iter().flat_map(|revision| &revision.draft.roles);
    Ok(unknown_roles(conn, customer, named)?.into_iter().collect())
}

/// Settles the roles that drafts name; each that is not there is a fault of the drafts that name it.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn check_roles(
    conn: &mut PgConnection,
    customer: i32,
    revisions: &mut [Revision],
    faults: &mut Vec<Fault>,
) -> Result<(), Problem> {
    let unknown = settle(conn, customer, revisions)?;
    let drafts = revisions.iter().map(|revision| (revision.index, &revision.draft));
    faults.extend(missing_roles(drafts, &unknown));
    Ok(())
}

/// Returns the faults of origins, each beside the member that holds it, that are uploads which cannot be named.
fn upload_faults<'o>(
    locked: &NamedUploads,
    named: impl Iterator<Item = (&'static str, &'o str)>,
) -> Vec<Fault> {
    let faults =
        named.filter_map(|(member, origin)| Some(Fault::new(member, locked.fault(origin)?)));
    faults.collect()
}

impl Revision {
    /// Returns the origins that are others than those held, beside their members.
    fn new_origins(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let held = &self.image.draft;
        let origin = Some(self.draft.origin.as_str()).filter(|origin| *origin != held.origin);
        let initial = self.draft.initial_origin.as_deref();
        let initial = initial.filter(|initial| held.initial_origin.as_deref() != Some(*initial));
        [("origin", origin), ("initialOrigin", initial)]
            .into_iter()
            .filter_map(|(member, origin)| Some((member, origin?)))
    }

    /// Returns the faults of its new origins that are uploads which cannot be named.
    pub fn upload_faults(&self, locked: &NamedUploads) -> Vec<Fault> {
        upload_faults(locked, self.new_origins())
    }
}

/// Locks the uploads that are new origins.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn lock_uploads(
    conn: &mut PgConnection,
    customer: i32,
    revisions: &[Revision],
) -> Result<NamedUploads, Problem> {
    let named = revisions.iter().flat_map(Revision::new_origins).map(|(_, origin)| origin);
    NamedUploads::lock(conn, customer, named)
}

/// Locks the uploads that are new origins; each that cannot be is a fault of the drafts that name it.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn check_uploads(
    conn: &mut PgConnection,
    customer: i32,
    revisions: &[Revision],
    faults: &mut Vec<Fault>,
) -> Result<(), Problem> {
    let locked = lock_uploads(conn, customer, revisions)?;
    let found = revisions.iter().flat_map(|revision| {
        let own = revision.upload_faults(&locked).into_iter();
        own.map(|fault| fault.within(revision.index))
    });
    // No more are told.
    faults.extend(found.take(MAX_FAULTS + 1));
    Ok(())
}

/// Returns whether a draft names a role that is not there.
pub(super) fn names_any(draft: &ImageDraft, unknown: &HashSet<String>) -> bool {
    draft.roles.iter().filter_map(StoredRole::own_id).any(|role| unknown.contains(role))
}

/// Writes drafts of locked images that differ from what is held; those with another origin are processed again, after
/// what waits already.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn write(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    revisions: Vec<Revision>,
) -> Result<(), Problem> {
    let differing = revisions.into_iter().filter(|r| r.draft != r.image.draft);
    let (again, kept): (Vec<Revision>, Vec<Revision>) =
        differing.partition(|r| r.draft.origin != r.image.draft.origin);
    rewrite::all(s.conn, customer, &rewritten(&kept), Sent::Not)?;
    if !again.is_empty() {
        let queued: DateTime<Utc> =
            diesel::select(diesel::dsl::now.into_sql::<Timestamptz>()).get_result(s.conn)?;
        let sent = Sent::Again { batch: None, queued };
        rewrite::all(s.conn, customer, &rewritten(&again), sent)?;
        let keys: Vec<(i32, &str)> =
            again.iter().map(|r| (r.image.space, r.image.id.as_str())).collect();
        job::put(s.conn, customer, &keys, Sender::Service)?;
        s.effects.push(Effect::WorkAdded);
    }
    s.effects.extend(kept.iter().chain(&again).map(|r| changed(r.image.address())));
    Ok(())
}

fn rewritten(revisions: &[Revision]) -> Vec<Rewritten<'_>> {
    revisions
        .iter()
        .map(|Revision { image, draft, .. }| Rewritten { space: image.space, id: &image.id, draft })
        .collect()
}
