//! Writes a backup.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use super::checksums::{Digest, line};
use super::folder::{self, DUMP, OBJECTS, SECRET, SUMS};
use super::manifest::Manifest;
use super::snapshot::Keeping;
use super::{BackupError, Told};
use crate::database::deployment::Deployment;
use crate::secrets::Secret;
use crate::storage::Storage;

/// Bytes of an object that are read at a time.
const PIECE: u64 = 4 << 20;

/// The parts of a deployment that go into a backup.
#[derive(Debug)]
pub struct Source<'a> {
    pub url: &'a str,
    pub storage: &'a Storage,
    pub deployment: &'a Deployment,
    /// The secrets at hand, if the one that opens the keys is to be in the backup.
    pub secrets: Option<&'a [Secret]>,
}

/// A backup that was written.
#[derive(Debug)]
pub struct Written {
    pub manifest: Manifest,
    /// The first keys of objects that rows name and that were not in the store.
    pub missing: Vec<String>,
}

/// Keys of missing objects that are told.
const TOLD: usize = 20;

/// Writes a backup into a folder that is empty, or not there; `say` is told how far it is.
///
/// Whatever is done meanwhile, it holds what was there when it began: no object is removed that was named then.
///
/// # Errors
/// Fails if the folder is not empty, another backup is under way, the disk is full, or the database or the bucket does not answer; what was
/// written by then is no complete backup.
pub async fn write(
    source: &Source<'_>,
    folder: &Path,
    say: Told<'_>,
) -> Result<Written, BackupError> {
    folder::make(folder)?;
    let mut keeping = Keeping::begin(source.url)?;
    let major = keeping.major();
    let (dump, file) = folder::new_file(folder, DUMP)?;
    let rows = keeping.dump(file, folder)?;
    let (digest, bytes) = folder::digest(&dump)?;
    folder::sync(&dump)?;
    say(&format!("the database: {bytes} bytes"));
    let (path, sums) = folder::new_file(folder, SUMS)?;
    let fail = BackupError::at(&path);
    let mut sums = BufWriter::new(sums);
    sums.write_all(line(digest, DUMP).as_bytes()).map_err(&fail)?;
    let mut manifest = Manifest::new();
    if let Some(secrets) = source.secrets {
        let fits = |secret: &&Secret| rows.opens(source.deployment, secret);
        let words = "the secret was replaced just now; begin again";
        let secret = secrets.iter().find(fits).ok_or_else(|| BackupError::Refused(words.into()))?;
        let digest =
            folder::write_file(folder, SECRET, format!("{}\n", secret.reveal()).as_bytes())?;
        sums.write_all(line(digest, SECRET).as_bytes()).map_err(&fail)?;
        manifest.has_secret = true;
    }
    let mut missing = Vec::new();
    let mut folders = BTreeSet::new();
    for key in BufReader::new(rows.keys).lines() {
        let key = key.map_err(&fail)?;
        keeping.go_on()?;
        let Some((digest, bytes)) = copy(source.storage, &key, folder).await? else {
            manifest.missing += 1;
            if missing.len() < TOLD {
                missing.push(key);
            }
            continue;
        };
        let name = format!("{OBJECTS}/{key}");
        sums.write_all(line(digest, &name).as_bytes()).map_err(&fail)?;
        folders.extend(above(&name).map(str::to_owned));
        manifest.objects += 1;
        manifest.object_bytes += bytes;
        if manifest.objects.is_multiple_of(10_000) {
            say(&format!("{} objects", manifest.objects));
        }
    }
    keeping.end()?;
    let sums = sums.into_inner().map_err(|error| fail(error.into_error()))?;
    sums.sync_all().map_err(&fail)?;
    manifest.sums = folder::digest(&path)?.0.to_string();
    // Names in folders are synced as files are, so that nothing is missing once `backup.json` is there.
    for above in folders {
        folder::sync(&folder.join(above))?;
    }
    folder::sync_above(folder)?;
    manifest.postgresql = major;
    manifest.created = rows.created;
    manifest.migration = rows.migration;
    manifest.cluster.clone_from(&source.deployment.cluster);
    manifest.storage = source.deployment.storage.clone().unwrap_or_default();
    manifest.write(folder)?;
    Ok(Written { manifest, missing })
}

/// Returns the folders that lead to a file of the backup, such as `objects` and `objects/001`.
fn above(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}

/// Copies an object, and syncs it; `None` where there is no such object, or it cannot be read.
///
/// # Errors
/// Fails if the folder does not take it, or the bucket is away: a backup without what is there all the same is none.
async fn copy(
    storage: &Storage,
    key: &str,
    folder: &Path,
) -> Result<Option<(Digest, u64)>, BackupError> {
    let size = match storage.size(key).await {
        Ok(Some(size)) => size,
        Ok(None) => {
            // While a bucket is away, every object seems to be missing.
            storage.confirm().await?;
            return Ok(None);
        }
        Err(error) if error.is_of_all() => return Err(error.into()),
        Err(error) => {
            storage.confirm().await?;
            log::error!("{error}");
            return Ok(None);
        }
    };
    let (path, mut file) = folder::new_file(folder, &format!("{OBJECTS}/{key}"))?;
    let fail = BackupError::at(&path);
    let mut hasher = Digest::begin();
    let mut at = 0;
    while at < size {
        let piece = match storage.get(key, at..size.min(at + PIECE)).await {
            Ok(piece) => piece,
            Err(error) if error.is_of_all() => return Err(error.into()),
            // A disk that begins to fail must not keep all other objects from being copied.
            Err(error) => {
                storage.confirm().await?;
                log::error!("{error}");
                drop(file);
                std::fs::remove_file(&path).map_err(&fail)?;
                return Ok(None);
            }
        };
        hasher.update(&piece);
        file.write_all(&piece).map_err(&fail)?;
        at += piece.len() as u64;
    }
    file.sync_all().map_err(&fail)?;
    Ok(Some((hasher.finish(), size)))
}
