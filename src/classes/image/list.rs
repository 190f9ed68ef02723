//! Collections of images: of a space, a customer, a queue, a batch; filtered, ordered, paged.

use diesel::prelude::*;

use super::pages::{at_once, unfiltered};
use super::query;
use super::select::{filtered, load, ordered};
use super::{Image, ImageAddress};
use crate::classes::batch::{Batch, BatchAddress};
use crate::classes::customer::CustomerAddress;
use crate::classes::space::{Space, SpaceAddress};
use crate::hydra::Problem;
use crate::resource::page::{collection_reply, written_reply};
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

fn listed(s: &mut Session<'_>, input: &Input, scope: Scope) -> Result<Reply, Problem> {
    let mut faults = Vec::new();
    let page = input.query.page(&mut faults);
    let tenant = Some(scope.customer());
    let reading = Reading { site: s.site, tenant, path: &input.path, new: false, strict: false };
    let (filter, order) = query::read(&input.query, reading, &mut faults);
    if !faults.is_empty() {
        scope.must_be_there(s)?;
        return Err(faults.into());
    }
    if filter.is_empty()
        && order.is_none()
        && let Some((members, total)) = at_once(s, scope, page)?
    {
        return Ok(written_reply::<Image>(s, input, &members, total));
    }
    let listing = if filter.is_empty() {
        unfiltered(s, scope, order, page)?
    } else {
        let total = filtered(scope, &filter).count().get_result(s.conn)?;
        let found = ordered(filtered(scope, &filter), order);
        Listing { members: load(s.conn, found, page)?, total }
    };
    if listing.total == 0 {
        scope.must_be_there(s)?;
    }
    Ok(collection_reply(s, input, &listing.members, listing.total))
}

impl Scope {
    /// Whether the collection's parent is there, of which members would be proof.
    fn must_be_there(self, s: &mut Session<'_>) -> Result<(), Problem> {
        match self {
            Self::Space(at) => Space::find(s, &at).map(|_| ()),
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => {
                Batch::find(s, &at).map(|_| ())
            }
            Self::All(_) | Self::Queue(_) => Ok(()),
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
    fn find(s: &mut Session<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let images = images::table.find((at.customer, at.space, &at.image));
        Ok(images.select(Self::as_select()).first(s.conn)?)
    }

    /// Look-ups in the same space share one statement.
    fn find_each(s: &mut Session<'_>, at: &[ImageAddress]) -> Vec<Result<Self, Problem>> {
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
