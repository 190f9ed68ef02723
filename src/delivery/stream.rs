//! Stored pixels, part by part while they are sent.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::files::is_cached;
use super::{Delivery, Pixels, StoredRange};

/// Bytes of a part of a file.
const PART: u64 = 128 << 10;

/// A read under way.
type Reading = Pin<Box<dyn Future<Output = io::Result<Bytes>>>>;

/// A part of stored pixels.
#[derive(Debug)]
pub enum Part {
    /// The page cache has it, so that it can be sent from the file without waiting for the disk.
    Cached(Arc<File>, Range<u64>),
    /// Bytes that had to be read from the disk, or from a bucket.
    Read(Bytes),
}

/// The origin of the parts.
enum Source {
    /// A file, and whether the page cache had the whole range when the answer began.
    File(Arc<File>, bool),
    /// An object in a bucket: its key, what is stored there as one, and the next bytes where they were read already.
    Object(Arc<str>, Range<u64>, Option<Bytes>),
}

/// A range of a file or an object, in parts. One part is in memory at a time, at most.
pub struct Parts {
    delivery: Arc<Delivery>,
    source: Source,
    left: Range<u64>,
    reading: Option<Reading>,
}

impl Parts {
    /// Returns the parts of pixels that are not in memory.
    ///
    /// # Errors
    /// Returns the bytes of pixels that are.
    pub fn new(delivery: Arc<Delivery>, pixels: Pixels) -> Result<Self, Bytes> {
        let (source, left) = match pixels {
            Pixels::Memory(bytes) => return Err(bytes),
            Pixels::File { file, range, is_cached } => (Source::File(file, is_cached), range),
            Pixels::Object(StoredRange { key, whole, part, first }) => {
                (Source::Object(key, whole, first), part)
            }
        };
        Ok(Self { delivery, source, left, reading: None })
    }

    /// Finds the next part; nothing at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Part>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let part = self.left.start..self.left.end.min(self.left.start + PART);
        if let Source::Object(_, _, first) = &mut self.source
            && let Some(first) = first.take()
        {
            self.left.start += first.len() as u64;
            return Poll::Ready(Some(Ok(Part::Read(first))));
        }
        if self.reading.is_none()
            && let Source::File(file, was_cached) = &self.source
            && (*was_cached || is_cached(file, &part))
        {
            self.left.start = part.end;
            return Poll::Ready(Some(Ok(Part::Cached(Arc::clone(file), part))));
        }
        let reading = self.reading.get_or_insert_with(|| match &self.source {
            Source::File(file, _) => {
                Box::pin(self.delivery.files.read_waiting(Arc::clone(file), part))
            }
            Source::Object(key, whole, _) => {
                let (delivery, key) = (Arc::clone(&self.delivery), Arc::clone(key));
                let (whole, left) = (whole.clone(), self.left.clone());
                Box::pin(async move {
                    let Some(ranges) = &delivery.ranges else {
                        return Err(io::ErrorKind::Unsupported.into());
                    };
                    ranges.next_of(&key, &whole, &left).await.map_err(io::Error::other)
                })
            }
        });
        let read = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        if let Ok(bytes) = &read {
            self.left.start += bytes.len() as u64;
        }
        Poll::Ready(Some(read.map(Part::Read)))
    }
}
