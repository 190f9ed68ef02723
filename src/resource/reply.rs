//! Replies: what an operation came to, before it is an answer of HTTP.

use super::pending::PendingJob;
use super::site::UnitOfWork;
use super::{Resource, shown};
use crate::hydra::{Problem, Tag};

/// The outcome of an operation, for the status.
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
    /// To be done; what is shown tells how far it is.
    Accepted,
}

/// The result of an operation, ready to be sent.
pub enum Reply {
    /// A resource, written already, its address, and the tag of the state that GET shows.
    Shown { outcome: Outcome, id: String, body: Vec<u8>, tag: Tag },
    /// Something was removed.
    Removed,
    /// Several things were changed.
    Changed,
    /// Something was stored that is never shown.
    Stored { new: bool },
    /// A plain JSON value without a context, and the address of what follows where this is not all.
    Bare { body: Vec<u8>, next: Option<String> },
    /// Committed, and waiting for work: `then` shows it when no job is left, or when time is out.
    Pending { job: PendingJob, then: Then },
}

/// Shows what a [`Reply::Pending`] waited for; it is called again where its connection was lost.
pub type Then = Box<dyn Fn(&mut UnitOfWork<'_>) -> Result<Reply, Problem> + Send>;

impl Reply {
    /// A resource of the caller's, with its inline operations.
    pub fn shown<R: Resource>(outcome: Outcome, resource: &R, s: &UnitOfWork<'_>) -> Self {
        let (id, body, tag) = shown(resource, s.render_context());
        Self::Shown { outcome, id, body, tag }
    }
}
