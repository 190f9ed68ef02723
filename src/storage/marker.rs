//! The marker of a storage: whose objects it keeps.

use std::fs;
use std::io;

use futures_util::TryStreamExt as _;
use object_store::{ObjectStoreExt as _, PutMode, PutOptions, path};
use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::error::{is_missing_object, with_causes};
use super::{Kept, Place, Storage, StorageError, folder};

/// Name of the marker among the objects; no object is ever called so.
pub(super) const NAME: &str = "hydria.json";

/// The owner of the objects in a storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Id of the deployment whose database names the objects.
    pub cluster: String,
    /// Id of the storage itself.
    pub storage: String,
}

impl Storage {
    /// Reads the marker; `None` if the storage is not marked. Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if it cannot be read, or is no marker.
    pub fn marker(&self) -> Result<Option<Marker>, StorageError> {
        let (name, text) = match &self.kept {
            Kept::Files(folder) => {
                let file = folder.join(NAME);
                let name = file.display().to_string();
                match fs::read(&file) {
                    Ok(text) => (name, text),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(StorageError::of(&name, error)),
                }
            }
            Kept::InBucket(bucket) => match self.text(bucket, NAME)? {
                Some(text) => (NAME.to_owned(), text),
                None => return Ok(None),
            },
        };
        serde_json::from_slice(&text).map(Some).map_err(|e| StorageError::of(&name, e))
    }

    /// Returns the storage that contains a place, where one above it in the bucket carries a marker; `None` for folders.
    /// Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the bucket does not answer.
    pub fn containing(place: &Place) -> Result<Option<Place>, StorageError> {
        let Place::Bucket(bucket) = place else { return Ok(None) };
        for above in bucket.above().map(Place::Bucket) {
            match Self::existing(&above)?.marker() {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(Some(above)),
                // Who may enter the prefix alone is told nothing of what is above it.
                Err(error) if error.is_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Returns whether there is an object under a key. Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the bucket does not answer.
    pub fn has(&self, key: &str) -> Result<bool, StorageError> {
        match &self.kept {
            Kept::Files(folder) => Ok(folder.join(key).exists()),
            Kept::InBucket(bucket) => {
                let size = bucket.block_on(self.size(key));
                size.unwrap_or(Ok(None)).map(|size| size.is_some())
            }
        }
    }

    /// Returns whether there are objects: in a folder any at all, in a bucket any below a folder. Blocks; not to be called in a
    /// task.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    pub fn has_objects(&self, folder: &str) -> Result<bool, StorageError> {
        let first = async { self.keys(folder).try_next().await };
        let found = match &self.kept {
            Kept::Files(_) => {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                runtime.map_err(|error| StorageError::of("", error))?.block_on(first)
            }
            Kept::InBucket(bucket) => bucket.block_on(first).unwrap_or(Ok(None)),
        };
        found.map(|key| key.is_some())
    }

    /// Writes the marker in place of any other, and closes the storage to other users of the machine where it is a folder.
    /// Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the storage does not take it.
    pub fn mark(&self, marker: &Marker) -> Result<(), StorageError> {
        self.write(marker, PutMode::Overwrite).map(|_| ())
    }

    /// Removes the marker, if there is one. Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the storage does not let it go.
    pub fn unmark(&self) -> Result<(), StorageError> {
        match &self.kept {
            Kept::Files(folder) => match fs::remove_file(folder.join(NAME)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(StorageError::of(NAME, error))
                }
                _ => Ok(()),
            },
            Kept::InBucket(bucket) => bucket.block_on(self.remove(NAME)).unwrap_or(Ok(())),
        }
    }

    /// Writes the marker of a storage that has none; returns whether it carries this one now, and not that of another
    /// process which was first. Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the storage does not take it.
    pub fn mark_first(&self, marker: &Marker) -> Result<bool, StorageError> {
        if !self.write(marker, PutMode::Create)? {
            // There are servers that know no such condition, and others that do not heed it: it is read again.
            self.write(marker, PutMode::Overwrite)?;
        }
        Ok(self.marker()?.as_ref() == Some(marker))
    }

    /// Writes the marker; with [`PutMode::Create`] a marker that is there stays. Returns whether the store knows this mode.
    fn write(&self, marker: &Marker, mode: PutMode) -> Result<bool, StorageError> {
        let text = serde_json::to_string_pretty(marker).map_err(|e| StorageError::of(NAME, e))?;
        match &self.kept {
            Kept::Files(path) => {
                let fail = |error: io::Error| StorageError::of(NAME, error);
                folder::close(path).map_err(fail)?;
                folder::write_private(&path.join(NAME), &text).map_err(fail)?;
                Ok(true)
            }
            Kept::InBucket(bucket) => {
                let (place, options) = (path::Path::from(NAME), PutOptions::from(mode));
                let put = self.store.put_opts(&place, text.into_bytes().into(), options);
                let written = self.within_patience(NAME, async {
                    match put.await {
                        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(true),
                        Err(error) if with_causes(&error).contains("NotImplemented") => Ok(false),
                        Err(error) => Err(error),
                    }
                });
                bucket.block_on(written).unwrap_or(Ok(false))
            }
        }
    }

    /// Reads an object of a bucket whole; `None` if there is no such object.
    fn text(&self, bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let place = path::Path::from(key);
        let read = self.within_patience(key, async {
            match self.store.get(&place).await {
                Ok(found) => found.bytes().await.map(|bytes| Some(bytes.to_vec())),
                Err(error) if is_missing_object(&with_causes(&error)) => Ok(None),
                Err(error) => Err(error),
            }
        });
        bucket.block_on(read).unwrap_or(Ok(None))
    }
}
