//! What bodies use of the languages, so that a run shows that each of it was read.

use serde_json::Value;

/// Constructs that a run must have read.
pub const WANTED: [&str; 23] = [
    "scoped context",
    "nested context",
    "@propagate",
    "@protected",
    "@nest",
    "@included",
    "@reverse",
    "@json",
    "@index",
    "@graph",
    "@base",
    "@vocab",
    "@value",
    "@list",
    "@set",
    "@language",
    "@container",
    "@type",
    "@id",
    "@none",
    "@direction",
    "@version",
    "relative name",
];

/// Returns what of [`WANTED`] a body uses.
pub fn of(body: &Value) -> Vec<&'static str> {
    let mut found = Vec::new();
    look(body, 0, false, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn look(value: &Value, depth: usize, context: bool, found: &mut Vec<&'static str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| look(item, depth, context, found)),
        Value::Object(members) => {
            for (key, value) in members {
                for text in [Some(key.as_str()), value.as_str()].into_iter().flatten() {
                    found.extend(WANTED.iter().find(|wanted| **wanted == text));
                }
                let is_context = key == "@context";
                if is_context && context {
                    found.push("scoped context");
                } else if is_context && depth > 0 {
                    found.push("nested context");
                }
                if key == "@id" && !context && value.as_str().is_some_and(|id| !id.contains(':')) {
                    found.push("relative name");
                }
                look(value, depth + 1, context || is_context, found);
            }
        }
        _ => {}
    }
}
