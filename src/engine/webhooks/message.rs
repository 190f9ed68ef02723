//! The next message to a webhook: changes that it has not received, as many as fit.

use diesel::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::claim::{Claimed, renew};
use crate::addresses::WebhookAddress;
use crate::hydra::Problem;
use crate::journal::Change;
use crate::journal::change::{kept_after, of_kinds};
use crate::schema::webhooks;

/// Longest list of changes of a message, in bytes; the frame around it takes some hundred.
const MAX_BYTES: usize = 7 << 10;
/// Changes that are looked at for a message, at most.
const LOOKED_AT: i64 = 500;

/// Numbers of changes that are searched in one turn, so that no transaction stays open for long where few are wanted.
const SPAN: i64 = 50_000;

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
    let position = held.position;
    let end = held.message_end.unwrap_or_else(|| up_to.min(position.saturating_add(SPAN)));
    let kinds = &webhook.kinds;
    let changes = of_kinds(conn, webhook.at.customer, kinds, (position, end), LOOKED_AT)?;
    let is_full = i64::try_from(changes.len()).is_ok_and(|count| count >= LOOKED_AT);
    let last = changes.last().map(|change| change.id).filter(|_| is_full).unwrap_or(end);
    if let Some(message) = written(webhook, &changes, last, base) {
        diesel::update(row).set(webhooks::message_end.eq(message.end)).execute(conn)?;
        return Ok(Next::Message(message));
    }
    // What is after the span is for the next claim.
    let set = (
        webhooks::position.eq(end),
        webhooks::message_end.eq(None::<i64>),
        webhooks::due.eq(diesel::dsl::now),
    );
    diesel::update(row).set(set).execute(conn)?;
    Ok(Next::Nothing)
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
    Some(Message { id: id_of(webhook, &first.id.to_string(), end), body, end })
}

fn reset(webhook: &Claimed, end: i64) -> Message {
    let body = json!({ "type": "reset", "data": [] }).to_string();
    Message { id: id_of(webhook, "reset", end), body, end }
}

/// Returns the id of a message: the same for the same changes, and another for any other webhook or kinds.
///
/// It is a hash, because an id must hold no dot, which separates what is signed, and a webhook's own may.
fn id_of(webhook: &Claimed, first: &str, end: i64) -> String {
    let WebhookAddress { customer, webhook: name } = &webhook.at;
    let what = json!([customer, name, first, end, webhook.kinds]).to_string();
    let hash = Sha256::digest(what.as_bytes());
    hash.iter().take(16).fold("msg_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

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
    fn an_id_is_of_one_webhook_and_its_kinds_and_has_no_dot() {
        let webhook = |customer, name: &str, kind: &str| Claimed {
            at: WebhookAddress { customer, webhook: name.into() },
            url: "https://example.org".into(),
            kinds: vec![kind.into()],
            sealed: Vec::new(),
            lease: 1,
        };
        let id = |of: &Claimed, first| id_of(of, first, 9);
        let hook = webhook(2, "a.b", "imageChanged");
        assert_eq!(id(&hook, "1"), id(&hook, "1"));
        assert!(!id(&hook, "1").contains('.'));
        for other in [
            webhook(3, "a.b", "imageChanged"),
            webhook(2, "a", "imageChanged"),
            webhook(2, "a.b", "imageDeleted"),
        ] {
            assert_ne!(id(&hook, "1"), id(&other, "1"));
        }
        assert_ne!(id(&hook, "1"), id(&hook, "reset"));
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
