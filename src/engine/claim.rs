//! The lease: one column says from when a job may be claimed, and a claim moves it forward.
//!
//! Customers are served in turn: a claim takes one job of each of the next customers with work, however many jobs
//! one of them has (docs/adr/0011).

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Text};

use super::MAX_CRASHES;
use crate::addresses::ImageAddress;
use crate::database::prepared::PLANNED_ONCE;
use crate::hydra::Problem;
use crate::schema::jobs;

/// A job that this process holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: i64,
    /// Number of the claim, from 1; with `id`, the token without which nothing is settled.
    pub attempt: i32,
    pub at: ImageAddress,
    /// Tells whether a request waits for it.
    pub immediate: bool,
    /// Number of times that the job was released without being completed.
    pub returns: i32,
    /// Tells whether its workers died so often that it is given up.
    pub attempts_exhausted: bool,
}

/// The jobs that a claim takes.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Tells whether those that a request waits for, or those of the queue.
    pub immediate: bool,
    /// Tells whether a customer's jobs of the priority queue come first, or the others.
    pub priority_first: bool,
    /// Jobs at most, each of another customer.
    pub most: usize,
    /// The customer after which the turn begins.
    pub after: i32,
    /// Customers that are passed over.
    pub except: &'a [i32],
    pub lease: Duration,
}

#[derive(Queryable)]
struct Row {
    id: i64,
    customer: i32,
    space: i32,
    image: String,
    attempts: i32,
    returns: i32,
}

/// The first job of each customer with work, two or three descents of the index `jobs_turn` each: first of those after a
/// customer, then of the others. They are looked for as they are asked for, so that a claim costs as many descents
/// as it takes jobs and passes customers over, not as many as there are customers or jobs.
///
/// The first job of a customer in the order of the index is one that is not of the priority queue, if there is any. Where
/// that is for later, the first of the priority queue is looked at.
///
/// MATERIALIZED, because a limit may otherwise be evaluated anew for each row and claim too many. That job of the priority
/// queue is a value and no EXISTS, which a plan may answer by reading all jobs.
const CLAIM: &str = "WITH RECURSIVE \
    later AS (\
      (SELECT customer, priority, available FROM jobs WHERE immediate = $1 AND customer > $2 \
       ORDER BY customer, priority, available, id LIMIT 1) \
      UNION ALL SELECT n.* FROM later AS l, LATERAL \
      (SELECT customer, priority, available FROM jobs WHERE immediate = $1 AND customer > l.customer \
       ORDER BY customer, priority, available, id LIMIT 1) AS n), \
    earlier AS (\
      (SELECT customer, priority, available FROM jobs WHERE immediate = $1 AND customer <= $2 \
       ORDER BY customer, priority, available, id LIMIT 1) \
      UNION ALL SELECT n.* FROM earlier AS e, LATERAL \
      (SELECT customer, priority, available FROM jobs WHERE immediate = $1 AND customer > e.customer AND customer <= $2 \
       ORDER BY customer, priority, available, id LIMIT 1) AS n), \
    turns AS MATERIALIZED (\
      SELECT customer FROM (SELECT * FROM later UNION ALL SELECT * FROM earlier) AS c \
      WHERE customer <> ALL ($3) AND (available <= now() OR NOT priority AND \
      (SELECT j.available FROM jobs AS j WHERE j.immediate = $1 AND j.customer = c.customer AND j.priority \
       ORDER BY j.available, j.id LIMIT 1) <= now()) LIMIT $4), \
    free AS MATERIALIZED (\
      SELECT COALESCE(a.id, b.id) AS id FROM turns AS t \
      LEFT JOIN LATERAL (SELECT id FROM jobs WHERE immediate = $1 AND customer = t.customer \
       AND priority = $6 AND available <= now() \
       ORDER BY available, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS a ON TRUE \
      LEFT JOIN LATERAL (SELECT id FROM jobs WHERE a.id IS NULL AND immediate = $1 AND customer = t.customer \
       AND priority = NOT $6 AND available <= now() \
       ORDER BY available, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS b ON TRUE) \
    UPDATE jobs AS j SET available = now() + $5 * interval '1 second', attempts = attempts + 1 \
    FROM free WHERE j.id = free.id \
    RETURNING j.id, j.customer, j.space, j.image, j.attempts, j.returns";

/// [`CLAIM`] as a statement that a connection prepares once, because planning takes longer than claiming.
#[derive(Debug)]
struct ClaimStatement<'a> {
    wanted: &'a Wanted<'a>,
    most: i64,
    lease_s: f64,
}

impl Query for ClaimStatement<'_> {
    type SqlType = (BigInt, Integer, Integer, Text, Integer, Integer);
}

impl QueryId for ClaimStatement<'_> {
    type QueryId = ClaimStatement<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for ClaimStatement<'_> {}

impl QueryFragment<Pg> for ClaimStatement<'_> {
    /// Writes the statement; a parameter that it names several times becomes as many.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self { wanted, most, lease_s } = self;
        let mut pieces = CLAIM.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (parameter, rest) = piece.split_at(1);
            match parameter {
                "1" => out.push_bind_param::<Bool, _>(&wanted.immediate)?,
                "2" => out.push_bind_param::<Integer, _>(&wanted.after)?,
                "3" => out.push_bind_param::<Array<Integer>, _>(&wanted.except)?,
                "4" => out.push_bind_param::<BigInt, _>(most)?,
                "5" => out.push_bind_param::<Double, _>(lease_s)?,
                _ => out.push_bind_param::<Bool, _>(&wanted.priority_first)?,
            }
            out.push_sql(rest);
        }
        Ok(())
    }
}

/// Claims one job of each of the next customers with work, each for the length of a lease, within a transaction.
///
/// # Errors
/// Fails if the database does not answer.
pub fn claim(conn: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<Claimed>, Problem> {
    // Workers that have nothing to do plan the statement for a queue that is empty. In each order that it asks for, one index has
    // the jobs.
    conn.batch_execute(PLANNED_ONCE)?;
    let most = i64::try_from(wanted.most).unwrap_or(i64::MAX);
    let lease_s = wanted.lease.as_secs_f64();
    let rows: Vec<Row> = ClaimStatement { wanted, most, lease_s }.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id,
            attempt: row.attempts,
            at: ImageAddress { customer: row.customer, space: row.space, image: row.image },
            immediate: wanted.immediate,
            returns: row.returns,
            attempts_exhausted: row.attempts - row.returns > MAX_CRASHES,
        })
        .collect())
}

/// Returns the customer whose turn came last among those of whom something was claimed after `after`.
pub fn last_turn(after: i32, claimed: &[Claimed]) -> i32 {
    let customers = || claimed.iter().map(|job| job.at.customer);
    customers().filter(|&customer| customer <= after).max().or(customers().max()).unwrap_or(after)
}

/// The result of the renewal of leases.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Jobs that are not this process's any more.
    pub lost: Vec<i64>,
    /// Jobs whose rows others held just then: to be renewed soon again.
    pub skipped: Vec<i64>,
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Bool)]
    renewed: bool,
}

/// Renews the leases of all these jobs, given by number and attempt, in one statement that waits for nobody.
///
/// # Errors
/// Fails if the database does not answer.
pub fn renew(
    conn: &mut PgConnection,
    held: &[(i64, i32)],
    lease: Duration,
) -> Result<Renewed, Problem> {
    let (ids, attempts): (Vec<i64>, Vec<i32>) = held.iter().copied().unzip();
    // Who waits for rows in an order of its own may meet others in a deadlock.
    let kept: Vec<Kept> = diesel::sql_query(
        "WITH held AS MATERIALIZED (\
           SELECT j.id FROM unnest($1, $2) AS h (id, attempts) \
           JOIN jobs AS j ON j.id = h.id AND j.attempts = h.attempts), \
         free AS MATERIALIZED (\
           SELECT j.id FROM jobs AS j JOIN unnest($1, $2) AS h (id, attempts) \
           ON j.id = h.id AND j.attempts = h.attempts FOR NO KEY UPDATE OF j SKIP LOCKED), \
         renewed AS (\
           UPDATE jobs AS j SET available = now() + $3 * interval '1 second' \
           FROM free WHERE j.id = free.id RETURNING j.id) \
         SELECT held.id, renewed.id IS NOT NULL AS renewed FROM held LEFT JOIN renewed USING (id)",
    )
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Integer>, _>(&attempts)
    .bind::<Double, _>(lease.as_secs_f64())
    .load(conn)?;
    let lost = ids.into_iter().filter(|id| kept.iter().all(|kept| kept.id != *id)).collect();
    let skipped = kept.iter().filter(|kept| !kept.renewed).map(|kept| kept.id).collect();
    Ok(Renewed { lost, skipped })
}

/// Gives a job back, to be claimed again after `pause`; this attempt counts as no death.
///
/// Where the lease has run out meanwhile and another has claimed the job, that claim stays. An attempt that was postponed has
/// been counted already.
///
/// # Errors
/// Fails if the database does not answer.
pub fn release(conn: &mut PgConnection, job: &Claimed, pause: Duration) -> Result<(), Problem> {
    // First, so that the next statement sees what a transaction wrote that held it until now.
    let held = jobs::table.find(job.id);
    held.select(jobs::id).for_no_key_update().first::<i64>(conn).optional()?;
    diesel::sql_query(
        "UPDATE jobs AS j SET returns = returns + 1, available = CASE WHEN attempts = $2 \
         THEN now() + $3 * interval '1 second' ELSE available END WHERE id = $1 AND (attempts = $2 \
         OR attempts > $2 AND NOT EXISTS (SELECT FROM retries AS r \
           WHERE (r.customer, r.space, r.image) = (j.customer, j.space, j.image)))",
    )
    .bind::<BigInt, _>(job.id)
    .bind::<Integer, _>(job.attempt)
    .bind::<Double, _>(pause.as_secs_f64())
    .execute(conn)?;
    Ok(())
}

/// Ends a claim and makes the job available after `delay`, to nobody who waits; the attempt counts as no death.
///
/// One more attempt is counted, which nobody makes: nothing that the worker of this claim does matches the job any more.
/// Returns whether the claim was still held.
///
/// # Errors
/// Fails if the database does not answer.
pub fn postpone(conn: &mut PgConnection, job: &Claimed, delay: Duration) -> Result<bool, Problem> {
    let postponed = diesel::sql_query(
        "UPDATE jobs SET attempts = attempts + 1, returns = returns + 2, immediate = FALSE, \
         available = now() + $3 * interval '1 second' WHERE id = $1 AND attempts = $2",
    )
    .bind::<BigInt, _>(job.id)
    .bind::<Integer, _>(job.attempt)
    .bind::<Double, _>(delay.as_secs_f64())
    .execute(conn)?;
    Ok(postponed > 0)
}

/// Ends a claim whose work broke off: the job may be claimed again at once, and the attempt counts as a death.
///
/// # Errors
/// Fails if the database does not answer.
pub fn break_off(conn: &mut PgConnection, job: &Claimed) -> Result<(), Problem> {
    let held = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt));
    diesel::update(held).set(jobs::available.eq(diesel::dsl::now)).execute(conn)?;
    Ok(())
}
