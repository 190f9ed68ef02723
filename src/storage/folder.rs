//! A folder as a store of objects, each a file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use object_store::local::LocalFileSystem;
use rustix::fs::OFlags;

use super::StorageError;

/// Makes a folder that its owner alone may enter, unless it is there.
///
/// # Errors
/// Fails if the file system does not allow it.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens a folder as a store; makes nothing.
///
/// # Errors
/// Fails if there is no such folder.
pub(super) fn open(folder: &Path) -> Result<LocalFileSystem, object_store::Error> {
    let store = LocalFileSystem::new_with_prefix(folder)?;
    Ok(store.with_automatic_cleanup(true).with_fsync(true))
}

/// Opens the file of an object to be read, without noting when.
///
/// # Errors
/// Fails if there is none, or the process has too many files open.
pub(super) fn open_object(file: &Path) -> io::Result<File> {
    let flags = OFlags::NOATIME.bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(file) {
        // Only the owner of a file may say so.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(file),
        opened => opened,
    }
}

/// Removes the file of an object, what a process that was killed had written of it, and folders that are empty then.
///
/// # Errors
/// Fails if the file system does not allow it.
pub(super) fn remove(folder: &Path, key: &str) -> Result<(), StorageError> {
    // No key leads out of the folder.
    let place = object_store::path::Path::from(key);
    let file = folder.join(place.as_ref());
    let gone = |path: &Path| match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StorageError::of(key, error)),
    };
    gone(&file)?;
    // The store never shows pieces, which have numbers.
    for number in 1.. {
        if !gone(&folder.join(format!("{place}#{number}")))? {
            break;
        }
    }
    let within = file.ancestors().skip(1).take_while(|parent| *parent != folder);
    // A folder in which there is something is not removed.
    let _ = within.map(fs::remove_dir).take_while(Result::is_ok).count();
    Ok(())
}

/// Makes a folder its owner's alone; one of another owner stays as it is.
pub(super) fn close(folder: &Path) -> io::Result<()> {
    match fs::set_permissions(folder, fs::Permissions::from_mode(0o700)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            log::warn!("{} is another user's, and stays as open as it is", folder.display());
            Ok(())
        }
        done => done,
    }
}

/// Writes a file of mode 0600 whole, in place of any other, and syncs it and its folder.
///
/// # Errors
/// Fails if the file system does not allow it.
pub fn write_private(file: &Path, text: &str) -> io::Result<()> {
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
