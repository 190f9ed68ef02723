//! Graphs as bytes: expanded and flattened JSON-LD, Turtle, N-Triples.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{BlankNodeRef, LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, TermRef, TripleRef};
use oxttl::{NTriplesSerializer, TurtleSerializer};
use serde_json::Value as Json;

use super::flat::{FlatNode, Graph, Name, Value};
use super::node::{Literal, Node, Object};
use super::terms::Terms;
use crate::hydra::Writer;

/// Room for what is said of a node, which is some lines.
const BYTES_A_NODE: usize = 512;

/// Returns the document without a context, its node in an array.
pub fn expanded(top: &Node<'_>) -> Vec<u8> {
    let mut out = Writer::with_capacity(4096);
    out.array(|out| write_node(top, out));
    out.finish()
}

fn write_node(node: &Node<'_>, out: &mut Writer) {
    out.object(|out| {
        if let Some(id) = &node.id {
            out.entry("@id", id);
        }
        write_types(&node.types, out);
        for (property, objects) in &node.properties {
            out.key(property);
            out.array(|out| {
                for object in objects {
                    match object {
                        Object::Node(node) => write_node(node, out),
                        Object::Literal(literal) => write_literal(literal, out),
                    }
                }
            });
        }
    });
}

fn write_types(types: &[impl AsRef<str>], out: &mut Writer) {
    if !types.is_empty() {
        out.key("@type");
        out.array(|out| types.iter().for_each(|kind| out.text(kind.as_ref())));
    }
}

fn write_literal(literal: &Literal<'_>, out: &mut Writer) {
    out.object(|out| {
        if let Some(datatype) = literal.datatype {
            out.entry("@type", datatype);
        }
        out.key("@value");
        match literal.value {
            Json::String(text) => out.text(text),
            other => out.raw(&other.to_string()),
        }
    });
}

/// Returns every node that something is said of, once, in an array.
pub fn flattened(graph: &Graph<'_>) -> Vec<u8> {
    let mut out = Writer::with_capacity(4096);
    out.array(|out| {
        for node in graph.nodes.iter().filter(|node| !node.has_no_statements()) {
            out.object(|out| {
                out.entry("@id", &label(node.name));
                write_types(&node.types, out);
                for (property, values) in &node.properties {
                    out.key(property);
                    out.array(|out| values.iter().for_each(|v| write_value(v, graph, out)));
                }
            });
        }
    });
    out.finish()
}

fn write_value(value: &Value<'_>, graph: &Graph<'_>, out: &mut Writer) {
    match value {
        Value::Literal(literal) => write_literal(literal, out),
        Value::Node(place) => {
            if let Some(node) = graph.nodes.get(*place) {
                out.object(|out| out.entry("@id", &label(node.name)));
            }
        }
    }
}

fn label(name: Name<'_>) -> Cow<'_, str> {
    match name {
        Name::Iri(iri) => Cow::Borrowed(iri),
        Name::Blank(number) => Cow::Owned(format!("_:b{number}")),
    }
}

/// Turtle, with the prefixes of the context.
///
/// # Errors
/// Fails if the buffer takes no more.
pub fn turtle(graph: &Graph<'_>, terms: &Terms) -> io::Result<Vec<u8>> {
    let mut serializer = TurtleSerializer::new();
    for (prefix, iri) in terms.prefixes() {
        serializer = serializer.with_prefix(prefix, iri).map_err(io::Error::other)?;
    }
    let mut out = serializer.for_writer(buffer(graph));
    each_triple(graph, |triple| out.serialize_triple(triple))?;
    out.finish()
}

/// One triple a line.
///
/// # Errors
/// Fails if the buffer takes no more.
pub fn n_triples(graph: &Graph<'_>) -> io::Result<Vec<u8>> {
    let mut out = NTriplesSerializer::new().for_writer(buffer(graph));
    each_triple(graph, |triple| out.serialize_triple(triple))?;
    Ok(out.finish())
}

fn buffer(graph: &Graph<'_>) -> Vec<u8> {
    Vec::with_capacity(graph.nodes.len() * BYTES_A_NODE)
}

/// Returns the name of a node in RDF; `None` if its address is no IRI, so that its statements are no triples.
enum RdfName<'a> {
    Iri(Cow<'a, str>),
    Blank(String),
    Nothing,
}

impl<'a> RdfName<'a> {
    fn of(name: Name<'a>) -> Self {
        match name {
            Name::Blank(number) => Self::Blank(format!("b{number}")),
            Name::Iri(text) => {
                let iri = escaped(text);
                if NamedNodeRef::new(&iri).is_ok() { Self::Iri(iri) } else { Self::Nothing }
            }
        }
    }

    fn node(&self) -> Option<NamedOrBlankNodeRef<'_>> {
        match self {
            Self::Iri(iri) => Some(NamedNodeRef::new_unchecked(iri).into()),
            Self::Blank(label) => Some(BlankNodeRef::new_unchecked(label).into()),
            Self::Nothing => None,
        }
    }
}

/// Returns an address with what no IRI may have there escaped, because a query is shown as the client sent it.
fn escaped(address: &str) -> Cow<'_, str> {
    let query = address.find('?').unwrap_or(address.len());
    let bytes = address.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let is_fine = |at: usize, c: char| match c {
        '%' => is_hex(at + 1) && is_hex(at + 2),
        '[' | ']' => at < query,
        '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '\x7f' => false,
        c => c > ' ',
    };
    if address.char_indices().all(|(at, c)| is_fine(at, c)) {
        return Cow::Borrowed(address);
    }
    let mut out = String::with_capacity(address.len() + 16);
    for (at, c) in address.char_indices() {
        if is_fine(at, c) {
            out.push(c);
        } else {
            _ = write!(out, "%{:02X}", u32::from(c));
        }
    }
    Cow::Owned(out)
}

fn each_triple(
    graph: &Graph<'_>,
    mut put: impl FnMut(TripleRef<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let called: Vec<RdfName<'_>> = graph.nodes.iter().map(|node| RdfName::of(node.name)).collect();
    for (node, own) in graph.nodes.iter().zip(&called) {
        if let Some(subject) = own.node() {
            each_of_node(node, subject, &called, &mut put)?;
        }
    }
    Ok(())
}

fn each_of_node(
    node: &FlatNode<'_>,
    subject: NamedOrBlankNodeRef<'_>,
    called: &[RdfName<'_>],
    put: &mut impl FnMut(TripleRef<'_>) -> io::Result<()>,
) -> io::Result<()> {
    for kind in &node.types {
        put(TripleRef::new(subject, rdf::TYPE, NamedNodeRef::new_unchecked(kind)))?;
    }
    for (property, values) in &node.properties {
        let predicate = NamedNodeRef::new_unchecked(property);
        for value in values {
            match value {
                Value::Literal(literal) => {
                    let (text, datatype) = lexical(literal);
                    let term = LiteralRef::new_typed_literal(&text, datatype);
                    put(TripleRef::new(subject, predicate, TermRef::from(term)))?;
                }
                Value::Node(place) => {
                    if let Some(object) = called.get(*place).and_then(RdfName::node) {
                        put(TripleRef::new(subject, predicate, object))?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Returns the text of a literal and its datatype; numbers are whole in all that is written here.
fn lexical<'a>(literal: &Literal<'a>) -> (Cow<'a, str>, NamedNodeRef<'a>) {
    let (text, own) = match literal.value {
        Json::String(text) => (Cow::Borrowed(text.as_str()), xsd::STRING),
        Json::Bool(flag) => (Cow::Borrowed(if *flag { "true" } else { "false" }), xsd::BOOLEAN),
        other => (Cow::Owned(other.to_string()), xsd::INTEGER),
    };
    (text, literal.datatype.map_or(own, NamedNodeRef::new_unchecked))
}
