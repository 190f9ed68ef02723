//! Properties of the resources of a body that are not read, for clients that prefer strict handling.

use crate::hydra::problem::MAX_FAULTS;

/// What begins so frames a collection or describes an operation, and a body may bring it back.
const OF_HYDRA: &str = "http://www.w3.org/ns/hydra/core#";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// Characters of a name that are kept.
const MAX_NAME: usize = 250;

/// Properties that the vocabulary does not know, by the node that has them.
#[derive(Debug, Default)]
pub struct Unread {
    properties: Vec<(usize, String)>,
}

impl Unread {
    /// Notes a property, or a key that means nothing, of a node.
    pub fn note(&mut self, node: usize, property: &str) {
        let is_framing = property.starts_with(OF_HYDRA) || property == TYPE;
        if !is_framing && self.properties.len() <= MAX_FAULTS {
            let name: String = property.chars().take(MAX_NAME).collect();
            self.properties.push((node, name));
        }
    }

    /// Returns the properties of a node.
    pub fn of(&self, node: usize) -> impl Iterator<Item = &str> {
        self.properties.iter().filter(move |(own, _)| *own == node).map(|(_, name)| name.as_str())
    }
}
