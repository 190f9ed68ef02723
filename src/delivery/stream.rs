//! Stored pixels, part by part while they are sent.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Delivery;
use super::files::is_cached;

/// Bytes of a part.
const PART: u64 = 128 << 10;

/// A read under way.
type Reading = Pin<Box<dyn Future<Output = io::Result<Bytes>>>>;

/// A part of a file.
#[derive(Debug)]
pub enum Part {
    /// The page cache has it, so that it can be sent from the file without waiting for the disk.
    Cached(Arc<File>, Range<u64>),
    /// It had to be read from the disk.
    Read(Bytes),
}

/// A range of a file, in parts. One part is in memory at a time, at most.
pub struct Parts {
    delivery: Arc<Delivery>,
    file: Arc<File>,
    left: Range<u64>,
    /// Tells whether the page cache had the whole range when the answer began.
    is_cached: bool,
    reading: Option<Reading>,
}

impl Parts {
    /// Returns the parts of the range of a [`super::Pixels::File`].
    pub fn new(
        delivery: Arc<Delivery>,
        file: Arc<File>,
        range: Range<u64>,
        is_cached: bool,
    ) -> Self {
        Self { delivery, file, left: range, is_cached, reading: None }
    }

    /// Finds the next part; nothing at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Part>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let part = self.left.start..self.left.end.min(self.left.start + PART);
        if self.reading.is_none() && (self.is_cached || is_cached(&self.file, &part)) {
            self.left.start = part.end;
            return Poll::Ready(Some(Ok(Part::Cached(Arc::clone(&self.file), part))));
        }
        let reading = self.reading.get_or_insert_with(|| {
            Box::pin(self.delivery.files.read_waiting(Arc::clone(&self.file), part.clone()))
        });
        let read = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        self.left.start = part.end;
        Poll::Ready(Some(read.map(Part::Read)))
    }
}
