//! The context of a request while it is answered: its caller, its connection, its parts of the budgets.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;

use actix_web::body::{BodySize, MessageBody as _};
use actix_web::{HttpRequest, HttpResponse};

use super::budget::{Account, Budget, Permit};
use super::chunks::{CHUNK, in_chunks};
use super::connection::{Connection, Receiving};
use super::request;
use crate::auth::Session;
use crate::hydra::Problem;
use crate::metrics::http::RequestClass;
use crate::resource::{Actor, Caller};

/// Answers up to this size, in bytes, that were made without a permit are sent without one: as many as there
/// are connections.
const SMALL: usize = 64 << 10;

/// Bytes that a row of a list takes while it is read and written: the largest that a row may be, and its frame.
const ROW_BYTES: usize = 36 << 10;

/// Memory that a conversion to another representation takes, as a multiple of the size of the JSON.
const CONVERSION: usize = 8;

/// A request that is being answered.
pub struct RequestContext {
    /// Names the request in the log and in error bodies.
    pub id: String,
    pub caller: Cell<Caller>,
    /// The key or the person of the caller, as the journal names it.
    pub actor: RefCell<Option<Actor>>,
    /// The session by whose cookie the caller is known; `None`: by a key, or not at all.
    pub session: RefCell<Option<Session>>,
    pub connection: Option<Connection>,
    /// Class of the request, as it is counted.
    pub class: Cell<RequestClass>,
    /// The address of the client, behind the proxies that are trusted.
    pub client: Cell<Option<IpAddr>>,
    /// The path that a log-in without script leads on to.
    pub target: RefCell<Option<String>>,
    answer: Cell<Option<Permit>>,
    /// Tells whether the answer is a document that all requests share, of which nothing is copied.
    shared: Cell<bool>,
}

impl RequestContext {
    pub fn new(request: &HttpRequest) -> Self {
        Self {
            id: request::new_id(),
            caller: Cell::new(Caller::Visitor),
            actor: RefCell::default(),
            session: RefCell::default(),
            connection: request.conn_data::<Connection>().cloned(),
            class: Cell::new(RequestClass::Unknown),
            client: Cell::new(request.peer_addr().map(|peer| peer.ip())),
            target: RefCell::default(),
            answer: Cell::default(),
            shared: Cell::new(false),
        }
    }

    pub fn account(&self) -> Account {
        Account::of(self.caller.get(), self.client.get())
    }

    /// Allows more of the body of the request to be read until the guard is dropped.
    pub fn receiving(&self) -> Option<Receiving> {
        self.connection.as_ref().map(Connection::receiving)
    }

    /// Says that the answer is a document that is held once for all requests.
    pub fn mark_shared(&self) {
        self.shared.set(true);
    }

    pub fn is_shared(&self) -> bool {
        self.shared.get()
    }

    /// Takes bytes for an answer whose size is known before it is made.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if they are not free in time.
    pub async fn reserve(&self, budget: &Budget, bytes: usize) -> Result<(), Problem> {
        let permit = budget.take(self.account(), bytes).await?;
        self.answer.set(Some(permit));
        Ok(())
    }

    /// Returns the bytes that a list may take while it is made: as many as rows of the largest size.
    pub fn list_bytes(rows: i64, converted: bool) -> usize {
        let rows = usize::try_from(rows).unwrap_or_default();
        let factor = if converted { 1 + CONVERSION } else { 1 };
        rows.saturating_mul(ROW_BYTES * factor)
    }

    /// Keeps of the permit for an answer what it needs, once its JSON is written.
    pub fn written(&self, mut permit: Permit, bytes: usize, converted: bool) {
        let factor = if converted { 1 + CONVERSION } else { 1 };
        permit.shrink(bytes.saturating_mul(factor));
        self.answer.set(Some(permit));
    }

    /// Makes the permit one of the bytes that a response holds; a large one that has none takes it now.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if they are not free in time.
    pub async fn measure(&self, budget: &Budget, response: &HttpResponse) -> Result<(), Problem> {
        let size = match response.body().size() {
            BodySize::Sized(size) if !self.shared.get() => {
                usize::try_from(size).unwrap_or(usize::MAX)
            }
            _ => 0,
        };
        match self.answer.take() {
            None if size > SMALL => self.reserve(budget, size).await?,
            permit => {
                self.answer.set(permit);
                self.resize(size);
            }
        }
        Ok(())
    }

    /// Makes the permit, if there is one, one of the bytes that the answer holds; for a small answer none is kept.
    pub fn resize(&self, bytes: usize) {
        if let Some(mut permit) = self.answer.take().filter(|_| bytes > CHUNK) {
            permit.resize(bytes);
            self.answer.set(Some(permit));
        }
    }

    /// Returns the response as it is sent, with the permit for its bytes.
    pub fn sent(self, response: HttpResponse) -> HttpResponse {
        let permit = self.answer.take();
        in_chunks(response, self.connection, permit, self.shared.get())
    }
}
