//! A node map becomes a document in our own terms, which the rows of a class read like any plain body.

mod lists;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::limits::{self, Bounds};
use super::nodes::{Node, Nodes, Object};
use super::source_map::{Named, SourceMap};
use super::subject::{Subjects, is_collection};
use super::terms::{Class, MEMBER, NEXT, PREVIOUS, Property, TargetKind, Terms, VIEW};
use super::{ParsedBody, Reads, literal};
use crate::hydra::{Fault, Problem};

/// Label of the node that a body describes without naming it, as flattening would give it.
const UNNAMED: &str = "_:b0";

/// Makes the document of one body.
pub struct Writing<'a> {
    pub nodes: &'a Nodes<'a>,
    pub terms: &'a Terms,
    pub bounds: Bounds,
    /// Objects written so far.
    written: usize,
    /// Resources among them.
    resources: usize,
    /// The reasons why values cannot be written, by pointer into the document.
    reasons: Vec<(String, String)>,
    /// Faults of properties that are not read, for strict handling.
    unread: Vec<Fault>,
}

/// The resource that a request expects in a body.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Address of the request.
    pub address: &'a str,
    /// Tells whether the body is of what stands there, rather than posted to it.
    pub stands_there: bool,
    /// Number of the items, if the body is an array.
    pub items: Option<usize>,
}

impl<'a> Writing<'a> {
    pub fn new(nodes: &'a Nodes<'a>, terms: &'a Terms, bounds: Bounds) -> Self {
        Self {
            nodes,
            terms,
            bounds,
            written: 0,
            resources: 0,
            reasons: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Returns the document of what is to be read.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if it cannot be told which node is meant, or it says too much.
    pub fn document(
        mut self,
        reads: Reads,
        class: Option<&Class>,
        asked: Asked<'_>,
    ) -> Result<ParsedBody, Problem> {
        let Some(class) = class.filter(|_| reads != Reads::Nothing) else {
            let named = Named { node: asked.address.to_owned(), reasons: Vec::new() };
            return Ok(ParsedBody::of(Map::new().into(), SourceMap::Nodes(named)));
        };
        let what = if reads == Reads::One { class.name } else { "collection" };
        let subjects = Subjects { nodes: self.nodes, class: what };
        let (subject, document) = match (reads, asked.items) {
            (Reads::Either, Some(items)) if items != 1 => (None, self.array(class, items)?),
            (Reads::Either, items) => {
                let subject = subjects.root()?;
                let is_class = |kind: &str| self.terms.is_collection(kind);
                let is_collection =
                    self.nodes.get(subject).is_some_and(|node| is_collection(node, is_class));
                (
                    Some(subject),
                    match (is_collection, items) {
                        (true, _) => self.members(subject, class, true)?,
                        (false, Some(items)) => self.array(class, items)?,
                        (false, None) => self.reference(subject, class, "")?,
                    },
                )
            }
            (Reads::Several, _) => {
                let subject = subjects.root()?;
                let is_class = |kind: &str| self.terms.is_collection(kind);
                let names_some =
                    self.nodes.get(subject).is_some_and(|node| is_collection(node, is_class));
                let document = match names_some {
                    true => self.members(subject, class, false)?,
                    false => self.resource(subject, class, "", &mut Vec::new())?,
                };
                (Some(subject), document)
            }
            (Reads::Collection, _) => {
                let subject = subjects.root()?;
                (Some(subject), self.members(subject, class, false)?)
            }
            (Reads::One | Reads::Nothing, _) => {
                let subject = match asked.stands_there {
                    true => subjects.at(asked.address)?,
                    false => subjects.root()?,
                };
                (Some(subject), self.resource(subject, class, "", &mut Vec::new())?)
            }
        };
        let node = subject.and_then(|subject| self.nodes.get(subject));
        let name = node.and_then(|node| match node.iri() {
            None if asked.stands_there => None,
            _ => node.name.as_deref(),
        });
        let unnamed = if asked.stands_there { asked.address } else { UNNAMED };
        let node = name.unwrap_or(unnamed).to_owned();
        let named = Named { node, reasons: self.reasons };
        Ok(ParsedBody { document, source_map: SourceMap::Nodes(named), unread: self.unread })
    }

    /// References, or resources, that stand in an array of so many items.
    fn array(&mut self, class: &Class, items: usize) -> Result<Value, Problem> {
        let nodes = self.nodes;
        let roots = nodes.iter().filter(|(_, node)| node.described && !node.referred);
        let roots: Vec<usize> = roots.map(|(index, _)| index).collect();
        if roots.len() != items {
            // What is only named is dropped by expansion, and would be missing from the set.
            let (name, count) = (class.name, roots.len());
            return Err(Problem::Unreadable(format!(
                "the array must describe one {name} with each item: it has {items} and describes {count} nodes; \
                 give references as the members of a collection"
            )));
        }
        let mut array = Vec::new();
        for (number, index) in roots.into_iter().enumerate() {
            array.push(self.reference(index, class, &format!("/{number}"))?);
        }
        Ok(array.into())
    }

    /// Returns a resource that is only referred to.
    fn reference(&mut self, index: usize, class: &Class, at: &str) -> Result<Value, Problem> {
        let iri = self.nodes.get(index).and_then(Node::iri);
        // A row would take it for a bare id.
        if iri.is_some_and(|iri| !is_address(iri)) {
            return Ok(unsaid());
        }
        self.resource(index, class, at, &mut Vec::new())
    }

    /// Returns a view of a collection: all that matters of it is whether there are others.
    fn view(&self, views: &[Object]) -> Map<String, Value> {
        let mut view = Map::new();
        for object in views {
            let Object::Node(index) = object else { continue };
            let Some(node) = self.nodes.get(*index) else { continue };
            for (property, name) in [(NEXT, "next"), (PREVIOUS, "previous")] {
                if node.get(property).is_some_and(|pages| !pages.is_empty()) {
                    view.insert(name.into(), true.into());
                }
            }
        }
        view
    }

    /// Returns a collection, whose members are references if it `refers`.
    fn members(&mut self, index: usize, class: &Class, refers: bool) -> Result<Value, Problem> {
        let nodes = self.nodes;
        let Some(node) = nodes.get(index) else { return Ok(Map::new().into()) };
        let mut document = self.identity(node);
        if let Some(views) = node.get(VIEW).filter(|views| !views.is_empty()) {
            document.insert("view".into(), self.view(views).into());
        }
        if let Some(objects) = node.get(MEMBER) {
            let mut members = Vec::new();
            let mut seen = HashSet::new();
            let objects = self.flat(objects)?.map_err(|why| Problem::invalid("member", why))?;
            for object in objects {
                let noted = self.unread.len();
                let member = match object {
                    Object::Node(index) if !seen.insert(index) => continue,
                    Object::Node(index) => {
                        let at = format!("/member/{}", members.len());
                        match refers {
                            true => self.reference(*index, class, &at)?,
                            false => self.resource(*index, class, &at, &mut Vec::new())?,
                        }
                    }
                    Object::Value(value) => literal::value(value, false)
                        .map_err(|why| Problem::invalid("member", why))?,
                    Object::List(_) => continue,
                };
                for fault in self.unread.split_off(noted) {
                    self.unread.push(fault.within(members.len()));
                }
                members.push(member);
            }
            document.insert("member".into(), members.into());
        }
        Ok(document.into())
    }

    fn identity(&self, node: &Node) -> Map<String, Value> {
        let mut document = Map::new();
        if let Some(iri) = node.iri() {
            document.insert("@id".into(), iri.into());
        }
        let mut seen = HashSet::new();
        let kinds = node.types.iter().filter(|kind| seen.insert(kind.as_str()));
        let mut types: Vec<Value> = kinds.map(|kind| self.terms.type_name(kind).into()).collect();
        let kind = match types.len() {
            0 => None,
            1 => types.pop(),
            _ => Some(types.into()),
        };
        document.extend(kind.map(|kind| ("@type".into(), kind)));
        document
    }

    /// One resource in the terms of its class; `at`: pointer to it, `path`: the nodes it stands within.
    fn resource(
        &mut self,
        index: usize,
        class: &Class,
        at: &str,
        path: &mut Vec<usize>,
    ) -> Result<Value, Problem> {
        let nodes = self.nodes;
        let Some(node) = nodes.get(index) else { return Ok(Map::new().into()) };
        self.count(1)?;
        self.resources += 1;
        if self.resources > self.bounds.nodes {
            return Err(limits::too_many_nodes(self.bounds));
        }
        if path.len() > limits::MAX_DEPTH {
            return Err(limits::too_deep());
        }
        path.push(index);
        let mut document = self.identity(node);
        for (iri, objects) in node.properties() {
            let Some(property) = class.properties.get(iri) else { continue };
            let at = format!("{at}/{}", property.name);
            let value = match self.values(objects, property, &at, path)? {
                Ok(value) => value,
                Err(reason) => {
                    self.reasons.push((at, reason));
                    unsaid()
                }
            };
            document.insert(property.name.into(), value);
        }
        path.pop();
        // What stands within a resource, such as credentials, is read by a row of its own.
        if path.is_empty() {
            let others = node.properties().map(|(iri, _)| iri);
            let others = others.filter(|iri| !class.properties.contains_key(*iri));
            let others = others.filter(|iri| self.terms.is_of_vocabulary(iri));
            let unread = nodes.unread.of(index).chain(others);
            self.unread.extend(unread.map(Fault::unknown));
        }
        Ok(document.into())
    }

    fn count(&mut self, written: usize) -> Result<(), Problem> {
        self.written += written;
        if self.written > self.bounds.values { Err(limits::too_many(self.bounds)) } else { Ok(()) }
    }

    /// Returns the value of a property, or what is wrong with it.
    fn values(
        &mut self,
        objects: &'a [Object],
        property: &Property,
        at: &str,
        path: &mut Vec<usize>,
    ) -> Result<Result<Value, String>, Problem> {
        let objects = match self.flat(objects)? {
            Ok(objects) => objects,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut values = Vec::new();
        // A property has a set of values: what is said twice is said once.
        let mut seen = HashSet::new();
        for object in objects {
            let value = match object {
                Object::Value(value) => match literal::value(value, property.json) {
                    Ok(value) => value,
                    Err(reason) => return Ok(Err(reason)),
                },
                Object::Node(index) => self.link(*index, property, at, path)?,
                Object::List(_) => continue,
            };
            if seen.insert(value.to_string()) {
                values.push(value);
            }
        }
        if let TargetKind::Within(_) = property.leads {
            let end = format!("/{}", property.name);
            // The link to the collection, as GET shows it, and no member of it.
            let is_link = |value: &Value| value.as_str().is_some_and(|link| link.ends_with(&end));
            return Ok(Ok(match values.as_slice() {
                [link] if is_link(link) => link.clone(),
                _ => values.into(),
            }));
        }
        Ok(Ok(match values.len() {
            1 if !property.many => values.pop().unwrap_or_default(),
            // Several values of one that has one are for the row to refuse.
            _ => values.into(),
        }))
    }

    fn link(
        &mut self,
        index: usize,
        property: &Property,
        at: &str,
        path: &mut Vec<usize>,
    ) -> Result<Value, Problem> {
        let (nodes, terms) = (self.nodes, self.terms);
        let Some(node) = nodes.get(index) else { return Ok(unsaid()) };
        let class = match property.leads {
            TargetKind::To(class) | TargetKind::Within(class) => terms.classes.get(class),
            TargetKind::Nowhere => None,
        };
        if let Some(iri) = node.iri() {
            return Ok(match class {
                // A row would take it for a bare id.
                Some(_) if property.names && !is_address(iri) => json!({ "@id": iri }),
                Some(_) if !is_address(iri) => unsaid(),
                _ => iri.into(),
            });
        }
        match class.filter(|_| !path.contains(&index)) {
            Some(class) => self.resource(index, class, at, path),
            None => Ok(unsaid()),
        }
    }
}

/// Returns whether an IRI has an authority, as all addresses of resources have.
fn is_address(iri: &str) -> bool {
    iri.contains("://")
}

/// Stands in a document for what cannot be written in our terms: no row accepts it.
fn unsaid() -> Value {
    json!({ "@value": null })
}
