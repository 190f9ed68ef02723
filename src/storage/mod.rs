//! Objects: immutable once written, under keys that are never used twice.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path};

/// A store of objects; cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

impl Storage {
    /// Opens a folder as a store, making it where it is missing.
    ///
    /// # Errors
    /// Where the folder cannot be made or read.
    pub fn local(folder: &Path) -> Result<Self, StorageError> {
        std::fs::create_dir_all(folder)
            .map_err(|e| StorageError::of(&folder.display().to_string(), e))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|e| StorageError::of(&folder.display().to_string(), e))?
            .with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_owned() })
    }

    /// Writes an object whole: it is there complete, or not at all.
    ///
    /// # Errors
    /// Where the store does not take it: no space, no permission.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StorageError> {
        let payload = PutPayload::from_bytes(bytes);
        let put = self.store.put(&path::Path::from(key), payload).await;
        put.map(|_| ()).map_err(|e| StorageError::of(key, e))
    }

    /// Reads a range of an object, in bytes.
    ///
    /// # Errors
    /// Where there is no such object, or the range lies outside it.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let got = self.store.get_range(&path::Path::from(key), range).await;
        got.map_err(|e| StorageError::of(key, e))
    }

    /// Size of an object, in bytes; none where there is no such object.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, StorageError> {
        match self.store.head(&path::Path::from(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(StorageError::of(key, e)),
        }
    }

    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// Where the store does not let it go.
    pub async fn remove(&self, key: &str) -> Result<(), StorageError> {
        match self.store.delete(&path::Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => self.remove_pieces(key).await,
            Err(e) => Err(StorageError::of(key, e)),
        }
    }

    /// Removes what a process that was killed had written of an object: the store never shows it.
    async fn remove_pieces(&self, key: &str) -> Result<(), StorageError> {
        for number in 1.. {
            match tokio::fs::remove_file(self.folder.join(format!("{key}#{number}"))).await {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => break,
                Err(e) => return Err(StorageError::of(key, e)),
            }
        }
        Ok(())
    }

    /// Keys and sizes (bytes) of all objects.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn list(&self) -> Result<Vec<(String, u64)>, StorageError> {
        let listed: Result<Vec<_>, _> =
            self.store.list(None).map_ok(|o| (o.location.to_string(), o.size)).try_collect().await;
        listed.map_err(|e| StorageError::of("", e))
    }
}

/// Why an object was neither written, read nor removed.
#[derive(Debug)]
pub struct StorageError {
    key: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StorageError {
    fn of(key: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { key: key.to_owned(), source: Box::new(source) }
    }

    /// Whether there is no such object, and trying again is of no use.
    pub fn is_missing(&self) -> bool {
        let source = self.source.downcast_ref::<object_store::Error>();
        matches!(source, Some(object_store::Error::NotFound { .. }))
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store fails at {}: {}", self.key, self.source)
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
