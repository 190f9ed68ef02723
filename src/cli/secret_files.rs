//! Secrets that are kept in the data folder, for its owner's eyes only.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::Failure;
use crate::config::Config;
use crate::secrets::{self, Secret};

/// The secret that seals credentials: the setting, or the one in the data folder, made on first use.
///
/// # Errors
/// Where it can be neither read nor made.
pub fn sealing_secret(config: &Config) -> Result<Secret, Failure> {
    if let Some(secret) = &config.secret {
        return Ok(secret.clone());
    }
    let file = config.data.join("secret");
    let made = secrets::random()?;
    match write_new(&file, made.reveal()) {
        Ok(()) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let kept = fs::read_to_string(&file)
                .map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
            match kept.trim() {
                "" => Err(format!("{} is empty; it must hold the secret", file.display()).into()),
                secret => Ok(Secret::new(secret)),
            }
        }
        Err(error) => Err(format!("{} cannot be written: {error}", file.display()).into()),
    }
}

/// Writes a file of mode 0600 that is complete when it is there; one that is there already stays.
fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    if file.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let part = file.with_extension(format!("{}.part", std::process::id()));
    write(&part, text)?;
    let linked = fs::hard_link(&part, file);
    fs::remove_file(&part)?;
    linked
}

/// Writes a file of mode 0600.
///
/// # Errors
/// Where the file system does not allow it.
pub fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut opened = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    // A file that was there already may be open to others.
    opened.set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(opened, "{text}")?;
    opened.sync_all()
}
