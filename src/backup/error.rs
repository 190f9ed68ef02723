//! The reasons why a backup cannot be made, read, or restored.

use std::fmt;
use std::io;
use std::path::Path;

use crate::database::DatabaseError;
use crate::storage::StorageError;

/// The reason why a backup cannot be made, read, or restored, in words for the operator.
#[derive(Debug)]
pub enum BackupError {
    /// Something about a file or a folder.
    File {
        path: String,
        source: io::Error,
    },
    Database(String),
    Storage(StorageError),
    /// A program of PostgreSQL's that failed, with what it said.
    Program(String),
    /// It is impossible with what was found.
    Refused(String),
}

impl BackupError {
    /// Returns a function that tells at which path an error occurred.
    pub fn at(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::File { path: path.clone(), source }
    }
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<DatabaseError> for BackupError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<StorageError> for BackupError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(f, "{path}: {source}"),
            Self::Database(words) => write!(f, "the database fails: {words}"),
            Self::Storage(error) => error.fmt(f),
            Self::Program(words) | Self::Refused(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for BackupError {}
