//! JSON text, and where it is none.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::limits::{self, Bounds};
use crate::hydra::{Fault, Problem};

/// Parses JSON text that is neither too deep nor too wide.
///
/// # Errors
/// Returns [`Problem::Unreadable`], or [`Problem::Malformed`] with the place if it is no JSON.
pub fn parse(text: &[u8], bounds: Bounds) -> Result<Value, Problem> {
    let text = std::str::from_utf8(text)
        .map_err(|e| Problem::Unreadable(format!("the body is not UTF-8: {e}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    limits::scan(text.as_bytes(), bounds)?;
    let read: Result<Unique, _> = serde_json::from_str(text);
    read.map(|Unique(value)| value).map_err(|error| Problem::Malformed(fault(text, &error)))
}

/// Parses JSON text of which no object has a member twice.
///
/// # Errors
/// Fails if it is no such JSON.
pub fn unique_members(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).map(|Unique(value)| value)
}

/// A value in which no object has a member twice, as JSON-LD has it (JSON-LD 1.1, section 9.5).
///
/// Else the last would win, and an image whose `roles` are given and then given as none would be open.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }
    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{name} is given twice")));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

/// Returns where and why a text is no JSON: line and column, and the member in which that is.
fn fault(text: &str, error: &serde_json::Error) -> Fault {
    let mut reading = serde_json::Deserializer::from_str(text);
    // Read once more, because it takes longer to keep track of the place.
    let place = serde_path_to_error::deserialize::<_, Unique>(&mut reading).err();
    let (mut member, mut pointer) = (String::new(), String::new());
    for segment in place.iter().flat_map(|place| place.path().iter()) {
        match segment {
            Segment::Seq { index } => {
                let index = index.to_string();
                member.extend(["[", &index, "]"]);
                pointer.extend(["/", &index]);
            }
            Segment::Map { key } => {
                let dot = if member.is_empty() { "" } else { "." };
                member.extend([dot, key]);
                pointer.extend(["/", &key.replace('~', "~0").replace('/', "~1")]);
            }
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    Fault { pointer, ..Fault::new(member, format!("cannot be read as JSON: {error}")) }
}
