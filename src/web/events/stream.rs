//! One stream of events: what it says, and when.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::web;
use bytes::Bytes;
use futures_util::stream::unfold;
use serde_json::json;
use tokio::sync::watch;

use super::super::Service;
use super::super::slots::Slot;
use crate::hydra::Problem;
use crate::journal::Change;
use crate::journal::change::between;
use crate::journal::feed::Told;
use crate::resource::{Caller, transaction};
use crate::secrets::Secret;

/// Interval at which something is sent, so that neither side takes a quiet connection for a dead one.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Interval at which the caller is checked again.
const CHECK: Duration = Duration::from_secs(30);
/// Pause after which the database is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// Events that are read and sent at a time: some 20 KiB.
const AT_ONCE: i64 = 100;
/// Time after which a client is to connect again, in milliseconds.
const RETRY_MS: u32 = 2000;

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number up to which everything was sent.
    pub position: i64,
    /// Tells whether what came before is not known any more, which the client is still to be told.
    pub is_reset: bool,
    /// Tells whether there may be more that is settled already.
    pub is_behind: bool,
}

/// The credentials by which a client reads a stream.
pub(super) enum Credentials {
    /// The value of `Authorization`.
    Key(Secret),
    /// The token of a session.
    Session(Secret),
}

/// A stream that a client reads.
pub(super) struct Stream {
    pub service: web::Data<Service>,
    pub customer: i32,
    pub caller: Caller,
    pub credentials: Option<Credentials>,
    pub peer: Option<IpAddr>,
    pub told: watch::Receiver<Told>,
    pub place: Place,
    /// The number up to which changes were settled when it was told last; its place may be beyond that which another
    /// process has told.
    pub settled: i64,
    /// Time when the caller was checked last, and the state of keys and sessions then.
    pub checked: Instant,
    pub seen: (u64, u64),
    /// Time when something was sent last.
    pub spoken: Instant,
    pub _slot: Slot,
}

impl Stream {
    /// Returns what is sent, until the service stops or the caller may not read any more.
    pub(super) fn chunks(self) -> impl futures_util::Stream<Item = Bytes> {
        let mut opening = format!("retry: {RETRY_MS}\nid: {}\n", self.place.position);
        if self.place.is_reset {
            opening.push_str("event: reset\ndata: {}\n");
        }
        opening.push('\n');
        unfold((self, Some(opening)), |(mut stream, opening)| async move {
            let text = match opening {
                Some(opening) => opening,
                None => stream.next().await?,
            };
            stream.spoken = Instant::now();
            Some((Bytes::from(text), (stream, None)))
        })
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            if self.checked.elapsed() >= CHECK || self.seen != self.state() {
                self.check().await?;
            }
            let settled = match &*self.told.borrow_and_update() {
                Told::Closed => return None,
                Told::Nothing => None,
                // The database was restored to an earlier state: the client connects again, and is told to begin anew.
                Told::Advance(advance) if advance.to < self.settled => return None,
                Told::Advance(advance) => {
                    self.settled = advance.to;
                    let Place { position, is_behind, .. } = self.place;
                    let concerns = is_behind && advance.to > position
                        || advance.concerns(self.customer, position);
                    if !concerns {
                        self.place.position = position.max(advance.to);
                        self.place.is_behind = false;
                    }
                    concerns.then_some(advance.to)
                }
            };
            if let Some(up_to) = settled {
                match self.read(up_to).await {
                    Ok(text) if text.is_empty() => continue,
                    Ok(text) => return Some(text),
                    Err(problem) => {
                        log::debug!("events cannot be read for now: {problem}");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            if self.spoken.elapsed() >= HEARTBEAT {
                // The id is kept by clients, so that after a long silence they do not ask for what is long gone.
                return Some(format!(":\nid: {}\n\n", self.place.position));
            }
            let until = (HEARTBEAT.saturating_sub(self.spoken.elapsed()))
                .min(CHECK.saturating_sub(self.checked.elapsed()));
            if let Ok(Err(_closed)) = tokio::time::timeout(until, self.told.changed()).await {
                return None;
            }
        }
    }

    fn state(&self) -> (u64, u64) {
        (self.service.keys.changes(), self.service.sessions.changes())
    }

    /// Returns `None` where the caller may not read any more, because its key was removed for one, or its session is over.
    async fn check(&mut self) -> Option<()> {
        (self.checked, self.seen) = (Instant::now(), self.state());
        let caller = match self.credentials.as_ref()? {
            Credentials::Key(given) => {
                let verified = self.service.keys.verify(given.reveal().as_bytes(), self.peer);
                verified.await.map(|(caller, _)| Some(caller))
            }
            Credentials::Session(token) => {
                let session = self.service.sessions.get(token).await;
                session.map(|session| session.map(|session| session.caller))
            }
        };
        match caller {
            Ok(Some(caller)) if caller.may_enter(self.customer) => Some(()),
            Ok(_) | Err(Problem::Unauthenticated) => None,
            // The database does not answer, which says nothing of the caller.
            Err(_) => Some(()),
        }
    }

    /// Reads the next events up to a number, and moves on; returns an empty text where there are none among the changes read.
    async fn read(&mut self, up_to: i64) -> Result<String, Problem> {
        let (database, customer) = (self.service.database.clone(), self.customer);
        let after = self.place.position;
        let read = move || {
            transaction::read(&database, |conn| {
                Ok(between(conn, customer, (after, up_to), AT_ONCE)?)
            })
        };
        let changes: Vec<Change> = self.service.scheduler.run(self.caller, read).await?;
        let is_full = i64::try_from(changes.len()).is_ok_and(|count| count >= AT_ONCE);
        let last = changes.last().map(|change| change.id).filter(|_| is_full);
        self.place = Place { position: last.unwrap_or(up_to), is_reset: false, is_behind: is_full };
        let mut text = String::new();
        for change in changes.iter().filter(|change| change.is_told()) {
            let address = format!("{}{}", self.service.site.base, change.path());
            let data = json!({ "kind": change.kind, "address": address, "version": change.id });
            // Writing to a text cannot fail.
            let _ = write!(text, "id: {}\ndata: {data}\n\n", change.id);
        }
        Ok(text)
    }
}
