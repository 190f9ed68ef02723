//! Bytes of objects: open files, sent at once where the page cache has them, and else read on threads that may wait.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use quick_cache::sync::Cache;
use rustix::io::{ReadWriteFlags, preadv2};

use super::threads::Threads;
use crate::storage::{Storage, StorageError};

/// Threads that wait for the disk.
const READERS: usize = 16;

/// Files that are kept open. A process may open 1,024 at least, of which connections take most.
const OPEN_FILES: usize = 128;

/// The files of objects.
pub struct Files {
    storage: Storage,
    open: Cache<String, Arc<File>>,
    threads: Threads,
}

impl Files {
    /// # Errors
    /// Fails if the system gives no threads.
    pub fn new(storage: Storage) -> io::Result<Self> {
        let threads = Threads::start("reader", READERS, 0)?;
        Ok(Self { storage, open: Cache::new(OPEN_FILES), threads })
    }

    /// Opens an object, or returns it open.
    ///
    /// # Errors
    /// Returns [`StorageError`], of which a missing object is one.
    pub async fn open(&self, key: &str) -> Result<Arc<File>, StorageError> {
        if let Some(open) = self.open.get(key) {
            return Ok(open);
        }
        let (storage, name) = (self.storage.clone(), key.to_owned());
        let opened = self.threads.run(move || storage.open(&name)).await;
        let file = Arc::new(opened.unwrap_or_else(|gone| Err(StorageError::of(key, gone)))?);
        self.open.insert(key.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// Closes the file of an object once nobody reads it any more.
    pub fn forget(&self, key: &str) {
        self.open.remove(key);
    }

    /// Closes the files of all objects once nobody reads them any more.
    pub fn forget_all(&self) {
        self.open.clear();
    }

    /// Does something that waits for the disk.
    ///
    /// # Errors
    /// Fails if it panics.
    pub fn run<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        act: F,
    ) -> impl Future<Output = io::Result<T>> + use<T, F> {
        self.threads.run(act)
    }

    /// Reads a range of a file on a thread that may wait, in bytes.
    ///
    /// # Errors
    /// Returns the error of the system, and [`io::ErrorKind::UnexpectedEof`] if the file is shorter.
    pub fn read_waiting(
        &self,
        file: Arc<File>,
        range: Range<u64>,
    ) -> impl Future<Output = io::Result<Bytes>> + use<> {
        let read = self.threads.run(move || {
            let mut bytes = vec![0; length(&range)];
            file.read_exact_at(&mut bytes, range.start)?;
            Ok(Bytes::from(bytes))
        });
        async move { read.await.unwrap_or_else(Err) }
    }
}

/// Returns whether the page cache has the first and the last byte of a range, and so in all likelihood what is between them;
/// `false` where a file system cannot tell.
pub fn is_cached(file: &File, range: &Range<u64>) -> bool {
    let has = |at: u64| {
        let mut byte = [0];
        let read = preadv2(file, &mut [IoSliceMut::new(&mut byte)], at, ReadWriteFlags::NOWAIT);
        read.is_ok_and(|read| read == 1)
    };
    range.is_empty() || (has(range.start) && has(range.end - 1))
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
}
