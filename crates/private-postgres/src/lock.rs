//! A part that one process of a data folder has at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::PrivateError;
use super::error;

/// A lock that is held; the kernel frees it when its holder ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock and writes our process id into it; none where another holds it.
    pub fn take(path: &Path) -> Result<Option<Self>, PrivateError> {
        // Ours alone, because a process that can open the file can hold the lock.
        let mut open = OpenOptions::new();
        let file = open.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = file.map_err(error::io("opening", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(error::io("locking", path)(source)),
        }
        // A full disk is no reason to have no lock: the id is for the words of a refusal only.
        if let Err(error) = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()))
        {
            log::warn!("cannot write the process id into {}: {error}", path.display());
        }
        Ok(Some(Self { file }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        release(&self.file);
    }
}

/// Frees a lock at once.
///
/// Closing the file would not, while a child just forked still has it open.
fn release(file: &File) {
    if let Err(error) = file.unlock() {
        log::warn!("cannot free a lock: {error}");
    }
}

/// Returns whether nobody holds the lock, this process included.
pub fn is_free(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let is_free = file.try_lock().is_ok();
    if is_free {
        release(&file);
    }
    is_free
}

/// Returns the process that holds the lock, as far as it has told.
pub fn holder(path: &Path) -> Option<u32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}
