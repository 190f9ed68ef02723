//! Refuses to act as root on what belongs to another user, who cannot read what root leaves there.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Failure;

/// Refuses a file or a folder of another user where this process is root's; one that is not there is nobody's.
///
/// # Errors
/// Fails with words that say as whom the command is to be run.
pub fn refuse_as_root(path: &Path) -> Result<(), Failure> {
    let Ok(owner) = path.metadata().map(|found| found.uid()) else { return Ok(()) };
    if owner == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let words = format!(
        "{} belongs to user {owner}, who could not read what root leaves there: run the command as that user, such as by \
         `systemd-run --pipe --wait --uid={owner}`",
        path.display()
    );
    Err(words.into())
}
