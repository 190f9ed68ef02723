//! A range of a file as the body of an answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

use crate::delivery::{Part, Parts};
use crate::web::connection::{Connection, Pace};

/// A body that the connection sends from the file where it can, one part at a time.
///
/// Its answer must say how long it is: these bytes do not pass the dispatcher, which would count them.
pub struct FileBody {
    parts: Parts,
    connection: Connection,
    /// The turns that it sends its parts in; `None` for what is short.
    pace: Option<Pace>,
}

impl FileBody {
    /// Returns a body; a `long` one lets other answers of its thread be sent between its parts.
    pub fn new(parts: Parts, connection: Connection, long: bool) -> Self {
        let pace = long.then(|| connection.pace());
        Self { parts, connection, pace }
    }
}

impl MessageBody for FileBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        let this = self.get_mut();
        // Nothing is added to what the client has not taken; it is asked again when that has gone.
        if this.connection.is_blocked() || this.connection.is_sending() {
            return Poll::Pending;
        }
        if let Some(pace) = this.pace.as_mut().filter(|_| this.parts.left() > 0) {
            ready!(pace.poll_turn(cx));
        }
        match ready!(this.parts.poll_next(cx)) {
            None => Poll::Ready(None),
            Some(Ok(Part::Read(bytes))) => Poll::Ready(Some(Ok(bytes))),
            Some(Ok(Part::Cached(file, range))) => {
                this.connection.send_file(file, range);
                Poll::Pending
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }
}
