//! Collections of images: of a space, a customer, a queue, a batch; filtered, ordered, paged.

use super::order::{Sort, values};
use super::question::{Question, Slice};
use super::scope::Scope;
use super::{Image, bulk, pages, query, search};
use crate::addresses::{BatchAddress, CustomerAddress, SpaceAddress};
use crate::classes::role::uris::settle_searched_roles;
use crate::hydra::Problem;
use crate::resource::collection::Listed as _;
use crate::resource::page::{Written, written_reply};
use crate::resource::*;

pub static SPACE_IMAGES: Collection<SpaceAddress, Image> = collection_of(
    "SpaceImageCollection",
    "The images of a space, in the order they were registered.",
)
.kind_of("ImageCollection")
.lists_by(|s, of, input| listed(s, input, Scope::Space(*of)))
.posts(
    create::<SpaceAddress, Image>()
        .answering(statuses::REGISTERED)
        .titled("Create, and process at once"),
)
.also(&[bulk::UPDATE, bulk::REMOVE])
.filters(query::FILTERS)
.ordered(query::ORDERABLE);

pub static ALL_IMAGES: Collection<CustomerAddress, Image> = collection_of(
    "ImageCollection",
    "The images of a customer, over all spaces, in the order they were registered.",
)
.lists_by(|s, of, input| listed(s, input, Scope::All(*of)))
.posts(SELECT_IMAGES)
.filters(query::FILTERS)
.ordered(query::ORDERABLE);

/// Shows the images of a customer that a body names.
const SELECT_IMAGES: Operation<CustomerAddress> =
    post("select", "Find the images that a collection names by id")
        .expects_a("ImageCollection")
        .returns_a("ImageCollection")
        .answering(statuses::REPORTED)
        .shows_what_is_named()
        .reads(|s, of, input| bulk::select(s, *of, input, &ALL_IMAGES.describe()));

/// Deletes the images of a customer that a body names.
pub const DELETE_IMAGES: Operation<CustomerAddress> =
    post("deleteImages", "Delete the images that a collection names by id, all or none")
        .expects_a("ImageCollection")
        .returns_a("ImageCollection")
        .answering(statuses::REPORTED)
        .shows_what_is_named()
        .writes(|s, of, input| bulk::delete_named(s, *of, input, &ALL_IMAGES.describe()));

pub static QUEUE_IMAGES: Collection<CustomerAddress, Image> = collection_of(
    "QueueImageCollection",
    "Images that wait, or are being processed, over all batches.",
)
.kind_of("ImageCollection")
.lists_by(|s, of, input| listed(s, input, Scope::Queue(*of)))
.filters(query::FILTERS)
.ordered(query::ORDERABLE);

pub static BATCH_IMAGES: Collection<BatchAddress, Image> =
    collection_of("BatchImageCollection", "Images for which this is the latest batch.")
        .kind_of("ImageCollection")
        .lists_by(|s, of, input| listed(s, input, Scope::Batch(*of)))
        .filters(query::FILTERS)
        .ordered(query::ORDERABLE);

pub static BATCH_COMPLETED: Collection<BatchAddress, Image> = collection_of(
    "BatchCompletedImageCollection",
    "Images for which this is the latest batch, processed without an error.",
)
.kind_of("ImageCollection")
.lists_by(|s, of, input| listed(s, input, Scope::BatchCompleted(*of)))
.filters(query::FILTERS)
.ordered(query::ORDERABLE);

pub static BATCH_ERRORS: Collection<BatchAddress, Image> = collection_of(
    "BatchErrorImageCollection",
    "Images for which this is the latest batch, processed with an error.",
)
.kind_of("ImageCollection")
.lists_by(|s, of, input| listed(s, input, Scope::BatchErrors(*of)))
.filters(query::FILTERS)
.ordered(query::ORDERABLE);

fn listed(s: &mut UnitOfWork<'_>, input: &Input, scope: Scope) -> Result<Reply, Problem> {
    let mut wanted = ListRequest::of(input);
    let context = ParseContext::lenient(s.site, scope.customer(), &input.path);
    let mut filter = query::read(wanted.query, context, &mut wanted.faults);
    if !wanted.faults.is_empty() {
        scope.must_be_there(s.conn)?;
    }
    let (page, order) = wanted.validated()?;
    settle_searched_roles(s.conn, scope.customer(), &mut filter.roles)?;
    let question = Question::new(scope, filter, Sort::of(order), page, input);
    let slice = match question.is_of_whole_list() && question.sort.is_default() {
        true => pages::in_default_order(s, &question)?,
        false => found(s, &question)?,
    };
    if slice.total == 0 {
        scope.must_be_there(s.conn)?;
    }
    let written = Written {
        members: &slice.members,
        total: slice.total,
        is_estimated: slice.is_estimated,
        links: question.links(&slice),
    };
    Ok(written_reply::<Image>(s, input, &written))
}

/// Finds a page under a filter or in another order, and writes it.
fn found(s: &mut UnitOfWork<'_>, question: &Question) -> Result<Slice, Problem> {
    let anchors = &s.site.anchors;
    let page = search::page(s.conn, question, anchors)?;
    let columns = question.sort.columns(question.scope.one_space().is_some());
    let mut members = Members::with_capacity(s.render_context(), page.images.len());
    page.images.iter().for_each(|image| members.push(image));
    Ok(Slice {
        members: members.finish(),
        first: page.images.first().map(|image| values(&columns, image)),
        last: page.images.last().map(|image| values(&columns, image)),
        before: page.before,
        after: page.after,
        total: page.total.number,
        is_estimated: page.total.is_estimated,
    })
}
