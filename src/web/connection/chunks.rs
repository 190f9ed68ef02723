//! Bodies of chunks that the dispatcher sends, of which no more is made than the client takes.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use futures_util::Stream;

use super::Connection;

/// A body of chunks. Its answer says how long it is, where that is known.
pub struct ChunksBody<S> {
    connection: Option<Connection>,
    chunks: Pin<Box<S>>,
}

impl<S> ChunksBody<S> {
    /// Returns a body of chunks that goes on `connection`.
    pub fn new(connection: Option<Connection>, chunks: S) -> Self {
        Self { connection, chunks: Box::pin(chunks) }
    }
}

impl<S, E> MessageBody for ChunksBody<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn Error>>,
{
    type Error = E;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>> {
        // It is asked whenever something was read, so that the end of a client is seen at once.
        if self.connection.as_ref().is_some_and(Connection::has_ended) {
            return Poll::Ready(None);
        }
        // It is asked again when what was written has gone; a client that takes nothing is disconnected.
        if self.connection.as_ref().is_some_and(Connection::is_blocked) {
            return Poll::Pending;
        }
        self.chunks.as_mut().poll_next(cx)
    }
}
