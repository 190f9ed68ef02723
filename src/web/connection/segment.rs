//! Segments of answers that are sent below the dispatcher; those of files go out of the page cache of the kernel without a copy.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use bytes::{Buf as _, Bytes};
use socket2::SockRef;
use tokio::io::Interest;

/// Bytes that a connection sends itself.
#[derive(Debug)]
pub enum Segment {
    /// A range of a file, in bytes.
    File(Arc<File>, Range<u64>),
    Bytes(Bytes),
}

impl Segment {
    /// Returns whether all of it is sent.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::File(_, left) => left.is_empty(),
            Self::Bytes(left) => left.is_empty(),
        }
    }

    /// Sends as much as the socket takes; returns how many bytes that were.
    ///
    /// # Errors
    /// Returns the error of the socket or the file, and [`io::ErrorKind::UnexpectedEof`] if the file is shorter.
    pub(super) fn poll_send(
        &mut self,
        io: &TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let sent = match self {
            Self::File(file, left) => {
                let most = usize::try_from(left.end - left.start).unwrap_or(usize::MAX);
                let file = &*file;
                ready!(poll_write_with(io, cx, || {
                    Ok(rustix::fs::sendfile(io, file, Some(&mut left.start), most)?)
                }))?
            }
            Self::Bytes(left) => {
                let sent = ready!(poll_write_with(io, cx, || SockRef::from(io)
                    .send_with_flags(left, libc::MSG_NOSIGNAL)))?;
                left.advance(sent);
                sent
            }
        };
        match sent {
            0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            sent => Poll::Ready(Ok(sent)),
        }
    }
}

/// Writes bytes that more will follow at once, so that the kernel sends them in one packet.
///
/// # Errors
/// Returns the error of the socket.
pub(super) fn poll_write_more(
    io: &TcpStream,
    cx: &mut Context<'_>,
    bytes: &[u8],
) -> Poll<io::Result<usize>> {
    poll_write_with(io, cx, || {
        SockRef::from(io).send_with_flags(bytes, libc::MSG_MORE | libc::MSG_NOSIGNAL)
    })
}

/// Does something that writes to a socket once it takes bytes again.
fn poll_write_with(
    io: &TcpStream,
    cx: &mut Context<'_>,
    mut write: impl FnMut() -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(io.poll_write_ready(cx))?;
        match io.try_io(Interest::WRITABLE, &mut write) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
    }
}
