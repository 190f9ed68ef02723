//! Claiming webhooks that have something to send, by lease.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};

use super::LEASE_S;
use crate::addresses::WebhookAddress;

/// The webhooks that are wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The number up to which changes are settled.
    pub up_to: i64,
    /// Customers at whose webhooks this process is, and at how many.
    pub at_work: Vec<(i32, usize)>,
    /// Webhooks of one customer at a time, those at work included, and more of all, at most.
    pub of_one: usize,
    pub most: usize,
}

/// A webhook that is this process's for the length of a lease.
pub(super) struct Claimed {
    pub at: WebhookAddress,
    pub url: String,
    pub kinds: Vec<String>,
    /// The key of its signatures, sealed.
    pub sealed: Vec<u8>,
    /// The claim, without which nothing is settled.
    pub lease: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Array<Text>)]
    kinds: Vec<String>,
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    lease: i64,
}

/// MATERIALIZED, because a limit may otherwise be evaluated anew for each row and claim too many. Whether something is to
/// be sent is looked up by the index, whatever number of changes a plan was made for; after a restore from a backup it is a reset.
const CLAIM: &str = "\
    WITH ready AS MATERIALIZED ( \
        SELECT customer, id, due, row_number() OVER (PARTITION BY customer ORDER BY due, id) \
            + COALESCE((SELECT b.count FROM unnest($2, $6) AS b (customer, count) \
                WHERE b.customer = w.customer), 0) AS place \
        FROM webhooks AS w WHERE enabled AND due <= now() AND (position < (SELECT changes_after FROM deployment) \
            OR (SELECT id FROM changes AS c WHERE c.customer = w.customer AND c.id > w.position AND c.id <= $1 \
                ORDER BY id LIMIT 1) IS NOT NULL)), \
    free AS MATERIALIZED ( \
        SELECT w.customer, w.id FROM webhooks AS w JOIN ready AS r ON r.customer = w.customer AND r.id = w.id \
        WHERE r.place <= $3 AND w.enabled AND w.due <= now() \
        ORDER BY r.place, r.due LIMIT $4 FOR NO KEY UPDATE OF w SKIP LOCKED) \
    UPDATE webhooks AS w SET due = now() + make_interval(secs => $5), lease = lease + 1 \
    FROM free WHERE w.customer = free.customer AND w.id = free.id \
    RETURNING w.customer, w.id, w.url, w.kinds, w.secret, w.lease";

/// Claims webhooks with something to send: the first of each customer before the second of any.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn claim(conn: &mut PgConnection, wanted: &Wanted) -> QueryResult<Vec<Claimed>> {
    if wanted.most == 0 {
        return Ok(Vec::new());
    }
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (customers, counts): (Vec<i32>, Vec<i64>) =
        wanted.at_work.iter().map(|(customer, count)| (*customer, number(*count))).unzip();
    let rows: Vec<Row> = diesel::sql_query(CLAIM)
        .bind::<BigInt, _>(wanted.up_to)
        .bind::<Array<Integer>, _>(customers)
        .bind::<BigInt, _>(number(wanted.of_one))
        .bind::<BigInt, _>(number(wanted.most))
        .bind::<Integer, _>(LEASE_S)
        .bind::<Array<BigInt>, _>(counts)
        .load(conn)?;
    let claimed = rows.into_iter().map(|row| Claimed {
        at: WebhookAddress { customer: row.customer, webhook: row.id },
        url: row.url,
        kinds: row.kinds,
        sealed: row.secret,
        lease: row.lease,
    });
    Ok(claimed.collect())
}

/// Gives webhooks back whose process stops, before their lease is over.
///
/// Nothing that the process may still be doing with one matches it any more.
/// # Errors
/// Fails if the database does not answer.
pub(super) fn give_back(conn: &mut PgConnection, webhooks: &[Arc<Claimed>]) -> QueryResult<usize> {
    let mut keys: Vec<(i32, &str, i64)> = webhooks
        .iter()
        .map(|webhook| (webhook.at.customer, webhook.at.webhook.as_str(), webhook.lease))
        .collect();
    keys.sort_unstable();
    keys.into_iter().try_fold(0, |given, (customer, id, lease)| {
        let back = diesel::sql_query(
            "UPDATE webhooks SET due = LEAST(due, now()), lease = lease + 1 \
             WHERE customer = $1 AND id = $2 AND lease = $3 AND due <= now() + make_interval(secs => $4)",
        );
        let back = back.bind::<Integer, _>(customer).bind::<Text, _>(id);
        let back = back.bind::<BigInt, _>(lease).bind::<Integer, _>(LEASE_S);
        Ok(given + back.execute(conn)?)
    })
}

/// The state of a webhook that a process holds.
#[derive(Debug, QueryableByName)]
pub(super) struct Held {
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub message_end: Option<i64>,
}

/// Holds a webhook for another lease; `None` where it is another's by now, was switched off, or is gone.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn renew(conn: &mut PgConnection, webhook: &Claimed) -> QueryResult<Option<Held>> {
    let renewed = diesel::sql_query(
        "UPDATE webhooks SET due = now() + make_interval(secs => $4) \
         WHERE customer = $1 AND id = $2 AND lease = $3 AND enabled RETURNING position, message_end",
    );
    let renewed = renewed
        .bind::<Integer, _>(webhook.at.customer)
        .bind::<Text, _>(&webhook.at.webhook)
        .bind::<BigInt, _>(webhook.lease)
        .bind::<Integer, _>(LEASE_S);
    renewed.get_result(conn).optional()
}

/// Moves the positions of webhooks on of whose customers nothing was changed, so that they do not stay at changes that are
/// long gone; those that are `behind` by fewer changes, or are to be sent a reset after a restore, stay where they are.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn pass_idle(conn: &mut PgConnection, up_to: i64, behind: i64) -> QueryResult<usize> {
    let passed = diesel::sql_query(
        "UPDATE webhooks AS w SET position = $1 \
         WHERE message_end IS NULL AND enabled AND due <= now() AND position < $1 - $2 \
            AND position >= COALESCE((SELECT changes_after FROM deployment), 0) AND (SELECT id FROM changes AS c \
            WHERE c.customer = w.customer AND c.id > w.position AND c.id <= $1 ORDER BY id LIMIT 1) IS NULL",
    );
    passed.bind::<BigInt, _>(up_to).bind::<BigInt, _>(behind).execute(conn)
}
