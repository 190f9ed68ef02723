//! Objects: immutable once written, under keys that are never used twice.

mod bucket;
pub mod digests;
mod error;
mod folder;
mod link;
mod listing;
mod marker;
mod place;
mod removal;

pub use error::StorageError;
pub use folder::write_private;
pub use marker::Marker;
pub use place::{BucketAccess, BucketPlace, Place, VARIABLES};
pub use removal::Removed;

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path};
use tokio::sync::SemaphorePermit;

use bucket::Bucket;

/// Bytes that one request writes of an object; stores in the cloud want 5 MB at least, where that is not all of it.
const PUT_BYTES: usize = 8 << 20;

/// Bytes that one system call reads or writes. The kernel lets no thread that answers requests in before a call has ended.
const PIECE_BYTES: usize = 256 << 10;

/// Time that reading ranges of an object may take, repeated requests included: a reader waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of one request for several ranges, at most, so that it is answered in time.
const REQUEST_BYTES: u64 = 4 << 20;

/// Ranges that are asked for at the same time.
const RANGES_AT_ONCE: usize = 8;

/// Bytes between two ranges that are read with them, because a request for each would take longer.
const GAP_BYTES: u64 = 64 << 10;

/// Objects whose sizes are asked for at the same time.
const SIZES_AT_ONCE: usize = 32;

/// A store of objects; cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    kept: Kept,
}

/// The kind of store that keeps the objects.
#[derive(Clone, Debug)]
enum Kept {
    /// Files of a folder.
    Files(PathBuf),
    InBucket(Arc<Bucket>),
}

impl Storage {
    /// Opens a place as a store; a folder is made where it is missing, a bucket is not.
    ///
    /// Objects are synced to the disk, with the folders that lead to them, before [`Storage::put_file`] returns: a
    /// row that names one survives a loss of power no better than it. What was made of
    /// an image keeps the owner, group and mode of its file in the working folder, and takes none from the folder of the store.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or read, or a variable that says how the bucket is reached is malformed.
    pub fn make(place: &Place) -> Result<Self, StorageError> {
        if let Place::Folder(folder) = place {
            folder::make(folder).map_err(|e| StorageError::of(&folder.display().to_string(), e))?;
        }
        Self::existing(place)
    }

    /// Opens a place as a store; makes nothing, and asks nothing of a bucket.
    ///
    /// # Errors
    /// Fails if there is no such folder, or a variable that says how the bucket is reached is malformed.
    pub fn existing(place: &Place) -> Result<Self, StorageError> {
        match place {
            Place::Folder(path) => {
                let store = folder::open(path)
                    .map_err(|e| StorageError::of(&path.display().to_string(), e))?;
                Ok(Self { store: Arc::new(store), kept: Kept::Files(path.clone()) })
            }
            Place::Bucket(place) => {
                let (store, bucket) = bucket::open(place)
                    .map_err(|source| StorageError::of_bucket(&place.to_string(), &*source))?;
                Ok(Self { store, kept: Kept::InBucket(bucket) })
            }
        }
    }

    /// Returns whether objects are kept in a bucket, and not as files.
    pub fn is_bucket(&self) -> bool {
        matches!(self.kept, Kept::InBucket(_))
    }

    /// Stores a file as an object; it is there complete, or not at all.
    ///
    /// A file without a name in the same file system is given the name of the object, any other is copied, one part of it in memory.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or the store does not take it: no space, no permission, no answer, or a folder without
    /// the marker, whose disk is not mounted.
    pub async fn put_file(&self, key: &str, file: File) -> Result<(), StorageError> {
        let _turn = self.turn().await;
        self.put_at_once(key, file).await
    }

    /// Stores a file as [`Storage::put_file`] does, and waits for no other.
    ///
    /// It is for those who bound how many they write at once.
    ///
    /// # Errors
    /// Fails as [`Storage::put_file`] does.
    pub async fn put_at_once(&self, key: &str, file: File) -> Result<(), StorageError> {
        if !self.is_bucket() {
            self.confirm().await?;
        }
        self.write_file(key, file).await
    }

    /// Stores a file as [`Storage::put_file`] does, also in a folder that is not marked yet.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or the store does not take it.
    pub async fn fill(&self, key: &str, file: File) -> Result<(), StorageError> {
        let _turn = self.turn().await;
        self.write_file(key, file).await
    }

    /// Waits for a turn of writing to a bucket; to a folder, there are none.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        match &self.kept {
            Kept::InBucket(bucket) => bucket.puts.acquire().await.ok(),
            Kept::Files(_) => None,
        }
    }

    async fn write_file(&self, key: &str, file: File) -> Result<(), StorageError> {
        let fail = |error: object_store::Error| self.error(key, error);
        let unreadable = |error: io::Error| StorageError::of(key, error);
        let file = match &self.kept {
            Kept::InBucket(_) => file,
            Kept::Files(folder) => {
                let name = folder.join(key);
                let named = tokio::task::spawn_blocking(move || {
                    Ok(if link::name_file(&file, &name)? { None } else { Some(file) })
                });
                let named = named.await.map_err(io::Error::other).flatten().map_err(unreadable)?;
                let Some(file) = named else { return Ok(()) };
                file
            }
        };
        let place = path::Path::from(key);
        let (file, first) = next_part(file, true).await.map_err(unreadable)?;
        if first.content_length() < PUT_BYTES {
            return self.store.put(&place, first).await.map(|_| ()).map_err(fail);
        }
        let mut writing = self.store.put_multipart(&place).await.map_err(fail)?;
        let (mut file, mut part) = (file, first);
        let written = async {
            while part.content_length() > 0 {
                writing.put_part(part).await.map_err(fail)?;
                (file, part) = next_part(file, false).await.map_err(unreadable)?;
            }
            writing.complete().await.map(|_| ()).map_err(fail)
        };
        let written = written.await;
        if written.is_err()
            && let Err(left) = writing.abort().await
        {
            log::debug!("what was written of {key} stays until it is discarded: {left}");
        }
        written
    }

    /// Reads a range of an object, in bytes; of a bucket within 10 s.
    ///
    /// # Errors
    /// Fails if there is no such object, the range lies outside it, or the store does not answer.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let place = path::Path::from(key);
        let got = self.store.get_range(&place, range.clone());
        let got = self.within_patience(key, got).await?;
        if got.len() as u64 == range.end - range.start {
            return Ok(got);
        }
        Err(StorageError::of(key, io::Error::from(io::ErrorKind::UnexpectedEof)))
    }

    /// Reads ranges of an object, in bytes; of a bucket within 10 s, several at a time, and those that are close to each
    /// other at once.
    ///
    /// # Errors
    /// Fails as [`Storage::get`] does.
    pub async fn get_all(
        &self,
        key: &str,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, StorageError> {
        let merged = merged(ranges);
        let read = stream::iter(merged.iter().cloned()).map(|range| self.get(key, range));
        let read: Vec<Bytes> = read.buffered(RANGES_AT_ONCE).try_collect().await?;
        let part = |range: &Range<u64>| {
            let place =
                merged.partition_point(|merged| merged.start <= range.start).checked_sub(1)?;
            let (from, bytes) = (merged.get(place)?.start, read.get(place)?);
            let at = |place: u64| usize::try_from(place.checked_sub(from)?).ok();
            let (start, end) = (at(range.start)?, at(range.end)?);
            (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
        };
        let missing = || StorageError::of(key, io::Error::from(io::ErrorKind::UnexpectedEof));
        ranges.iter().map(|range| part(range).ok_or_else(missing)).collect()
    }

    /// Sees that the store is there and marked, so that what it lacks is not taken for lost while it is away: a bucket that does
    /// not answer, or a folder whose disk is not mounted.
    ///
    /// # Errors
    /// Fails if the marker cannot be found.
    pub async fn confirm(&self) -> Result<(), StorageError> {
        let place = path::Path::from(marker::NAME);
        self.within_patience(marker::NAME, self.store.head(&place)).await.map(|_| ())
    }

    /// Opens an object to be read. Blocks.
    ///
    /// # Errors
    /// Fails if there is no such object, the process has too many files open, or objects are no files.
    pub fn open(&self, key: &str) -> Result<File, StorageError> {
        let opened = match &self.kept {
            Kept::Files(folder) => folder::open_object(&folder.join(key)),
            Kept::InBucket(_) => Err(io::ErrorKind::Unsupported.into()),
        };
        opened.map_err(|error| StorageError::of(key, error))
    }

    /// Returns the size of an object, in bytes; none where there is no such object.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, StorageError> {
        match self.store.head(&path::Path::from(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.error(key, e)),
        }
    }

    /// Returns the sizes of objects, in bytes and in the order of their keys, several asked for at a time; none where there is no such
    /// object.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    pub async fn sizes(&self, keys: &[String]) -> Result<Vec<Option<u64>>, StorageError> {
        stream::iter(keys).map(|key| self.size(key)).buffered(SIZES_AT_ONCE).try_collect().await
    }

    /// Returns the keys of all objects, one after another, in no order; of a bucket those in a folder, because others may keep
    /// something beside it.
    ///
    /// Among the keys of a bucket may be some that Hydria would never give: others may keep something in the folder too.
    pub fn keys(&self, folder: &str) -> BoxStream<'_, Result<String, StorageError>> {
        match &self.kept {
            Kept::Files(_) => {
                let keys = self.store.list(None).map_ok(|object| object.location.to_string());
                let keys = keys.try_filter(|key| std::future::ready(key != marker::NAME));
                keys.map_err(|e| self.error("", e)).boxed()
            }
            Kept::InBucket(bucket) => {
                let name = folder.to_owned();
                bucket.listing.keys(folder).map_err(move |e| self.error(&name, e)).boxed()
            }
        }
    }

    /// Waits for a bucket within the patience of readers; for a file, as long as the disk takes.
    async fn within_patience<T>(
        &self,
        key: &str,
        act: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, StorageError> {
        let done = match self.kept {
            Kept::Files(_) => act.await,
            Kept::InBucket(_) => match tokio::time::timeout(PATIENCE, act).await {
                Ok(done) => done,
                Err(late) => return Err(StorageError::of_bucket(key, &late)),
            },
        };
        done.map_err(|error| self.error(key, error))
    }

    fn error(&self, key: &str, error: object_store::Error) -> StorageError {
        match self.kept {
            Kept::Files(_) => StorageError::of(key, error),
            Kept::InBucket(_) => StorageError::of_bucket(key, &error),
        }
    }
}

/// Returns the ranges by which others are read: those that are close to each other at once, unless that gets large.
///
/// No range is cut, so that one that is larger stays as it is.
pub fn merged(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(last)
                if range.start <= last.end.saturating_add(GAP_BYTES)
                    && range.end.max(last.end) - last.start <= REQUEST_BYTES =>
            {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// Reads the next part of a file, or the first one; it is empty at the end.
async fn next_part(mut file: File, is_first: bool) -> io::Result<(File, PutPayload)> {
    let read = tokio::task::spawn_blocking(move || {
        if is_first {
            file.rewind()?;
        }
        let mut pieces = Vec::new();
        for _ in 0..PUT_BYTES / PIECE_BYTES {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let most = u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX);
            if (&mut file).take(most).read_to_end(&mut piece)? == 0 {
                break;
            }
            pieces.push(Bytes::from(piece));
        }
        Ok((file, PutPayload::from_iter(pieces)))
    });
    read.await.map_err(io::Error::other).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_are_close_are_read_at_once_up_to_a_size() {
        let far = 1_000_000..1_000_010;
        assert_eq!(merged(&[far.clone(), 0..10, 20..30]), [0..30, far]);
        let tiles: Vec<_> = (0..100).map(|n| n * 100_000..(n + 1) * 100_000).collect();
        let merged = merged(&tiles);
        assert_eq!(merged.len(), 3, "{merged:?}");
        assert!(merged.iter().all(|range| range.end - range.start <= REQUEST_BYTES));
    }
}
