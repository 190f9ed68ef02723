//! Operations: what is said of them, and the function that does it.

use super::reply::Reply;
use super::site::{Caller, Input, UnitOfWork};
use crate::hydra::{OperationDoc, Problem};

/// Whether an operation takes a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    None,
    Required,
    Optional,
}

/// The function of an operation.
pub enum Act<A: 'static> {
    /// Reads single rows and changes nothing: look-ups that wait together share one call.
    Batched(fn(&mut UnitOfWork<'_>, &[(A, Caller)]) -> Vec<Result<Reply, Problem>>),
    /// Reads, outside a transaction.
    Query(fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>),
    /// Writes, in a transaction of its own.
    Command(fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>),
}

/// One method of one address.
pub struct Operation<A: 'static> {
    pub doc: OperationDoc,
    pub body: Body,
    /// Whether the client chooses the last segment of the address, so that a malformed one is a bad request.
    pub chooses: bool,
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

    pub fn is_open_to(&self, caller: Caller) -> bool {
        caller.is_administrator() || !self.doc.administrators_only
    }
}
