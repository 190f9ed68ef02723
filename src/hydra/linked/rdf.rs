//! Turtle, N-Triples and N-Quads become a graph.

use std::fmt::Display;

use oxrdf::{GraphName, NamedOrBlankNode, Quad, Term, Triple};
use oxttl::{NQuadsParser, NTriplesParser, TurtleParser};

use super::address::Here;
use super::graph::{Graph, Object};
use super::terms::{TYPE, Terms};
use super::{guard, literal};
use crate::hydra::Problem;

/// A way to write triples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Turtle,
    NTriples,
    NQuads,
}

/// Reads triples; relative references relate to `base`.
///
/// # Errors
/// [`Problem::Unreadable`] where it is no such text, has too many triples, or speaks of too many things.
pub fn read(
    text: &[u8],
    syntax: Syntax,
    base: &str,
    (terms, here): (&Terms, &Here),
) -> Result<Graph, Problem> {
    let mut reading = Reading { graph: Graph::default(), terms, here, count: 0, text: 0 };
    match syntax {
        Syntax::Turtle => {
            let parser = TurtleParser::new().with_base_iri(base).map_err(Problem::internal)?;
            reading.all(parser.for_slice(text), "Turtle")?;
        }
        Syntax::NTriples => reading.all(NTriplesParser::new().for_slice(text), "N-Triples")?,
        Syntax::NQuads => reading.all(
            NQuadsParser::new()
                .for_slice(text)
                .filter(|quad| {
                    // What is said in a graph of its own is not said by the body.
                    quad.as_ref().map_or(true, |quad| quad.graph_name == GraphName::DefaultGraph)
                })
                .map(|quad| {
                    quad.map(|Quad { subject, predicate, object, .. }| Triple {
                        subject,
                        predicate,
                        object,
                    })
                }),
            "N-Quads",
        )?,
    }
    Ok(reading.graph)
}

/// Bytes of text in a triple, of which no IRI may be too long.
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
    if iris.iter().any(|iri| *iri > guard::MAX_IRI) {
        return Err(guard::too_long());
    }
    Ok(iris.iter().sum::<usize>() + text)
}

struct Reading<'a> {
    graph: Graph,
    terms: &'a Terms,
    here: &'a Here,
    count: usize,
    /// Bytes of text so far, with IRIs whole.
    text: usize,
}

impl Reading<'_> {
    fn all<E: Display>(
        &mut self,
        triples: impl Iterator<Item = Result<Triple, E>>,
        name: &str,
    ) -> Result<(), Problem> {
        for triple in triples {
            let no = |error| Problem::Unreadable(format!("the body is no {name}: {error}"));
            self.count += 1;
            if self.count > guard::MAX_VALUES {
                return Err(guard::too_many());
            }
            let triple = triple.map_err(no)?;
            let length = length(&triple)?;
            guard::text(length)?;
            self.text += length;
            self.add(triple);
            if self.text > guard::MAX_TEXT || self.graph.kept > guard::MAX_KEPT {
                return Err(guard::too_much_text());
            }
            if self.graph.nodes.len() > guard::MAX_THINGS {
                return Err(guard::too_many_things());
            }
        }
        Ok(())
    }

    fn add(&mut self, triple: Triple) {
        let subject = self.graph.named(&match triple.subject {
            NamedOrBlankNode::NamedNode(node) => node.into_string(),
            NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
        });
        if let Some(node) = self.graph.nodes.get_mut(subject) {
            node.described = true;
        }
        let name = match &triple.object {
            Term::NamedNode(node) => Some(node.as_str().to_owned()),
            Term::BlankNode(node) => Some(format!("_:{}", node.as_str())),
            Term::Literal(_) => None,
        };
        if triple.predicate.as_str() == TYPE {
            let kind = name.map(|name| self.here.absolute(&name));
            self.graph.is_a(subject, kind);
            return;
        }
        let Some(known) = self.terms.known(triple.predicate.as_str()).cloned() else {
            if let Some(name) = name {
                self.graph.mention(&name, subject);
            }
            self.graph.unread.note(subject, triple.predicate.as_str());
            return;
        };
        let object = match (name, triple.object) {
            (Some(name), _) => Object::Node(self.graph.named(&name)),
            (None, Term::Literal(literal)) => {
                Object::Value(literal::value(literal.value(), Some(literal.datatype().as_str())))
            }
            (None, _) => return,
        };
        self.graph.add(subject, &known, vec![object]);
    }
}
