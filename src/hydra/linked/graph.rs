//! What a body says, whatever it was written in: nodes, and what is said of each.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::unread::Unread;

/// What a body says.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    names: HashMap<Arc<str>, usize>,
    /// Bytes of names and types.
    pub kept: usize,
    pub unread: Unread,
}

/// One thing, and what is said of it in terms that are known here.
#[derive(Debug, Default)]
pub struct Node {
    /// IRI, blank node label, or a reference that is neither.
    pub name: Option<Arc<str>>,
    pub types: Vec<String>,
    properties: Vec<(Arc<str>, Vec<Object>)>,
    /// Properties that are given as null, which linked data knows nothing of.
    pub nulls: Vec<Arc<str>>,
    /// JSON pointer to where it stands; none: it stands in no JSON, or within another.
    pub at: Option<String>,
    /// Keys by which it was written, with what they mean.
    pub keys: Vec<(Arc<str>, String)>,
    /// Whether anything is said of it at all, in whatever terms.
    pub described: bool,
    /// Whether something else leads to it.
    pub mentioned: bool,
}

/// What a property leads to.
#[derive(Debug, Clone)]
pub enum Object {
    Value(Value),
    Node(usize),
    List(Vec<Self>),
}

impl Graph {
    /// The node of a name, or a new one.
    pub fn named(&mut self, name: &str) -> usize {
        if let Some(index) = self.names.get(name) {
            return *index;
        }
        let index = self.fresh();
        self.kept += name.len();
        let name: Arc<str> = Arc::from(name);
        self.names.insert(Arc::clone(&name), index);
        if let Some(node) = self.nodes.get_mut(index) {
            node.name = Some(name);
        }
        index
    }

    /// A new node without a name.
    pub fn fresh(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Says what kinds of thing a node is.
    pub fn is_a(&mut self, node: usize, kinds: impl IntoIterator<Item = String>) {
        if let Some(node) = self.nodes.get_mut(node) {
            for kind in kinds {
                self.kept += kind.len();
                node.described = true;
                node.types.push(kind);
            }
        }
    }

    /// Marks what is led to by a property that is not known here.
    pub fn mention(&mut self, name: &str, by: usize) {
        let index = self.named(name);
        if index != by
            && let Some(node) = self.nodes.get_mut(index)
        {
            node.mentioned = true;
        }
    }

    pub fn add(&mut self, node: usize, property: &Arc<str>, objects: Vec<Object>) {
        for object in &objects {
            self.mark(node, object);
        }
        if let Some(node) = self.nodes.get_mut(node) {
            node.described = true;
            let held = node.properties.iter_mut().find(|(name, _)| name == property);
            if let Some((_, held)) = held {
                held.extend(objects);
            } else {
                // Many nodes have one property, and there may be many nodes.
                node.properties.reserve_exact(1);
                node.properties.push((Arc::clone(property), objects));
            }
        }
    }

    fn mark(&mut self, by: usize, object: &Object) {
        match object {
            Object::Node(index) if *index != by => {
                if let Some(node) = self.nodes.get_mut(*index) {
                    node.mentioned = true;
                }
            }
            Object::List(items) => {
                for item in items {
                    self.mark(by, item);
                }
            }
            Object::Node(_) | Object::Value(_) => {}
        }
    }
}

impl Node {
    pub fn get(&self, property: &str) -> Option<&[Object]> {
        let found = self.properties.iter().find(|(name, _)| **name == *property);
        found.map(|(_, objects)| objects.as_slice())
    }

    /// The properties that are given, with or without values.
    pub fn properties(&self) -> impl Iterator<Item = &Arc<str>> {
        let nulls = self.nulls.iter().filter(|null| self.get(null).is_none());
        self.properties.iter().map(|(name, _)| name).chain(nulls)
    }

    /// Its IRI, or the reference that stands for it; none where it is blank.
    pub fn iri(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.starts_with("_:"))
    }
}
