//! Lists of a node map, whose items stand in a document in their place.

use std::collections::HashSet;

use super::super::nodes::Object;
use super::super::terms::{FIRST, NIL, REST};
use super::Writing;
use crate::hydra::Problem;

impl<'a> Writing<'a> {
    /// Returns objects with the items of lists in place of the lists, which triples write as nodes.
    ///
    /// What is wrong with a list is answered within, as the rest of a sentence.
    pub(super) fn flat(
        &mut self,
        objects: &'a [Object],
    ) -> Result<Result<Vec<&'a Object>, String>, Problem> {
        let mut flat = Vec::new();
        for object in objects {
            self.count(1)?;
            match object {
                Object::List(items) => {
                    self.count(items.len())?;
                    flat.extend(items);
                }
                Object::Node(index) if self.is_list(*index) => match self.list(*index)? {
                    Ok(items) => flat.extend(items),
                    Err(reason) => return Ok(Err(reason)),
                },
                Object::Node(_) | Object::Value(_) => flat.push(object),
            }
        }
        let is_list = |object: &&Object| match object {
            Object::List(_) => true,
            Object::Node(index) => self.is_list(*index),
            Object::Value(_) => false,
        };
        if flat.iter().any(is_list) {
            return Ok(Err("has a list within a list".into()));
        }
        Ok(Ok(flat))
    }

    /// Returns whether a node is a list as triples have it.
    fn is_list(&self, index: usize) -> bool {
        self.nodes.get(index).is_some_and(|node| {
            let continues = node.get(FIRST).is_some() || node.get(REST).is_some();
            continues || node.name.as_deref() == Some(NIL)
        })
    }

    /// Returns the items of a list that is made of nodes.
    fn list(&mut self, first: usize) -> Result<Result<Vec<&'a Object>, String>, Problem> {
        let nodes = self.nodes;
        let (mut items, mut seen, mut at) = (Vec::new(), HashSet::new(), first);
        loop {
            self.count(1)?;
            let Some(node) = nodes.get(at) else { break };
            let parts = (node.get(FIRST), node.get(REST));
            match parts {
                (None, None) if node.name.as_deref() == Some(NIL) => return Ok(Ok(items)),
                (Some([item]), Some([Object::Node(rest)])) if seen.insert(at) => {
                    items.push(item);
                    at = *rest;
                }
                _ => break,
            }
        }
        Ok(Err("has a list that does not end, or goes on in several ways".into()))
    }
}
