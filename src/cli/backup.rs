//! `hydria backup`.

use std::path::Path;

use super::setup::Rows;
use super::{Failure, binding, secret_files};
use crate::backup::{self, Manifest, Source};
use crate::config::Config;

/// Tells the operator how far a command is.
pub(super) fn say(words: &str) {
    println!("{words}");
}

/// Writes a backup into a folder, beside a service that runs or alone.
///
/// # Errors
/// Fails if it cannot be written, or objects are missing that rows name: what there is, is in it then.
pub(super) fn make(config: &Config, folder: &Path, with_secret: bool) -> Result<(), Failure> {
    let rows = Rows::look(config)?;
    let storage = binding::existing_storage(config, &rows.deployment)?;
    let secrets = match with_secret {
        true => secret_files::candidates(config)?,
        false => Vec::new(),
    };
    if with_secret && secrets.is_empty() {
        return Err("there is no secret here".into());
    }
    let source = Source {
        url: rows.database.url(),
        storage: &storage,
        deployment: &rows.deployment,
        secrets: with_secret.then_some(&secrets),
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
