//! `hydria backup` and `hydria restore`.

use std::path::Path;

use super::binding::{self, Refusal};
use super::setup::Rows;
use super::{Failure, secret_files};
use crate::backup::{self, Manifest, Source};
use crate::config::Config;
use crate::database::deployment::Deployment;
use crate::database::{self, Conn};
use crate::secrets::Secrets;
use crate::storage::{Storage, write_private};
use private_postgres::{Private, Whereabouts};

fn say(words: &str) {
    println!("{words}");
}

/// Writes a backup into a folder, beside a service that runs or alone.
///
/// # Errors
/// Fails if it cannot be written, or objects are missing that rows name: what there is, is in it then.
pub(super) fn make(config: &Config, folder: &Path, with_secret: bool) -> Result<(), Failure> {
    let rows = Rows::look(config)?;
    let storage = binding::existing_storage(config, &rows.deployment)?;
    let secret = match with_secret {
        true => Some(secret_files::known(config)?.ok_or("there is no secret here")?),
        false => None,
    };
    let source = Source {
        url: rows.database.url(),
        storage: &storage,
        deployment: &rows.deployment,
        secret: secret.as_ref(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let written = runtime.block_on(backup::write(&source, folder, &mut say));
    rows.close()?;
    let backup::Written { manifest, missing } = written?;
    println!(
        "{} holds the state of {}: {} objects of {} bytes",
        folder.display(),
        manifest.created,
        manifest.objects,
        manifest.object_bytes
    );
    if !with_secret {
        println!(
            "The secret is not in it. Keep {} apart from it: without the secret, API keys and stored \
             credentials are void.",
            match config.secret {
                Some(_) => "HYDRIA_SECRET".to_owned(),
                None => secret_files::file(config).display().to_string(),
            }
        );
    }
    if manifest.missing == 0 {
        return Ok(());
    }
    for key in &missing {
        println!("object {key} is not in the storage");
    }
    let words = format!(
        "{} objects that images name are not in the storage, and not in the backup; `hydria check --repair` \
         processes these images again",
        manifest.missing
    );
    Err(words.into())
}

/// Reads a backup again.
///
/// # Errors
/// Fails if any of it was changed or is missing.
pub(super) fn verify(folder: &Path) -> Result<(), Failure> {
    match backup::verify(folder, &mut say)? {
        (manifest, 0) => {
            let Manifest { objects, created, .. } = manifest;
            println!("the backup of {created} is as it was written: {objects} objects");
            Ok(())
        }
        (_, wrong) => Err(format!("{wrong} files of {} are damaged", folder.display()).into()),
    }
}

/// Restores a backup into a data folder, a storage and a database that are empty.
///
/// # Errors
/// Fails if they are not, or the backup is damaged.
pub(super) fn restore(config: &Config, folder: &Path) -> Result<(), Failure> {
    let manifest = Manifest::read(folder)?;
    private_postgres::make_data_folder(&config.data)?;
    refuse_used(config)?;
    let private = match config.database_url {
        Some(_) => None,
        None => Some(Private::join(&config.data)?),
    };
    let url = match (&config.database_url, &private) {
        (Some(url), _) => url.reveal().to_owned(),
        (None, Some(private)) => private.url().to_owned(),
        (None, None) => String::new(),
    };
    let mut conn = database::connect(&url)?;
    let done = restore_into(config, folder, &manifest, &url, &mut conn);
    drop(conn);
    if let Some(private) = private {
        private.stop()?;
    }
    done
}

/// Refuses a data folder that is in use.
fn refuse_used(config: &Config) -> Result<(), Failure> {
    // The secret may have been put there before, for a backup that is without it.
    let is_used = ["database.json", "admin-key"].iter().any(|name| config.data.join(name).exists());
    if is_used || (config.database_url.is_none() && Whereabouts::of(&config.data)?.exists) {
        let words = format!(
            "{} is in use; a backup is restored into an empty folder",
            config.data.display()
        );
        return Err(words.into());
    }
    Ok(())
}

fn restore_into(
    config: &Config,
    folder: &Path,
    manifest: &Manifest,
    url: &str,
    conn: &mut Conn,
) -> Result<(), Failure> {
    let storage = Storage::make(&config.storage)?;
    if let Some(above) = Storage::containing(&config.storage)? {
        return Err(Box::new(Refusal::OtherStorage { storage: above }));
    }
    backup::check_empty(manifest, &storage, conn)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let restored = runtime.block_on(backup::restore_objects(folder, manifest, &storage))?;
    println!("{} objects are in {}", restored.objects, config.storage);
    backup::load_database(folder, manifest, &storage, url)?;
    let known = secret_files::known(config)?;
    let file = secret_files::file(config);
    if let (Some(secret), None) = (&restored.secret, &known) {
        write_private(&file, secret.reveal())?;
    }
    println!("the state of {} is restored", manifest.created);
    let held = Deployment::read(conn)?.ok_or("the backup has no deployment")?;
    let is_right =
        known.or(restored.secret).map(|secret| Secrets::new(&secret).fingerprint() == held.secret);
    match is_right {
        Some(true) => {}
        Some(false) => println!(
            "The secret here is another one than that of the backup: put the right one into HYDRIA_SECRET or {}, or \
             run `hydria adopt --secret`, which makes all API keys and stored credentials void.",
            file.display()
        ),
        None => println!(
            "The secret is not in the backup: put it into HYDRIA_SECRET or {} before the service starts, or run \
             `hydria adopt --secret`, which makes all API keys and stored credentials void.",
            file.display()
        ),
    }
    Ok(())
}
