//! The stream below the dispatcher of a connection.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};

use super::head::{Cut, Excess};
use super::registry::LARGE_HEAD;
use super::segment::poll_write_more;
use super::{Connection, Phase, Registry, State};

/// Bytes of requests that are read at a time: the head of one usual request, and few of those behind it.
const READ_AHEAD: usize = 2 << 10;
/// Bytes of a body that are read at a time.
const BODY_PART: usize = 16 << 10;
/// Bytes that the kernel keeps of what is not sent yet; what is sent is bounded by the client's window.
const UNSENT: u32 = 128 << 10;
/// Time that data that was sent may stay unacknowledged, as from a client that is gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// A client's connection.
#[derive(Debug)]
pub struct Stream {
    /// The socket; the limit is set for each read, which leaves the buffer uninitialised.
    io: Take<TcpStream>,
    state: Rc<State>,
    registry: Rc<Registry>,
    number: u64,
    /// Tells whether the task is to do something else before more is read.
    pausing: bool,
    /// The bytes that end a head that was cut, as far as they are not read yet.
    ending: VecDeque<u8>,
}

impl Stream {
    /// Takes an accepted connection; nothing, and the connection is closed, where there are too many.
    pub fn accept(io: TcpStream, registry: &Rc<Registry>) -> Option<Self> {
        let (number, state) = registry.add()?;
        let socket = SockRef::from(&io);
        // A socket that refuses these works all the same: its bounds are the kernel's own.
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
        let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Some(Self {
            io: io.take(0),
            state,
            registry: Rc::clone(registry),
            number,
            pausing: false,
            ending: VecDeque::new(),
        })
    }

    /// Returns what handlers see of it.
    pub fn connection(&self) -> Connection {
        Connection { state: Rc::clone(&self.state), registry: Rc::clone(&self.registry) }
    }

    /// Fails where the connection is to be closed; its client is not waited for then.
    fn check(&self) -> io::Result<()> {
        if !self.state.closing.get() {
            return Ok(());
        }
        // What the kernel still holds for the client goes at once.
        let _ = SockRef::from(self.io.get_ref()).set_linger(Some(Duration::ZERO));
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Reads at most `limit` bytes, and lets the task do something else before it reads more.
    fn read_part(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        if mem::take(&mut self.pausing) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let limit = limit.min(buf.remaining());
        let before = buf.filled().len();
        self.io.set_limit(limit as u64);
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let count = buf.filled().len() - before;
        if count == 0 && limit > 0 {
            self.state.ended.set(true);
        }
        self.pausing = count == limit;
        self.state.last_progress.set(self.registry.now());
        Poll::Ready(Ok(count))
    }

    fn read_head(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let filled = buf.filled().len();
        let count = ready!(self.read_part(cx, buf, READ_AHEAD))?;
        let before = self.state.head_bytes.get();
        if before == 0 {
            self.state.head_since.set(self.registry.now());
        }
        self.state.head_bytes.set(before + count);
        if before + count > LARGE_HEAD && !self.registry.admit_large_head(&self.state) {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        let read = buf.filled().get(filled..).unwrap_or_default();
        let excess = self.state.head.borrow_mut().follow(read);
        match excess {
            None => Poll::Ready(Ok(())),
            Some(Excess::Unbounded) => Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            Some(Excess::Cut(Cut { at, ending })) => {
                buf.set_filled(filled + at);
                self.ending = ending.into();
                self.state.cut.set(true);
                self.read_ending(cx, buf)
            }
        }
    }

    /// Reads what ends a head that was cut, and then nothing more; what the client still sends is discarded.
    fn read_ending(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ending.is_empty() {
            return self.discard(cx);
        }
        let count = self.ending.read(buf.initialize_unfilled())?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }

    /// Discards what the client sends; ready once it sends nothing more.
    fn discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut part = [0; READ_AHEAD];
        let mut part = ReadBuf::new(&mut part);
        ready!(Pin::new(self.io.get_mut()).poll_read(cx, &mut part))?;
        if part.filled().is_empty() {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads nothing, but sees a client that goes away.
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut byte = [0];
        let there = ready!(self.io.get_ref().poll_peek(cx, &mut ReadBuf::new(&mut byte)))?;
        if there == 0 {
            self.state.ended.set(true);
            return Poll::Ready(Ok(()));
        }
        self.state.held_back.set(true);
        Poll::Pending
    }

    /// Sends the segment that is due, if there is one.
    fn send_segment(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sending = self.state.sending.borrow_mut();
        let Some(segment) = sending.as_mut() else { return Poll::Ready(Ok(())) };
        while !segment.is_empty() {
            let sent = segment.poll_send(self.io.get_ref(), cx);
            self.written(&sent);
            ready!(sent)?;
        }
        *sending = None;
        // The body goes on, or ends.
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(()))
    }

    /// Notes what came of an attempt to write.
    fn written(&self, outcome: &Poll<io::Result<usize>>) {
        match outcome {
            Poll::Pending if self.state.blocked_since.get().is_none() => {
                self.state.taken.set(0);
                self.state.blocked_since.set(Some(self.registry.now()));
            }
            Poll::Ready(Ok(count)) => {
                self.state.last_progress.set(self.registry.now());
                self.state.taken.set(self.state.taken.get().saturating_add(*count));
            }
            _ => {}
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.state.remember(cx.waker());
        this.check()?;
        if this.state.cut.get() {
            return this.read_ending(cx, buf);
        }
        match this.state.phase.get() {
            Phase::Body => this.read_part(cx, buf, BODY_PART).map_ok(|_count| ()),
            Phase::Idle if this.state.blocked_since.get().is_none() => this.read_head(cx, buf),
            Phase::Idle | Phase::Answering => this.look(cx),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check()?;
        let is_followed = this.state.sending.borrow().is_some();
        let outcome = match is_followed {
            true => poll_write_more(this.io.get_ref(), cx, bytes),
            false => Pin::new(this.io.get_mut()).poll_write(cx, bytes),
        };
        this.written(&outcome);
        outcome
    }

    /// Called when everything so far was written.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check()?;
        ready!(this.send_segment(cx))?;
        if this.state.blocked_since.take().is_some() {
            // Requests were not read, and perhaps no more of a body was made, for as long as that.
            this.state.held_back.set(false);
            cx.waker().wake_by_ref();
        }
        Pin::new(this.io.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check()?;
        this.state.remember(cx.waker());
        ready!(Pin::new(this.io.get_mut()).poll_shutdown(cx))?;
        if !this.state.cut.get() {
            return Poll::Ready(Ok(()));
        }
        // Were it closed while more comes, the client would see a reset in place of the answer.
        if this.state.lingering_since.get().is_none() {
            this.state.lingering_since.set(Some(this.registry.now()));
        }
        this.discard(cx)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.registry.remove(self.number);
    }
}
