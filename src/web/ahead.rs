//! The start of a body is read while the request is still being judged.
//!
//! The HTTP layer drops a connection whose body is framed wrongly, such as by a chunk size that is no number,
//! unless the answer is there when it finds out. So an error of the body answers the request at once, whatever
//! it waits for.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::web;
use futures_util::Stream;
use futures_util::future::poll_fn;

use crate::hydra::Problem;

/// Bytes that are read ahead: as many as the HTTP layer itself holds before it stops reading.
const MAX_AHEAD_BYTES: usize = 32 << 10;

/// A body of which the start may have been read.
pub struct Ahead<S = web::Payload>(RefCell<Inner<S>>);

struct Inner<S> {
    payload: S,
    held: VecDeque<web::Bytes>,
    bytes: usize,
    ended: bool,
}

impl<S: Stream<Item = Result<web::Bytes, PayloadError>> + Unpin> Ahead<S> {
    pub fn new(payload: S) -> Self {
        Self(RefCell::new(Inner { payload, held: VecDeque::new(), bytes: 0, ended: false }))
    }

    /// Returns the parts of the body, those that were read ahead first.
    pub fn parts(&self) -> Parts<'_, S> {
        Parts(self)
    }

    /// Returns whether all of the body was read.
    pub fn has_ended(&self) -> bool {
        self.0.borrow().ended
    }

    /// Runs an attempt and returns its result, or the problem that the body cannot be read.
    ///
    /// # Errors
    /// Returns the error of the attempt; [`Problem::Unreadable`] where the body breaks off before the attempt is done.
    pub async fn while_readable<T>(
        &self,
        attempt: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let mut attempt = pin!(attempt);
        poll_fn(|cx| match self.read_ahead(cx) {
            Err(error) => Poll::Ready(Err(broken(&error))),
            Ok(()) => attempt.as_mut().poll(cx),
        })
        .await
    }

    fn read_ahead(&self, cx: &mut Context<'_>) -> Result<(), PayloadError> {
        let mut inner = self.0.borrow_mut();
        while !inner.ended && inner.bytes < MAX_AHEAD_BYTES {
            match Pin::new(&mut inner.payload).poll_next(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => inner.ended = true,
                Poll::Ready(Some(part)) => {
                    let part = part?;
                    inner.bytes += part.len();
                    inner.held.push_back(part);
                }
            }
        }
        Ok(())
    }
}

/// Returns a body that broke off, or whose framing is wrong.
pub fn broken(error: &dyn std::fmt::Display) -> Problem {
    Problem::Unreadable(format!("the body broke off: {error}"))
}

/// Parts of a body.
pub struct Parts<'a, S>(&'a Ahead<S>);

impl<S: Stream<Item = Result<web::Bytes, PayloadError>> + Unpin> Stream for Parts<'_, S> {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.0.0.borrow_mut();
        if let Some(part) = inner.held.pop_front() {
            inner.bytes -= part.len();
            return Poll::Ready(Some(Ok(part)));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        let next = Pin::new(&mut inner.payload).poll_next(cx);
        inner.ended = matches!(next, Poll::Ready(None | Some(Err(_))));
        next
    }
}
