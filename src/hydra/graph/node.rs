//! A document as nodes within nodes, with every term an IRI: expansion (JSON-LD 1.1 API, section 5).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::terms::{Coerced, Terms};

/// A node as it stands in a document.
#[derive(Debug, Default)]
pub struct Node<'a> {
    /// `None`: a blank node.
    pub id: Option<Cow<'a, str>>,
    pub types: Vec<Cow<'a, str>>,
    /// Each property once, in the order of the document.
    pub properties: Vec<(Cow<'a, str>, Vec<Object<'a>>)>,
}

/// A value of a property.
#[derive(Debug)]
pub enum Object<'a> {
    /// A node, or a reference to one: it has nothing but its address then.
    Node(Node<'a>),
    Literal(Literal<'a>),
}

/// A text, a flag or a whole number, as JSON has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal<'a> {
    pub value: &'a Value,
    /// IRI of its datatype; `None` for that of its JSON type.
    pub datatype: Option<&'a str>,
}

impl<'a> Node<'a> {
    /// Returns the node at the top of a document.
    pub fn read(document: &'a Value, terms: &'a Terms) -> Self {
        document.as_object().map(|members| Self::of(members, terms)).unwrap_or_default()
    }

    fn of(members: &'a Map<String, Value>, terms: &'a Terms) -> Self {
        let mut node = Self::default();
        for (key, value) in members {
            match key.as_str() {
                "@context" => {}
                "@id" => node.id = value.as_str().map(|id| terms.iri(id)),
                "@type" => {
                    node.types
                        .extend(each(value).filter_map(Value::as_str).map(|t| terms.vocab_iri(t)));
                }
                key => {
                    if let Some((iri, coerced)) = terms.property(key) {
                        let objects: Vec<_> =
                            each(value).filter_map(|v| object(v, coerced, terms)).collect();
                        // `[]` says nothing in a graph, and stays for those who read the expanded form.
                        if !objects.is_empty() || value.is_array() {
                            node.properties.push((iri, objects));
                        }
                    }
                }
            }
        }
        node
    }

    fn reference(id: Cow<'a, str>) -> Self {
        Self { id: Some(id), ..Self::default() }
    }
}

/// Returns the values of a key: those of an array, or the one there is.
fn each(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

fn object<'a>(value: &'a Value, coerced: Coerced<'a>, terms: &'a Terms) -> Option<Object<'a>> {
    let literal = |datatype| Some(Object::Literal(Literal { value, datatype }));
    match (value, coerced) {
        // Written nowhere here; JSON-LD drops a null.
        (Value::Null | Value::Array(_), _) => None,
        (Value::Object(members), _) => Some(Object::Node(Node::of(members, terms))),
        (Value::String(text), Coerced::Id) => Some(Object::Node(Node::reference(terms.iri(text)))),
        (Value::String(text), Coerced::Vocab) => {
            Some(Object::Node(Node::reference(terms.vocab_iri(text))))
        }
        (_, Coerced::Datatype(datatype)) => literal(Some(datatype)),
        _ => literal(None),
    }
}
