//! The node that a body is about (`docs/rules.md` 4.5).

use super::nodes::{Node, Nodes};
use super::terms::MEMBER;
use crate::hydra::Problem;

/// Finds the nodes that a body is about.
#[derive(Clone, Copy)]
pub struct Subjects<'a> {
    pub nodes: &'a Nodes<'a>,
    /// The class that the body should describe, for the problem that it does not.
    pub class: &'a str,
}

impl Subjects<'_> {
    /// Returns the node that is written to an address: the one that has it or, where none has, the one blank node
    /// that no other refers to.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if there are several, or none.
    pub fn at(self, address: &str) -> Result<usize, Problem> {
        let is_described =
            |index: &usize| self.nodes.get(*index).is_some_and(|node| node.described);
        if let Some(index) = self.nodes.find(address).filter(is_described) {
            return Ok(index);
        }
        let roots = self.meant();
        let blank: Vec<_> = roots.iter().filter(|(_, node)| node.iri().is_none()).collect();
        match (blank.as_slice(), roots.as_slice()) {
            // What is named otherwise is refused for its name.
            ([(index, _)], _) | ([], [(index, _)]) => Ok(*index),
            ([], []) => Err(self.none()),
            _ => Err(self.several(&roots)),
        }
    }

    /// Returns the one node that no other refers to.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if there are several, or none.
    pub fn root(self) -> Result<usize, Problem> {
        match self.meant().as_slice() {
            [(index, _)] => Ok(*index),
            [] => Err(self.none()),
            several => Err(self.several(several)),
        }
    }

    /// Returns the nodes that may be meant: if any is described in terms of ours, only such.
    fn meant(&self) -> Vec<(usize, &Node)> {
        let roots: Vec<_> =
            self.nodes.iter().filter(|(_, node)| node.described && !node.referred).collect();
        let ours: Vec<_> = roots.iter().copied().filter(|(_, node)| node.ours).collect();
        if ours.is_empty() { roots } else { ours }
    }

    fn none(&self) -> Problem {
        let class = self.class;
        Problem::Unreadable(format!(
            "the body must describe one {class}, and describes nothing to which no other node refers"
        ))
    }

    fn several(&self, nodes: &[(usize, &Node)]) -> Problem {
        const MAX_NAMED: usize = 10;
        let name = |(_, node): &(usize, &Node)| {
            let name = node.name.as_deref().unwrap_or("a node without a name");
            name.chars().take(200).collect::<String>()
        };
        let names: Vec<String> = nodes.iter().take(MAX_NAMED).map(name).collect();
        let (class, count, names) = (self.class, nodes.len(), names.join(", "));
        Problem::Unreadable(format!(
            "the body must describe one {class}, and describes {count} nodes to which no other refers: {names}"
        ))
    }
}

/// Returns whether a node says that it is a collection.
pub fn is_collection(node: &Node, is_class: impl Fn(&str) -> bool) -> bool {
    node.get(MEMBER).is_some() || node.types.iter().any(|kind| is_class(kind))
}
