//! The pace of long answers: a thread sends one part of one of them in each round of its event loop.
//!
//! Otherwise what is short would wait for a part of each long answer whose client takes it, which may be hundreds.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::rt;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio_util::sync::PollSemaphore;

/// The turns of a long answer among those of its thread, in the order in which they ask.
#[derive(Debug)]
pub struct Pace {
    turns: PollSemaphore,
    is_waiting: bool,
}

impl Pace {
    pub(super) fn new(turns: Arc<Semaphore>) -> Self {
        Self { turns: PollSemaphore::new(turns), is_waiting: false }
    }

    /// Leaves the queue for a turn: nobody else gets one while it is given to who cannot use it.
    pub fn leave(&mut self) {
        if self.is_waiting {
            *self = Self::new(self.turns.clone_inner());
        }
    }

    /// Takes a turn, in which one part may be sent.
    pub fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.is_waiting = true;
        let turn = ready!(self.turns.poll_acquire(cx));
        self.is_waiting = false;
        // A task that yields goes on after the sockets were looked at: what has come in meanwhile is before the next turn.
        rt::spawn(async move {
            yield_now().await;
            drop(turn);
        });
        Poll::Ready(())
    }
}
