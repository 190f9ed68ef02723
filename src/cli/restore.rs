//! `hydria restore`: all of a backup or nothing.

use std::path::{Path, PathBuf};

use private_postgres::{Durability, Private, Whereabouts};
use tokio::runtime::Runtime;

use super::backup::say;
use super::binding::Refusal;
use super::{Failure, owner, secret_files};
use crate::backup::{Restore, check_database, check_storage};
use crate::config::Config;
use crate::database::deployment::Deployment;
use crate::database::{self, key_rings};
use crate::secrets::WrappingKey;
use crate::storage::{Place, Storage, write_private};

/// The things that a restore has made outside of the storage, to be removed again where it fails.
#[derive(Default)]
struct Made {
    private: Option<Private>,
    /// The cluster of the private server, once it was found to have no rows of anybody's.
    cluster: Option<PathBuf>,
    /// Tells whether a cluster may be there that was not found to be this run's.
    may_have_cluster: bool,
    /// The file of the secret.
    secret: Option<PathBuf>,
}

/// Restores a backup into a data folder, a storage and a database that are empty.
///
/// # Errors
/// Fails if they are not, or the backup is damaged, before anything is written; where it fails later, what it wrote is
/// removed, and what cannot be is named.
pub(super) fn run(config: &Config, folder: &Path) -> Result<(), Failure> {
    owner::refuse_as_root(&config.data)?;
    if let Place::Folder(folder) = &config.storage {
        owner::refuse_as_root(folder)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Reading a backup takes long; whatever stands against it is told before.
    refuse_used(config)?;
    if !matches!(&config.storage, Place::Folder(folder) if !folder.exists()) {
        check_storage(&Storage::existing(&config.storage)?).map_err(at(config))?;
    }
    if let Some(above) = Storage::containing(&config.storage)? {
        return Err(Box::new(Refusal::OtherStorage { storage: above }));
    }
    if let Some(url) = &config.database_url {
        check_database(url.reveal())?;
    }
    let mut restore = Restore::begin(folder, &mut say)?;
    private_postgres::make_data_folder(&config.data)?;
    let storage = Storage::make(&config.storage)?;
    check_storage(&storage).map_err(at(config))?;
    let mut made = Made::default();
    match fill(config, &mut restore, &storage, (&runtime, &mut made)) {
        Ok(told) => {
            if let Some(private) = made.private {
                private.stop()?;
            }
            println!("the state of {} is restored", restore.manifest().created);
            println!("{told}");
            Ok(())
        }
        Err(error) => Err(undo(config, &mut restore, &storage, (&runtime, made), &*error)),
    }
}

/// Says where a storage is that is not empty.
fn at(config: &Config) -> impl Fn(crate::backup::BackupError) -> Failure + '_ {
    |error| format!("{}: {error}", config.storage).into()
}

/// Refuses a data folder that is in use.
fn refuse_used(config: &Config) -> Result<(), Failure> {
    if !config.data.exists() {
        return Ok(());
    }
    let data = config.data.display();
    // The secret may have been put there before, for a backup that is without it.
    if ["database.json", "admin-key"].iter().any(|name| config.data.join(name).exists()) {
        return Err(format!("{data} is in use; a backup is restored into an empty folder").into());
    }
    if config.database_url.is_some() {
        return Ok(());
    }
    let private = Whereabouts::of(&config.data)?;
    if private.exists {
        let words = format!(
            "{data} is in use, because its database is in {}; a backup is restored into an empty folder, without what a \
             restore that was interrupted has left",
            private.cluster.display()
        );
        return Err(words.into());
    }
    Ok(())
}

/// Writes all of a backup; returns what is to be said of the secret.
fn fill(
    config: &Config,
    restore: &mut Restore<'_>,
    storage: &Storage,
    (runtime, made): (&Runtime, &mut Made),
) -> Result<String, Failure> {
    let url = if let Some(url) = &config.database_url {
        url.reveal().to_owned()
    } else {
        made.may_have_cluster = true;
        // As the one service of the folder, so that none begins meanwhile.
        made.private.insert(Private::start(&config.data, Durability::Full)?).url().to_owned()
    };
    check_database(&url)?;
    if made.private.is_some() {
        made.cluster = Some(Whereabouts::of(&config.data)?.cluster);
        made.may_have_cluster = false;
    }
    restore.check_server(&url)?;
    // First, so that no other deployment takes the storage while it is being filled.
    restore.mark(storage)?;
    let objects = runtime.block_on(restore.fill(storage))?;
    println!("{objects} objects are in {}", config.storage);
    let kept = restore.secret()?;
    if let (None, Some(secret)) = (secret_files::known(config)?, &kept) {
        let file = made.secret.insert(secret_files::file(config));
        write_private(file, secret.reveal())?;
    }
    restore.load(&url)?;
    let mut conn = database::connect(&url)?;
    let held = Deployment::read(&mut conn)?.ok_or("the backup has no deployment")?;
    let wrapped = key_rings::read(&mut conn)?;
    let here = secret_files::candidates(config)?;
    let fits = |secret| key_rings::fits(&wrapped, &held, &WrappingKey::of(secret));
    Ok(of_secret(config, (!here.is_empty()).then(|| here.iter().any(fits))))
}

/// Returns what is to be done about the secret, which is that of the backup or another one; `None`: there is none.
fn of_secret(config: &Config, is_right: Option<bool>) -> String {
    let file = secret_files::file(config);
    let file = file.display();
    match is_right {
        Some(true) => "The secret is that of the backup.".into(),
        Some(false) => format!(
            "The secret here is another one than that of the backup: put the right one into HYDRIA_SECRET or {file}, or run \
             `hydria adopt --secret`, which makes all API keys and stored credentials void."
        ),
        None => format!(
            "The secret is not in the backup: put it into HYDRIA_SECRET or {file} before the service starts, or run \
             `hydria adopt --secret`, which makes all API keys and stored credentials void."
        ),
    }
}

/// Removes what a restore has made that failed; returns its error, with what is left, so that it can be begun again.
fn undo(
    config: &Config,
    restore: &mut Restore<'_>,
    storage: &Storage,
    (runtime, made): (&Runtime, Made),
    error: &(dyn std::error::Error + Send + Sync),
) -> Failure {
    let mut left = Vec::new();
    let is_private = made.private.is_some();
    // The server is to be gone before its folder is.
    let stopped = made.private.map_or(Ok(()), Private::stop);
    if let Some(cluster) = made.cluster {
        let removed = stopped.is_ok() && std::fs::remove_dir_all(&cluster).is_ok();
        if !removed {
            left.push(format!("remove {}", cluster.display()));
        }
    }
    if made.may_have_cluster
        && let Ok(found) = Whereabouts::of(&config.data)
        && found.exists
    {
        left.push(format!(
            "remove {}, unless another process has begun it",
            found.cluster.display()
        ));
    }
    let unmarked = restore.unmark(storage);
    if let Err(why) = runtime.block_on(restore.empty(storage)).and(unmarked) {
        let what = match storage.is_bucket() {
            true => "hydria.json and thumbnails/",
            false => "all that is",
        };
        left.push(format!("remove {what} in {} ({why})", config.storage));
    }
    if let Some(secret) = made.secret.filter(|secret| secret.exists())
        && std::fs::remove_file(&secret).is_err()
    {
        left.push(format!("remove {}", secret.display()));
    }
    if restore.has_rows() && !is_private {
        left.push("make the database anew (DROP DATABASE, CREATE DATABASE), which has the rows of the backup".into());
    }
    match left.is_empty() {
        true => format!("{error}; what was restored by then is removed again").into(),
        false => format!("{error}; before it is tried again, {}", left.join(", and ")).into(),
    }
}
