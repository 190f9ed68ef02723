//! Large bodies are sent in chunks, so that a connection holds no copy of them beyond one chunk.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use super::budget::Permit;
use super::connection::Connection;

/// Bytes of a body that are copied into the buffer of a connection at a time.
pub const CHUNK: usize = 32 << 10;
/// Bodies up to this size, in bytes, are copied whole: each chunk wakes the client, and a page of the usual size is one.
const WHOLE: usize = 96 << 10;

/// A body in chunks, with the permit for its bytes.
#[derive(Debug)]
struct Chunks {
    left: Bytes,
    /// Bytes of a chunk, at most.
    step: usize,
    /// The connection that it is sent on.
    connection: Option<Connection>,
    _permit: Option<Permit>,
}

impl MessageBody for Chunks {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let this = self.get_mut();
        // Nothing is added to what the client has not taken; it is asked again when that has gone.
        if this.connection.as_ref().is_some_and(Connection::is_blocked) {
            return Poll::Pending;
        }
        let left = &mut this.left;
        if left.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(left.split_to(left.len().min(this.step)))))
    }
}

/// Returns the same response, sent in chunks where its body is large; the permit is given back with the body.
pub fn in_chunks(
    response: HttpResponse,
    connection: Option<Connection>,
    permit: Option<Permit>,
    is_shared: bool,
) -> HttpResponse {
    let step = match response.body().size() {
        BodySize::Sized(size) if size <= CHUNK as u64 => return response,
        // What all requests share is held once, so that a copy of it is all that a connection costs.
        BodySize::Sized(size) if size <= WHOLE as u64 && !is_shared => WHOLE,
        BodySize::Sized(_) => CHUNK,
        _ => return response,
    };
    response.map_body(|_head, body| match body.try_into_bytes() {
        Ok(left) => BoxBody::new(Chunks { left, step, connection, _permit: permit }),
        Err(body) => body,
    })
}
