//! The files of a backup, each readable by its owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::BackupError;
use super::checksums::Digest;

/// Name of the dump of the database, in the custom format of `pg_dump`.
pub(super) const DUMP: &str = "database.dump";
/// Name of the list of checksums.
pub(super) const SUMS: &str = "SHA256SUMS";
/// Name of the file that says whose backup it is; without it, a backup is not complete.
pub(super) const MANIFEST: &str = "backup.json";
/// Name of the secret, where it is in the backup.
pub(super) const SECRET: &str = "secret";
/// Name of the folder of objects, below which they have their keys.
pub(super) const OBJECTS: &str = "objects";

/// Makes the folder of a new backup.
///
/// # Errors
/// Fails if it is there and not empty, or cannot be made.
pub(super) fn make(folder: &Path) -> Result<(), BackupError> {
    let fail = BackupError::at(folder);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(&fail)?;
    if folder.read_dir().map_err(&fail)?.next().is_some() {
        let words =
            format!("{} is not empty; a backup needs a folder of its own", folder.display());
        return Err(BackupError::Refused(words));
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(&fail)
}

/// Makes a new file of mode 0600, and the folders that lead to it.
///
/// # Errors
/// Fails if it is there, or the disk does not take it.
pub(super) fn new_file(folder: &Path, name: &str) -> Result<(PathBuf, File), BackupError> {
    let path = folder.join(name);
    if let Some(above) = path.parent() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(above);
        made.map_err(BackupError::at(above))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let file = file.map_err(BackupError::at(&path))?;
    Ok((path, file))
}

/// Writes a small file whole, and syncs it; returns its checksum.
///
/// # Errors
/// Fails if it is there, or the disk does not take it.
pub(super) fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<Digest, BackupError> {
    let (path, mut file) = new_file(folder, name)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(BackupError::at(&path))?;
    Ok(Digest::of(bytes))
}

/// Opens a file to be read.
///
/// # Errors
/// Fails if it is not there, or cannot be read.
pub(super) fn open(path: &Path) -> Result<File, BackupError> {
    File::open(path).map_err(BackupError::at(path))
}

/// Syncs a file, or the names in a folder, to the disk.
///
/// # Errors
/// Fails if it is not there, or the disk does not take it.
pub(super) fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|opened| opened.sync_all()).map_err(BackupError::at(path))
}

/// Syncs the name of a folder to the disk, where this user may read the folder that has it.
///
/// # Errors
/// Fails if the disk does not take it.
pub(super) fn sync_above(folder: &Path) -> Result<(), BackupError> {
    let whole = folder.canonicalize().map_err(BackupError::at(folder))?;
    match whole.parent().map(sync) {
        Some(Err(BackupError::File { source, .. }))
            if source.kind() == io::ErrorKind::PermissionDenied =>
        {
            Ok(())
        }
        synced => synced.unwrap_or(Ok(())),
    }
}

/// Returns the checksum and the length of a file, read to its end.
///
/// # Errors
/// Fails if it cannot be read.
pub(super) fn digest(path: &Path) -> Result<(Digest, u64), BackupError> {
    let read = || -> io::Result<(Digest, u64)> {
        let mut file = File::open(path)?;
        let (mut hasher, mut length) = (Digest::begin(), 0);
        let mut piece = vec![0; 256 << 10];
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                return Ok((hasher.finish(), length));
            }
            hasher.update(piece.get(..count).unwrap_or_default());
            length += count as u64;
        }
    };
    read().map_err(BackupError::at(path))
}
