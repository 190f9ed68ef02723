//! What an answer must be, by the table's column of what is returned.

use serde_json::Value;

use super::Row;
use crate::support::Answer;

/// Whether an answer of the right status is what the row returns; the reason where it is not.
pub fn check(
    row: &Row,
    path: &str,
    answer: &Answer,
    base: &str,
    vocabulary: &Value,
) -> Result<(), String> {
    let member = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let asked = format!("{base}{path}");
    let told = |what: &str, is: &str, wanted: &str| {
        if is == wanted { Ok(()) } else { Err(format!("{what} is {is}, not {wanted}")) }
    };
    match answer.status {
        205 => {
            if !answer.bytes.is_empty() || answer.header("content-type").is_some() {
                return Err(format!("it has a body: {}", String::from_utf8_lossy(&answer.bytes)));
            }
            told("Content-Length", answer.header("content-length").unwrap_or("absent"), "0")
        }
        status @ 400.. => {
            told("@type", member("@type"), "Error")?;
            told("status", &answer.body["status"].to_string(), &status.to_string())
        }
        status => {
            if row.returns.contains("[]") {
                let types = answer.header("content-type").unwrap_or_default();
                told("Content-Type", types, "application/json")?;
                let is_plain = |items: &Vec<Value>| {
                    items.iter().all(Value::is_string) || items.iter().all(Value::is_i64)
                };
                return match answer.body.as_array() {
                    Some(items) if is_plain(items) && !items.is_empty() => Ok(()),
                    _ => Err(format!("no array of strings or numbers: {}", answer.body)),
                };
            }
            class(row, answer, vocabulary)?;
            if status == 201 {
                told("Location", answer.header("location").unwrap_or("absent"), member("@id"))?;
                let below = format!("{base}/customers/");
                return match member("@id").starts_with(&below) {
                    true => Ok(()),
                    false => Err(format!("@id {} is not below {below}", member("@id"))),
                };
            }
            told("@id", member("@id"), &asked)
        }
    }
}

/// Whether the answer is of the class that the row names, or of one that is a kind of it.
fn class(row: &Row, answer: &Answer, vocabulary: &Value) -> Result<(), String> {
    let own = answer.body["@type"].as_str().unwrap_or_default();
    let shown = match own {
        "Collection" => answer.body["rdf:type"]["@id"].as_str().unwrap_or_default(),
        own => own,
    };
    // One cell was left empty; what is made is returned as everywhere (`authServices`, POST).
    let wanted = if row.returns.is_empty() { "AuthService" } else { row.returns.as_str() };
    let kinds = kinds(shown.trim_start_matches("vocab:"), vocabulary);
    match kinds.iter().any(|kind| kind == wanted) {
        true => Ok(()),
        false => Err(format!("{own} {shown}: one of {kinds:?}, not {wanted}")),
    }
}

/// A class and all that it is a kind of, as the vocabulary says.
fn kinds(class: &str, vocabulary: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = Some(class.to_owned());
    while let Some(class) = next {
        let id = format!("vocab:{class}");
        let described = vocabulary["supportedClass"]
            .as_array()
            .and_then(|classes| classes.iter().find(|c| c["@id"] == id.as_str()));
        let parent = described.and_then(|c| c["subClassOf"].as_str());
        next = parent.and_then(|parent| parent.strip_prefix("vocab:")).map(ToOwned::to_owned);
        found.push(class);
    }
    found
}
