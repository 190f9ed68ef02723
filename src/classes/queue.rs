//! The queue of a customer: images are registered here, in batches.

mod priority;

pub use priority::PriorityQueue;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::addresses::{self, CustomerAddress};
use super::batch::{Batch, Stored};
use super::image::submitted::Submission;
use super::image::{QUEUE_IMAGES, register};
use crate::counters;
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::batches;

#[derive(Debug)]
pub struct Queue {
    customer: i32,
    size: i64,
    batches_waiting: i64,
    est_completion: Option<DateTime<Utc>>,
}

impl Resource for Queue {
    type Address = CustomerAddress;
    type Draft = ();

    const NAME: &'static str = "Queue";
    const TEMPLATE: &'static str = addresses::QUEUE;
    const CLASS: Class<Self> = Class {
        doc: "Where images are registered: each collection of images that is POSTed becomes a batch. \
              Each image in it says by space which space it goes to.",
        properties: &[
            &field("size", "Images that wait, or are being processed", |q: &Self| &q.size)
                .non_negative(),
            &field("batchesWaiting", "Batches that are not finished", |q: &Self| {
                &q.batches_waiting
            })
            .non_negative(),
            &computed(
                "imagesWaiting",
                "Images that wait, or are being processed",
                |q: &Self, _| Some(q.size),
            )
            .range("xsd:nonNegativeInteger"),
            &field(
                "estCompletion",
                "When all of these will be processed, by how fast it goes now; absent where that is not known",
                |q: &Self| &q.est_completion,
            ),
            &collection("batches", "All batches, newest first", &BATCHES),
            &collection("images", "Images that wait, or are being processed", &QUEUE_IMAGES),
            &collection("active", "Batches in process: neither finished nor superseded", &ACTIVE),
            &collection("recent", "Finished batches, not superseded, latest first", &RECENT),
            &link::<Self, PriorityQueue>("priority", "Where images are submitted that go first"),
        ],
        operations: &[retrieve_counting::<Self>(), SUBMIT],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerAddress {
        CustomerAddress { customer: self.customer }
    }
    fn draft(&self) {}
}

/// The operation that submits a batch, but for the queue that it is put into.
const SUBMISSION: operation::OperationBuilder = post("create", "Submit images as a batch")
    .expects_a("ImageCollection")
    .returns::<Batch>()
    .answering(statuses::REGISTERED);

const SUBMIT: Operation<CustomerAddress> =
    SUBMISSION.writes(|s, at, input| submit(s, *at, input, false));

/// Registers what is submitted; `priority`: to the priority queue.
fn submit(
    s: &mut UnitOfWork<'_>,
    at: CustomerAddress,
    input: &Input,
    priority: bool,
) -> Result<Reply, Problem> {
    let submission = Submission { limit: s.site.batch_limit, holder: "a batch" };
    let batch = register::register(s, at, &submission, input, priority)?;
    s.effects.push(Effect::WorkAdded);
    Ok(Reply::shown(Outcome::Created, &Batch::find(s, &batch)?, s))
}

/// The batches of a queue that a list holds.
#[derive(Debug, Clone, Copy)]
enum Scope {
    All,
    Active,
    Recent,
}

static BATCHES: Collection<CustomerAddress, Batch> =
    collection_of("BatchCollection", "The batches of a customer, newest first.")
        .lists_by(|s, of, input| listed(s, *of, input, Scope::All))
        .ordered(ORDERABLE);

static ACTIVE: Collection<CustomerAddress, Batch> = collection_of(
    "ActiveBatchCollection",
    "Batches in process: neither finished nor superseded, newest first.",
)
.kind_of("BatchCollection")
.lists_by(|s, of, input| listed(s, *of, input, Scope::Active))
.ordered(ORDERABLE);

static RECENT: Collection<CustomerAddress, Batch> = collection_of(
    "RecentBatchCollection",
    "Finished batches that are not superseded, latest first.",
)
.kind_of("BatchCollection")
.lists_by(|s, of, input| listed(s, *of, input, Scope::Recent))
.ordered(ORDERABLE);

crate::orders! {
    batches by batches::id.desc(), then id:
    "id" is id, "submitted" is submitted, "count" is count, "finished" is finished,
    "superseded" is superseded, "completed" is completed, "errors" is errors;
    // Batches are done in their order; of those that are done nothing is reckoned.
    and "estCompletion" is batches::finished.is_not_null(),
}

fn listed(
    s: &mut UnitOfWork<'_>,
    of: CustomerAddress,
    input: &Input,
    scope: Scope,
) -> Result<Reply, Problem> {
    let (page, order) = ListRequest::of(input).validated()?;
    let own = || {
        let own = batches::table.filter(batches::customer.eq(of.customer)).into_boxed();
        match scope {
            Scope::All => own,
            Scope::Active => {
                own.filter(batches::finished.is_null()).filter(batches::superseded.eq(false))
            }
            Scope::Recent => {
                own.filter(batches::finished.is_not_null()).filter(batches::superseded.eq(false))
            }
        }
    };
    let total = own().count().get_result(s.conn)?;
    let found = match (scope, order) {
        (Scope::Recent, None) => own().order((batches::finished.desc(), batches::id.desc())),
        (_, order) => ordered(own(), order),
    };
    let rows: Vec<Stored> =
        found.limit(page.size).offset(page.offset()).select(Stored::as_select()).load(s.conn)?;
    let members = Batch::estimated(s.conn, of.customer, rows)?;
    Ok(page::collection_reply(s, input, &members, total))
}

impl Retrieve for Queue {
    fn find(s: &mut UnitOfWork<'_>, at: &CustomerAddress) -> Result<Self, Problem> {
        let customer = at.customer;
        let batches_waiting = batches::table
            .filter(batches::customer.eq(customer))
            .filter(batches::finished.is_null())
            .select(count_star())
            .first(s.conn)?;
        let size = counters::jobs(s.conn, customer)?;
        let rate = counters::rate::measured(s.conn, customer)?;
        let est_completion = rate.and_then(|rate| rate.completion(size));
        Ok(Self { customer, size, batches_waiting, est_completion })
    }
}
