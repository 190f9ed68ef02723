//! Secrets that are kept in the data folder, for its owner's eyes only.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::Config;
use crate::secrets::{self, Secret};
use crate::storage::write_private;

/// Returns the file that holds the secret where no setting does.
pub fn file(config: &Config) -> PathBuf {
    config.data.join("secret")
}

/// Name of the file of a secret that is to be in force, as soon as the keys of the deployment open by it.
const NEW: &str = "secret.new";
/// Name of the file of the secret before, until nothing opens by it any more.
const OLD: &str = "secret.old";

/// Returns the secret that is to be in force: the setting, or what the data folder keeps; none where neither is.
///
/// # Errors
/// Fails if the file cannot be read, or is empty.
pub fn known(config: &Config) -> Result<Option<Secret>, Failure> {
    match &config.secret {
        Some(secret) => Ok(Some(secret.clone())),
        None => read(&file(config)),
    }
}

/// Returns the secrets by which the keys of the deployment may open: [`known`], and the one before if the settings have it.
///
/// # Errors
/// Fails as [`known`] does.
pub fn candidates(config: &Config) -> Result<Vec<Secret>, Failure> {
    let mut candidates: Vec<Secret> = known(config)?.into_iter().collect();
    candidates.extend(config.secret_old.iter().cloned());
    Ok(candidates)
}

/// Returns the secret that is to be in force next, if the data folder has one.
///
/// # Errors
/// Fails if the file cannot be read, or is empty.
pub fn new(config: &Config) -> Result<Option<Secret>, Failure> {
    read(&config.data.join(NEW))
}

/// Returns the secret that was in force before, if the data folder has it.
///
/// # Errors
/// Fails if the file cannot be read, or is empty.
pub fn old(config: &Config) -> Result<Option<Secret>, Failure> {
    read(&config.data.join(OLD))
}

/// Makes a secret that is to be in force next, and keeps it in the data folder.
///
/// # Errors
/// Fails if it cannot be made or written.
pub fn make_new(config: &Config) -> Result<Secret, Failure> {
    let (file, made) = (config.data.join(NEW), secrets::random()?);
    write_private(&file, made.reveal())
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    Ok(made)
}

/// Puts the new secret of the data folder in place of the one before, which is kept beside it; does nothing where there is
/// no new one.
///
/// # Errors
/// Fails if the files cannot be written.
pub fn install_new(config: &Config) -> Result<(), Failure> {
    let [new, old] = [NEW, OLD].map(|name| config.data.join(name));
    if !new.exists() {
        return Ok(());
    }
    let file = file(config);
    let done = (|| {
        // One that the operator has put there may be open to others.
        fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        match fs::hard_link(&file, &old) {
            Err(error)
                if !matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) =>
            {
                return Err(error);
            }
            _ => {}
        }
        fs::rename(&new, &file)?;
        File::open(&config.data)?.sync_all()
    })();
    done.map_err(|error| format!("{} cannot be replaced: {error}", file.display()).into())
}

/// Removes the secret that was in force before; returns whether there was one.
///
/// # Errors
/// Fails if the file cannot be removed.
pub fn remove_old(config: &Config) -> Result<bool, Failure> {
    let old = config.data.join(OLD);
    match fs::remove_file(&old) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("{} cannot be removed: {error}", old.display()).into()),
    }
}

fn read(file: &Path) -> Result<Option<Secret>, Failure> {
    match fs::read_to_string(file) {
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
