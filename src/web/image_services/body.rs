//! Long pixels as the body of an answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

use crate::delivery::Chunks;
use crate::web::connection::Connection;

/// A body that is read while it is sent, one part at a time.
pub struct PartsBody {
    pub parts: Chunks,
    /// The connection that it is sent on.
    pub connection: Option<Connection>,
}

impl MessageBody for PartsBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.parts.left())
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        let this = self.get_mut();
        // Nothing is added to what the client has not taken; it is asked again when that has gone.
        if this.connection.as_ref().is_some_and(Connection::is_blocked) {
            return Poll::Pending;
        }
        this.parts.poll_next(cx)
    }
}
