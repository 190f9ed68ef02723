//! Page keys: where a page of a list begins or ends, as an opaque text in page links (keyset pagination).
//!
//! A key holds the order values of the row that the page comes after or before, so that a walk skips and
//! repeats nothing while rows come and go. It is tied to one list, with its filter and order, by a digest; what
//! a client makes up is no more than another place in its own list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _, Utc};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// A value that rows are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValue {
    Text(String),
    Number(i64),
    Integer(i32),
    Flag(bool),
    Moment(DateTime<Utc>),
    /// A moment that has not come; it is after all others.
    Never,
}

/// The kind of value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Text,
    Number,
    Integer,
    Flag,
    /// A moment, or [`KeyValue::Never`].
    Moment,
}

/// The start or the end of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is the first.
    Start,
    /// It begins after the row with these order values.
    After(Vec<KeyValue>),
    /// It ends before the row with these order values.
    Before(Vec<KeyValue>),
    /// It is the last.
    End,
}

/// The key of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    pub place: Place,
    /// The estimated total of the walk; `None`: it is exact, and found out for each page.
    pub total: Option<i64>,
}

/// Returns the digest that ties keys to a list, with its filter and order.
pub fn digest(list: &str) -> u64 {
    xxh3_64(list.as_bytes())
}

impl PageKey {
    /// Returns the text of a key, of characters that need no escaping in a query.
    pub fn encode(&self, digest: u64) -> String {
        let (place, values) = match &self.place {
            Place::Start => ("s", &[] as &[KeyValue]),
            Place::After(values) => ("a", values.as_slice()),
            Place::Before(values) => ("b", values.as_slice()),
            Place::End => ("e", &[] as &[KeyValue]),
        };
        let mut parts = vec![format!("{digest:x}").into(), place.into(), self.total.into()];
        parts.extend(values.iter().map(|value| match value {
            KeyValue::Text(text) => Value::from(text.as_str()),
            KeyValue::Number(number) => (*number).into(),
            KeyValue::Integer(number) => (*number).into(),
            KeyValue::Flag(flag) => (*flag).into(),
            KeyValue::Moment(moment) => moment.timestamp_micros().into(),
            KeyValue::Never => Value::Null,
        }));
        URL_SAFE_NO_PAD.encode(Value::Array(parts).to_string())
    }

    /// Parses the text of a key; `None` where it is none, or that of another list (`docs/rules.md` 3.5).
    pub fn decode(text: &str, digest: u64, kinds: &[KeyKind]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let parts: Vec<Value> = serde_json::from_slice(&bytes).ok()?;
        let [of, place, total, values @ ..] = parts.as_slice() else { return None };
        if of.as_str()? != format!("{digest:x}") {
            return None;
        }
        let total = match total {
            Value::Null => None,
            total => Some(total.as_i64().filter(|total| *total >= 0)?),
        };
        let values = || -> Option<Vec<KeyValue>> {
            (values.len() == kinds.len()).then_some(())?;
            values.iter().zip(kinds).map(|(value, kind)| read(value, *kind)).collect()
        };
        let place = match place.as_str()? {
            "s" => Place::Start,
            "a" => Place::After(values()?),
            "b" => Place::Before(values()?),
            "e" => Place::End,
            _ => return None,
        };
        Some(Self { place, total })
    }
}

fn read(value: &Value, kind: KeyKind) -> Option<KeyValue> {
    Some(match kind {
        KeyKind::Text => {
            KeyValue::Text(value.as_str().filter(|text| !text.contains('\0'))?.to_owned())
        }
        KeyKind::Number => KeyValue::Number(value.as_i64()?),
        KeyKind::Integer => KeyValue::Integer(i32::try_from(value.as_i64()?).ok()?),
        KeyKind::Flag => KeyValue::Flag(value.as_bool()?),
        KeyKind::Moment if value.is_null() => KeyValue::Never,
        KeyKind::Moment => {
            let moment = DateTime::from_timestamp_micros(value.as_i64()?)?;
            // What PostgreSQL can hold as well.
            KeyValue::Moment(Some(moment).filter(|moment| (1..=9999).contains(&moment.year()))?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [KeyKind; 3] = [KeyKind::Moment, KeyKind::Integer, KeyKind::Text];

    fn key() -> PageKey {
        let moment = DateTime::from_timestamp_micros(1_700_000_000_123_456).expect("a moment");
        let values =
            vec![KeyValue::Moment(moment), KeyValue::Integer(7), KeyValue::Text("a/ü".into())];
        PageKey { place: Place::After(values), total: Some(120_000) }
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        for key in [key(), PageKey { place: Place::End, total: None }] {
            assert_eq!(PageKey::decode(&key.encode(5), 5, &KINDS), Some(key));
        }
        let never = PageKey { place: Place::Before(vec![KeyValue::Never]), total: None };
        assert_eq!(PageKey::decode(&never.encode(5), 5, &[KeyKind::Moment]), Some(never));
    }

    #[test]
    fn keys_of_other_lists_and_texts_that_are_none_are_ignored() {
        let text = key().encode(5);
        assert_eq!(PageKey::decode(&text, 6, &KINDS), None);
        assert_eq!(PageKey::decode(&text, 5, &KINDS[1..]), None);
        assert_eq!(PageKey::decode(&format!("x{text}"), 5, &KINDS), None);
        for forged in [r#"["5","a",null,9223372036854775807,1,"x"]"#, r#"["5","x",null]"#, "[]"] {
            let text = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(PageKey::decode(&text, 5, &KINDS), None, "{forged}");
        }
    }
}
