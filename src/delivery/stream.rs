//! Long pixels, read in parts while they are sent.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Delivery;

/// Bytes of a part: as much as a connection holds of an answer.
const PART: u64 = 64 << 10;

/// A part that is being read.
pub(super) type Part = Pin<Box<dyn Future<Output = io::Result<Bytes>>>>;

/// A range of a file, in parts. One part is in memory at a time.
pub struct Chunks {
    delivery: Arc<Delivery>,
    file: Arc<File>,
    left: Range<u64>,
    reading: Option<Part>,
}

impl Chunks {
    pub fn new(delivery: Arc<Delivery>, file: Arc<File>, range: Range<u64>) -> Self {
        Self { delivery, file, left: range, reading: None }
    }

    /// Returns the bytes that are left.
    pub fn left(&self) -> u64 {
        self.left.end - self.left.start
    }

    /// Reads the next part; nothing at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let read = match &mut self.reading {
            Some(reading) => {
                let read = ready!(reading.as_mut().poll(cx));
                self.reading = None;
                read
            }
            None if self.left.is_empty() => return Poll::Ready(None),
            None => {
                let range = self.left.start..self.left.end.min(self.left.start + PART);
                match self.delivery.part(&self.file, range) {
                    Ok(read) => Ok(read),
                    Err(reading) => {
                        self.reading = Some(reading);
                        return self.poll_next(cx);
                    }
                }
            }
        };
        if let Ok(read) = &read {
            self.left.start += read.len() as u64;
        }
        Poll::Ready(Some(read))
    }
}
