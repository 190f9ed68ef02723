//! A document as a graph: every node once, with all that is said of it anywhere.

use std::collections::HashMap;

use super::node::{Literal, Node, Object};

/// The nodes of a document in the order in which it speaks of them.
#[derive(Debug, Default)]
pub struct Graph<'a> {
    pub nodes: Vec<FlatNode<'a>>,
    named: HashMap<&'a str, usize>,
    blank: usize,
}

/// A node of a graph.
#[derive(Debug)]
pub struct FlatNode<'a> {
    pub name: Name<'a>,
    pub types: Vec<&'a str>,
    pub properties: Vec<(&'a str, Vec<Value<'a>>)>,
}

#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    Iri(&'a str),
    /// Blank nodes count from 0, in the order of the document.
    Blank(usize),
}

/// A value of a property in a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A node, by its place among the nodes.
    Node(usize),
    Literal(Literal<'a>),
}

impl FlatNode<'_> {
    /// Returns whether the document only refers to it.
    pub fn has_no_statements(&self) -> bool {
        self.types.is_empty() && self.properties.is_empty()
    }
}

impl<'a> Graph<'a> {
    pub fn of(top: &'a Node<'_>) -> Self {
        let mut graph = Self::default();
        graph.add(top);
        graph
    }

    /// Adds what a node says; answers its place.
    fn add(&mut self, node: &'a Node<'_>) -> usize {
        let place = self.place(node);
        for kind in &node.types {
            self.say(place, |flat| add_new(&mut flat.types, kind));
        }
        for (property, objects) in &node.properties {
            for object in objects {
                let value = match object {
                    Object::Node(node) => Value::Node(self.add(node)),
                    Object::Literal(literal) => Value::Literal(*literal),
                };
                self.say(place, |flat| {
                    match flat.properties.iter_mut().find(|(known, _)| *known == property) {
                        Some((_, values)) => add_new(values, value),
                        None => flat.properties.push((property, vec![value])),
                    }
                });
            }
        }
        place
    }

    fn say(&mut self, place: usize, say: impl FnOnce(&mut FlatNode<'a>)) {
        if let Some(flat) = self.nodes.get_mut(place) {
            say(flat);
        }
    }

    /// Returns the place of a node, which is new for blank ones.
    fn place(&mut self, node: &'a Node<'_>) -> usize {
        let name = if let Some(id) = &node.id {
            if let Some(place) = self.named.get(&**id) {
                return *place;
            }
            self.named.insert(id, self.nodes.len());
            Name::Iri(id)
        } else {
            self.blank += 1;
            Name::Blank(self.blank - 1)
        };
        self.nodes.push(FlatNode { name, types: Vec::new(), properties: Vec::new() });
        self.nodes.len() - 1
    }
}

fn add_new<T: PartialEq>(set: &mut Vec<T>, value: T) {
    if !set.contains(&value) {
        set.push(value);
    }
}
