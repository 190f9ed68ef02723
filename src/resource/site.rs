//! The environment of every act: the caller, the site, and the connection that it works on.

use std::sync::Arc;

use diesel::PgConnection;
use serde_json::{Map, Value};

use super::actor::Actor;
use super::anchors::Anchors;
use super::condition::Conditions;
use super::pending::PendingJob;
use super::query::Query;
use crate::hydra::{CollectionDoc, Fault, Problem};
use crate::origins::{Allowed, Ambient};
use crate::secrets::Secrets;

/// Facts of this deployment that classes need.
#[derive(Debug)]
pub struct Site {
    /// Public address of the root, without a final slash.
    pub base: String,
    /// Members a batch, at most.
    pub batch_limit: usize,
    pub secrets: Secrets,
    /// Networks that webhooks may be in although they are private.
    pub webhook_allow: Allowed,
    /// Buckets that customers may have fetched with the service's own identity in S3.
    pub s3_ambient: Ambient,
    /// Rows far into lists, by which pages are found.
    pub anchors: Anchors,
}

/// The caller of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Nobody in particular: no credentials.
    Visitor,
    /// Somebody who acts for a customer.
    Customer(i32, Rights),
    /// Somebody who acts for a customer that administers the service.
    Administrator(i32, Rights),
}

/// The rights of a caller to what it may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rights {
    /// To read and to write.
    All,
    /// To read, as a read-only key has it.
    ReadOnly,
    /// To read all but keys and webhooks, as a person with the role `readonly` has it.
    Reader,
    /// The same, asking for the own account, of which the password may be changed.
    ReaderOfOwnAccount,
}

impl Caller {
    /// Returns whether it may do anything at all below a customer: the one check of tenants there is.
    pub fn may_enter(self, customer: i32) -> bool {
        match self {
            Self::Visitor => false,
            Self::Customer(own, _) => own == customer,
            Self::Administrator(..) => true,
        }
    }

    pub fn is_administrator(self) -> bool {
        matches!(self, Self::Administrator(..))
    }

    /// Returns whether it has been given fewer rights than to write; of a visitor, nothing is said.
    pub fn is_read_only(self) -> bool {
        self.rights().is_some_and(|rights| rights != Rights::All)
    }

    /// Returns whether it is shown neither keys nor webhooks.
    pub fn is_reader(self) -> bool {
        matches!(self.rights(), Some(Rights::Reader | Rights::ReaderOfOwnAccount))
    }

    /// Returns whether it only reads, but for the password of the account that it asks for.
    pub fn is_reader_of_own_account(self) -> bool {
        self.rights() == Some(Rights::ReaderOfOwnAccount)
    }

    /// Returns the same caller, asking for its own account.
    #[must_use]
    pub fn of_own_account(self) -> Self {
        let of = |rights| match rights {
            Rights::Reader => Rights::ReaderOfOwnAccount,
            others => others,
        };
        match self {
            Self::Visitor => self,
            Self::Customer(own, rights) => Self::Customer(own, of(rights)),
            Self::Administrator(own, rights) => Self::Administrator(own, of(rights)),
        }
    }

    /// The customer for whom it acts.
    pub fn customer(self) -> Option<i32> {
        match self {
            Self::Visitor => None,
            Self::Customer(own, _) | Self::Administrator(own, _) => Some(own),
        }
    }

    fn rights(self) -> Option<Rights> {
        match self {
            Self::Visitor => None,
            Self::Customer(_, rights) | Self::Administrator(_, rights) => Some(rights),
        }
    }
}

/// One act: a connection inside a transaction, and what is to happen once it is committed.
pub struct UnitOfWork<'a> {
    pub conn: &'a mut PgConnection,
    pub site: &'a Site,
    pub caller: Caller,
    /// The actor, as the journal names it; `None`: it only reads, or the service does it by itself.
    pub actor: Option<Actor>,
    pub effects: Vec<Effect>,
    /// The job that the answer waits for, once what was written is committed; `None`: it waits for nothing.
    pub pending: Option<PendingJob>,
}

/// An effect in this process after the commit; others find out for themselves, within a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A key was made or removed: forget what was found of it.
    KeyChanged(String),
    /// A portal user was changed or removed: forget what was found of sessions.
    PortalUserChanged,
    /// An image was changed, removed, or is being processed: forget what was read of it.
    ImageChanged { customer: i32, space: i32, image: String },
    /// There is work for the engine.
    WorkAdded,
    /// A line for the log, at the level of information.
    Note(String),
}

/// The context in which a resource is rendered.
#[derive(Debug, Clone, Copy)]
pub struct RenderContext<'a> {
    pub site: &'a Site,
    pub caller: Caller,
}

impl<'a> UnitOfWork<'a> {
    /// Begins one on a connection.
    pub fn new(conn: &'a mut PgConnection, site: &'a Site, caller: Caller) -> Self {
        Self { conn, site, caller, actor: None, effects: Vec::new(), pending: None }
    }

    pub fn render_context(&self) -> RenderContext<'a> {
        RenderContext { site: self.site, caller: self.caller }
    }
}

/// The input of a request besides its address.
#[derive(Debug, Default)]
pub struct Input {
    /// The body; `None`: there was none.
    pub body: Option<Value>,
    pub query: Query,
    /// Conditions on the state that it meets.
    pub conditions: Conditions,
    /// Path asked for, as received.
    pub path: String,
    /// The collection that answers, where one does.
    pub collection: Option<Arc<CollectionDoc>>,
    /// Tells whether members of the body that nothing reads are faults (RFC 7240, section 4.4).
    pub strict: bool,
    /// Faults that were found in the request already; any other refusal goes before them.
    pub faults: Vec<Fault>,
}

impl Input {
    /// Returns how many things the act is about: the members of the body or its items, the rows of a page.
    pub fn things(&self) -> usize {
        let members = self.body.as_ref().and_then(|body| match (one_node(body), body) {
            (Some(node), _) => node.get("member")?.as_array(),
            (None, body) => body.as_array(),
        });
        let rows = self.collection.as_ref().map(|_| self.query.page().size);
        let rows = rows.and_then(|rows| usize::try_from(rows).ok());
        members.map_or(0, Vec::len).max(rows.unwrap_or_default())
    }

    /// Returns what came of an act, in view of the faults that were found already.
    ///
    /// The act goes first, so that what is missing or in another state than expected is refused as such, and
    /// is undone where there are faults.
    ///
    /// # Errors
    /// Returns the problem of the act; [`Problem::Invalid`] with all faults, its own and those found already.
    pub fn judge<T>(&self, came: Result<T, Problem>) -> Result<T, Problem> {
        if self.faults.is_empty() {
            return came;
        }
        match came {
            Ok(_) => Err(self.faults.clone().into()),
            Err(Problem::Invalid(own)) => {
                Err(self.faults.iter().cloned().chain(own).collect::<Vec<_>>().into())
            }
            Err(other) => Err(other),
        }
    }

    /// The body as one object (`docs/rules.md` 4.5).
    ///
    /// An array of exactly one node stands for that node.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if there is no body, or something other than one object.
    pub fn object(&self, class: &str) -> Result<Map<String, Value>, Problem> {
        let Some(body) = &self.body else {
            return Err(Problem::Unreadable(format!(
                "a body of class {class} is expected; there is none"
            )));
        };
        one_node(body).cloned().ok_or_else(|| {
            Problem::Unreadable(format!("the body must be one JSON object of class {class}"))
        })
    }
}

fn one_node(body: &Value) -> Option<&Map<String, Value>> {
    match body {
        Value::Array(nodes) => match nodes.as_slice() {
            [node] => one_node(node),
            _ => None,
        },
        Value::Object(object) => Some(object),
        _ => None,
    }
}
