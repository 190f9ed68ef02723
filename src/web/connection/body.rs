//! Bodies whose bytes the connection sends itself, below the dispatcher.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

use super::{Answering, Connection, Pace, Segment};

/// Source of the segments of a body.
pub trait Source {
    /// Finds the next segment; nothing at the end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Segment>>>;
}

/// A body that is sent one segment at a time.
///
/// Its answer must say how long it is: these bytes do not pass the dispatcher, which would count them. No request is read
/// until its end.
pub struct PartsBody<S> {
    source: S,
    /// A segment that waits for its turn.
    found: Option<Segment>,
    connection: Connection,
    /// The turns that it sends its segments in; `None` for what is short.
    pace: Option<Pace>,
    /// Set from the first segment on, when the handler has ended.
    at_work: Option<Answering>,
}

impl<S> PartsBody<S> {
    /// Returns a body; a `long` one lets other answers of its thread be sent between its segments.
    pub fn new(source: S, connection: Connection, long: bool) -> Self {
        let pace = long.then(|| connection.pace());
        Self { source, found: None, connection, pace, at_work: None }
    }
}

impl<S: Source + Unpin> MessageBody for PartsBody<S> {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        let this = self.get_mut();
        this.at_work.get_or_insert_with(|| this.connection.answering());
        // Nothing is added to what the client has not taken; it is asked again when that has gone.
        if this.connection.is_blocked() || this.connection.is_sending() {
            if let Some(pace) = &mut this.pace {
                pace.leave();
            }
            return Poll::Pending;
        }
        let segment = match this.found.take() {
            Some(found) => found,
            None => match ready!(this.source.poll_next(cx)).transpose()? {
                Some(found) => found,
                None => return Poll::Ready(None),
            },
        };
        if let Some(pace) = &mut this.pace
            && pace.poll_turn(cx).is_pending()
        {
            this.found = Some(segment);
            return Poll::Pending;
        }
        this.connection.send(segment);
        Poll::Pending
    }
}
