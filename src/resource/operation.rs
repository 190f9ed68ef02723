//! Operations: what is said of them, and the function that does it.

use super::Resource;
use super::reply::Reply;
use super::site::{Caller, Input, UnitOfWork};
use super::statuses;
use crate::hydra::{OperationDoc, Problem, Variable};

/// Tells whether an operation takes a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    None,
    Required,
    Optional,
}

/// A function that performs an operation at an address.
pub type Perform<A> = fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>;

/// A function that looks up the resources at several addresses, each for its own caller.
pub type LookUp<A> = fn(&mut UnitOfWork<'_>, &[(A, Caller)]) -> Vec<Result<Reply, Problem>>;

/// The function of an operation.
pub enum Act<A: 'static> {
    /// Reads single rows and changes nothing: look-ups that wait together share one call.
    Batched(LookUp<A>),
    /// Reads, outside a transaction.
    Query(Perform<A>),
    /// Writes, in a transaction of its own.
    Command(Perform<A>),
}

/// One method of one address.
pub struct Operation<A: 'static> {
    pub doc: OperationDoc,
    pub body: Body,
    /// Tells whether the client chooses the last segment of the address, so that a malformed one is a bad request.
    pub chooses: bool,
    /// Bytes that its answer may take, where that is no list and may be large.
    pub answer_bytes: usize,
    /// Tells whether it answers with all that its body names.
    pub shows_named: bool,
    pub act: Act<A>,
}

impl<A> Clone for Act<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for Act<A> {}

impl<A> Operation<A> {
    /// For administrators only: 403 for everybody else, and not among their inline operations.
    pub const fn for_administrators(self) -> Self {
        let doc = OperationDoc { administrators_only: true, ..self.doc };
        Self { doc, ..self }
    }

    pub const fn titled(self, title: &'static str) -> Self {
        let doc = OperationDoc { title, ..self.doc };
        Self { doc, ..self }
    }

    /// Other statuses than the usual ones.
    pub const fn answering(self, statuses: &'static [(u16, &'static str)]) -> Self {
        let doc = OperationDoc { statuses, ..self.doc };
        Self { doc, ..self }
    }

    /// The address is given by the resource it stands in: a malformed one is looked up, and was not chosen.
    pub const fn at_given_address(self) -> Self {
        Self { chooses: false, ..self }
    }

    pub fn is_open_to(&self, caller: Caller) -> bool {
        is_open(&self.doc, caller)
    }
}

/// Returns whether a caller may do what an operation does at the address that it asks for.
pub fn is_open(operation: &OperationDoc, caller: Caller) -> bool {
    let is_open_to_reader = operation.method == "GET"
        || (operation.method == "PATCH" && caller.is_reader_of_own_account());
    (caller.is_administrator() || !operation.administrators_only)
        && (is_open_to_reader || !caller.is_read_only())
}

/// The description of an operation, which becomes one with the function that does it.
pub struct OperationBuilder {
    doc: OperationDoc,
    body: Body,
    chooses: bool,
    answer_bytes: usize,
    shows_named: bool,
}

/// Describes a GET, which answers nothing yet; `name` is the last segment of its IRI.
pub const fn get(name: &'static str, title: &'static str) -> OperationBuilder {
    method("GET", name, title).answering(statuses::FOUND)
}

/// Describes a POST without a body; `name` is the last segment of its IRI.
pub const fn post(name: &'static str, title: &'static str) -> OperationBuilder {
    method("POST", name, title).answering(statuses::MADE)
}

/// Describes a PUT without a body; `name` is the last segment of its IRI.
pub const fn put(name: &'static str, title: &'static str) -> OperationBuilder {
    method("PUT", name, title).answering(statuses::REPLACED)
}

/// Describes a PATCH without a body; `name` is the last segment of its IRI.
pub const fn patch(name: &'static str, title: &'static str) -> OperationBuilder {
    method("PATCH", name, title).answering(statuses::UPDATED)
}

/// Describes a DELETE; `name` is the last segment of its IRI.
pub const fn delete(name: &'static str, title: &'static str) -> OperationBuilder {
    method("DELETE", name, title).answering(statuses::REMOVED)
}

const fn method(method: &'static str, name: &'static str, title: &'static str) -> OperationBuilder {
    let doc = OperationDoc {
        name,
        method,
        title,
        expects: None,
        returns: None,
        statuses: &[],
        parameters: &[],
        administrators_only: false,
        shows_secret: false,
    };
    OperationBuilder { doc, body: Body::None, chooses: false, answer_bytes: 0, shows_named: false }
}

impl OperationBuilder {
    /// Takes a body of a class, which has to be there.
    pub const fn expects<R: Resource>(self) -> Self {
        self.expects_a(R::NAME)
    }
    /// Takes a body of a class that is no resource, such as a collection; it has to be there.
    pub const fn expects_a(self, class: &'static str) -> Self {
        let doc = OperationDoc { expects: Some(class), ..self.doc };
        Self { doc, body: Body::Required, ..self }
    }
    /// Takes a body of a class, which may be left out.
    pub const fn may_expect<R: Resource>(self) -> Self {
        Self { body: Body::Optional, ..self.expects_a(R::NAME) }
    }
    /// Accepts a body, and does not look at it.
    pub const fn accepts_any_body(self) -> Self {
        Self { body: Body::Optional, ..self }
    }
    /// Answers a resource.
    pub const fn returns<R: Resource>(self) -> Self {
        self.returns_a(R::NAME)
    }
    /// Answers a class that is no resource, such as a collection.
    pub const fn returns_a(self, class: &'static str) -> Self {
        Self { doc: OperationDoc { returns: Some(class), ..self.doc }, ..self }
    }
    /// Answers with other statuses than the usual ones of the method.
    pub const fn answering(self, statuses: &'static [(u16, &'static str)]) -> Self {
        Self { doc: OperationDoc { statuses, ..self.doc }, ..self }
    }
    /// Shows a secret in its answer, which GET never does.
    pub const fn showing_a_secret(self) -> Self {
        Self { doc: OperationDoc { shows_secret: true, ..self.doc }, ..self }
    }
    /// Reads query parameters of its own.
    pub const fn parameters(self, parameters: &'static [Variable]) -> Self {
        Self { doc: OperationDoc { parameters, ..self.doc }, ..self }
    }
    /// Lets the client choose the last segment of the address, so that a malformed one is a bad request.
    pub const fn choosing_the_address(self) -> Self {
        Self { chooses: true, ..self }
    }
    /// Answers with no list, and with up to so many bytes, which are reserved before it is made.
    pub const fn answers_up_to(self, bytes: usize) -> Self {
        Self { answer_bytes: bytes, ..self }
    }
    /// Answers with all that its body names, for which bytes are reserved before it is made.
    pub const fn shows_what_is_named(self) -> Self {
        Self { shows_named: true, ..self }
    }
    /// Looks up single rows, together with others that wait.
    pub const fn looks_up<A>(self, act: LookUp<A>) -> Operation<A> {
        self.does(Act::Batched(act))
    }
    /// Reads, outside a transaction.
    pub const fn reads<A>(self, act: Perform<A>) -> Operation<A> {
        self.does(Act::Query(act))
    }
    /// Writes, in a transaction of its own.
    pub const fn writes<A>(self, act: Perform<A>) -> Operation<A> {
        self.does(Act::Command(act))
    }
    const fn does<A>(self, act: Act<A>) -> Operation<A> {
        let Self { doc, body, chooses, answer_bytes, shows_named } = self;
        Operation { doc, body, chooses, answer_bytes, shows_named, act }
    }
}
