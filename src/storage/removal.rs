//! Objects that are removed, one or many at a time.

use std::io;
use std::pin::pin;

use futures_util::{StreamExt as _, stream};
use object_store::{ObjectStoreExt as _, path};

use super::{Kept, Storage, StorageError, folder};

/// Objects that are removed from a bucket at the same time, which takes a while for each.
const TOGETHER: usize = 8;

/// What became of objects that were to be removed; those in neither list were not tried.
#[derive(Debug, Default)]
pub struct Removed {
    pub removed: Vec<String>,
    /// Those that are kept, each with its reason.
    pub kept: Vec<(String, StorageError)>,
}

impl Storage {
    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// Fails if the store does not let it go.
    pub async fn remove(&self, key: &str) -> Result<(), StorageError> {
        let place = path::Path::from(key);
        match &self.kept {
            Kept::Files(folder) => match self.store.delete(&place).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {
                    let (folder, own) = (folder.clone(), key.to_owned());
                    let removing =
                        tokio::task::spawn_blocking(move || folder::remove_pieces(&folder, &own));
                    removing.await.unwrap_or_else(|panic| Err(StorageError::of(key, panic)))
                }
                Err(e) => Err(self.error(key, e)),
            },
            // A bucket removes what is not there without a word: 404 is of something before it.
            Kept::InBucket(_) => self.within_patience(key, self.store.delete(&place)).await,
        }
    }

    /// Removes objects as [`Storage::remove`] does, until a bucket itself fails.
    ///
    /// Files are removed one after another on one thread: that takes less than waiting for a thread for each.
    pub async fn remove_all(&self, keys: Vec<String>) -> Removed {
        match &self.kept {
            Kept::Files(folder) => {
                let (folder, all) = (folder.clone(), keys.clone());
                let removing = tokio::task::spawn_blocking(move || {
                    let mut done = Removed::default();
                    for key in all {
                        match folder::remove(&folder, &key) {
                            Ok(()) => done.removed.push(key),
                            Err(error) => done.kept.push((key, error)),
                        }
                    }
                    done
                });
                removing.await.unwrap_or_else(|panic| {
                    let words = panic.to_string();
                    let kept = keys.into_iter().map(|key| {
                        let error = StorageError::of(&key, io::Error::other(words.clone()));
                        (key, error)
                    });
                    Removed { removed: Vec::new(), kept: kept.collect() }
                })
            }
            Kept::InBucket(_) => {
                let mut done = Removed::default();
                let removing = stream::iter(keys).map(async |key| {
                    let removed = self.remove(&key).await;
                    (key, removed)
                });
                let mut removing = pin!(removing.buffer_unordered(TOGETHER));
                while let Some((key, removed)) = removing.next().await {
                    match removed {
                        Ok(()) => done.removed.push(key),
                        Err(error) => {
                            let is_of_all = error.is_of_all() || self.confirm().await.is_err();
                            done.kept.push((key, error));
                            if is_of_all {
                                break;
                            }
                        }
                    }
                }
                done
            }
        }
    }
}
