//! The bytes of an origin as they arrive, whatever the protocol.

use std::pin::Pin;

use bytes::Bytes;

use super::error::OriginError;

/// An origin that has begun to answer.
pub struct Answer {
    pub(super) body: Box<dyn Body>,
    /// Length that was announced, in bytes.
    pub(super) expected: Option<u64>,
}

/// The bytes of a file, in order.
pub(super) trait Body: Send {
    /// Waits for the next piece; `None` at the end of the file, which is known to be whole then.
    fn next(&mut self) -> NextPiece<'_>;
}

pub(super) type NextPiece<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Bytes>, Broken>> + Send + 'a>>;

/// The reason why there is no next piece.
pub(super) enum Broken {
    /// The connection ended: the file is not whole.
    Off,
    /// Something that can be told.
    Because(OriginError),
}
