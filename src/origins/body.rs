//! The bytes of an origin as they arrive, whatever the protocol.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

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

/// Bytes of a piece, at most.
const PIECE_BYTES: usize = 256 * 1024;

/// Reads the next piece of a file; `None` at its end.
///
/// # Errors
/// Returns [`Broken::Off`] if the connection breaks off.
pub(super) async fn read_piece(
    file: &mut (impl AsyncRead + Unpin),
) -> Result<Option<Bytes>, Broken> {
    let mut piece = BytesMut::with_capacity(PIECE_BYTES);
    match file.read_buf(&mut piece).await {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(piece.freeze())),
        Err(_broken) => Err(Broken::Off),
    }
}

/// The reason why there is no next piece.
pub(super) enum Broken {
    /// The connection ended: the file is not whole.
    Off,
    /// Something that can be told.
    Because(OriginError),
}
