//! Restores a backup into a storage and a database that are empty.

use std::fs::File;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::folder::{DUMP, OBJECTS, SECRET};
use super::manifest::Manifest;
use super::verify::{files, is_right};
use super::{BackupError, dump};
use crate::database::migrate;
use crate::database::{Conn, connect};
use crate::queue::job;
use crate::secrets::Secret;
use crate::storage::{Marker, Storage};

/// What was restored beside the rows.
#[derive(Debug)]
pub struct Restored {
    pub objects: u64,
    /// The secret, if it is in the backup.
    pub secret: Option<Secret>,
}

#[derive(QueryableByName)]
struct Any {
    #[diesel(sql_type = Bool)]
    any: bool,
}

/// Refuses a backup of a later version, a storage that has objects or an owner, and a database that has tables. Blocks; not to
/// be called in a task.
///
/// # Errors
/// Returns [`BackupError::Refused`] in these cases, and fails if the storage or the database does not answer.
pub fn check_empty(
    manifest: &Manifest,
    storage: &Storage,
    conn: &mut Conn,
) -> Result<(), BackupError> {
    let refuse = |words: &str| Err(BackupError::Refused(words.into()));
    if migrate::newest().is_some_and(|newest| manifest.migration > newest) {
        return refuse("the backup is of a later version of Hydria, which restores it");
    }
    if storage.marker()?.is_some() || storage.has_objects(job::OBJECTS)? {
        return refuse(
            "the storage is not empty; a backup is restored into an empty one, without what an attempt \
             that failed has left",
        );
    }
    let tables = "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S', 'v')) AS any";
    if diesel::sql_query(tables).get_result::<Any>(conn)?.any {
        return refuse("the database is not empty; a backup is restored into an empty one");
    }
    Ok(())
}

/// Copies the objects of a backup into a storage; each file of the backup is checked before it counts.
///
/// # Errors
/// Fails at the first file that was changed, and where the store does not take an object.
pub async fn restore_objects(
    folder: &Path,
    manifest: &Manifest,
    storage: &Storage,
) -> Result<Restored, BackupError> {
    let mut restored = Restored { objects: 0, secret: None };
    for listed in files(folder, manifest)? {
        let (digest, name) = listed?;
        if !is_right(folder, &digest, &name)? {
            let words =
                format!("{name} was changed, or is missing: nothing of the database is restored");
            return Err(BackupError::Refused(words));
        }
        let path = folder.join(&name);
        if let Some(key) = name.strip_prefix(OBJECTS).and_then(|rest| rest.strip_prefix('/')) {
            let file = File::open(&path).map_err(BackupError::at(&path))?;
            storage.put_file(key, file).await?;
            restored.objects += 1;
        } else if name == SECRET {
            let text = std::fs::read_to_string(&path).map_err(BackupError::at(&path))?;
            restored.secret = Some(Secret::new(text.trim()));
        }
    }
    Ok(restored)
}

/// Loads the rows of a backup into an empty database, and makes the storage theirs.
///
/// # Errors
/// Fails if the database does not take them; it is empty then.
pub fn load_database(
    folder: &Path,
    manifest: &Manifest,
    storage: &Storage,
    url: &str,
) -> Result<(), BackupError> {
    let path = folder.join(DUMP);
    dump::load(url, File::open(&path).map_err(BackupError::at(&path))?)?;
    // Statistics are in no dump, and plans without them are slow.
    diesel::sql_query("ANALYZE").execute(&mut analyzing(url)?)?;
    let Manifest { cluster, storage: id, .. } = manifest;
    storage.mark(&Marker { cluster: cluster.clone(), storage: id.clone() })?;
    Ok(())
}

fn analyzing(url: &str) -> Result<Conn, BackupError> {
    let mut conn = connect(url)?;
    diesel::sql_query("SET statement_timeout = 0").execute(&mut conn)?;
    Ok(conn)
}
