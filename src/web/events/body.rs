//! The body of a stream of events, of which no more is made than the client takes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use futures_util::Stream;

use super::super::connection::Connection;

/// A body without an end that is known.
pub(super) struct Body {
    connection: Option<Connection>,
    chunks: Pin<Box<dyn Stream<Item = Bytes>>>,
}

impl Body {
    /// Returns a body of chunks that goes on `connection`.
    pub(super) fn new(
        connection: Option<Connection>,
        chunks: impl Stream<Item = Bytes> + 'static,
    ) -> Self {
        Self { connection, chunks: Box::pin(chunks) }
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        // It is asked whenever something was read, so that the end of a client is seen at once.
        if self.connection.as_ref().is_some_and(Connection::has_ended) {
            return Poll::Ready(None);
        }
        // It is asked again when what was written has gone; a client that takes nothing is disconnected.
        if self.connection.as_ref().is_some_and(Connection::is_blocked) {
            return Poll::Pending;
        }
        self.chunks.as_mut().poll_next(cx).map(|chunk| chunk.map(Ok))
    }
}
