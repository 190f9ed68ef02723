//! Ranges of files, which the kernel sends from its page cache without a copy.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::Interest;

/// A range of a file that is still to be sent.
#[derive(Debug)]
pub(super) struct FileRange {
    pub file: Arc<File>,
    pub left: Range<u64>,
}

impl FileRange {
    /// Sends as much as the socket takes; returns how many bytes that were.
    ///
    /// # Errors
    /// Returns the error of the socket or the file, and [`io::ErrorKind::UnexpectedEof`] if the file is shorter.
    pub fn poll_send(&mut self, io: &TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let most = usize::try_from(self.left.end - self.left.start).unwrap_or(usize::MAX);
        let mut offset = self.left.start;
        let file = &self.file;
        let sent = ready!(poll_write_with(io, cx, || {
            Ok(rustix::fs::sendfile(io, file, Some(&mut offset), most)?)
        }))?;
        self.left.start = offset;
        match sent {
            0 if most > 0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
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
