//! Objects: immutable once written, under keys that are never used twice.

pub mod digests;
mod link;
mod marker;

pub use marker::Marker;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path};

/// Bytes of a part of an upload; stores in the cloud want 5 MB at least.
const PART_BYTES: usize = 8 << 20;

/// Bytes that one system call reads or writes. The kernel lets no thread that answers requests in before a call has ended.
const PIECE_BYTES: usize = 256 << 10;

/// A store of objects; cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

impl Storage {
    /// Opens a folder as a store, making it where it is missing.
    ///
    /// Objects are synced to the disk, with the folders that lead to them, before [`Storage::put_file`] returns: a
    /// row that names one survives a loss of power no better than it. Modes are those of the process's umask.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or read.
    pub fn local(folder: &Path) -> Result<Self, StorageError> {
        let fail = |e| StorageError::of(&folder.display().to_string(), e);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
        Self::existing(folder)
    }

    /// Opens a folder as a store; makes nothing.
    ///
    /// # Errors
    /// Fails if there is no such folder.
    pub fn existing(folder: &Path) -> Result<Self, StorageError> {
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|e| StorageError::of(&folder.display().to_string(), e))?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_owned() })
    }

    /// Stores a file as an object; it is there complete, or not at all. A file without a name in the same file system is
    /// given the name of the object, any other is copied, one part of it in memory.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or the store does not take it: no space, no permission.
    pub async fn put_file(&self, key: &str, file: File) -> Result<(), StorageError> {
        let fail = |error: object_store::Error| StorageError::of(key, error);
        let unreadable = |error: std::io::Error| StorageError::of(key, error);
        let name = self.folder.join(key);
        let named = tokio::task::spawn_blocking(move || {
            Ok(if link::name_file(&file, &name)? { None } else { Some(file) })
        });
        let named = named.await.map_err(std::io::Error::other).flatten().map_err(unreadable)?;
        let Some(file) = named else { return Ok(()) };
        let place = path::Path::from(key);
        let (file, first) = next_part(file, true).await.map_err(unreadable)?;
        if first.content_length() < PART_BYTES {
            return self.store.put(&place, first).await.map(|_| ()).map_err(fail);
        }
        let mut upload = self.store.put_multipart(&place).await.map_err(fail)?;
        let (mut file, mut part) = (file, first);
        let written = async {
            while part.content_length() > 0 {
                upload.put_part(part).await.map_err(fail)?;
                (file, part) = next_part(file, false).await.map_err(unreadable)?;
            }
            upload.complete().await.map(|_| ()).map_err(fail)
        };
        let written = written.await;
        if written.is_err()
            && let Err(left) = upload.abort().await
        {
            log::debug!("what was written of {key} stays until it is discarded: {left}");
        }
        written
    }

    /// Reads a range of an object, in bytes.
    ///
    /// # Errors
    /// Fails if there is no such object, or the range lies outside it.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let got = self.store.get_range(&path::Path::from(key), range).await;
        got.map_err(|e| StorageError::of(key, e))
    }

    /// Opens an object to be read. Blocks.
    ///
    /// # Errors
    /// Fails if there is no such object, or the process has too many files open.
    pub fn open(&self, key: &str) -> Result<File, StorageError> {
        File::open(self.folder.join(key)).map_err(|error| StorageError::of(key, error))
    }

    /// Size of an object, in bytes; none where there is no such object.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
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
    /// Fails if the store does not let it go.
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

    /// Keys of all objects, one after another, in no order.
    pub fn keys(&self) -> impl Stream<Item = Result<String, StorageError>> + Unpin {
        self.store
            .list(None)
            .map_ok(|object| object.location.to_string())
            .map_err(|e| StorageError::of("", e))
            .try_filter(|key| std::future::ready(key != marker::NAME))
    }
}

/// Reads the next part of a file, or the first one; it is empty at the end.
async fn next_part(mut file: File, is_first: bool) -> std::io::Result<(File, PutPayload)> {
    let read = tokio::task::spawn_blocking(move || {
        if is_first {
            file.rewind()?;
        }
        let mut pieces = Vec::new();
        for _ in 0..PART_BYTES / PIECE_BYTES {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let most = u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX);
            if (&mut file).take(most).read_to_end(&mut piece)? == 0 {
                break;
            }
            pieces.push(Bytes::from(piece));
        }
        Ok((file, PutPayload::from_iter(pieces)))
    });
    read.await.map_err(std::io::Error::other).flatten()
}

/// Writes a file of mode 0600 whole, in place of any other, and syncs it and its folder.
///
/// # Errors
/// Fails if the file system does not allow it.
pub fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let part = file.with_extension(format!("{}.part", std::process::id()));
    let mut opened =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    // One that was left there may be open to others.
    opened.set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(opened, "{text}")?;
    opened.sync_all()?;
    fs::rename(&part, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The reason why an object was neither written, read nor removed.
#[derive(Debug)]
pub struct StorageError {
    key: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StorageError {
    /// Returns the error of an object with its cause.
    pub fn of(key: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { key: key.to_owned(), source: Box::new(source) }
    }

    /// Returns whether there is no such object, and trying again is of no use.
    pub fn is_missing(&self) -> bool {
        let of_store = self.source.downcast_ref::<object_store::Error>();
        let of_system = self.source.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        matches!(of_store, Some(object_store::Error::NotFound { .. }))
            || of_system == Some(std::io::ErrorKind::NotFound)
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
