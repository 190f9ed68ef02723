//! Operations: what is said of them, and the function that does it.
//!
//! Each constructor asks for the capability it uses, so a class cannot advertise what it cannot do.

use std::sync::Arc;

use diesel::PgConnection;

use super::address::Address;
use super::body::{read_new, read_replacement, read_update, retry_if_created_concurrently};
use super::page::listed;
use super::site::{Caller, Input, UnitOfWork};
use super::store::{Create, List, Locked, Remove, Replace, Retrieve, Update};
use super::{Resource, shown};
use crate::hydra::{OperationDoc, Problem, Tag};

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

/// What was done, for the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Found,
    Created,
    Replaced,
    Updated,
    /// Created, and shown this once with what GET does not show.
    CreatedWithSecret,
    /// Done; what is shown tells how it went, and is shown this once.
    Reported,
}

/// What an operation came to, ready to be sent.
pub enum Reply {
    /// A resource, written already, its address, and the tag of the state that GET shows.
    Shown { outcome: Outcome, id: String, body: Vec<u8>, tag: Tag },
    /// Something was removed.
    Removed,
    /// Something was stored that is never shown.
    Stored { new: bool },
    /// A plain JSON value without a context, and the address of what follows where this is not all.
    Bare { body: Vec<u8>, next: Option<String> },
    /// Committed, and waiting for work: `then` shows it when no job is left, or when time is out.
    ///
    /// `job` tells the number of the job that is waited for; it may be another each time it is asked, for
    /// what was asked for may be asked for again meanwhile.
    Pending { job: Job, then: Then },
}

/// The job that a [`Reply::Pending`] waits for now; none: it is settled.
pub type Job = Arc<dyn Fn(&mut PgConnection) -> Result<Option<i64>, Problem> + Send + Sync>;

/// Shows what a [`Reply::Pending`] waited for; it is called again where its connection was lost.
pub type Then = Box<dyn Fn(&mut UnitOfWork<'_>) -> Result<Reply, Problem> + Send>;

impl Reply {
    /// A resource of the caller's, with its inline operations.
    pub fn shown<R: Resource>(outcome: Outcome, resource: &R, s: &UnitOfWork<'_>) -> Self {
        let (id, body, tag) = shown(resource, s.render_context());
        Self::Shown { outcome, id, body, tag }
    }
}

const OK: (u16, &str) = (200, "Done; the body shows it");
const CREATED: (u16, &str) = (201, "Made; Location says where");
const RESET: (u16, &str) = (205, "Done; no body");
const BAD: (u16, &str) = (400, "The request says something that is not accepted");
const MISSING: (u16, &str) = (404, "There is no such resource");
const UNCHANGED: (u16, &str) = (304, "It is as If-None-Match says");
const CONDITION: (u16, &str) = (412, "It is not in a state that If-Match or If-None-Match allows");
const IN_USE: (u16, &str) = (409, "It is in use");
const TOO_LARGE: (u16, &str) = (413, "The body is too large");
const TYPE: (u16, &str) = (415, "The media type of the body is not read");
const QUOTA: (u16, &str) = (507, "The storage policy allows no more");

/// Statuses of the acts, as the vocabulary tells them.
pub mod statuses {
    use super::{
        BAD, CONDITION, CREATED, IN_USE, MISSING, OK, QUOTA, RESET, TOO_LARGE, TYPE, UNCHANGED,
    };

    type Statuses = &'static [(u16, &'static str)];
    pub const FOUND: Statuses = &[OK, UNCHANGED, MISSING, CONDITION];
    pub const LISTED: Statuses = &[OK, UNCHANGED, BAD, MISSING, CONDITION];
    pub const MADE: Statuses = &[CREATED, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
    pub const REPLACED: Statuses = &[OK, CREATED, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
    pub const UPDATED: Statuses = &[RESET, OK, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
    pub const REMOVED: Statuses = &[RESET, MISSING, CONDITION];
    pub const REMOVED_UNLESS_USED: Statuses = &[RESET, MISSING, IN_USE, CONDITION];
    pub const REGISTERED: Statuses = &[CREATED, BAD, MISSING, CONDITION, TOO_LARGE, TYPE, QUOTA];
    pub const REPLACED_WITHIN_QUOTA: Statuses =
        &[OK, CREATED, BAD, CONDITION, TOO_LARGE, TYPE, QUOTA];
    pub const ADDED: Statuses = &[OK, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
    pub const TESTED: Statuses = &[OK, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
}

/// GET of one resource.
pub const fn retrieve<R: Retrieve>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "retrieve",
            method: "GET",
            title: "Retrieve",
            expects: None,
            returns: Some(R::NAME),
            statuses: statuses::FOUND,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::None,
        chooses: false,
        act: Act::Batched(|s, wanted| {
            let addresses: Vec<_> = wanted.iter().map(|(at, _)| at.clone()).collect();
            let found = R::find_each(s, &addresses);
            wanted
                .iter()
                .zip(found)
                .map(|((_, caller), found)| {
                    s.caller = *caller;
                    found.map(|resource| Reply::shown(Outcome::Found, &resource, s))
                })
                .collect()
        }),
    }
}

/// GET of one resource that counts rows: it takes longer than a look-up, and so keeps none waiting.
pub const fn retrieve_counting<R: Retrieve>() -> Operation<R::Address> {
    Operation {
        act: Act::Query(|s, at, _input| {
            let found = R::find(s, at)?;
            Ok(Reply::shown(Outcome::Found, &found, s))
        }),
        ..retrieve::<R>()
    }
}

/// GET of a collection beneath an `A`.
pub const fn list<A: Address, R: List<A>>(collection: &'static str) -> Operation<A> {
    list_by(collection, listed::<A, R>)
}

/// GET of a collection beneath an `A`, where several are of the same class.
pub const fn list_by<A: Address>(
    collection: &'static str,
    act: fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>,
) -> Operation<A> {
    Operation {
        doc: OperationDoc {
            name: "list",
            method: "GET",
            title: "List",
            expects: None,
            returns: Some(collection),
            statuses: statuses::LISTED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::None,
        chooses: false,
        act: Act::Query(act),
    }
}

/// POST of a resource into a collection beneath an `A`.
pub const fn create<A: Address, R: Create<A>>() -> Operation<A> {
    Operation {
        doc: OperationDoc {
            name: "create",
            method: "POST",
            title: "Create",
            expects: Some(R::NAME),
            returns: Some(R::NAME),
            statuses: statuses::MADE,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: false,
        act: Act::Command(|s, into, input| {
            let (chosen, draft) = read_new::<A, R>(s, into, input)?;
            let made = R::insert(s, into, chosen, draft)?;
            Ok(Reply::shown(Outcome::Created, &made, s))
        }),
    }
}

/// PUT of a resource to its address, which makes it where it is free.
pub const fn replace<R: Replace>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "replace",
            method: "PUT",
            title: "Create or replace",
            expects: Some(R::NAME),
            returns: Some(R::NAME),
            statuses: statuses::REPLACED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: true,
        act: Act::Command(|s, at, input| {
            let (locked, draft) = read_replacement::<R>(s, at, input)?;
            Ok(if let Some(locked) = locked {
                let saved = R::save(s, locked, draft)?;
                Reply::shown(Outcome::Replaced, &saved, s)
            } else {
                let made = R::insert_at(s, at, draft).map_err(retry_if_created_concurrently)?;
                Reply::shown(Outcome::Created, &made, s)
            })
        }),
    }
}

/// PATCH of the members that the body names.
pub const fn update<R: Update>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "update",
            method: "PATCH",
            title: "Update the members that are given",
            expects: Some(R::NAME),
            returns: Some(R::NAME),
            statuses: statuses::UPDATED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: false,
        act: Act::Command(|s, at, input| {
            let (locked, draft) = read_update::<R>(s, at, input)?;
            let saved = R::save(s, locked, draft)?;
            Ok(Reply::shown(Outcome::Updated, &saved, s))
        }),
    }
}

/// DELETE of a resource.
pub const fn remove<R: Remove>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "remove",
            method: "DELETE",
            title: "Delete",
            expects: None,
            returns: None,
            statuses: statuses::REMOVED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::None,
        chooses: false,
        act: Act::Command(|s, at, input| {
            let locked = Locked::to_remove(s, at, input)?;
            R::remove(s, locked)?;
            Ok(Reply::Removed)
        }),
    }
}

/// POST to a collection of references: a collection or an array replaces the set, one reference adds.
pub const fn refer<A: Address>(
    member: &'static str,
    collection: &'static str,
    act: fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>,
) -> Operation<A> {
    Operation {
        doc: OperationDoc {
            name: "add",
            method: "POST",
            title: "Add one, or replace all",
            expects: Some(member),
            returns: Some(collection),
            statuses: statuses::ADDED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: false,
        act: Act::Command(act),
    }
}
