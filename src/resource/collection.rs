//! Collections beneath resources.

use super::Operation;
use crate::hydra::{CollectionDoc, Variable};

/// A collection beneath a resource: its class and what is answered there.
pub struct Collection<A: 'static> {
    /// Name of its own class, such as `SpaceImageCollection`.
    pub name: &'static str,
    /// The collection class it is a kind of; none: `hydra:Collection`.
    pub parent: Option<&'static str>,
    /// Class of the members.
    pub member: &'static str,
    pub doc: &'static str,
    pub operations: &'static [Operation<A>],
    /// What its query filters by.
    pub filters: &'static [Variable],
    /// Members by which it can be ordered.
    pub orderable: &'static [&'static str],
}

impl<A> Collection<A> {
    pub fn describe(&self) -> CollectionDoc {
        CollectionDoc {
            name: self.name,
            parent: self.parent,
            member: self.member,
            doc: self.doc,
            operations: self.operations.iter().map(|o| o.doc).collect(),
            filters: self.filters,
            orderable: self.orderable,
        }
    }
}
