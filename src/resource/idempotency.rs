//! Requests that name an `Idempotency-Key`: each is done once, and its answer is kept for who sends it again
//! (`docs/adr/0027-answers-kept-with-their-effects.md`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Double, Integer, Nullable, Text};

use super::actor::Actor;
use super::site::{Caller, Effect, Site, UnitOfWork};
use super::transaction;
use crate::database::Database;
use crate::hydra::{Fault, Problem};
use crate::schema::kept_answers;

/// Rows that are removed in one go.
const AT_ONCE: i64 = 1_000;

/// Answers that are kept of one customer, at most.
const MOST_KEPT: i64 = 100_000;

/// Bytes of the body of a refusal that is kept, at most: one with very many faults is found out again.
const MAX_REFUSAL_BYTES: usize = 16 << 10;

/// Time for which an answer is provisional, unless it is renewed.
pub const PROVISIONAL: Duration = Duration::from_secs(10);

/// A request that names a key.
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    /// The customer whose key of the API it is authenticated by.
    pub customer: i32,
    pub actor: Actor,
    pub key: String,
    /// Keyed hash of all that a repetition must have in common with it.
    pub fingerprint: [u8; 32],
    /// Number of the advisory lock that it holds while it is done.
    pub lock: i64,
}

/// An answer as it is kept: all of it but what every answer gets when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub status: u16,
    /// Lines of `name: value`.
    pub headers: String,
    pub body: Vec<u8>,
}

/// The outcome of an act that may go on after its transaction.
pub struct Done<T> {
    pub answer: KeptAnswer,
    /// Tells whether a better answer may still come.
    pub is_provisional: bool,
    pub value: T,
}

/// The outcome of a request that names a key.
pub enum Once<T> {
    /// The same request is being done, or has not got its final answer yet.
    Running,
    /// It was done before.
    Again(KeptAnswer),
    /// It was refused, and changed nothing.
    Refused(KeptAnswer),
    Done(Done<T>, Vec<Effect>),
}

/// The state in which a request that names a key is found.
pub enum Begun {
    First,
    Running,
    Answered(KeptAnswer),
}

/// Returns the state of a request, without beginning it.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the key was used for another request.
pub fn look(database: &Database, request: &KeyedRequest) -> Result<Begun, Problem> {
    transaction::write(database, |conn| begin(conn, request))
}

/// Does an act in a transaction together with the record of its answer, unless it was done before.
///
/// A problem of which `refused` makes an answer undoes the act, and its answer is kept; any other undoes all.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the key was used for another request, and the problems that are not kept.
pub fn once<T>(
    database: &Database,
    site: &Site,
    caller: Caller,
    request: &KeyedRequest,
    mut act: impl FnMut(&mut UnitOfWork<'_>) -> Result<Done<T>, Problem>,
    refused: impl Fn(Problem) -> Result<KeptAnswer, Problem>,
) -> Result<Once<T>, Problem> {
    transaction::write_as(database, Some(&request.actor), |conn| {
        match begin(conn, request)? {
            Begun::Running => return Ok(Once::Running),
            Begun::Answered(answer) => return Ok(Once::Again(answer)),
            Begun::First => check_number(conn, request.customer)?,
        }
        // A savepoint, because what refuses an act may have changed something before.
        let done = conn.transaction(|conn| {
            let mut session = UnitOfWork::new(conn, site, caller);
            session.actor = Some(request.actor.clone());
            let done = act(&mut session)?;
            Ok((done, session.effects))
        });
        match done {
            Ok((done, effects)) => {
                keep(conn, request, &done.answer, done.is_provisional)?;
                Ok(Once::Done(done, effects))
            }
            Err(problem) => {
                let answer = refused(problem)?;
                if answer.body.len() <= MAX_REFUSAL_BYTES {
                    keep(conn, request, &answer, false)?;
                }
                Ok(Once::Refused(answer))
            }
        }
    })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    is_ours: bool,
}

/// A row, as far as it matters to a repetition.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
    #[diesel(sql_type = Integer)]
    status: i32,
    #[diesel(sql_type = Text)]
    headers: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Bool)]
    is_provisional: bool,
    /// Tells whether a better answer may still come.
    #[diesel(sql_type = Bool)]
    is_open: bool,
}

impl From<Row> for KeptAnswer {
    fn from(row: Row) -> Self {
        let Row { status, headers, body, .. } = row;
        Self { status: u16::try_from(status).unwrap_or_default(), headers, body }
    }
}

/// Takes the lock of a request, and looks for its answer.
///
/// The lock is free as soon as the transaction that holds it has ended, however that came: the server ends it where
/// the process died.
fn begin(conn: &mut PgConnection, request: &KeyedRequest) -> Result<Begun, Problem> {
    let locked: Locked = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS is_ours")
        .bind::<BigInt, _>(request.lock)
        .get_result(conn)?;
    if !locked.is_ours {
        return Ok(Begun::Running);
    }
    // A statement of its own, because its snapshot must be younger than the lock.
    let Some(row) = find(conn, request)? else { return Ok(Begun::First) };
    if row.fingerprint != request.fingerprint {
        let reason =
            "was used for another request: a repetition has the same method, address and body";
        return Err(Fault::of_request("Idempotency-Key", reason).into());
    }
    if row.is_open {
        return Ok(Begun::Running);
    }
    // From here on it is what everybody gets, even if the first request is only slow.
    if row.is_provisional && !settle(conn, request, None)? {
        // The first request has put a better one in its place meanwhile.
        let answer = find(conn, request)?.map(KeptAnswer::from);
        return Ok(answer.map_or(Begun::First, Begun::Answered));
    }
    Ok(Begun::Answered(row.into()))
}

/// Refuses one more answer where very many of a customer are kept, so that nobody fills the disk with them.
fn check_number(conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
    let kept: Number = diesel::sql_query(
        "SELECT count(*) AS number FROM (SELECT FROM kept_answers WHERE customer = $1 LIMIT $2) AS k",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(MOST_KEPT)
    .get_result(conn)?;
    if kept.number < MOST_KEPT {
        return Ok(());
    }
    let words = format!(
        "the answers of {MOST_KEPT} requests with an Idempotency-Key are kept already; try again later, or without"
    );
    Err(Problem::Unavailable(words, None))
}

/// Returns the answer that is kept, if one is.
fn find(conn: &mut PgConnection, request: &KeyedRequest) -> Result<Option<Row>, Problem> {
    let found = diesel::sql_query(
        "SELECT fingerprint, status, headers, body, provisional_until IS NOT NULL AS is_provisional, \
         coalesce(provisional_until > now(), FALSE) AS is_open FROM kept_answers \
         WHERE customer = $1 AND actor = $2 AND key = $3 AND created > now() - interval '24 hours'",
    )
    .bind::<Integer, _>(request.customer)
    .bind::<Text, _>(request.actor.path())
    .bind::<Text, _>(&request.key)
    .get_result(conn)
    .optional()?;
    Ok(found)
}

/// Keeps the answer of a request whose lock is held, in place of one that is too old.
fn keep(
    conn: &mut PgConnection,
    request: &KeyedRequest,
    answer: &KeptAnswer,
    is_provisional: bool,
) -> Result<(), Problem> {
    let provisional_for = is_provisional.then_some(PROVISIONAL.as_secs_f64());
    diesel::sql_query(
        "INSERT INTO kept_answers AS k \
         (customer, actor, key, fingerprint, status, headers, body, provisional_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8 * interval '1 second') \
         ON CONFLICT (customer, actor, key) DO UPDATE SET created = excluded.created, \
         fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, \
         body = excluded.body, provisional_until = excluded.provisional_until",
    )
    .bind::<Integer, _>(request.customer)
    .bind::<Text, _>(request.actor.path())
    .bind::<Text, _>(&request.key)
    .bind::<Binary, _>(request.fingerprint.as_slice())
    .bind::<Integer, _>(i32::from(answer.status))
    .bind::<Text, _>(&answer.headers)
    .bind::<Binary, _>(&answer.body)
    .bind::<Nullable<Double>, _>(provisional_for)
    .execute(conn)?;
    Ok(())
}

/// Lets an answer be provisional for longer; does nothing where it is final.
///
/// # Errors
/// Fails if the database does not answer.
pub fn renew(conn: &mut PgConnection, request: &KeyedRequest) -> Result<(), Problem> {
    diesel::sql_query(
        "UPDATE kept_answers SET provisional_until = clock_timestamp() + $4 * interval '1 second' \
         WHERE customer = $1 AND actor = $2 AND key = $3 AND provisional_until IS NOT NULL",
    )
    .bind::<Integer, _>(request.customer)
    .bind::<Text, _>(request.actor.path())
    .bind::<Text, _>(&request.key)
    .bind::<Double, _>(PROVISIONAL.as_secs_f64())
    .execute(conn)?;
    Ok(())
}

/// Makes an answer the final one where there is only a provisional one; returns the one that is final.
///
/// # Errors
/// Fails if the database does not answer.
pub fn conclude(
    conn: &mut PgConnection,
    request: &KeyedRequest,
    answer: &KeptAnswer,
) -> Result<KeptAnswer, Problem> {
    if settle(conn, request, Some(answer))? {
        return Ok(answer.clone());
    }
    // Somebody was answered with the provisional one already; or it was forgotten, a day later.
    let found = find(conn, request)?.filter(|row| row.fingerprint == request.fingerprint);
    Ok(found.map_or_else(|| answer.clone(), KeptAnswer::from))
}

/// Ends that an answer is provisional, and puts another in its place if one is given; returns whether it was.
fn settle(
    conn: &mut PgConnection,
    request: &KeyedRequest,
    answer: Option<&KeptAnswer>,
) -> Result<bool, Problem> {
    let row = kept_answers::table
        .find((request.customer, request.actor.path(), &request.key))
        .filter(kept_answers::fingerprint.eq(request.fingerprint.as_slice()))
        .filter(kept_answers::provisional_until.is_not_null());
    let changed = answer.map(|answer| {
        (
            kept_answers::status.eq(i32::from(answer.status)),
            kept_answers::headers.eq(&answer.headers),
            kept_answers::body.eq(&answer.body),
        )
    });
    let settled = kept_answers::provisional_until.eq(None::<DateTime<Utc>>);
    Ok(diesel::update(row).set((settled, changed)).execute(conn)? > 0)
}

/// Removes answers that are kept no longer, some at a time; returns whether there may be more.
///
/// # Errors
/// Fails if the database does not answer.
pub fn forget_old(conn: &mut PgConnection) -> Result<bool, Problem> {
    let removed = diesel::sql_query(
        "DELETE FROM kept_answers WHERE ctid = ANY (ARRAY(SELECT ctid FROM kept_answers \
         WHERE created <= now() - interval '24 hours' ORDER BY created LIMIT $1 \
         FOR UPDATE SKIP LOCKED))",
    )
    .bind::<BigInt, _>(AT_ONCE)
    .execute(conn)?;
    Ok(i64::try_from(removed).is_ok_and(|removed| removed == AT_ONCE))
}
