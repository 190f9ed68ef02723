//! Backups: the rows of a database and the objects that they name, as they were at one moment, while work goes on.
//!
//! A backup is a folder that is the owner's alone. `SHA256SUMS` names every file in it with its checksum, as `sha256sum -c`
//! reads it, and `backup.json`, which is written last, says whose it is (docs/adr/0028).

mod checksums;
mod dump;
mod error;
mod folder;
mod manifest;
mod programs;
mod renumber;
mod restore;
mod snapshot;
mod verify;
mod write;

pub use error::BackupError;
pub use manifest::Manifest;
pub use restore::{Restore, check_database, check_storage};
pub use verify::verify;
pub use write::{Source, Written, write};

/// Takes words for the operator, a line at a time.
pub type Told<'a> = &'a mut dyn FnMut(&str);
