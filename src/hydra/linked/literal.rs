//! Literals of linked data as JSON values: what a plain body would have said.

use serde_json::{Number, Value};

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";

/// The JSON value of a text with a datatype; the text itself where it is no value of that type.
pub fn value(text: &str, datatype: Option<&str>) -> Value {
    let known = match datatype {
        Some(JSON) => serde_json::from_str(text).ok(),
        Some(datatype) => datatype.strip_prefix(XSD).and_then(|name| typed(text.trim(), name)),
        None => None,
    };
    known.unwrap_or_else(|| text.into())
}

fn typed(text: &str, datatype: &str) -> Option<Value> {
    match datatype {
        "boolean" => match text {
            "true" | "1" => Some(true.into()),
            "false" | "0" => Some(false.into()),
            _ => None,
        },
        "integer" | "long" | "int" | "short" | "byte" | "nonNegativeInteger"
        | "positiveInteger" | "nonPositiveInteger" | "negativeInteger" | "unsignedLong"
        | "unsignedInt" | "unsignedShort" | "unsignedByte" => whole(text),
        "decimal" | "double" | "float" => {
            let point = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0'));
            let number = || Number::from_f64(text.parse().ok()?).map(Value::Number);
            whole(point.map_or(text, |(whole, _)| whole)).or_else(number)
        }
        _ => None,
    }
}

fn whole(text: &str) -> Option<Value> {
    let signed = text.parse::<i64>().map(Value::from);
    signed.or_else(|_too_large| text.parse::<u64>().map(Value::from)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn typed_texts_are_the_json_values_they_stand_for() {
        let typed = |text, name: &str| value(text, Some(&format!("{XSD}{name}")));
        for (text, name, expected) in [
            ("5", "integer", json!(5)),
            ("+007", "long", json!(7)),
            ("-1", "int", json!(-1)),
            ("18446744073709551615", "unsignedLong", json!(u64::MAX)),
            ("5.0", "decimal", json!(5)),
            ("5.5", "double", json!(5.5)),
            ("many", "integer", json!("many")),
            ("1", "boolean", json!(true)),
            ("yes", "boolean", json!("yes")),
            ("1", "string", json!("1")),
            ("2026-01-02T03:04:05Z", "dateTime", json!("2026-01-02T03:04:05Z")),
        ] {
            assert_eq!(typed(text, name), expected, "{text} {name}");
        }
        assert_eq!(value("{\"a\":1}", Some(JSON)), json!({ "a": 1 }));
        assert_eq!(value("5", None), json!("5"));
    }
}
