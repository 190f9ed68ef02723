//! Client connections: bounds on what is read ahead, on how slowly answers are taken, and on their number.
//!
//! The dispatcher of actix reads requests while earlier answers are not taken yet, and keeps an answer for as
//! long as its client likes. Both are bounded here, below it, in the stream that it reads and writes.

mod body;
mod chunks;
mod head;
mod pace;
mod registry;
mod segment;
mod stream;
#[cfg(test)]
mod tests;

pub use body::{PartsBody, Source};
pub use chunks::ChunksBody;
pub use head::{CUT, CUT_TARGET, MAX_HEAD_BYTES, MAX_HEADER_LINES, MAX_TARGET_BYTES};
pub use registry::{Limits, Registry};
pub use segment::Segment;
pub use stream::Stream;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use head::Head;
use pace::Pace;

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No handler is at work: the next request may be read.
    Idle,
    /// A handler works on a request; nothing more is read.
    Answering,
    /// A handler waits for more of the body of its request.
    Body,
}

/// State of one connection, shared by its stream, its handler and the registry of its thread.
#[derive(Debug)]
struct State {
    phase: Cell<Phase>,
    /// The task of the connection, where it waits for the client.
    task: RefCell<Option<Waker>>,
    /// Tells whether bytes that may not be read yet have arrived.
    held_back: Cell<bool>,
    /// Bytes read since no handler was at work: parts of the head of the next request.
    head_bytes: Cell<usize>,
    /// Tells whether this connection counts among those with a large head.
    large_head: Cell<bool>,
    /// The head that is being read.
    head: RefCell<Head>,
    /// Tells whether a head was cut: nothing that comes is read any more.
    cut: Cell<bool>,
    /// Since when the connection waits for its client to close it, in ticks of the registry.
    lingering_since: Cell<Option<u64>>,
    /// Start of the head, in ticks of the registry.
    head_since: Cell<u64>,
    /// Tick at which the client stopped taking what is written; `None` while it takes everything.
    blocked_since: Cell<Option<u64>>,
    /// Bytes that the client has taken since.
    taken: Cell<usize>,
    /// Time of the last read or write, in ticks.
    last_progress: Cell<u64>,
    /// Tells whether the client sends nothing more.
    ended: Cell<bool>,
    /// Tells whether the connection is to be closed without waiting for its client.
    closing: Cell<bool>,
    /// Segment to be sent after the bytes that were written.
    sending: RefCell<Option<Segment>>,
}

impl State {
    fn new(now: u64) -> Self {
        Self {
            phase: Cell::new(Phase::Idle),
            task: RefCell::default(),
            held_back: Cell::new(false),
            head_bytes: Cell::new(0),
            large_head: Cell::new(false),
            head: RefCell::default(),
            cut: Cell::new(false),
            lingering_since: Cell::new(None),
            head_since: Cell::new(now),
            blocked_since: Cell::new(None),
            taken: Cell::new(0),
            last_progress: Cell::new(now),
            ended: Cell::new(false),
            closing: Cell::new(false),
            sending: RefCell::default(),
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        if phase != Phase::Answering && self.held_back.replace(false) {
            self.wake();
        }
    }

    fn close(&self) {
        self.closing.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(task) = self.task.borrow().as_ref() {
            task.wake_by_ref();
        }
    }

    fn remember(&self, task: &Waker) {
        let mut known = self.task.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(task)) {
            *known = Some(task.clone());
        }
    }
}

/// The connection of a request, for its handler.
#[derive(Debug, Clone)]
pub struct Connection {
    state: Rc<State>,
    registry: Rc<Registry>,
}

impl Connection {
    /// Returns whether the client has not taken yet what was written.
    pub fn is_blocked(&self) -> bool {
        self.state.blocked_since.get().is_some()
    }

    /// Sends a segment once everything is sent that was written before; the task of the connection is woken then.
    fn send(&self, segment: Segment) {
        *self.state.sending.borrow_mut() = Some(segment);
    }

    /// Returns whether a segment is being sent.
    fn is_sending(&self) -> bool {
        self.state.sending.borrow().is_some()
    }

    /// Returns the turns of a long answer.
    fn pace(&self) -> Pace {
        Pace::new(self.registry.turns())
    }

    /// Returns whether the client sends nothing more, as one that has gone away.
    pub fn has_ended(&self) -> bool {
        self.state.ended.get()
    }

    /// Returns whether the head of its last request was cut, which carries [`CUT`] then.
    pub fn is_cut(&self) -> bool {
        self.state.cut.get()
    }

    /// Says that a request was read whole, so that what comes next is the head of another one.
    pub fn request_was_read(&self) {
        self.state.head.borrow_mut().restart();
    }

    /// Marks a handler as at work until the guard is dropped; meanwhile no further request is read.
    pub fn answering(&self) -> Answering {
        self.state.head_bytes.set(0);
        self.registry.forget_head(&self.state);
        self.state.enter(Phase::Answering);
        Answering(Rc::clone(&self.state))
    }

    /// Allows bytes of the body of the request to be read until the guard is dropped.
    pub fn receiving(&self) -> Receiving {
        self.state.enter(Phase::Body);
        Receiving(Rc::clone(&self.state))
    }
}

/// A handler at work on a request of a connection.
#[derive(Debug)]
pub struct Answering(Rc<State>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// A handler that waits for the body of its request.
#[derive(Debug)]
pub struct Receiving(Rc<State>);

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.enter(Phase::Answering);
    }
}
