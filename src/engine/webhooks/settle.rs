//! The end of an attempt to send a message: how far the webhook is, when it is tried again, and the row of the log.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};

use super::claim::Claimed;
use super::message::Message;

/// Attempts in a row that fail, until a webhook is switched off.
const MOST_FAILURES: i32 = 20;
/// Pause after the first failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(30));
/// Attempts that are kept of each webhook.
const KEPT: i64 = 100;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The status of the answer.
    Answered(u16),
    /// The reason why there was no answer, in words for the customer.
    Unsent(String),
}

impl Outcome {
    pub(super) fn is_success(&self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    fn words(&self) -> String {
        match self {
            Self::Answered(status) => format!("the answer was {status}"),
            Self::Unsent(reason) => reason.clone(),
        }
    }
}

/// Returns the pause after so many failures in a row: twice as long each time, varied by up to a quarter; `chance` is from
/// 0 to 1.
pub fn pause(failures: i32, chance: f64) -> Duration {
    let doublings = u32::try_from(failures - 1).unwrap_or_default().min(16);
    let pause = PAUSES.0.saturating_mul(1 << doublings).min(PAUSES.1);
    pause.mul_f64(0.75 + 0.5 * chance.clamp(0.0, 1.0))
}

#[derive(QueryableByName)]
struct Failed {
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Double)]
    chance: f64,
}

/// Writes down what came of an attempt that took so many milliseconds; returns false where the webhook is not this process's
/// any more, and nothing was written.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn settle(
    conn: &mut PgConnection,
    webhook: &Claimed,
    message: &Message,
    outcome: &Outcome,
    duration: i32,
) -> QueryResult<bool> {
    let is_ours = match outcome.is_success() {
        true => received(conn, webhook, message)?,
        false => failed(conn, webhook, &outcome.words())?,
    };
    if is_ours {
        log_attempt(conn, webhook, message, outcome, duration)?;
    }
    Ok(is_ours)
}

fn received(conn: &mut PgConnection, webhook: &Claimed, message: &Message) -> QueryResult<bool> {
    let moved = diesel::sql_query(
        "UPDATE webhooks SET position = $4, message_end = NULL, failures = 0, due = now() \
         WHERE customer = $1 AND id = $2 AND lease = $3",
    );
    let moved = moved
        .bind::<Integer, _>(webhook.at.customer)
        .bind::<Text, _>(&webhook.at.webhook)
        .bind::<BigInt, _>(webhook.lease)
        .bind::<BigInt, _>(message.end);
    Ok(moved.execute(conn)? > 0)
}

fn failed(conn: &mut PgConnection, webhook: &Claimed, words: &str) -> QueryResult<bool> {
    let counted = diesel::sql_query(
        "UPDATE webhooks SET failures = failures + 1 WHERE customer = $1 AND id = $2 AND lease = $3 \
         RETURNING failures, random() AS chance",
    );
    let counted = counted
        .bind::<Integer, _>(webhook.at.customer)
        .bind::<Text, _>(&webhook.at.webhook)
        .bind::<BigInt, _>(webhook.lease);
    let Some(Failed { failures, chance }) = counted.get_result(conn).optional()? else {
        return Ok(false);
    };
    let is_given_up = failures >= MOST_FAILURES;
    let error = format!("{failures} attempts in a row failed; the last: {words}");
    diesel::sql_query(
        "UPDATE webhooks SET due = now() + $3 * interval '1 second', enabled = enabled AND NOT $4::boolean, \
            error = CASE WHEN enabled AND $4::boolean THEN $5 ELSE error END \
         WHERE customer = $1 AND id = $2",
    )
    .bind::<Integer, _>(webhook.at.customer)
    .bind::<Text, _>(&webhook.at.webhook)
    .bind::<Double, _>(pause(failures, chance).as_secs_f64())
    .bind::<diesel::sql_types::Bool, _>(is_given_up)
    .bind::<Text, _>(&error)
    .execute(conn)?;
    if is_given_up {
        let at = &webhook.at;
        log::info!("webhook {} of customer {} is switched off: {error}", at.webhook, at.customer);
    }
    Ok(true)
}

fn log_attempt(
    conn: &mut PgConnection,
    webhook: &Claimed,
    message: &Message,
    outcome: &Outcome,
    duration: i32,
) -> QueryResult<()> {
    let (status, error) = match outcome {
        Outcome::Answered(status) => (Some(i32::from(*status)), None),
        Outcome::Unsent(reason) => (None, Some(reason)),
    };
    diesel::sql_query(
        "INSERT INTO webhook_deliveries (customer, webhook, created, message, status, error, duration) \
         VALUES ($1, $2, clock_timestamp(), $3, $4, $5, $6)",
    )
    .bind::<Integer, _>(webhook.at.customer)
    .bind::<Text, _>(&webhook.at.webhook)
    .bind::<Text, _>(&message.id)
    .bind::<Nullable<Integer>, _>(status)
    .bind::<Nullable<Text>, _>(error)
    .bind::<Integer, _>(duration)
    .execute(conn)?;
    diesel::sql_query(
        "DELETE FROM webhook_deliveries WHERE customer = $1 AND webhook = $2 AND id <= (SELECT id \
         FROM webhook_deliveries WHERE customer = $1 AND webhook = $2 ORDER BY id DESC OFFSET $3 LIMIT 1)",
    )
    .bind::<Integer, _>(webhook.at.customer)
    .bind::<Text, _>(&webhook.at.webhook)
    .bind::<BigInt, _>(KEPT)
    .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_an_hour_and_vary_by_a_quarter() {
        let middle = |failures| pause(failures, 0.5).as_secs();
        assert_eq!([1, 2, 3, 8, 9, 20].map(middle), [10, 20, 40, 1280, 1800, 1800]);
        let (least, most) = (pause(1, 0.0), pause(1, 1.0));
        assert_eq!((least, most), (Duration::from_millis(7500), Duration::from_millis(12500)));
    }
}
