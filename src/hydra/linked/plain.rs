//! Bodies that are in our own terms already, which need no expansion.

use serde_json::{Map, Value};

/// Keys of what GET shows that name a prefix, and that no row reads.
const IGNORED: [&str; 2] = ["hydra:operation", "rdf:type"];

/// Whether a body means what its keys say: no context but these, no prefix, no keyword of structure.
pub fn is_plain(body: &Value, published: &[String]) -> bool {
    match body {
        Value::Object(object) => is_plain_object(object, published),
        Value::Array(items) => items.iter().all(|item| is_plain(item, published)),
        _ => true,
    }
}

fn is_plain_object(object: &Map<String, Value>, published: &[String]) -> bool {
    object.iter().all(|(key, value)| match key.as_str() {
        "@id" | "@type" => true,
        "@context" => is_published(value, published),
        key if IGNORED.contains(&key) => true,
        key if key.starts_with('@') || key.contains(':') => false,
        _ => is_plain(value, published),
    })
}

fn is_published(context: &Value, published: &[String]) -> bool {
    match context {
        Value::String(name) => published.iter().any(|own| own == name || is_path_of(own, name)),
        Value::Array(contexts) => match contexts.as_slice() {
            [context] => is_published(context, published),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a reference is the path of an address, whole.
fn is_path_of(address: &str, reference: &str) -> bool {
    let host = reference.starts_with('/').then(|| address.strip_suffix(reference)).flatten();
    host.is_some_and(|host| host.split_once("://").is_some_and(|(_, host)| !host.contains('/')))
}
