//! Secrets that are kept in the data folder, for its owner's eyes only.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::Config;
use crate::secrets::{self, Secret};
use crate::storage::write_private;

/// Returns the file that holds the secret where no setting does.
pub fn file(config: &Config) -> PathBuf {
    config.data.join("secret")
}

/// Returns the secret that seals credentials: the setting, or what the data folder keeps; none where neither is.
///
/// # Errors
/// Fails if the file cannot be read, or is empty.
pub fn known(config: &Config) -> Result<Option<Secret>, Failure> {
    if let Some(secret) = &config.secret {
        return Ok(Some(secret.clone()));
    }
    let file = file(config);
    match fs::read_to_string(&file) {
        Ok(kept) => match kept.trim() {
            "" => Err(format!("{} is empty; it must hold the secret", file.display()).into()),
            secret => Ok(Some(Secret::new(secret))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{} cannot be read: {error}", file.display()).into()),
    }
}

/// Makes a secret and keeps it in the data folder, unless another process has done so just before.
///
/// # Errors
/// Fails if it cannot be made or written.
pub fn make(config: &Config) -> Result<Secret, Failure> {
    let file = file(config);
    let made = secrets::random()?;
    match write_new(&file, made.reveal()) {
        Ok(()) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            known(config)?.ok_or_else(|| format!("{} is gone again", file.display()).into())
        }
        Err(error) => Err(format!("{} cannot be written: {error}", file.display()).into()),
    }
}

/// Returns the administrator's key that is kept beside the data, where it is.
pub fn admin_key(config: &Config) -> Option<(String, Secret)> {
    let text = fs::read_to_string(config.data.join("admin-key")).ok()?;
    let (key, secret) = text.trim().split_once(':')?;
    Some((key.to_owned(), Secret::new(secret)))
}

/// Writes a file of mode 0600 that is complete when it is there; one that is there already stays.
fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    let part = file.with_extension(format!("{}.part", std::process::id()));
    write_private(&part, text)?;
    let linked = fs::hard_link(&part, file);
    fs::remove_file(&part)?;
    linked
}
