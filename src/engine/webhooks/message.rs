//! The next message to a webhook: changes that it has not received, as many as fit.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::claim::{Claimed, renew};
use crate::hydra::Problem;
use crate::journal::Change;
use crate::journal::change::{between, kept_after};
use crate::schema::webhooks;

/// Longest list of changes of a message, in bytes; the frame around it takes some hundred.
const MAX_BYTES: usize = 7 << 10;
/// Changes that are looked at for a message, at most.
const LOOKED_AT: i64 = 500;

/// A message, which is the same whenever it is sent again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// By which a receiver knows it again.
    pub id: String,
    pub body: String,
    /// The number of the last change that it covers.
    pub end: i64,
}

/// What there is to be sent.
#[derive(Debug)]
pub(super) enum Next {
    Message(Message),
    Nothing,
    /// The webhook is not this process's any more.
    Lost,
}

/// Returns the next message to a webhook, and writes down how far it goes, so that it stays the same until it is received.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn next(
    conn: &mut PgConnection,
    webhook: &Claimed,
    up_to: i64,
    base: &str,
) -> Result<Next, Problem> {
    let Some(held) = renew(conn, webhook)? else { return Ok(Next::Lost) };
    let row = webhooks::table.find((webhook.at.customer, &webhook.at.webhook));
    let kept_after = kept_after(conn)?;
    if held.position < kept_after {
        // What was not kept was missed.
        return Ok(Next::Message(reset(webhook, kept_after)));
    }
    let mut position = held.position;
    loop {
        let end = held.message_end.unwrap_or(up_to);
        let changes = between(conn, webhook.at.customer, (position, end), LOOKED_AT)?;
        let is_full = i64::try_from(changes.len()).is_ok_and(|count| count >= LOOKED_AT);
        let last = changes.last().map(|change| change.id).filter(|_| is_full).unwrap_or(end);
        if let Some(message) = written(webhook, &changes, last, base) {
            let set = (webhooks::position.eq(position), webhooks::message_end.eq(message.end));
            diesel::update(row).set(set).execute(conn)?;
            return Ok(Next::Message(message));
        }
        position = last;
        if !is_full {
            let set = (
                webhooks::position.eq(position),
                webhooks::message_end.eq(None::<i64>),
                webhooks::due.eq(diesel::dsl::now),
            );
            diesel::update(row).set(set).execute(conn)?;
            return Ok(Next::Nothing);
        }
    }
}

/// Writes those of these changes that a webhook wants, as far as they fit; nothing where it wants none.
fn written(webhook: &Claimed, changes: &[Change], last: i64, base: &str) -> Option<Message> {
    let wanted = |change: &&Change| webhook.kinds.contains(&change.kind);
    let (mut data, mut bytes): (Vec<Value>, usize) = (Vec::new(), 0);
    let (mut first, mut end) = (None, last);
    let mut previous = None;
    for change in changes.iter().filter(wanted) {
        let address = format!("{base}{}", change.path());
        let event = json!({ "kind": change.kind, "address": address, "version": change.id });
        let size = event.to_string().len() + 1;
        if let Some(previous) = previous.filter(|_| bytes + size > MAX_BYTES) {
            end = previous;
            break;
        }
        bytes += size;
        data.push(event);
        first.get_or_insert(change);
        previous = Some(change.id);
    }
    let first = first?;
    let timestamp = first.created.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let body = json!({ "type": "changes", "timestamp": timestamp, "data": data }).to_string();
    let id = format!("msg_{}_{}_{end}", webhook.at.webhook, first.id);
    Some(Message { id, body, end })
}

fn reset(webhook: &Claimed, end: i64) -> Message {
    let body = json!({ "type": "reset", "data": [] }).to_string();
    Message { id: format!("msg_{}_reset_{end}", webhook.at.webhook), body, end }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::addresses::WebhookAddress;

    fn change(id: i64, kind: &str) -> Change {
        Change {
            customer: 2,
            id,
            created: DateTime::UNIX_EPOCH,
            kind: kind.into(),
            space: Some(1),
            name: "n".repeat(200),
            actor: "service".into(),
        }
    }

    #[test]
    fn a_message_is_small_however_many_changes_there_are_and_skips_none() {
        let webhook = Claimed {
            at: WebhookAddress { customer: 2, webhook: "hook".into() },
            url: "https://example.org".into(),
            kinds: vec!["imageChanged".into()],
            sealed: Vec::new(),
            lease: 1,
        };
        let kinds = ["imageChanged", "imageCreated", "imageChanged"];
        let all: Vec<Change> = (1..=500)
            .map(|id| change(id, kinds[usize::try_from(id % 3).expect("small")]))
            .collect();
        let (mut position, mut seen) = (0, Vec::new());
        while position < 500 {
            let left: Vec<Change> =
                all.iter().filter(|change| change.id > position).cloned().collect();
            let message = written(&webhook, &left, 500, "https://iiif.example.org").expect("some");
            assert!(message.body.len() < 8 << 10, "{}", message.body.len());
            assert!(message.end > position);
            let body: Value = serde_json::from_str(&message.body).expect("JSON");
            seen.extend(
                body["data"].as_array().expect("data").iter().map(|e| e["version"].as_i64()),
            );
            position = message.end;
        }
        let wanted = all.iter().filter(|change| change.kind == "imageChanged");
        assert_eq!(seen, wanted.map(|change| Some(change.id)).collect::<Vec<_>>());
        assert_eq!(written(&webhook, &[change(1, "imageCreated")], 9, ""), None);
    }
}
