//! Batches: what was submitted to the queue, and how it came out.

mod cancel;
mod reingest;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::addresses::{self, BatchAddress};
use super::image::{BATCH_COMPLETED, BATCH_ERRORS, BATCH_IMAGES};
use crate::counters::rate;
use crate::hydra::Problem;
use crate::queue::batch::{finish, lock};
use crate::resource::*;
use crate::schema::{batches, images};
use cancel::CANCEL;
use reingest::REINGEST_ERRORS;

/// The row of a batch.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = batches, check_for_backend(diesel::pg::Pg))]
pub struct Stored {
    pub customer: i32,
    pub id: i64,
    pub submitted: DateTime<Utc>,
    pub count: i32,
    pub finished: Option<DateTime<Utc>>,
    pub superseded: bool,
    /// Members settled with success.
    pub completed: i32,
    /// Members settled with failure, deleted and cancelled ones among them.
    pub errors: i32,
}

/// A batch, with what is reckoned of it.
#[derive(Debug)]
pub struct Batch {
    stored: Stored,
    est_completion: Option<DateTime<Utc>>,
}

/// Unfinished batches of which is told when they will be done: the first of a customer.
const ESTIMATED: i64 = 1000;

impl Batch {
    /// Returns batches of a customer with the times at which they will be done.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn estimated(
        conn: &mut PgConnection,
        customer: i32,
        rows: Vec<Stored>,
    ) -> Result<Vec<Self>, Problem> {
        let mut ahead = HashMap::new();
        let mut rate = None;
        if rows.iter().any(|row| row.finished.is_none()) {
            rate = rate::measured(conn, customer)?;
        }
        if rate.is_some() {
            ahead.extend(rate::ahead(conn, customer, ESTIMATED)?);
        }
        let estimate = |stored: Stored| {
            let images = ahead.get(&stored.id).copied();
            let est_completion =
                rate.zip(images).and_then(|(rate, images)| rate.completion(images));
            Self { stored, est_completion }
        };
        Ok(rows.into_iter().map(estimate).collect())
    }
}

impl Resource for Batch {
    type Address = BatchAddress;
    type Draft = ();

    const NAME: &'static str = "Batch";
    const TEMPLATE: &'static str = addresses::BATCH;
    const CLASS: Class<Self> = Class {
        doc: "Images that were submitted together. completed counts successes only: a batch is done \
              when finished is there, and then completed and errors add up to count.",
        properties: &[
            &field("id", "Number in addresses, ascending", |b: &Self| &b.stored.id),
            &field("submitted", "When it was registered", |b: &Self| &b.stored.submitted),
            &field("count", "Images as submitted; never changes", |b: &Self| &b.stored.count)
                .non_negative(),
            &field("completed", "Images processed with success", |b: &Self| &b.stored.completed)
                .non_negative(),
            &field(
                "errors",
                "Images processed with failure, and those deleted or cancelled while they waited",
                |b: &Self| &b.stored.errors,
            )
            .non_negative(),
            &field("finished", "When the last image was settled; absent until then", |b: &Self| {
                &b.stored.finished
            }),
            &field(
                "estCompletion",
                "When it will be processed, by how fast it goes now; absent where that is not known",
                |b: &Self| &b.est_completion,
            ),
            &field(
                "superseded",
                "Whether all its images were sent again in later batches; test brings it up to date",
                |b: &Self| &b.stored.superseded,
            ),
            &collection("images", "Images for which this is the latest batch", &BATCH_IMAGES),
            &collection("completedImages", "Of these, those without an error", &BATCH_COMPLETED),
            &collection("errorImages", "Of these, those with an error", &BATCH_ERRORS),
            &action::<Self, BatchTest>("test", "POST here to bring the batch up to date", &[TEST]),
            &action::<Self, Self>(
                "reingestErrors",
                "POST here to submit the images that failed as a new batch; those that wait or came \
                 through since are left out, and it is 400 where none is left",
                &[REINGEST_ERRORS],
            )
            .when(|b, _| b.stored.errors > 0),
            &action::<Self, Self>(
                "cancel",
                "DELETE this to cancel the images that wait: each counts as an error. Those that were \
                 sent again since are processed all the same",
                &[CANCEL],
            ),
        ],
        operations: &[retrieve_counting::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> BatchAddress {
        BatchAddress { customer: self.stored.customer, batch: self.stored.id }
    }
    fn draft(&self) {}
}

/// The result of a test of a batch.
#[derive(Debug)]
pub struct BatchTest {
    at: BatchAddress,
    success: bool,
}

impl Resource for BatchTest {
    type Address = BatchAddress;
    type Draft = ();

    const NAME: &'static str = "BatchTest";
    const TEMPLATE: &'static str = addresses::BATCH_TEST;
    const CLASS: Class<Self> = Class {
        doc: "What a test of a batch came to.",
        properties: &[&field(
            "success",
            "Whether something was out of date, and is now right",
            |t: &Self| &t.success,
        )],
        ..Class::EMPTY
    };

    fn address(&self) -> BatchAddress {
        self.at
    }
    fn draft(&self) {}
}

const TEST: Operation<BatchAddress> = post("test", "Bring the batch up to date")
    .accepts_any_body()
    .returns::<BatchTest>()
    .answering(statuses::REPORTED)
    .writes(|s, at, _| {
        lock(s.conn, at.customer, &[at.batch])?;
        let held = Batch::find(s, at)?;
        let pointing = images::table
            .filter(images::customer.eq(at.customer))
            .filter(images::batch.eq(at.batch));
        let superseded: bool = diesel::select(not(exists(pointing))).get_result(s.conn)?;
        let finished = finish(s.conn, at.customer, &[at.batch])?;
        if superseded != held.stored.superseded {
            diesel::update(batches::table.find((at.customer, at.batch)))
                .set(batches::superseded.eq(superseded))
                .execute(s.conn)?;
        }
        let success = !finished.is_empty() || superseded != held.stored.superseded;
        s.effects.extend(finished.iter().map(|finished| Effect::Note(finished.to_string())));
        let test = BatchTest { at: *at, success };
        Ok(Reply::shown(Outcome::Reported, &test, s))
    });

impl Retrieve for Batch {
    fn find(s: &mut UnitOfWork<'_>, at: &BatchAddress) -> Result<Self, Problem> {
        let row = batches::table.find((at.customer, at.batch));
        let stored: Stored = row.select(Stored::as_select()).first(s.conn)?;
        let mut found = Self::estimated(s.conn, at.customer, vec![stored])?;
        found.pop().ok_or_else(|| Problem::NotFound("there is no such batch".into()))
    }
}
