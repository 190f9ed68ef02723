//! Literals of linked data as JSON values: what a plain body would have said.

use std::ops::RangeInclusive;

use chrono::DateTime;
use serde_json::{Number, Value};

use super::nodes::Literal;
use super::terms::JSON;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const LANG_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/// Returns the JSON value that a plain body would give for a literal; `json`: the property holds any JSON.
///
/// # Errors
/// Returns what is wrong with a literal that is no value of its datatype, or has one that is not read, as the rest of a
/// sentence that begins with the property.
pub fn value(literal: &Literal, json: bool) -> Result<Value, String> {
    let Literal { value, datatype } = literal;
    let Some(datatype) = datatype.as_deref() else { return Ok(value.clone()) };
    if datatype == JSON {
        return any_json(value, json);
    }
    if datatype == LANG_STRING {
        return Ok(value.clone());
    }
    let unread = || format!("has a value of the datatype {datatype}, which is not read here");
    let name = datatype.strip_prefix(XSD).ok_or_else(unread)?;
    let typed = match value {
        Value::String(text) => of_text(text, name),
        Value::Bool(_) => (name == "boolean").then(|| value.clone()),
        Value::Number(number) => of_number(number, name),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match (typed, is_read(name)) {
        (Some(typed), _) => Ok(typed),
        (None, true) => Err(format!("has {}, which is no xsd:{name}", shortened(value))),
        (None, false) => Err(unread()),
    }
}

/// Returns a literal of the datatype `rdf:JSON`: the JSON itself, or its text where it comes of triples.
fn any_json(value: &Value, json: bool) -> Result<Value, String> {
    if !json {
        return Err("has a JSON literal, and holds none".into());
    }
    let parsed = match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_text| value.clone()),
        other => other.clone(),
    };
    if parsed.is_null() {
        return Err("has the JSON literal null; only a body in our own terms resets by null".into());
    }
    Ok(parsed)
}

fn shortened(value: &Value) -> String {
    const MAX_CHARS: usize = 100;
    let text = value.to_string();
    let start: String = text.chars().take(MAX_CHARS).collect();
    if start.len() < text.len() { format!("{start}…") } else { text }
}

/// Returns whether values of this type of XML Schema are read at all.
fn is_read(name: &str) -> bool {
    is_text(name)
        || integers(name).is_some()
        || is_float(name)
        || ["boolean", "dateTime"].contains(&name)
}

fn is_text(name: &str) -> bool {
    ["string", "normalizedString", "token", "anyURI"].contains(&name)
}

fn is_float(name: &str) -> bool {
    ["decimal", "double", "float"].contains(&name)
}

/// Returns the values of a type of whole numbers, as far as they can be held.
fn integers(name: &str) -> Option<RangeInclusive<i128>> {
    const UNBOUNDED: RangeInclusive<i128> = i128::MIN..=i128::MAX;
    let (min, max) = UNBOUNDED.into_inner();
    Some(match name {
        "integer" => UNBOUNDED,
        "long" => i64::MIN.into()..=i64::MAX.into(),
        "int" => i32::MIN.into()..=i32::MAX.into(),
        "short" => i16::MIN.into()..=i16::MAX.into(),
        "byte" => i8::MIN.into()..=i8::MAX.into(),
        "nonNegativeInteger" => 0..=max,
        "positiveInteger" => 1..=max,
        "nonPositiveInteger" => min..=0,
        "negativeInteger" => min..=-1,
        "unsignedLong" => 0..=u64::MAX.into(),
        "unsignedInt" => 0..=u32::MAX.into(),
        "unsignedShort" => 0..=u16::MAX.into(),
        "unsignedByte" => 0..=u8::MAX.into(),
        _ => return None,
    })
}

fn of_text(given: &str, name: &str) -> Option<Value> {
    if is_text(name) {
        return Some(given.into());
    }
    let text = given.trim_matches([' ', '\t', '\r', '\n']);
    if let Some(range) = integers(name) {
        return whole(text, &range);
    }
    match name {
        "boolean" => match text {
            "true" | "1" => Some(true.into()),
            "false" | "0" => Some(false.into()),
            _ => None,
        },
        "dateTime" => DateTime::parse_from_rfc3339(text).ok().map(|_| text.into()),
        name if is_float(name) => {
            let is_plain = |c: char| c.is_ascii_digit() || ".+-".contains(c);
            let is_number = |c| is_plain(c) || (name != "decimal" && "eE".contains(c));
            text.chars().all(is_number).then(|| fraction(text)).flatten()
        }
        _ => None,
    }
}

fn whole(text: &str, range: &RangeInclusive<i128>) -> Option<Value> {
    let number = text.parse::<i128>().ok().filter(|number| range.contains(number))?;
    let signed = i64::try_from(number).map(Value::from);
    signed.or_else(|_too_large| u64::try_from(number).map(Value::from)).ok()
}

/// Returns a number with a point or an exponent; exact where nothing but zeros follows the point.
fn fraction(text: &str) -> Option<Value> {
    let point = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0'));
    let exact = whole(point.map_or(text, |(whole, _)| whole), &(i128::MIN..=i128::MAX));
    exact.or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number))
}

/// Returns a JSON number with a datatype.
fn of_number(number: &Number, name: &str) -> Option<Value> {
    let is_in = |range: RangeInclusive<i128>| match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => range.contains(&number.into()),
        (None, Some(number)) => range.contains(&number.into()),
        (None, None) => number.as_f64().is_some_and(|float| {
            #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
            let whole = float as i128;
            float.fract() == 0.0 && range.contains(&whole)
        }),
    };
    (is_float(name) || integers(name).is_some_and(is_in)).then(|| number.clone().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn typed(value: Value, name: &str) -> Result<Value, String> {
        super::value(&Literal { value, datatype: Some(format!("{XSD}{name}").into()) }, false)
    }

    #[test]
    fn typed_literals_are_the_json_values_they_stand_for() {
        for (given, name, expected) in [
            (json!("5"), "integer", json!(5)),
            (json!(" +007 "), "long", json!(7)),
            (json!("-1"), "int", json!(-1)),
            (json!("18446744073709551615"), "unsignedLong", json!(u64::MAX)),
            (json!("5.0"), "decimal", json!(5)),
            (json!("5.5"), "double", json!(5.5)),
            (json!("5e1"), "double", json!(50.0)),
            (json!("1"), "boolean", json!(true)),
            (json!("1"), "string", json!("1")),
            (json!("2026-01-02T03:04:05Z"), "dateTime", json!("2026-01-02T03:04:05Z")),
            (json!(5), "nonNegativeInteger", json!(5)),
            (json!(3.0), "integer", json!(3.0)),
            (json!(true), "boolean", json!(true)),
        ] {
            assert_eq!(typed(given.clone(), name), Ok(expected), "{given} {name}");
        }
        assert_eq!(value(&Literal { value: json!("5"), datatype: None }, false), Ok(json!("5")));
    }

    #[test]
    fn literals_that_are_no_value_of_their_type_are_refused() {
        for (given, name) in [
            (json!("many"), "integer"),
            (json!("-1"), "nonNegativeInteger"),
            (json!(-1), "nonNegativeInteger"),
            (json!("128"), "byte"),
            (json!(1.5), "integer"),
            (json!("1e2"), "decimal"),
            (json!("INF"), "double"),
            (json!("yes"), "boolean"),
            (json!(1), "boolean"),
            (json!(true), "integer"),
            (json!(5), "string"),
            (json!("tomorrow"), "dateTime"),
            (json!("1"), "gYear"),
            (json!("1000000000000000000000000000000"), "integer"),
        ] {
            assert!(typed(given.clone(), name).is_err(), "{given} {name}");
        }
        let json = |value: Value, json| value_of(value, json);
        assert_eq!(json(json!({ "a": 1 }), true), Ok(json!({ "a": 1 })));
        assert_eq!(json(json!("{\"a\":1}"), true), Ok(json!({ "a": 1 })));
        assert!(json(json!("null"), true).is_err());
        assert!(json(Value::Null, true).is_err());
        assert!(json(json!(1), false).is_err());
    }

    fn value_of(value: Value, json: bool) -> Result<Value, String> {
        super::value(&Literal { value, datatype: Some(JSON.into()) }, json)
    }
}
