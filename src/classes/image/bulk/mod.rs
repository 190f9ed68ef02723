//! Changes and deletions of many images in one request: by their ids, or all that a filter matches (docs/adr/0026).

mod named;
mod revise;
mod selection;
mod step;

pub use step::step;

use diesel::connection::SimpleConnection as _;
use serde_json::{Map, Value};

use super::scope::Scope;
use super::submitted::{self, Submission};
use super::{Image, query, removal};
use crate::addresses::{CustomerAddress, JobAddress, SpaceAddress};
use crate::classes::job::Job;
use crate::hydra::collection::{Page, PageLinks};
use crate::hydra::{CollectionDoc, Fault, Problem};
use crate::queue::bulk;
use crate::resource::operation::{delete, patch};
use crate::resource::page::{Written, written_as};
use crate::resource::*;
use named::Named;
use revise::{Revision, revised};
use selection::{Selection, Strength};

/// Images that a request changes or deletes at once, at most.
pub const AT_ONCE: usize = 1000;

/// Changes the images of a space: those that the body names, or all that the filter matches.
pub(super) const UPDATE: Operation<SpaceAddress> = patch(
    "updateAll",
    "Update the images that a collection names by id, or all that the filter matches, alike",
)
.expects::<Image>()
.returns_a("SpaceImageCollection")
.answering(statuses::CHANGED_BY_FILTER)
.parameters(&query::SELECTING)
.writes(|s, of, input| update(s, *of, input));

/// Deletes the images of a space that the filter matches.
pub(super) const REMOVE: Operation<SpaceAddress> =
    delete("removeAll", "Delete all images that the filter matches")
        .returns_a("SpaceImageCollection")
        .answering(statuses::REMOVED_BY_FILTER)
        .parameters(&query::SELECTING)
        .writes(|s, of, input| remove(s, *of, input));

fn update(s: &mut UnitOfWork<'_>, of: SpaceAddress, input: &Input) -> Result<Reply, Problem> {
    let body = input.object("image, or collection of images")?;
    check_state(s, of, input)?;
    match names_images(&body) {
        true => update_named(s, of, input),
        false => update_selected(s, of, input, body),
    }
}

/// Returns whether a body is a collection, and not the members that all images are to have.
fn names_images(body: &Map<String, Value>) -> bool {
    let is_collection =
        |kind: &Value| kind.as_str().is_some_and(|kind| kind.ends_with("Collection"));
    body.contains_key("member")
        || match body.get("@type") {
            Some(Value::Array(kinds)) => kinds.iter().any(is_collection),
            Some(kind) => is_collection(kind),
            None => false,
        }
}

/// Bounds the two statements that may look at each image of a space: together with what is written then, they end before the
/// client is told to try again, which would do it twice.
const SCANNING: &str = "SET LOCAL statement_timeout = '20s'";

/// Checks that the space is there, in a state that the conditions allow; then that the query says nothing that is not
/// known.
fn check_state(s: &mut UnitOfWork<'_>, of: SpaceAddress, input: &Input) -> Result<(), Problem> {
    Scope::Space(of).must_be_there(s.conn)?;
    input.conditions.allow(Current::Unseen)?;
    // Whether an index serves a filter depends on its values: no plan serves all.
    s.conn.batch_execute("SET LOCAL plan_cache_mode = force_custom_plan")?;
    s.conn.batch_execute(SCANNING)?;
    Ok(())
}

/// Changes each image that the body names as its member says, or none.
fn update_named(s: &mut UnitOfWork<'_>, of: SpaceAddress, input: &Input) -> Result<Reply, Problem> {
    let mut faults = selection::refused(&input.query);
    let members = submitted::members(s.site, input, &SUBMISSION, &mut faults)?;
    let named = named::read(s.site, (of.customer, Some(of.space)), input, members, &mut faults);
    let images = named::lock(s, of.customer, &named, Strength::Change, &mut faults)?;
    let mut revisions = Vec::with_capacity(images.len());
    for Named { index, at, body } in named {
        let Some(image) = images.get(&at) else { continue };
        match revised(s.site, image, body, (&input.path, input.strict)) {
            Ok(draft) => revisions.push(Revision { index, image: image.clone(), draft }),
            Err(own) => faults.extend(own.into_iter().map(|fault| fault.within(index))),
        }
    }
    revise::check_roles(s.conn, of.customer, &mut revisions, &mut faults)?;
    revise::check_uploads(s.conn, of.customer, &revisions, &mut faults)?;
    stop_at(faults)?;
    revise::write(s, of.customer, revisions)?;
    Ok(Reply::Changed)
}

/// Changes all images that the filter matches alike: at once, or by a job where they are many.
fn update_selected(
    s: &mut UnitOfWork<'_>,
    of: SpaceAddress,
    input: &Input,
    body: Map<String, Value>,
) -> Result<Reply, Problem> {
    let body = revise::alike(s.site, of, body, input);
    let selection = selection::read(s, of, input);
    let (body, selection) = match (body, selection) {
        (Ok(body), Ok(selection)) => (body, selection),
        (Err(mut own), Err(Problem::Invalid(of_query))) => {
            own.extend(of_query);
            return Err(own.into());
        }
        (Err(own), _) => return Err(own.into()),
        (_, Err(problem)) => return Err(problem),
    };
    // Whether its values are accepted is found out before anything is begun.
    revise::check_values(s, of, &body, input)?;
    let Some(images) = selection.lock_few(s, Strength::Change)? else {
        let text = serde_json::to_string(&body).map_err(Problem::internal)?;
        return begin(s, &selection, input, Some(text));
    };
    selection.check_expected_of(&images)?;
    let (mut faults, mut revisions) = (Vec::new(), Vec::with_capacity(images.len()));
    for image in images {
        match revised(s.site, &image, body.clone(), (&input.path, input.strict)) {
            Ok(draft) => revisions.push(Revision { index: 0, image, draft }),
            Err(own) => faults.extend(own.into_iter().map(|fault| Fault {
                reason: format!("{} (in image {})", fault.reason, image.id),
                ..fault
            })),
        }
    }
    revise::check_roles(s.conn, of.customer, &mut revisions, &mut faults)?;
    revise::check_uploads(s.conn, of.customer, &revisions, &mut faults)?;
    stop_at(faults)?;
    revise::write(s, of.customer, revisions)?;
    Ok(Reply::Changed)
}

fn remove(s: &mut UnitOfWork<'_>, of: SpaceAddress, input: &Input) -> Result<Reply, Problem> {
    check_state(s, of, input)?;
    let selection = selection::read(s, of, input)?;
    let Some(images) = selection.lock_few(s, Strength::Delete)? else {
        return begin(s, &selection, input, None);
    };
    selection.check_expected_of(&images)?;
    removal::remove(s, of.customer, &images)?;
    Ok(Reply::Changed)
}

/// Shows a list without its members, and how many there are.
fn counted(s: &UnitOfWork<'_>, input: &Input, total: i64) -> Reply {
    let links = PageLinks::by_number(Page::FIRST, total);
    let page = Written { members: "", total, is_estimated: false, links };
    reported(match &input.collection {
        Some(doc) => written_as::<Image>(s, input, doc, &page),
        None => Reply::Changed,
    })
}

/// Makes a job of what is too much for a request.
fn begin(
    s: &mut UnitOfWork<'_>,
    selection: &Selection,
    input: &Input,
    body: Option<String>,
) -> Result<Reply, Problem> {
    let count = selection.count(s.conn)?;
    selection.check_expected(count)?;
    if selection.dry_run {
        return Ok(counted(s, input, count));
    }
    let query = input.query.only(query::FILTERS);
    let wanted = bulk::Wanted { of: selection.of, query: &query, body, count };
    let at = JobAddress { customer: selection.of.customer, job: bulk::make(s.conn, &wanted)? };
    let job = Job::find(s, &at)?;
    Ok(Reply::shown(Outcome::Accepted, &job, s))
}

const SUBMISSION: Submission = Submission { limit: AT_ONCE, holder: "a request" };

/// Shows the images that the body names.
///
/// # Errors
/// Returns [`Problem::Invalid`], which names each id that is not there.
pub(super) fn select(
    s: &mut UnitOfWork<'_>,
    of: CustomerAddress,
    input: &Input,
    doc: &CollectionDoc,
) -> Result<Reply, Problem> {
    let (named, mut faults) = read_named(s.site, of, input)?;
    let images = named::find(s, of.customer, &named, &mut faults)?;
    stop_at(faults)?;
    Ok(shown_all(s, input, doc, &images))
}

/// Deletes the images that the body names, or none, and shows what they were.
///
/// # Errors
/// Returns [`Problem::Invalid`], which names each id that is not there.
pub(super) fn delete_named(
    s: &mut UnitOfWork<'_>,
    of: CustomerAddress,
    input: &Input,
    doc: &CollectionDoc,
) -> Result<Reply, Problem> {
    let (named, mut faults) = read_named(s.site, of, input)?;
    let mut images = named::lock(s, of.customer, &named, Strength::Delete, &mut faults)?;
    stop_at(faults)?;
    let images: Vec<Image> = named.iter().filter_map(|named| images.remove(&named.at)).collect();
    let reply = shown_all(s, input, doc, &images);
    removal::remove(s, of.customer, &images)?;
    Ok(reply)
}

/// Reads the images that a body names by their ids, and the faults of that.
fn read_named(
    site: &Site,
    of: CustomerAddress,
    input: &Input,
) -> Result<(Vec<Named>, Vec<Fault>), Problem> {
    let mut faults = selection::refused(&input.query);
    let members = submitted::members(site, input, &SUBMISSION, &mut faults)?;
    let named = named::read_ids(site, of.customer, input, members, &mut faults);
    Ok((named, faults))
}

/// Shows images as a list that is one page.
fn shown_all(s: &UnitOfWork<'_>, input: &Input, doc: &CollectionDoc, images: &[Image]) -> Reply {
    let mut members = Members::with_capacity(s.render_context(), images.len());
    for image in images {
        members.push(image);
    }
    let total = i64::try_from(images.len()).unwrap_or(i64::MAX);
    let links = PageLinks::by_number(Page { number: 1, size: total.max(1) }, total);
    let page = Written { members: &members.finish(), total, is_estimated: false, links };
    reported(written_as::<Image>(s, input, doc, &page))
}

/// Makes a page the report of a request that is no GET.
fn reported(reply: Reply) -> Reply {
    match reply {
        Reply::Shown { id, body, tag, .. } => {
            Reply::Shown { outcome: Outcome::Reported, id, body, tag }
        }
        reply => reply,
    }
}

/// Refuses a request with all its faults, in the order of the members that they are about.
fn stop_at(mut faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort_by_key(|fault| submitted::index_of(&fault.pointer));
    Err(faults.into())
}
