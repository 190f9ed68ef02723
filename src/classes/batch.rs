//! Batches: what was submitted to the queue, and how it came out.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::image::{BATCH_COMPLETED, BATCH_ERRORS, BATCH_IMAGES, ImageAddress};
use crate::address;
use crate::hydra::{OperationDoc, Problem};
use crate::resource::*;
use crate::schema::{batches, images, members};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = batches, check_for_backend(diesel::pg::Pg))]
pub struct Batch {
    pub customer: i32,
    pub id: i64,
    pub submitted: DateTime<Utc>,
    pub count: i32,
    pub finished: Option<DateTime<Utc>>,
    pub superseded: bool,
    #[diesel(select_expression = completed())]
    #[diesel(select_expression_type = completed)]
    pub completed: Option<i64>,
    #[diesel(select_expression = failed())]
    #[diesel(select_expression_type = failed)]
    pub errors: Option<i64>,
}

#[diesel::dsl::auto_type]
fn own_members() -> _ {
    let same_customer = members::customer.eq(batches::customer);
    let same_batch = members::batch.eq(batches::id);
    members::table.filter(same_customer).filter(same_batch)
}

/// Members processed with success, counted in the rows.
#[diesel::dsl::auto_type]
pub fn completed() -> _ {
    let own: own_members = own_members();
    let done = members::outcome.eq("completed");
    own.filter(done).select(diesel::dsl::count_star()).single_value()
}

/// Members processed with failure, deleted ones among them, counted in the rows.
#[diesel::dsl::auto_type]
pub fn failed() -> _ {
    let own: own_members = own_members();
    let done = members::outcome.ne("completed");
    own.filter(done).select(diesel::dsl::count_star()).single_value()
}

address! {
    #[derive(Copy)]
    pub struct BatchAddress { customer: i32, batch: i64 }
}

impl Resource for Batch {
    type Address = BatchAddress;
    type Draft = ();

    const NAME: &'static str = "Batch";
    const TEMPLATE: &'static str = "/customers/{customer}/queue/batches/{batch}";
    const CLASS: Class<Self> = Class {
        doc: "Images that were submitted together. completed counts successes only: a batch is done \
              when finished is there, and then completed and errors add up to count.",
        parent: None,
        properties: &[
            &field("id", "Number in addresses, ascending", |b: &Self| &b.id),
            &field("submitted", "When it was registered", |b: &Self| &b.submitted),
            &field("count", "Images as submitted; never changes", |b: &Self| &b.count)
                .non_negative(),
            &field("completed", "Images processed with success", |b: &Self| &b.completed)
                .non_negative(),
            &field(
                "errors",
                "Images processed with failure, and those deleted while they waited",
                |b: &Self| &b.errors,
            )
            .non_negative(),
            &field("finished", "When the last image was settled; absent until then", |b: &Self| {
                &b.finished
            }),
            &field(
                "superseded",
                "Whether all its images were sent again in later batches; test brings it up to date",
                |b: &Self| &b.superseded,
            ),
            &collection("images", "Images for which this is the latest batch", &BATCH_IMAGES),
            &collection("completedImages", "Of these, those without an error", &BATCH_COMPLETED),
            &collection("errorImages", "Of these, those with an error", &BATCH_ERRORS),
            &action("test", "POST here to bring the batch up to date", "BatchTest", &[TEST]),
        ],
        operations: &[retrieve_counting::<Self>()],
        beneath: &[],
    };

    fn address(&self) -> BatchAddress {
        BatchAddress { customer: self.customer, batch: self.id }
    }
    fn draft(&self) {}
}

/// What a test of a batch came to.
#[derive(Debug)]
pub struct BatchTest {
    at: BatchAddress,
    success: bool,
}

impl Resource for BatchTest {
    type Address = BatchAddress;
    type Draft = ();

    const NAME: &'static str = "BatchTest";
    const TEMPLATE: &'static str = "/customers/{customer}/queue/batches/{batch}/test";
    const CLASS: Class<Self> = Class {
        doc: "What a test of a batch came to.",
        parent: None,
        properties: &[&field(
            "success",
            "Whether something was out of date, and is now right",
            |t: &Self| &t.success,
        )],
        operations: &[],
        beneath: &[],
    };

    fn address(&self) -> BatchAddress {
        self.at
    }
    fn draft(&self) {}
}

const TEST: Operation<BatchAddress> = Operation {
    doc: OperationDoc {
        name: "test",
        method: "POST",
        title: "Bring the batch up to date",
        expects: None,
        returns: Some("BatchTest"),
        statuses: statuses::TESTED,
        parameters: &[],
        administrators_only: false,
    },
    body: Body::Optional,
    chooses: false,
    act: Act::Write(|s, at, _| {
        lock(s.conn, at.customer, &[at.batch])?;
        let held = Batch::find(s, at)?;
        let pointing = images::table
            .filter(images::customer.eq(at.customer))
            .filter(images::batch.eq(at.batch));
        let superseded: bool = diesel::select(not(exists(pointing))).get_result(s.conn)?;
        let finished = finish(s.conn, at.customer, at.batch)?;
        if superseded != held.superseded {
            diesel::update(batches::table.find((at.customer, at.batch)))
                .set(batches::superseded.eq(superseded))
                .execute(s.conn)?;
        }
        let test = BatchTest { at: *at, success: finished || superseded != held.superseded };
        Ok(Reply::shown(Outcome::Told, &test, s))
    }),
};

/// Makes a batch of so many images; answers its number, and when that was by the database's clock.
///
/// # Errors
/// Where the database does not answer.
pub fn make(
    conn: &mut PgConnection,
    customer: i32,
    count: usize,
) -> Result<(i64, DateTime<Utc>), Problem> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    Ok(diesel::insert_into(batches::table)
        .values((batches::customer.eq(customer), batches::count.eq(count)))
        .returning((batches::id, batches::submitted))
        .get_result(conn)?)
}

/// Makes images the members of a batch that was made in this transaction.
///
/// # Errors
/// Where the database does not answer.
pub fn put_members<'a>(
    conn: &mut PgConnection,
    customer: i32,
    batch: i64,
    images: impl Iterator<Item = &'a ImageAddress>,
) -> Result<(), Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        images.map(|at| (at.space, at.image.as_str())).unzip();
    diesel::sql_query(
        "INSERT INTO members (customer, batch, space, image) \
         SELECT $1, $2, space, image FROM unnest($3, $4) AS n (space, image)",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(batch)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .execute(conn)?;
    Ok(())
}

/// Holds batches until the transaction ends, in the order of their numbers (`rules.md` 6.3).
///
/// # Errors
/// Where the database does not answer.
pub fn lock(conn: &mut PgConnection, customer: i32, wanted: &[i64]) -> Result<(), Problem> {
    batches::table
        .filter(batches::customer.eq(customer))
        .filter(batches::id.eq_any(wanted))
        .order(batches::id)
        .select(batches::id)
        .for_no_key_update()
        .load::<i64>(conn)?;
    Ok(())
}

/// Numbers of the batches in which an image waits.
///
/// # Errors
/// Where the database does not answer.
pub fn waiting_in(conn: &mut PgConnection, at: &ImageAddress) -> Result<Vec<i64>, Problem> {
    Ok(members::table
        .filter(members::customer.eq(at.customer))
        .filter(members::space.eq(at.space))
        .filter(members::image.eq(&at.image))
        .filter(members::outcome.is_null())
        .order(members::batch)
        .select(members::batch)
        .load(conn)?)
}

/// How a member of a batch came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOutcome {
    Completed,
    Failed,
    Deleted,
}

/// Settles an image in batches whose rows the transaction holds; finishes those that have no other left.
///
/// # Errors
/// Where the database does not answer.
pub fn settle(
    conn: &mut PgConnection,
    at: &ImageAddress,
    held: &[i64],
    outcome: MemberOutcome,
) -> Result<(), Problem> {
    let word = match outcome {
        MemberOutcome::Completed => "completed",
        MemberOutcome::Failed => "failed",
        MemberOutcome::Deleted => "deleted",
    };
    let waiting = members::table
        .filter(members::customer.eq(at.customer))
        .filter(members::batch.eq_any(held))
        .filter(members::space.eq(at.space))
        .filter(members::image.eq(&at.image))
        .filter(members::outcome.is_null());
    diesel::update(waiting).set(members::outcome.eq(word)).execute(conn)?;
    for batch in held {
        finish(conn, at.customer, *batch)?;
    }
    Ok(())
}

/// Sets `finished` where nothing waits any more and it is not set; says whether it did.
fn finish(conn: &mut PgConnection, customer: i32, batch: i64) -> Result<bool, Problem> {
    let waiting = members::table
        .filter(members::customer.eq(customer))
        .filter(members::batch.eq(batch))
        .filter(members::outcome.is_null());
    let unfinished = batches::table
        .filter(batches::customer.eq(customer))
        .filter(batches::id.eq(batch))
        .filter(batches::finished.is_null())
        .filter(not(exists(waiting)));
    let finished =
        diesel::update(unfinished).set(batches::finished.eq(Utc::now())).execute(conn)?;
    Ok(finished > 0)
}

impl Retrieve for Batch {
    fn find(s: &mut Session<'_>, at: &BatchAddress) -> Result<Self, Problem> {
        let batches = batches::table.find((at.customer, at.batch));
        Ok(batches.select(Self::as_select()).first(s.conn)?)
    }
}
