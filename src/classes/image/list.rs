//! Collections of images: of a space, a customer, a queue, a batch; filtered, ordered, paged.

use diesel::prelude::*;

use super::order::{Sort, values};
use super::query::{self, Filter};
use super::{Image, pages, search};
use crate::addresses::{BatchAddress, CustomerAddress, ImageAddress, SpaceAddress};
use crate::classes::batch::Batch;
use crate::classes::role_uris::settle_searched_roles;
use crate::classes::space::Space;
use crate::hydra::Problem;
use crate::hydra::collection::{Page, PageLink, PageLinks};
use crate::resource::page::{Written, written_reply};
use crate::resource::page_key::{self, KeyKind, KeyValue, PageKey, Place};
use crate::resource::*;
use crate::schema::images;

/// Whose images a collection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Space(SpaceAddress),
    All(CustomerAddress),
    /// With a job, waiting or under way.
    Queue(CustomerAddress),
    /// For which it is the latest batch.
    Batch(BatchAddress),
    BatchCompleted(BatchAddress),
    BatchErrors(BatchAddress),
}

pub static SPACE_IMAGES: Collection<SpaceAddress> = Collection {
    name: "SpaceImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "The images of a space, in the order they were registered.",
    operations: &[
        list_by("SpaceImageCollection", |s, of, input| listed(s, input, Scope::Space(*of))),
        super::act::POST,
    ],
    filters: query::FILTERS,
    orderable: query::ORDERABLE,
};

pub static ALL_IMAGES: Collection<CustomerAddress> = Collection {
    name: "ImageCollection",
    parent: None,
    member: "Image",
    doc: "The images of a customer, over all spaces, in the order they were registered.",
    operations: &[list_by("ImageCollection", |s, of, input| listed(s, input, Scope::All(*of)))],
    filters: query::FILTERS,
    orderable: query::ORDERABLE,
};

pub static QUEUE_IMAGES: Collection<CustomerAddress> = Collection {
    name: "QueueImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images that wait, or are being processed, over all batches.",
    operations: &[list_by("QueueImageCollection", |s, of, input| {
        listed(s, input, Scope::Queue(*of))
    })],
    filters: query::FILTERS,
    orderable: query::ORDERABLE,
};

pub static BATCH_IMAGES: Collection<BatchAddress> = Collection {
    name: "BatchImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images for which this is the latest batch.",
    operations: &[list_by("BatchImageCollection", |s, of, input| {
        listed(s, input, Scope::Batch(*of))
    })],
    filters: query::FILTERS,
    orderable: query::ORDERABLE,
};

pub static BATCH_COMPLETED: Collection<BatchAddress> = Collection {
    name: "BatchCompletedImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images for which this is the latest batch, processed without an error.",
    operations: &[list_by("BatchCompletedImageCollection", |s, of, input| {
        listed(s, input, Scope::BatchCompleted(*of))
    })],
    filters: query::FILTERS,
    orderable: query::ORDERABLE,
};

pub static BATCH_ERRORS: Collection<BatchAddress> = Collection {
    name: "BatchErrorImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images for which this is the latest batch, processed with an error.",
    operations: &[list_by("BatchErrorImageCollection", |s, of, input| {
        listed(s, input, Scope::BatchErrors(*of))
    })],
    filters: query::FILTERS,
    orderable: query::ORDERABLE,
};

/// What is asked of a collection.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub scope: Scope,
    pub filter: Filter,
    pub sort: Sort,
    pub page: Page,
    /// The key of the page; none: it is asked for by its number.
    pub key: Option<PageKey>,
    /// Tells this list, filter and order from all others.
    pub digest: u64,
}

/// A page of a collection, written.
pub(super) struct Slice {
    pub members: String,
    /// Order values of the first member.
    pub first: Option<Vec<KeyValue>>,
    /// Order values of the last member.
    pub last: Option<Vec<KeyValue>>,
    /// Whether rows stand before the first member.
    pub before: bool,
    /// Whether rows follow the last member.
    pub after: bool,
    pub total: i64,
    pub is_estimated: bool,
}

fn listed(s: &mut UnitOfWork<'_>, input: &Input, scope: Scope) -> Result<Reply, Problem> {
    let mut faults = Vec::new();
    let page = input.query.page(&mut faults);
    let tenant = Some(scope.customer());
    let context = ParseContext {
        site: s.site,
        tenant,
        path: &input.path,
        new: false,
        id: None,
        strict: false,
    };
    let (mut filter, order) = query::read(&input.query, context, &mut faults);
    if !faults.is_empty() {
        scope.must_be_there(s)?;
        return Err(faults.into());
    }
    settle_searched_roles(s.conn, scope.customer(), &mut filter.roles)?;
    let question = Question::new(scope, filter, Sort::of(order), page, input);
    let slice = match question.is_of_whole_list() && question.sort.is_default() {
        true => pages::in_default_order(s, &question)?,
        false => found(s, &question)?,
    };
    if slice.total == 0 {
        scope.must_be_there(s)?;
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

impl Question {
    fn new(scope: Scope, mut filter: Filter, sort: Sort, page: Page, input: &Input) -> Self {
        // All images in one space are those of that space; in a space, a filter by itself says nothing.
        let scope = match (scope, filter.spaces.as_deref()) {
            (Scope::All(at), Some(&[space])) => {
                filter.spaces = None;
                Scope::Space(SpaceAddress { customer: at.customer, space })
            }
            (Scope::Space(at), Some(spaces)) if spaces.contains(&at.space) => {
                filter.spaces = None;
                scope
            }
            _ => scope,
        };
        let digest = page_key::digest(&format!("{scope:?} {filter:?} {}", sort.name()));
        let columns = sort.columns(scope.one_space().is_some());
        let kinds: Vec<KeyKind> = columns.iter().map(|column| column.kind).collect();
        let key = input.query.page_key().and_then(|text| PageKey::decode(text, digest, &kinds));
        Self { scope, filter, sort, page, key, digest }
    }

    /// Whether it asks for all images of a space or of a customer, whose places are known by chunks.
    fn is_of_whole_list(&self) -> bool {
        self.filter.is_empty() && matches!(self.scope, Scope::Space(_) | Scope::All(_))
    }

    /// Returns the links of a page, with keys, so that a walk needs no numbers.
    fn links(&self, slice: &Slice) -> PageLinks {
        let key = |place: Place| {
            let total = slice.is_estimated.then_some(slice.total);
            Some(PageKey { place, total }.encode(self.digest))
        };
        let number = self.page.number;
        let by_number = self.is_of_whole_list() && self.sort.is_default();
        let last = PageLink {
            number: self.page.last(slice.total),
            key: if by_number { None } else { key(Place::End) },
        };
        let previous = match &slice.first {
            Some(first) if slice.before => Some(PageLink {
                number: (number - 1).max(1),
                key: key(Place::Before(first.clone())),
            }),
            Some(_) => None,
            // Past the end, or all that came after the key is gone.
            None => (number > 1 || self.key.is_some()).then(|| last.clone()),
        };
        let next = slice.last.as_ref().filter(|_| slice.after).map(|last| PageLink {
            number: number.saturating_add(1),
            key: key(Place::After(last.clone())),
        });
        let first = if slice.is_estimated { key(Place::Start) } else { None };
        PageLinks { first: PageLink { number: 1, key: first }, previous, next, last }
    }
}

impl Scope {
    /// Whether the collection's parent is there, of which members would be proof.
    fn must_be_there(self, s: &mut UnitOfWork<'_>) -> Result<(), Problem> {
        match self {
            Self::Space(at) => Space::find(s, &at).map(|_| ()),
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => {
                Batch::find(s, &at).map(|_| ())
            }
            Self::All(_) | Self::Queue(_) => Ok(()),
        }
    }

    /// The one space whose images it holds; `None`: they may be of any.
    pub(super) fn one_space(self) -> Option<i32> {
        match self {
            Self::Space(at) => Some(at.space),
            _ => None,
        }
    }

    pub(super) fn customer(self) -> i32 {
        match self {
            Self::Space(at) => at.customer,
            Self::All(at) | Self::Queue(at) => at.customer,
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => at.customer,
        }
    }
}

impl Retrieve for Image {
    fn find(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let images = images::table.find((at.customer, at.space, &at.image));
        Ok(images.select(Self::as_select()).first(s.conn)?)
    }

    /// Look-ups in the same space share one statement.
    fn find_each(s: &mut UnitOfWork<'_>, at: &[ImageAddress]) -> Vec<Result<Self, Problem>> {
        let mut found: Vec<Self> = Vec::new();
        let mut spaces: Vec<(i32, i32)> = at.iter().map(|at| (at.customer, at.space)).collect();
        spaces.sort_unstable();
        spaces.dedup();
        for (customer, space) in spaces {
            let ids: Vec<&str> = at
                .iter()
                .filter(|at| (at.customer, at.space) == (customer, space))
                .map(|at| at.image.as_str())
                .collect();
            let own = images::table
                .filter(images::customer.eq(customer))
                .filter(images::space.eq(space))
                .filter(images::id.eq_any(&ids));
            match own.select(Self::as_select()).load(s.conn) {
                Ok(rows) => found.extend(rows),
                Err(_) => return at.iter().map(|at| Self::find(s, at)).collect(),
            }
        }
        let mut found: std::collections::HashMap<ImageAddress, Self> =
            found.into_iter().map(|image| (image.address(), image)).collect();
        at.iter()
            .enumerate()
            .map(|(number, wanted)| {
                let missing = || Problem::NotFound("there is no such image".into());
                // The last who asks takes it.
                let is_last = !at.iter().skip(number + 1).any(|other| other == wanted);
                let image = match is_last {
                    true => found.remove(wanted),
                    false => found.get(wanted).cloned(),
                };
                image.ok_or_else(missing)
            })
            .collect()
    }
}
