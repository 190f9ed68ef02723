//! The manifest of a backup.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::BackupError;
use super::checksums::Digest;
use super::folder::{self, MANIFEST};

/// The version of the format that is written, and read.
const FORMAT: u32 = 1;

/// The manifest of a backup: the text of `backup.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// Time of the moment that it holds, in RFC 3339.
    pub created: String,
    /// Version of Hydria that made it.
    pub hydria: String,
    /// Major version of the server, and of the `pg_dump` that wrote the dump; a server of that version or a later one
    /// restores it.
    pub postgresql: u32,
    /// The last migration of its database.
    pub migration: String,
    /// Id of the deployment.
    pub cluster: String,
    /// Id of its storage.
    pub storage: String,
    pub objects: u64,
    /// Bytes of all objects.
    pub object_bytes: u64,
    /// Objects that rows name and that were not in the store.
    pub missing: u64,
    /// Tells whether the secret is in it.
    pub has_secret: bool,
    /// Checksum of the list of checksums.
    pub sums: String,
    /// Checksum of all this, itself left empty.
    pub checksum: String,
}

impl Manifest {
    /// Returns the manifest of a backup that is being written.
    pub(super) fn new() -> Self {
        Self {
            format: FORMAT,
            created: String::new(),
            hydria: env!("CARGO_PKG_VERSION").into(),
            postgresql: 0,
            migration: String::new(),
            cluster: String::new(),
            storage: String::new(),
            objects: 0,
            object_bytes: 0,
            missing: 0,
            has_secret: false,
            sums: String::new(),
            checksum: String::new(),
        }
    }

    /// Returns the checksum of all other members.
    fn own_checksum(&self) -> String {
        let bare = Self { checksum: String::new(), ..self.clone() };
        Digest::of(&serde_json::to_vec(&bare).unwrap_or_default()).to_string()
    }

    /// Writes it, with its checksum, which makes the backup complete.
    ///
    /// # Errors
    /// Fails if it is there, or the disk does not take it.
    pub(super) fn write(&mut self, folder: &Path) -> Result<(), BackupError> {
        self.checksum = self.own_checksum();
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| BackupError::Refused(error.to_string()))?;
        text.push('\n');
        folder::write_file(folder, MANIFEST, text.as_bytes())?;
        folder::sync(folder)
    }

    /// Reads that of the backup in a folder.
    ///
    /// # Errors
    /// Fails if there is no complete backup, it was changed, or it is of a format that this version does not know.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(MANIFEST);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let words =
                    format!("{} is no complete backup: it has no {MANIFEST}", folder.display());
                return Err(BackupError::Refused(words));
            }
            Err(error) => return Err(BackupError::at(&path)(error)),
        };
        let changed = || BackupError::Refused(format!("{} was changed", path.display()));
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|_broken| changed())?;
        if value.get("format").and_then(serde_json::Value::as_u64) > Some(FORMAT.into()) {
            let words = format!("{} is of a later version of Hydria", folder.display());
            return Err(BackupError::Refused(words));
        }
        let read: Self = serde_json::from_value(value).map_err(|_broken| changed())?;
        if read.checksum == read.own_checksum() { Ok(read) } else { Err(changed()) }
    }
}
