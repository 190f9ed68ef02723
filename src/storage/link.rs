//! Names for files that have none: an object that was written into the file system of its store is not copied.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, linkat};
use rustix::io::Errno;

/// Times that folders are made again which others remove meanwhile.
const TRIES: usize = 3;

/// Gives a file without a name the name `place`, and syncs it, the folder and all folders that it makes. Blocks.
///
/// Returns false, and gives no name, where the file has one already, lies in another file system, or where there is something of
/// that name.
///
/// # Errors
/// Fails if the file cannot be synced, or the folders cannot be made.
pub fn name_file(file: &File, place: &Path) -> io::Result<bool> {
    let Some(folder) = place.parent() else { return Ok(false) };
    // A file with a name, such as one of a backup, would be the object itself from then on.
    if file.metadata()?.nlink() > 0 {
        return Ok(false);
    }
    // Before it has a name: what has one is complete after a loss of power.
    file.sync_all()?;
    let mut made = make_folder(folder);
    for _again in 0..TRIES {
        match made {
            // A folder that was empty was removed just then, with the last object in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => made = make_folder(folder),
            _ => break,
        }
    }
    made?;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, &open, CWD, place, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => File::open(folder)?.sync_all().map(|()| true),
        Err(Errno::XDEV | Errno::NOENT | Errno::EXIST | Errno::PERM | Errno::MLINK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes a folder and those above it where they are missing, and syncs what names them.
fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        // The thread that made it may not have synced its name yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = folder.parent().ok_or(error)?;
            make_folder(above)?;
            return make_folder(folder);
        }
        Err(error) => return Err(error),
    }
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    #[test]
    fn a_file_without_a_name_gets_one_and_no_second_replaces_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("objects/12/34");
        let mut file = tempfile::tempfile_in(folder.path()).expect("a file");
        file.write_all(b"first").expect("room");
        assert!(name_file(&file, &place).expect("it is named"));
        assert_eq!(std::fs::read(&place).expect("it is there"), b"first");
        file.rewind().expect("it is open");
        let mut other = tempfile::tempfile_in(folder.path()).expect("a file");
        other.write_all(b"other").expect("room");
        assert!(!name_file(&other, &place).expect("there is one"));
        assert_eq!(std::fs::read(&place).expect("it is there"), b"first");
    }

    #[test]
    fn a_file_that_has_a_name_keeps_it_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("objects/12/34");
        let file = tempfile::NamedTempFile::new_in(folder.path()).expect("a file");
        assert!(!name_file(file.as_file(), &place).expect("it is left alone"));
        assert!(!place.exists());
    }
}
