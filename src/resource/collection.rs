//! Collections below resources, described by builders.

use std::marker::PhantomData;

use super::Resource;
use super::address::Address;
use super::operation::{Operation, Perform};
use super::operations::{create, list_by, refer};
use super::page::listed;
use super::store::{Create, List, Retrieve};
use crate::hydra::{CollectionDoc, Variable};

/// A collection of resources of class `T` below a resource whose address is an `A`.
pub struct Collection<A: 'static, T> {
    name: &'static str,
    parent: Option<&'static str>,
    doc: &'static str,
    list: Option<Operation<A>>,
    post: Option<Operation<A>>,
    others: &'static [Operation<A>],
    filters: &'static [Variable],
    orderable: &'static [&'static str],
    member: PhantomData<fn() -> T>,
}

/// Returns a collection by the name of its own class, such as `SpaceImageCollection`; nothing is answered there yet.
pub const fn collection_of<A: Address, T: Resource>(
    name: &'static str,
    doc: &'static str,
) -> Collection<A, T> {
    Collection {
        name,
        parent: None,
        doc,
        list: None,
        post: None,
        others: &[],
        filters: &[],
        orderable: &[],
        member: PhantomData,
    }
}

impl<A: Address, T: Resource> Collection<A, T> {
    /// Names the collection class that it is a kind of.
    pub const fn kind_of(self, parent: &'static str) -> Self {
        Self { parent: Some(parent), ..self }
    }
    /// Answers GET by the class's own list.
    pub const fn lists(self) -> Self
    where
        T: List<A>,
    {
        self.lists_by(listed::<A, T>)
    }
    /// Answers GET by a function, where several collections below an `A` are of the same class.
    pub const fn lists_by(self, act: Perform<A>) -> Self {
        Self { list: Some(list_by(self.name, act)), ..self }
    }
    /// Answers POST by making a member.
    pub const fn creates(self) -> Self
    where
        T: Create<A> + Retrieve,
    {
        self.posts(create::<A, T>())
    }
    /// Answers POST of a collection or an array by replacing the set of references, POST of one by adding it.
    pub const fn refers(self, act: Perform<A>) -> Self {
        let operation = refer(T::NAME, self.name, act);
        self.posts(operation)
    }
    /// Answers POST by another operation than those of a class.
    pub const fn posts(self, operation: Operation<A>) -> Self {
        Self { post: Some(operation), ..self }
    }
    /// Answers other methods than GET and POST by these operations, which change or remove many members.
    pub const fn also(self, others: &'static [Operation<A>]) -> Self {
        Self { others, ..self }
    }
    /// Leaves POST to administrators: 403 for everybody else.
    pub const fn for_administrators(self) -> Self {
        let post = match self.post {
            Some(post) => Some(post.for_administrators()),
            None => None,
        };
        Self { post, ..self }
    }
    /// Names the query parameters by which it is filtered.
    pub const fn filters(self, filters: &'static [Variable]) -> Self {
        Self { filters, ..self }
    }
    /// Names the members by which it can be ordered.
    pub const fn ordered(self, orderable: &'static [&'static str]) -> Self {
        Self { orderable, ..self }
    }
}

/// A collection below an `A`, whatever its members are.
pub trait Listed<A: 'static>: Sync {
    fn describe(&self) -> CollectionDoc;

    /// Returns what is answered there: GET, then POST, then the others.
    fn operations(&self) -> Vec<&Operation<A>>;
}

impl<A: Address, T: Resource> Listed<A> for Collection<A, T> {
    fn describe(&self) -> CollectionDoc {
        CollectionDoc {
            name: self.name,
            parent: self.parent,
            member: T::NAME,
            doc: self.doc,
            operations: self.operations().into_iter().map(|o| o.doc).collect(),
            filters: self.filters,
            orderable: self.orderable,
        }
    }

    fn operations(&self) -> Vec<&Operation<A>> {
        self.list.iter().chain(&self.post).chain(self.others).collect()
    }
}
