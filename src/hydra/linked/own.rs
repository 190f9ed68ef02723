//! Bodies in our own terms (`docs/rules.md` 4.1), which are not expanded: their keys say what they mean.

use iref::{Iri, IriBuf, IriRef};
use serde_json::{Map, Value};

use super::Reads;
use super::address::class_of_shape;
use super::contexts::is_hydra;
use super::literal;
use super::nodes::Literal;
use super::terms::{Class, Form};
use crate::hydra::PREFIXES;

const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";

/// Keys of what GET shows that name a prefix, and that no row reads.
const IGNORED: [&str; 2] = ["hydra:operation", "rdf:type"];

/// The reading of a body as if it were in our own terms.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    pub reads: Reads,
    pub class: Option<&'a Class>,
    /// Addresses of the contexts that say what is understood anyway.
    pub published: &'a [String],
}

/// The way in which the rows of a class can read a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// As it stands.
    Plain,
    /// Once value objects, sets and lists are written as plain values and arrays.
    Spelled,
    /// Not by our own terms.
    Foreign,
}

impl Own<'_> {
    /// Writes a body in the forms that rows read, if it is in our own terms; `base`: the address it was sent to.
    ///
    /// # Errors
    /// The body as it was, if it is not in our own terms.
    pub fn read(
        self,
        mut body: Value,
        base: impl FnOnce() -> Option<IriBuf>,
    ) -> Result<Value, Value> {
        match self.kind(&body) {
            Kind::Plain => Ok(body),
            Kind::Spelled => {
                self.rewrite(&mut body, base().as_deref());
                Ok(body)
            }
            Kind::Foreign => Err(body),
        }
    }

    /// Takes the one node out of a body that holds only `@graph`, if it is in our own terms (`docs/rules.md` 4.5);
    /// answers it with the JSON pointer to it.
    pub fn in_graph(self, body: &mut Value) -> Option<(Value, &'static str)> {
        let object = body.as_object_mut()?;
        let is_wrapper = object.iter().all(|(key, value)| match key.as_str() {
            "@graph" => true,
            "@context" => self.is_own(value),
            _ => false,
        });
        let graph = object.get_mut("@graph").filter(|_| is_wrapper)?;
        let (node, pointer) = match graph {
            Value::Array(items) => match items.as_mut_slice() {
                [node] => (node, "/@graph/0"),
                _ => return None,
            },
            node => (node, "/@graph"),
        };
        let is_own = node.is_object() && self.kind(node) != Kind::Foreign;
        is_own.then(|| (node.take(), pointer))
    }

    fn kind(self, body: &Value) -> Kind {
        match body {
            Value::Array(items) => worst(items.iter().map(|item| self.resource(item))),
            other => self.resource(other),
        }
    }

    /// Returns a resource of the class, or a collection of them.
    fn resource(self, value: &Value) -> Kind {
        let Value::Object(object) = value else { return self.unread(value) };
        let is_whole = object.get("@id").is_none_or(|id| !self.is_relative(id));
        let members = self.members(object, |key, value| self.member(key, value));
        if is_whole { members } else { members.max(Kind::Spelled) }
    }

    /// Returns whether the name of a resource is one that rows do not resolve themselves.
    fn is_relative(self, id: &Value) -> bool {
        let Value::String(id) = id else { return false };
        let start = id.split(['/', '?', '#']).next().unwrap_or_default();
        self.reads != Reads::Either
            && !id.is_empty()
            && !id.starts_with('/')
            && !start.contains(':')
    }

    fn member(self, key: &str, value: &Value) -> Kind {
        // What is one plain value needs no looking up.
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            return Kind::Plain;
        }
        if key == "member" {
            return self.kind(value);
        }
        match self.class.and_then(|class| class.forms.get(key)) {
            None | Some(Form::Json) => self.unread(value),
            Some(form) => self.formed(*form, value),
        }
    }

    fn formed(self, form: Form, value: &Value) -> Kind {
        let many = matches!(form, Form::Literals | Form::Links);
        match value {
            Value::Array(items) => {
                let inner = worst(items.iter().map(|item| match item {
                    Value::Array(_) => self.formed(form, item).max(Kind::Spelled),
                    item => self.formed(form, item),
                }));
                if many { inner } else { inner.max(Kind::Spelled) }
            }
            Value::Object(object) => match unwrapped(object) {
                Some(Wrapped::Value(_)) => Kind::Spelled,
                Some(Wrapped::Items(inner)) => self.formed(form, inner).max(Kind::Spelled),
                None if matches!(form, Form::Link | Form::Links) => self.unread(value),
                None if named(object).is_some_and(|id| Iri::new(id).is_ok()) => Kind::Spelled,
                None => self.unread(value),
            },
            _ => Kind::Plain,
        }
    }

    /// Returns the same of what is no resource of the class: no row looks at the form of its values.
    fn unread(self, value: &Value) -> Kind {
        match value {
            Value::Object(object) => self.members(object, |_, value| self.unread(value)),
            Value::Array(items) => worst(items.iter().map(|item| self.unread(item))),
            _ => Kind::Plain,
        }
    }

    fn members(self, object: &Map<String, Value>, kind: impl Fn(&str, &Value) -> Kind) -> Kind {
        worst(object.iter().map(|(key, value)| match key.as_str() {
            "@id" | "@type" => Kind::Plain,
            "@context" if self.is_own(value) => Kind::Plain,
            key if IGNORED.contains(&key) => Kind::Plain,
            key if is_of_others(key) && is_scalar(value) => Kind::Plain,
            key if key.starts_with('@') || key.contains(':') => Kind::Foreign,
            key => kind(key, value),
        }))
    }

    /// Returns whether a context says no more than what is understood anyway.
    fn is_own(self, context: &Value) -> bool {
        match context {
            Value::String(name) => is_published(name, self.published),
            // An array within an array is no context.
            Value::Array(contexts) => {
                contexts.iter().all(|context| context.is_string() && self.is_own(context))
            }
            _ => false,
        }
    }

    /// Writes a body of the kind [`Kind::Spelled`] in the forms that rows read.
    fn rewrite(self, body: &mut Value, base: Option<&Iri>) {
        match body {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rewrite(item, base)),
            Value::Object(object) => {
                for (key, value) in object.iter_mut() {
                    let form = || self.class.and_then(|class| class.forms.get(key.as_str()));
                    match key.as_str() {
                        "@id" if self.is_relative(value) => resolve(value, base),
                        "member" => self.rewrite(value, base),
                        key if key.starts_with('@') => {}
                        _ => {
                            if let Some(form) = form().filter(|form| **form != Form::Json) {
                                reform(*form, value);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns whether a key is the IRI of a property that is neither ours nor Hydra's, and not shaped like one of ours.
fn is_of_others(key: &str) -> bool {
    key.contains("://") && class_of_shape(key).is_none() && !key.starts_with(HYDRA)
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn worst(kinds: impl Iterator<Item = Kind>) -> Kind {
    let mut worst = Kind::Plain;
    for kind in kinds {
        worst = worst.max(kind);
        if worst == Kind::Foreign {
            break;
        }
    }
    worst
}

/// Returns whether a context is a published one of ours, or that of Hydra, under which our terms keep their meaning.
pub fn is_published(name: &str, published: &[String]) -> bool {
    is_hydra(name) || published.iter().any(|own| own == name || is_path_of(own, name))
}

/// Returns whether a reference is the path of an address, whole.
fn is_path_of(address: &str, reference: &str) -> bool {
    let host = reference.starts_with('/').then(|| address.strip_suffix(reference)).flatten();
    host.is_some_and(|host| host.split_once("://").is_some_and(|(_, host)| !host.contains('/')))
}

enum Wrapped<'a> {
    /// The value of a value object.
    Value(Value),
    /// The items of a set or a list.
    Items(&'a Value),
}

/// Unwraps a value object, a set or a list; `None` if it is none of them, or cannot be read by itself.
fn unwrapped(object: &Map<String, Value>) -> Option<Wrapped<'_>> {
    let has_only = |keys: &[&str]| object.keys().all(|key| keys.contains(&key.as_str()));
    if let Some(items) = object.get("@set").or_else(|| object.get("@list")) {
        return (object.len() == 1).then_some(Wrapped::Items(items));
    }
    let value = object.get("@value")?;
    if value.is_array() || value.is_object() || !has_only(&["@value", "@type", "@language"]) {
        return None;
    }
    let value = match (object.get("@type"), object.get("@language")) {
        (None, None) => value.clone(),
        (None, Some(Value::String(_))) if value.is_string() => value.clone(),
        (Some(Value::String(datatype)), None) if !value.is_null() => {
            let literal = Literal { value: value.clone(), datatype: Some(whole(datatype).into()) };
            // What is ill-typed is refused as linked data, in words.
            literal::value(&literal, false).ok()?
        }
        _ => return None,
    };
    Some(Wrapped::Value(value))
}

/// Returns the IRI of a datatype that may be written with a prefix.
fn whole(datatype: &str) -> String {
    let parts = datatype.split_once(':');
    let known = parts.and_then(|(prefix, rest)| {
        let found = PREFIXES.iter().find(|(known, _)| *known == prefix);
        found.map(|(_, iri)| format!("{iri}{rest}"))
    });
    known.unwrap_or_else(|| datatype.to_owned())
}

/// Returns the name of an object that holds nothing else.
fn named(object: &Map<String, Value>) -> Option<&str> {
    object.get("@id").filter(|_| object.len() == 1).and_then(Value::as_str)
}

/// Writes a value in the form of its term.
fn reform(form: Form, value: &mut Value) {
    let is_array = match value {
        Value::Array(_) => true,
        Value::Object(object) => matches!(unwrapped(object), Some(Wrapped::Items(_))),
        _ => return,
    };
    let mut items = Vec::new();
    flatten(value.take(), &mut items);
    let many = matches!(form, Form::Literals | Form::Links);
    if !many {
        // A set: what is said twice is said once. Several values are for the row to refuse.
        let mut distinct: Vec<Value> = Vec::new();
        for item in items {
            if distinct.len() < 2 && !distinct.contains(&item) {
                distinct.push(item);
            }
        }
        items = distinct;
    }
    *value = match (items.len(), many && is_array) {
        (1, false) => items.pop().unwrap_or_default(),
        _ => items.into(),
    };
}

/// Adds the plain values of a value, whatever it is written in.
fn flatten(value: Value, items: &mut Vec<Value>) {
    match value {
        Value::Array(inner) => inner.into_iter().for_each(|item| flatten(item, items)),
        Value::Object(object) => match unwrapped(&object) {
            Some(Wrapped::Value(value)) => items.push(value),
            Some(Wrapped::Items(inner)) => flatten(inner.clone(), items),
            None => items.push(match named(&object) {
                Some(iri) => iri.into(),
                None => object.into(),
            }),
        },
        scalar => items.push(scalar),
    }
}

fn resolve(id: &mut Value, base: Option<&Iri>) {
    let reference = id.as_str().and_then(|id| IriRef::new(id).ok());
    if let (Some(reference), Some(base)) = (reference, base) {
        *id = reference.resolved(base).as_str().into();
    }
}
