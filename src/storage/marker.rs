//! The marker of a storage: whose objects it keeps.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Storage, StorageError};

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
    /// Reads the marker; `None` if the storage is not marked.
    ///
    /// # Errors
    /// Fails if it cannot be read, or is no marker.
    pub fn marker(&self) -> Result<Option<Marker>, StorageError> {
        let file = self.folder.join(NAME);
        let name = || file.display().to_string();
        match fs::read(&file) {
            Ok(text) => {
                serde_json::from_slice(&text).map(Some).map_err(|e| StorageError::of(&name(), e))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::of(&name(), error)),
        }
    }

    /// Returns whether there is an object under a key.
    pub fn has(&self, key: &str) -> bool {
        self.folder.join(key).exists()
    }

    /// Writes the marker in place of any other, and closes the storage to other users of the machine.
    ///
    /// # Errors
    /// Fails if the storage does not take it.
    pub fn mark(&self, marker: &Marker) -> Result<(), StorageError> {
        let fail = |error: std::io::Error| StorageError::of(NAME, error);
        let text = serde_json::to_string_pretty(marker).map_err(|e| StorageError::of(NAME, e))?;
        close(&self.folder).map_err(fail)?;
        super::write_private(&self.folder.join(NAME), &text).map_err(fail)
    }

    /// Removes the marker, if there is one.
    ///
    /// # Errors
    /// Fails if the storage does not let it go.
    pub fn unmark(&self) -> Result<(), StorageError> {
        match fs::remove_file(self.folder.join(NAME)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StorageError::of(NAME, error))
            }
            _ => Ok(()),
        }
    }
}

/// Makes a folder its owner's alone; one of another owner stays as it is.
fn close(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match fs::set_permissions(folder, fs::Permissions::from_mode(0o700)) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            log::warn!("{} is another user's, and stays as open as it is", folder.display());
            Ok(())
        }
        done => done,
    }
}
