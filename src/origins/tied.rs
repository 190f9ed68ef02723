//! Connections that a task of a library keeps, and that end with the fetch that they were made for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

/// A connection that breaks once its guard is dropped, so that no server can keep a task busy that nobody waits for.
pub(super) struct Tied {
    stream: TcpStream,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Tied {
    /// Ties a connection to a guard.
    pub fn new(stream: TcpStream) -> (Self, DropGuard) {
        let token = CancellationToken::new();
        let ended = Box::pin(token.clone().cancelled_owned());
        (Self { stream, ended }, token.drop_guard())
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.ended.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Tied {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tied {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_read_that_waits_ends_with_the_guard() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).await;
        let (mut tied, guard) = Tied::new(stream.expect("a connection"));
        let reading = tokio::spawn(async move { tied.read_u8().await });
        tokio::task::yield_now().await;
        drop(guard);
        let read = tokio::time::timeout(Duration::from_mins(1), reading).await;
        let error = read.expect("it ends").expect("no panic").expect_err("nothing was sent");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    }
}
