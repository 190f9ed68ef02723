//! Objects that are removed, one or many at a time.

use std::io;
use std::path::Path;
use std::pin::pin;

use futures_util::{StreamExt as _, stream};
use object_store::{ObjectStoreExt as _, path};

use super::{Kept, Storage, StorageError, folder};

/// Objects that are removed from a bucket at the same time, which takes a while for each.
const TOGETHER: usize = 8;

/// The outcome of the removal of several objects; those in neither list were not tried.
#[derive(Debug, Default)]
pub struct Removed {
    pub removed: Vec<String>,
    /// Objects that could not be removed, each with the reason.
    pub kept: Vec<(String, StorageError)>,
}

impl Storage {
    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// Fails if the store does not let it go.
    pub async fn remove(&self, key: &str) -> Result<(), StorageError> {
        match &self.kept {
            Kept::Files(folder) => {
                let done = remove_files(folder, vec![key.to_owned()]).await;
                done.kept.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
            }
            // A bucket removes what is not there without a word: 404 is of something before it.
            Kept::InBucket(_) => {
                let place = path::Path::from(key);
                self.within_patience(key, self.store.delete(&place)).await
            }
        }
    }

    /// Removes objects as [`Storage::remove`] does, until a bucket itself fails.
    pub async fn remove_all(&self, keys: Vec<String>) -> Removed {
        if let Kept::Files(folder) = &self.kept {
            return remove_files(folder, keys).await;
        }
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

/// Removes files one after another on one thread: that takes less than waiting for a thread for each.
async fn remove_files(folder: &Path, keys: Vec<String>) -> Removed {
    let (folder, all) = (folder.to_owned(), keys.clone());
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
        let reason = |key: &str| StorageError::of(key, io::Error::other(words.clone()));
        let kept = keys.into_iter().map(|key| (reason(&key), key)).map(|(error, key)| (key, error));
        Removed { removed: Vec::new(), kept: kept.collect() }
    })
}
