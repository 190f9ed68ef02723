//! Jobs: changes and deletions of more images than a request does at once.
//!
//! In the code they are called bulk jobs, because a job is the pending work of one image there.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::addresses::{self, CustomerAddress, JobAddress};
use crate::queue::bulk;
use crate::resource::operation::delete;
use crate::resource::*;
use crate::schema::bulk_jobs;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = bulk_jobs, check_for_backend(diesel::pg::Pg))]
pub struct Job {
    pub customer: i32,
    pub id: i64,
    pub space: i32,
    pub action: String,
    pub query: String,
    pub created: DateTime<Utc>,
    pub count: i64,
    pub completed: i64,
    pub errors: i64,
    pub messages: Vec<String>,
    pub cancelled: bool,
    pub finished: Option<DateTime<Utc>>,
    pub error: Option<String>,
}

impl Resource for Job {
    type Address = JobAddress;
    type Draft = ();

    const NAME: &'static str = "Job";
    const TEMPLATE: &'static str = addresses::JOB;
    const CLASS: Class<Self> = Class {
        doc: "A change or a deletion of many images, done bit by bit. Images that no longer match when it \
              comes to them, and those registered after it was asked for, are left alone; so completed and \
              errors together may differ from count when it is finished.",
        properties: &[
            &field("id", "Number in addresses, ascending", |j: &Self| &j.id),
            &field("action", "What is done to the images: delete or update", |j: &Self| &j.action),
            &field("space", "Number of the space of the images", |j: &Self| &j.space),
            &field(
                "query",
                "The filter, as the query of the request; empty: all images",
                |j: &Self| &j.query,
            ),
            &field("created", "When it was asked for", |j: &Self| &j.created),
            &field("count", "Images that matched then", |j: &Self| &j.count).non_negative(),
            &field("completed", "Images that were changed or deleted", |j: &Self| &j.completed)
                .non_negative(),
            &field("errors", "Images that could not be changed", |j: &Self| &j.errors)
                .non_negative(),
            &field("messages", "Why the first of these could not be changed", |j: &Self| {
                &j.messages
            }),
            &field("cancelled", "Whether it was cancelled before it was done", |j: &Self| {
                &j.cancelled
            }),
            &field(
                "finished",
                "When it was done, cancelled or given up; absent until then",
                |j: &Self| &j.finished,
            ),
            &field("error", "Why it was given up; absent if it was not", |j: &Self| &j.error),
            &action::<Self, Self>(
                "cancel",
                "DELETE this to end it; what is done stays done",
                &[CANCEL],
            )
            .when(|j, _| j.finished.is_none()),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> JobAddress {
        JobAddress { customer: self.customer, job: self.id }
    }
    fn draft(&self) {}
}

const CANCEL: Operation<JobAddress> = delete("cancel", "End the job; what is done stays done")
    .writes(|s, at, input| {
        // There is nothing to be seen at the address.
        input.conditions.allow(Current::Nothing)?;
        Job::find(s, at)?;
        bulk::cancel(s.conn, (at.customer, at.job))?;
        Ok(Reply::Removed)
    });

crate::orders! {
    bulk_jobs by bulk_jobs::id.desc(), then id:
    "id" is id, "action" is action, "space" is space, "query" is query, "created" is created, "count" is count, "completed" is completed,
    "errors" is errors, "cancelled" is cancelled, "finished" is finished, "error" is error,
}

pub static JOBS: Collection<CustomerAddress, Job> = collection_of(
    "JobCollection",
    "Changes and deletions of many images, newest first. Those that are finished are kept for as long as \
     changes are.",
)
.lists()
.ordered(ORDERABLE);

crate::stored! {
    Job in bulk_jobs { customer: customer, id: job }: retrieve, list(in CustomerAddress by customer),
}
