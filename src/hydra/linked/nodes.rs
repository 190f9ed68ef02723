//! The node map of a body: what it says of each thing in its default graph, merged by name.
//!
//! JSON-LD arrives here by the node map generation algorithm (JSON-LD 1.1 API, section 7.2) over what the processor
//! has expanded; triples arrive directly. Order and empty arrays are kept, unlike in the processor's own map.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::limits::{self, Bounds};
use super::terms::{TYPE, Terms, says_something};
use super::unread::Unread;
use crate::hydra::Problem;

/// Look-alikes of our terms that a problem names, at most.
const MAX_NAMED: usize = 10;

/// The statements of a body, merged by node.
#[derive(Debug)]
pub struct Nodes<'a> {
    all: Vec<Node>,
    names: HashMap<Arc<str>, usize>,
    terms: &'a Terms,
    bounds: Bounds,
    /// Bytes of names and types.
    kept: usize,
    /// A term of ours that a graph other than the default one uses.
    elsewhere: Option<String>,
    /// IRIs of classes and properties that are shaped like ours at another base.
    lookalikes: Vec<String>,
    /// Properties that mean nothing here, for strict handling.
    pub unread: Unread,
}

/// One thing, and what is said of it in terms of ours.
#[derive(Debug, Default)]
pub struct Node {
    /// IRI or blank node label; `None` for a blank node without a label.
    pub name: Option<Arc<str>>,
    /// IRIs of its types, which may be given twice.
    pub types: Vec<String>,
    properties: Vec<(Arc<str>, Vec<Object>)>,
    index: Option<String>,
    /// Tells whether anything is said of it, in whatever terms.
    pub described: bool,
    /// Tells whether anything is said of it in terms of ours.
    pub ours: bool,
    /// Tells whether another node refers to it.
    pub referred: bool,
}

/// A value of a property.
#[derive(Debug, Clone)]
pub enum Object {
    Value(Literal),
    Node(usize),
    List(Vec<Self>),
}

/// A literal as the body has it: a JSON scalar, or the text of a typed literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    pub value: Value,
    /// IRI of the datatype; `None` for that of the JSON scalar.
    pub datatype: Option<Arc<str>>,
}

impl<'a> Nodes<'a> {
    pub fn new(terms: &'a Terms, bounds: Bounds) -> Self {
        Self {
            all: Vec::new(),
            names: HashMap::new(),
            terms,
            bounds,
            kept: 0,
            elsewhere: None,
            lookalikes: Vec::new(),
            unread: Unread::default(),
        }
    }

    pub fn get(&self, index: usize) -> Option<&Node> {
        self.all.get(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.all.iter().enumerate()
    }

    /// Returns the node that has this IRI or label, if anything is said of it or it is referred to.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Returns the node of a name, which is made if it is not there.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if there are too many nodes, or their names are too long.
    pub fn named(&mut self, name: &str) -> Result<usize, Problem> {
        if let Some(index) = self.names.get(name) {
            return Ok(*index);
        }
        if name.len() > limits::MAX_IRI {
            return Err(limits::too_long());
        }
        let index = self.fresh()?;
        self.keep(name.len())?;
        let name: Arc<str> = Arc::from(name);
        self.names.insert(Arc::clone(&name), index);
        if let Some(node) = self.all.get_mut(index) {
            node.name = Some(name);
        }
        Ok(index)
    }

    /// Makes a blank node without a label.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if there are too many nodes.
    pub fn fresh(&mut self) -> Result<usize, Problem> {
        if self.all.len() >= self.bounds.nodes {
            return Err(limits::too_many_nodes(self.bounds));
        }
        self.all.push(Node::default());
        Ok(self.all.len() - 1)
    }

    fn keep(&mut self, bytes: usize) -> Result<(), Problem> {
        self.kept += bytes;
        if self.kept > self.bounds.names_bytes { Err(limits::too_much_text()) } else { Ok(()) }
    }

    /// Notes that something is said of a node.
    pub fn describe(&mut self, node: usize) {
        if let Some(node) = self.all.get_mut(node) {
            node.described = true;
        }
    }

    /// Notes the index under which JSON-LD files a node.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if it has another one already (JSON-LD error "conflicting indexes").
    pub fn file(&mut self, node: usize, index: String) -> Result<(), Problem> {
        let Some(node) = self.all.get_mut(node) else { return Ok(()) };
        match &node.index {
            Some(held) if *held != index => {
                let words = format!("one node has the indexes {held} and {index}");
                Err(Problem::Unreadable(words))
            }
            _ => {
                node.index = Some(index);
                Ok(())
            }
        }
    }

    /// Adds a type to a node.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if the names of types are too long in all.
    pub fn is_a(&mut self, node: usize, kind: &str) -> Result<(), Problem> {
        let ours = self.recognise(kind, self.terms.is_class(kind));
        self.keep(kind.len())?;
        if let Some(node) = self.all.get_mut(node) {
            node.described = true;
            node.ours |= ours;
            node.types.push(kind.to_owned());
        }
        Ok(())
    }

    /// Returns a property in the spelling kept here if it is one of ours, and notes one that only looks like it.
    pub fn property(&mut self, iri: &str) -> Option<Arc<str>> {
        let known = self.terms.known(iri).cloned();
        self.recognise(iri, known.is_some());
        known
    }

    fn recognise(&mut self, iri: &str, known: bool) -> bool {
        if !known
            && self.lookalikes.len() < MAX_NAMED
            && self.terms.is_lookalike(iri)
            && !self.lookalikes.iter().any(|held| held == iri)
        {
            self.lookalikes.push(iri.to_owned());
        }
        known
    }

    /// Adds values of a property that is known here; without values, the property is given and empty.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if the names of types are too long in all.
    pub fn add(
        &mut self,
        node: usize,
        property: &Arc<str>,
        objects: Vec<Object>,
    ) -> Result<(), Problem> {
        if **property == *TYPE {
            for object in objects {
                let kind = match object {
                    Object::Node(index) => self.get(index).and_then(|kind| kind.name.clone()),
                    Object::Value(_) | Object::List(_) => None,
                };
                if let Some(kind) = kind {
                    self.is_a(node, &kind)?;
                }
            }
            return Ok(());
        }
        for object in &objects {
            self.refer(node, object);
        }
        let ours = says_something(property);
        if let Some(node) = self.all.get_mut(node) {
            node.described = true;
            node.ours |= ours;
            if let Some((_, held)) = node.properties.iter_mut().find(|(held, _)| held == property) {
                held.extend(objects);
            } else {
                // There may be many nodes, each with one property.
                node.properties.reserve_exact(1);
                node.properties.push((Arc::clone(property), objects));
            }
        }
        Ok(())
    }

    /// Notes that a node refers to what an object is.
    pub fn refer(&mut self, by: usize, object: &Object) {
        match object {
            Object::Node(index) if *index != by => {
                if let Some(node) = self.all.get_mut(*index) {
                    node.referred = true;
                }
            }
            // A list is a node of its own, in triples at least.
            Object::List(items) => items.iter().for_each(|item| self.refer(usize::MAX, item)),
            Object::Node(_) | Object::Value(_) => {}
        }
    }

    /// Makes an empty map for what stands in another graph.
    pub fn apart(&self) -> Self {
        let mut bounds = self.bounds;
        bounds.nodes = bounds.nodes.saturating_sub(self.all.len());
        Self::new(self.terms, bounds)
    }

    /// Notes what a named graph says: only that it uses terms of ours, which the default graph alone may.
    pub fn exclude(&mut self, graph: Self) {
        let used = graph.all.iter().find(|node| node.ours).map(|node| {
            let property = node.properties.first().map(|(property, _)| property.to_string());
            property.or_else(|| node.types.first().cloned()).unwrap_or_default()
        });
        self.note_elsewhere(graph.elsewhere.or(used));
        for iri in graph.lookalikes {
            self.recognise(&iri, false);
        }
    }

    /// Notes that a named graph uses a term of ours.
    pub fn note_elsewhere(&mut self, term: Option<String>) {
        self.elsewhere = self.elsewhere.take().or(term);
    }

    /// Checks what holds of the body as a whole.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if it uses terms that are shaped like ours at another base, or terms of
    /// ours in a graph of its own.
    pub fn check(&self) -> Result<(), Problem> {
        if !self.lookalikes.is_empty() {
            let (names, ours) = (self.lookalikes.join(", "), self.terms.vocabulary());
            return Err(Problem::Unreadable(format!(
                "the body uses {names}; the terms of this service begin with {ours}"
            )));
        }
        if let Some(term) = &self.elsewhere {
            return Err(Problem::Unreadable(format!(
                "the body uses {term} in a named graph; only its default graph is read"
            )));
        }
        Ok(())
    }
}

impl Node {
    pub fn get(&self, property: &str) -> Option<&[Object]> {
        let found = self.properties.iter().find(|(name, _)| **name == *property);
        found.map(|(_, objects)| objects.as_slice())
    }

    /// Returns the properties that are given, with or without values.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &[Object])> {
        self.properties.iter().map(|(name, objects)| (&**name, objects.as_slice()))
    }

    /// Returns its IRI; `None` if it is a blank node.
    pub fn iri(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.starts_with("_:"))
    }
}
