//! Reads a backup again, and tells what is not as it was written.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::checksums::read_line;
use super::folder::{self, DUMP, SUMS};
use super::manifest::Manifest;
use super::{BackupError, Told};

/// A file in the list of a backup: its checksum and its name.
pub(super) type Listed = (String, String);

/// Returns each file in the list, whose own checksum is right.
///
/// # Errors
/// Fails if the list was changed.
pub(super) fn files(
    folder: &Path,
    manifest: &Manifest,
) -> Result<impl Iterator<Item = Result<Listed, BackupError>> + use<>, BackupError> {
    let path = folder.join(SUMS);
    let words = format!("{} was changed", path.display());
    let changed = move || BackupError::Refused(words.clone());
    if folder::digest(&path)?.0.to_string() != manifest.sums {
        return Err(changed());
    }
    let file = File::open(&path).map_err(BackupError::at(&path))?;
    Ok(BufReader::new(file).lines().map(move |line| {
        let line = line.map_err(BackupError::at(&path))?;
        let (digest, name) = read_line(&line).ok_or_else(&changed)?;
        Ok((digest.to_owned(), name.to_owned()))
    }))
}

/// Returns whether a file of a backup is as it was written.
fn is_right(folder: &Path, digest: &str, name: &str) -> Result<bool, BackupError> {
    match folder::digest(&folder.join(name)) {
        Ok((found, _)) => Ok(found.to_string() == digest),
        Err(BackupError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Reads every file of a backup; `say` is told each that was changed or is missing. Returns the manifest, and the number of
/// those files.
///
/// # Errors
/// Fails if it is no complete backup, or its list was changed.
pub fn verify(folder: &Path, say: Told<'_>) -> Result<(Manifest, u64), BackupError> {
    let manifest = Manifest::read(folder)?;
    let (mut wrong, mut objects, mut has_dump) = (0, 0, false);
    for listed in files(folder, &manifest)? {
        let (digest, name) = listed?;
        has_dump |= name == DUMP;
        objects += u64::from(name.starts_with(folder::OBJECTS));
        match is_right(folder, &digest, &name) {
            Ok(true) => {}
            Ok(false) => {
                wrong += 1;
                say(&format!("{name} was changed, or is missing"));
            }
            // The others are looked at all the same.
            Err(error) => {
                wrong += 1;
                say(&format!("{name} cannot be read: {error}"));
            }
        }
    }
    if !has_dump || objects != manifest.objects {
        let words = format!("{} does not name all files", folder.join(SUMS).display());
        return Err(BackupError::Refused(words));
    }
    Ok((manifest, wrong))
}
