//! Turtle, N-Triples and N-Quads become a node map.

use std::fmt::Display;
use std::sync::Arc;

use oxrdf::{GraphName, NamedOrBlankNode, Quad, Term, Triple};
use oxttl::{NQuadsParser, NTriplesParser, TurtleParser};

use super::limits::{self, Bounds};
use super::nodes::{Literal, Node, Nodes, Object};
use super::terms::{FIRST, REST, TYPE};
use crate::hydra::Problem;

/// A way to write triples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Turtle,
    NTriples,
    NQuads,
}

/// Adds what triples say to a node map; relative references are resolved against `base`.
///
/// # Errors
/// Returns [`Problem::Unreadable`] if it is no such text, or says too much.
pub fn read(
    text: &[u8],
    syntax: Syntax,
    base: &str,
    bounds: Bounds,
    nodes: &mut Nodes<'_>,
) -> Result<(), Problem> {
    let mut reading = Reading { nodes, bounds, count: 0, text: 0 };
    match syntax {
        Syntax::Turtle => {
            let parser = TurtleParser::new().with_base_iri(base).map_err(Problem::internal)?;
            let triples = parser.for_slice(text);
            reading.all(triples.map(|t| t.map(|t| t.in_graph(GraphName::DefaultGraph))), "Turtle")
        }
        Syntax::NTriples => {
            let triples = NTriplesParser::new().for_slice(text);
            let quads = triples.map(|t| t.map(|t| t.in_graph(GraphName::DefaultGraph)));
            reading.all(quads, "N-Triples")
        }
        Syntax::NQuads => reading.all(NQuadsParser::new().for_slice(text), "N-Quads"),
    }?;
    check_lists(nodes)
}

/// Refuses lists of which a part is missing, which processors that build lists read in several ways.
fn check_lists(nodes: &Nodes<'_>) -> Result<(), Problem> {
    let is_part = |node: &Node| node.get(FIRST).is_some() != node.get(REST).is_some();
    match nodes.iter().any(|(_, node)| is_part(node)) {
        true => Err(Problem::Unreadable(
            "the body has a part of a list that lacks rdf:first or rdf:rest".into(),
        )),
        false => Ok(()),
    }
}

/// Returns the bytes of text in a triple, of which no IRI may be too long.
fn length(triple: &Triple) -> Result<usize, Problem> {
    let (object, text) = match &triple.object {
        Term::NamedNode(node) => (node.as_str().len(), 0),
        Term::BlankNode(_) => (0, 0),
        Term::Literal(literal) => (literal.datatype().as_str().len(), literal.value().len()),
    };
    let subject = match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => node.as_str().len(),
        NamedOrBlankNode::BlankNode(_) => 0,
    };
    let iris = [subject, triple.predicate.as_str().len(), object];
    if iris.iter().any(|iri| *iri > limits::MAX_IRI) {
        return Err(limits::too_long());
    }
    Ok(iris.iter().sum::<usize>() + text)
}

struct Reading<'a, 'b> {
    nodes: &'a mut Nodes<'b>,
    bounds: Bounds,
    count: usize,
    /// Bytes of text so far, with IRIs whole.
    text: usize,
}

impl Reading<'_, '_> {
    fn all<E: Display>(
        &mut self,
        quads: impl Iterator<Item = Result<Quad, E>>,
        name: &str,
    ) -> Result<(), Problem> {
        for quad in quads {
            let no = |error| Problem::Unreadable(format!("the body is no {name}: {error}"));
            self.count += 1;
            if self.count > self.bounds.values {
                return Err(limits::too_many(self.bounds));
            }
            let quad = quad.map_err(no)?;
            let in_default = quad.graph_name == GraphName::DefaultGraph;
            let triple = Triple::from(quad);
            self.text += length(&triple)?;
            if self.text > self.bounds.text_bytes {
                return Err(limits::too_much_text());
            }
            if in_default { self.add(triple)? } else { self.exclude(triple)? }
        }
        Ok(())
    }

    fn add(&mut self, triple: Triple) -> Result<(), Problem> {
        let subject = self.nodes.named(&subject(triple.subject))?;
        self.nodes.describe(subject);
        let known = self.nodes.property(triple.predicate.as_str());
        let object = match triple.object {
            // The class of something is not referred to by it.
            Term::NamedNode(kind) if triple.predicate.as_str() == TYPE => {
                return self.nodes.is_a(subject, kind.as_str());
            }
            Term::NamedNode(node) => Object::Node(self.nodes.named(node.as_str())?),
            Term::BlankNode(node) => {
                Object::Node(self.nodes.named(&format!("_:{}", node.as_str()))?)
            }
            Term::Literal(literal) => {
                let datatype = literal.language().is_none().then(|| literal.datatype());
                Object::Value(Literal {
                    datatype: datatype.map(|datatype| Arc::from(datatype.as_str())),
                    value: literal.value().into(),
                })
            }
        };
        if let Some(known) = known {
            return self.nodes.add(subject, &known, vec![object]);
        }
        self.nodes.unread.note(subject, triple.predicate.as_str());
        self.nodes.refer(subject, &object);
        Ok(())
    }

    /// Notes a triple of a named graph, which must not use terms of ours.
    fn exclude(&mut self, triple: Triple) -> Result<(), Problem> {
        let mut apart = Reading {
            nodes: &mut self.nodes.apart(),
            bounds: self.bounds,
            count: self.count,
            text: self.text,
        };
        apart.add(triple)?;
        let apart = std::mem::replace(apart.nodes, self.nodes.apart());
        self.nodes.exclude(apart);
        Ok(())
    }
}

fn subject(subject: NamedOrBlankNode) -> String {
    match subject {
        NamedOrBlankNode::NamedNode(node) => node.into_string(),
        NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
    }
}
