//! Bodies that are in our own terms already, which need no expansion.

use serde_json::{Map, Value};

use super::Reads;
use super::terms::{Class, Form};

/// Keys of what GET shows that name a prefix, and that no row reads.
const IGNORED: [&str; 2] = ["hydra:operation", "rdf:type"];

/// What a body would be read as if it meant what its keys say.
#[derive(Clone, Copy)]
pub struct Plain<'a> {
    pub reads: Reads,
    pub class: Option<&'a Class>,
    /// Addresses of the contexts that say what is understood anyway.
    pub published: &'a [String],
}

impl Plain<'_> {
    /// Whether a body means what its keys say: no context but these, no prefix, no keyword of structure, and
    /// each value in the one form in which the rows of the class read it.
    pub fn is(self, body: &Value) -> bool {
        match body {
            Value::Array(items) => items.iter().all(|item| self.is_resource(item)),
            other => self.is_resource(other),
        }
    }

    /// A resource of the class, or a collection of them.
    fn is_resource(self, value: &Value) -> bool {
        let Value::Object(object) = value else { return self.is_known(value) };
        // Where several may be meant, the name of one is a reference, which may be relative or an id.
        let is_named = self.reads == Reads::Either || object.get("@id").is_none_or(is_whole);
        is_named && self.are_members(object, |key, value| self.is_member(key, value))
    }

    fn is_member(self, key: &str, value: &Value) -> bool {
        // What is one plain value needs no looking up.
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            return true;
        }
        if key == "member" {
            return self.is(value);
        }
        match (self.class.and_then(|class| class.forms.get(key)), value) {
            (Some(Form::Literal), _)
            | (Some(Form::Literals), Value::Object(_))
            | (Some(Form::Link), Value::Array(_)) => false,
            (Some(Form::Literals), Value::Array(items)) => {
                !items.iter().any(|item| item.is_array() || item.is_object())
            }
            (Some(Form::Links), Value::Array(items)) => {
                items.iter().all(|item| !item.is_array() && self.is_known(item))
            }
            _ => self.is_known(value),
        }
    }

    /// The same of what is no resource of the class: no row looks at the form of its values.
    fn is_known(self, value: &Value) -> bool {
        match value {
            Value::Object(object) => self.are_members(object, |_, value| self.is_known(value)),
            Value::Array(items) => items.iter().all(|item| self.is_known(item)),
            _ => true,
        }
    }

    fn are_members(self, object: &Map<String, Value>, is: impl Fn(&str, &Value) -> bool) -> bool {
        object.iter().all(|(key, value)| match key.as_str() {
            "@id" | "@type" => true,
            "@context" => is_published(value, self.published),
            key if IGNORED.contains(&key) => true,
            key if key.starts_with('@') || key.contains(':') => false,
            key => is(key, value),
        })
    }
}

/// Whether the name of something means the same wherever it stands: an IRI, a path, a blank node, or nothing.
fn is_whole(name: &Value) -> bool {
    let Value::String(name) = name else { return true };
    let start = name.split(['/', '?', '#']).next().unwrap_or_default();
    name.is_empty() || name.starts_with('/') || start.contains(':')
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
