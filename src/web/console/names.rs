//! Names for people: titles of pages, and names of resources.
//!
//! `assets/words.js` names them by the same rules, for pages that are opened without asking the server for HTML.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::hydra::graph::Terms;
use crate::resource::address::decode;

/// Members that may hold a name, the best first.
const NAMES: [&str; 6] = ["label", "displayName", "name", "title", "email", "key"];

/// Returns what the page of a document is called; `path` is the address asked for, below the base.
pub fn title(node: &Map<String, Value>, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    if let (Some(status), Some(title)) = (node.get("status"), text(node, "title")) {
        return format!("{status} {title}");
    }
    let class = last_class(node).map(|class| class.rsplit(':').next().unwrap_or(class));
    if class == Some("ApiDocumentation") {
        return "Vocabulary".into();
    }
    if path == "/" {
        return "Hydria".into();
    }
    let last = path.rsplit('/').next().and_then(decode).unwrap_or_default();
    if let Some(total) = node.get("totalItems") {
        return format!("{} ({total})", words(&last));
    }
    if let Some(name) = given_name(node) {
        return name;
    }
    // What has no id, such as a queue, is the only one of its kind there.
    match (class.map(words), node.contains_key("id")) {
        (Some(class), true) => format!("{class} {last}"),
        (Some(class), false) => class,
        (None, _) => words(&last),
    }
}

/// Returns what kind of thing a resource is, and where that is explained; nothing for pages that say so themselves.
pub fn kind<'a>(node: &'a Map<String, Value>, terms: &'a Terms) -> Option<(String, Cow<'a, str>)> {
    let tells_itself = ["totalItems", "status", "supportedClass"];
    let class =
        last_class(node).filter(|_| !tells_itself.iter().any(|term| node.contains_key(*term)))?;
    Some((words(class.rsplit(':').next().unwrap_or(class)), terms.vocab_iri(class)))
}

/// Returns what a resource is called: by its name, or by the last part of its address.
pub fn name(node: &Map<String, Value>) -> Option<String> {
    given_name(node).or_else(|| {
        let id = text(node, "id").filter(|id| !id.trim().is_empty());
        let last = || text(node, "@id")?.rsplit_once('/').map(|(_, last)| last);
        let last = id.or_else(last).filter(|last| !last.is_empty())?;
        Some(decode(last).unwrap_or_else(|| last.to_owned()))
    })
}

/// Returns the name that somebody gave to a resource, if anybody did.
fn given_name(node: &Map<String, Value>) -> Option<String> {
    let mut given = NAMES.iter().filter_map(|term| text(node, term));
    given.find(|text| !text.trim().is_empty()).map(ToOwned::to_owned)
}

/// Returns the class of a node, the most exact where there are several.
fn last_class(node: &Map<String, Value>) -> Option<&str> {
    let typed = node.get("rdf:type").and_then(|t| t.get("@id")).and_then(Value::as_str);
    typed.or_else(|| text(node, "@type"))
}

/// Returns the text of a member.
pub fn text<'a>(node: &'a Map<String, Value>, term: &str) -> Option<&'a str> {
    node.get(term).and_then(Value::as_str)
}

/// Returns a name of a program as words: `customerStorage` as *Customer storage*.
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, c) in name.chars().enumerate() {
        match c {
            c if index == 0 => out.extend(c.to_uppercase()),
            c if c.is_ascii_uppercase() => {
                out.push(' ');
                out.push(c.to_ascii_lowercase());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_is_called_what_people_call_the_thing() {
        for (document, path, wanted) in [
            (json!({"@type": "EntryPoint"}), "/", "Hydria"),
            (
                json!({"@type": "Collection", "totalItems": 3}),
                "/customers/2/spaces?page=1",
                "Spaces (3)",
            ),
            (
                json!({"@type": "Collection", "totalItems": 3}),
                "/customers/2/allImages",
                "All images (3)",
            ),
            (
                json!({"@type": "Space", "id": 4, "name": "Maps of the city"}),
                "/customers/2/spaces/4",
                "Maps of the city",
            ),
            (json!({"@type": "Batch", "id": 1}), "/customers/2/queue/batches/1", "Batch 1"),
            (
                json!({"@type": "Image", "id": "a b", "label": ""}),
                "/customers/2/spaces/4/images/a%20b",
                "Image a b",
            ),
            (json!({"@type": "CustomerStorage"}), "/customers/2/storage", "Customer storage"),
            (json!({"@type": "Queue"}), "/customers/2/queue", "Queue"),
            (json!({"@type": "Error", "status": 404, "title": "Not Found"}), "/x", "404 Not Found"),
        ] {
            assert_eq!(title(document.as_object().expect("an object"), path), wanted, "{path}");
        }
    }
}
