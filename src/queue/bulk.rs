//! Bulk jobs: changes and deletions of more images than a request does at once, worked in chunks (docs/adr/0026).
//!
//! A chunk is one transaction that holds the row of its job, writes the images, and notes how far it came. So a job is
//! worked by one process at a time, and one whose process dies goes on where its last chunk ended.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::addresses::SpaceAddress;
use crate::hydra::{Fault, Problem};
use crate::schema::{bulk_jobs, customers};

/// Bulk jobs of a customer that may be unfinished at a time.
const MOST: i64 = 100;
/// Messages that a bulk job keeps, of the first images that could not be changed.
const MESSAGES: usize = 20;
/// Turns in a row that may come to nothing until a bulk job is given up: with their pauses, more than a day.
const MAX_FAILURES: i32 = 1500;
/// Longest pause after a turn that came to nothing, in seconds.
const MAX_PAUSE_S: i32 = 60;

/// Action of a bulk job on its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Delete,
    Update,
}

impl Action {
    /// Returns the word that its column has.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Update => "update",
        }
    }
}

/// A bulk job that is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The space of the images.
    pub of: SpaceAddress,
    /// The filter, as a query.
    pub query: &'a str,
    /// The members that are changed, as JSON; `None`: the images are deleted.
    pub body: Option<String>,
    /// Images that match now.
    pub count: i64,
}

/// The place in the default order of a space up to which all images are done: when the last was registered, and its id.
pub type Place = (DateTime<Utc>, String);

/// A bulk job as its chunks need it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = bulk_jobs, check_for_backend(diesel::pg::Pg))]
pub struct BulkJob {
    pub customer: i32,
    pub id: i64,
    pub space: i32,
    pub query: String,
    pub body: Option<String>,
    actor: String,
    /// Images registered from then on are left alone.
    pub created: DateTime<Utc>,
    messages: Vec<String>,
    reached_created: Option<DateTime<Utc>>,
    reached_id: Option<String>,
}

impl BulkJob {
    /// Returns the space of the images.
    pub fn of(&self) -> SpaceAddress {
        SpaceAddress { customer: self.customer, space: self.space }
    }

    /// Returns the place up to which all are done; `None`: none are.
    pub fn reached(&self) -> Option<Place> {
        self.reached_created.zip(self.reached_id.clone())
    }
}

/// The result of a chunk.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Images that were changed or deleted.
    pub completed: i64,
    /// Reasons why images could not be changed, one message each.
    pub errors: Vec<String>,
    /// The place up to which all are done now; `None`: the job is done.
    pub reached: Option<Place>,
}

/// Makes a bulk job; the actor of the transaction is that of its changes. Returns its number.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the customer has as many unfinished as it may have.
pub fn make(conn: &mut PgConnection, wanted: &Wanted<'_>) -> Result<i64, Problem> {
    let customer = wanted.of.customer;
    // Others that are made at the same time wait, so that all are counted.
    customers::table.find(customer).select(customers::id).for_no_key_update().first::<i32>(conn)?;
    let unfinished: i64 = bulk_jobs::table
        .filter(bulk_jobs::customer.eq(customer))
        .filter(bulk_jobs::finished.is_null())
        .count()
        .get_result(conn)?;
    if unfinished >= MOST {
        let reason =
            format!("are {unfinished} that are not finished, as many as a customer may have");
        // Nothing of the body is wrong.
        return Err(Fault { pointer: String::new(), ..Fault::new("jobs", reason) }.into());
    }
    let action = if wanted.body.is_some() { Action::Update } else { Action::Delete };
    Ok(diesel::insert_into(bulk_jobs::table)
        .values((
            bulk_jobs::customer.eq(customer),
            bulk_jobs::space.eq(wanted.of.space),
            bulk_jobs::action.eq(action.word()),
            bulk_jobs::query.eq(wanted.query),
            bulk_jobs::body.eq(&wanted.body),
            bulk_jobs::count.eq(wanted.count),
        ))
        .returning(bulk_jobs::id)
        .get_result(conn)?)
}

/// The key of a bulk job: its customer and its number.
pub type Key = (i32, i64);

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Returns the job whose turn it is: of each customer the oldest, and among customers that which had none for longest.
///
/// It is not locked; those at which other processes are come last.
///
/// # Errors
/// Fails if the database does not answer.
pub fn due(conn: &mut PgConnection) -> Result<Vec<Key>, Problem> {
    let due: Vec<Due> = diesel::sql_query(
        "SELECT customer, id FROM (\
           SELECT DISTINCT ON (customer) customer, id, turn FROM bulk_jobs \
           WHERE finished IS NULL ORDER BY customer, id) AS oldest \
         WHERE turn <= now() ORDER BY turn, customer",
    )
    .load(conn)?;
    Ok(due.into_iter().map(|due| (due.customer, due.id)).collect())
}

/// Holds a bulk job until the transaction ends, and makes its actor that of the transaction; `None` if it is finished, or
/// another process is at it.
///
/// # Errors
/// Fails if the database does not answer.
pub fn hold(conn: &mut PgConnection, key: Key) -> Result<Option<BulkJob>, Problem> {
    let held: Option<BulkJob> = bulk_jobs::table
        .find(key)
        .filter(bulk_jobs::finished.is_null())
        .select(BulkJob::as_select())
        .for_no_key_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    if let Some(job) = &held {
        diesel::sql_query("SELECT set_config('hydria.actor', $1, TRUE)")
            .bind::<Text, _>(&job.actor)
            .execute(conn)?;
    }
    Ok(held)
}

/// Notes what came of a chunk of a job that is held.
///
/// # Errors
/// Fails if the database does not answer.
pub fn advance(conn: &mut PgConnection, job: &BulkJob, chunk: Chunk) -> Result<(), Problem> {
    let errors = i64::try_from(chunk.errors.len()).unwrap_or(i64::MAX);
    let mut messages = job.messages.clone();
    messages.extend(chunk.errors);
    messages.truncate(MESSAGES);
    let finished = chunk.reached.is_none().then(Utc::now);
    let (reached_created, reached_id) = chunk.reached.or_else(|| job.reached()).unzip();
    diesel::update(bulk_jobs::table.find((job.customer, job.id)))
        .set((
            bulk_jobs::completed.eq(bulk_jobs::completed + chunk.completed),
            bulk_jobs::errors.eq(bulk_jobs::errors + errors),
            bulk_jobs::messages.eq(messages),
            bulk_jobs::finished.eq(finished),
            bulk_jobs::reached_created.eq(reached_created),
            bulk_jobs::reached_id.eq(reached_id),
            bulk_jobs::turn.eq(diesel::dsl::now),
            bulk_jobs::failures.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a job off whose turn came to nothing because of a fault of the service, for longer each time; after many it is
/// given up.
///
/// # Errors
/// Fails if the database does not answer.
pub fn put_off(conn: &mut PgConnection, key: Key) -> Result<(), Problem> {
    diesel::sql_query(
        "UPDATE bulk_jobs SET failures = failures + 1, \
         turn = now() + make_interval(secs => LEAST($3, (2 ^ LEAST(failures, 6))::int)), \
         finished = CASE WHEN failures + 1 >= $4 THEN now() END, \
         error = CASE WHEN failures + 1 >= $4 THEN 'internal fault: it was tried again and again in vain' END \
         WHERE customer = $1 AND id = $2 AND finished IS NULL",
    )
    .bind::<Integer, _>(key.0)
    .bind::<BigInt, _>(key.1)
    .bind::<Integer, _>(MAX_PAUSE_S)
    .bind::<Integer, _>(MAX_FAILURES)
    .execute(conn)?;
    Ok(())
}

/// Ends a job that is not finished; what is done stays done.
///
/// # Errors
/// Fails if the database does not answer.
pub fn cancel(conn: &mut PgConnection, key: Key) -> Result<(), Problem> {
    let unfinished = bulk_jobs::table.find(key).filter(bulk_jobs::finished.is_null());
    diesel::update(unfinished)
        .set((bulk_jobs::cancelled.eq(true), bulk_jobs::finished.eq(Utc::now())))
        .execute(conn)?;
    Ok(())
}

/// Removes jobs that were finished so many days ago.
///
/// # Errors
/// Fails if the database does not answer.
pub fn remove_old(conn: &mut PgConnection, days: i32) -> Result<usize, Problem> {
    let before = Utc::now() - chrono::Duration::days(i64::from(days));
    let old = bulk_jobs::table.filter(bulk_jobs::finished.lt(before));
    Ok(diesel::delete(old).execute(conn)?)
}
