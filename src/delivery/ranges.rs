//! Bytes of objects in a bucket: read in ranges, never whole, and kept in memory by their weight.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use imaging::render::ReadRange;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::error::DeliveryError;
use crate::storage::Storage;

/// Bytes that are read by one request and kept together, at most. A client that takes an answer slowly holds so many.
pub const PIECE: u64 = 256 << 10;

/// Bytes of a tile as most are.
const USUAL: u64 = 32 << 10;

/// Parts of the cache that are locked apart: few, because none keeps a piece that is larger than the part.
const SHARDS: usize = 8;

/// Time that a reader waits for bytes that another one reads, and then for its own, at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Time that gathering all ranges of a rendering may take.
const GATHERING: Duration = Duration::from_secs(25);

/// The place of some bytes: the key of an object, and a range within it.
type Place = (String, Range<u64>);

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Place, Bytes> for ByBytes {
    fn weight(&self, (key, _): &Place, bytes: &Bytes) -> u64 {
        (bytes.len() + key.len()) as u64
    }
}

/// The ranges that were read.
pub struct Ranges {
    storage: Storage,
    known: Cache<Place, Bytes, ByBytes>,
}

impl Ranges {
    /// Returns an empty cache of so many bytes.
    ///
    /// # Errors
    /// Fails if so many bytes cannot be reckoned with.
    pub fn new(storage: Storage, bytes: u64) -> io::Result<Self> {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(
                usize::try_from(bytes / USUAL).unwrap_or(usize::MAX).clamp(16, 1 << 20),
            )
            .weight_capacity(bytes)
            .shards(SHARDS)
            .build()
            .map_err(io::Error::other)?;
        let hashes = DefaultHashBuilder::default();
        let known = Cache::with_options(options, ByBytes, hashes, DefaultLifecycle::default());
        Ok(Self { storage, known })
    }

    /// Returns a range of an object, of [`PIECE`] bytes at most; those who ask for the same at once share a request.
    ///
    /// # Errors
    /// Returns [`DeliveryError::Missing`] if there is no such object, and [`DeliveryError::Storage`] or
    /// [`DeliveryError::Io`] if the bucket does not answer in time.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, DeliveryError> {
        let place = (key.to_owned(), range);
        let read = async {
            match self.known.get_value_or_guard_async(&place).await {
                Ok(known) => Ok(known),
                Err(vacancy) => {
                    // Copied, because what was received shares larger buffers.
                    let bytes = self.storage.get(key, place.1.clone()).await?;
                    let bytes = Bytes::copy_from_slice(&bytes);
                    // It was forgotten meanwhile: the next one reads it anew.
                    let _ = vacancy.insert(bytes.clone());
                    Ok(bytes)
                }
            }
        };
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(read) => read,
            Err(_late) => Err(DeliveryError::Io(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Returns the bytes of a part of a stored whole from its beginning on, up to the end of a piece; pieces are counted from
    /// the beginning of the whole, so that they are the same whatever part is asked for.
    ///
    /// # Errors
    /// Fails as [`Ranges::get`] does.
    pub async fn next_of(
        &self,
        key: &str,
        whole: &Range<u64>,
        part: &Range<u64>,
    ) -> Result<Bytes, DeliveryError> {
        let start = part.start - part.start.saturating_sub(whole.start) % PIECE;
        let piece = start..whole.end.min(start + PIECE);
        let bytes = self.get(key, piece.clone()).await?;
        let at = |place: u64| {
            usize::try_from(place.saturating_sub(piece.start))
                .unwrap_or(usize::MAX)
                .min(bytes.len())
        };
        Ok(bytes.slice(at(part.start)..at(part.end.min(piece.end))))
    }

    /// Reads the ranges of an object that a rendering is made of; those that are not known are not kept either, because what
    /// is rendered is kept.
    ///
    /// # Errors
    /// Fails as [`Ranges::get`] does.
    pub async fn gather(
        &self,
        key: &str,
        ranges: Vec<Range<u64>>,
    ) -> Result<Gathered, DeliveryError> {
        let mut gathered = HashMap::with_capacity(ranges.len());
        let mut missing = Vec::new();
        for range in ranges {
            match self.known.get(&(key.to_owned(), range.clone())) {
                Some(bytes) => drop(gathered.insert(range, bytes)),
                None => missing.push(range),
            }
        }
        let read = tokio::time::timeout(GATHERING, self.storage.get_all(key, &missing)).await;
        let read = read.map_err(|_late| io::Error::from(io::ErrorKind::TimedOut))??;
        gathered.extend(missing.into_iter().zip(read));
        Ok(Gathered(gathered))
    }
}

/// Ranges of an object in memory.
pub struct Gathered(HashMap<Range<u64>, Bytes>);

impl ReadRange for Gathered {
    fn read_range(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.0.get(&range).map(|bytes| bytes.to_vec()).ok_or(io::ErrorKind::UnexpectedEof.into())
    }
}
