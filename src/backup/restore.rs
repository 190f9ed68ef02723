//! Restores a backup into a storage and a database that are empty, all of it or nothing.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::dump::Server;
use super::folder::{self, DUMP, OBJECTS, SECRET};
use super::manifest::Manifest;
use super::renumber::renumber;
use super::verify::{files, verify};
use super::{BackupError, Told};
use crate::database::migrate;
use crate::database::{Conn, connect};
use crate::queue::job;
use crate::secrets::Secret;
use crate::storage::{Marker, Storage};
use crate::uploads;

/// A restore of a backup that was found whole, and what it has made so far.
#[derive(Debug)]
pub struct Restore<'a> {
    folder: &'a Path,
    manifest: Manifest,
    /// Objects that were put into the storage, or begun to be.
    objects: u64,
    is_marked: bool,
    has_rows: bool,
}

#[derive(QueryableByName)]
struct Any {
    #[diesel(sql_type = Bool)]
    any: bool,
}

fn refuse<T>(words: impl Into<String>) -> Result<T, BackupError> {
    Err(BackupError::Refused(words.into()))
}

/// Refuses a storage that has objects or an owner. Blocks; not to be called in a task.
///
/// # Errors
/// Returns [`BackupError::Refused`] in these cases, and another where the storage cannot be read.
pub fn check_storage(storage: &Storage) -> Result<(), BackupError> {
    let has_any = storage.has_objects(job::OBJECTS)? || storage.has_objects(uploads::OBJECTS)?;
    if storage.marker()?.is_none() && !has_any {
        return Ok(());
    }
    refuse(
        "the storage is not empty; a backup is restored into an empty one, without what a restore that was interrupted has left",
    )
}

/// Refuses a database that has tables, views or sequences.
///
/// # Errors
/// Returns [`BackupError::Refused`] in these cases, and another where the database does not answer.
pub fn check_database(url: &str) -> Result<(), BackupError> {
    let (_, mut conn) = Server::connect(url)?;
    let tables = "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S', 'v')) AS any";
    match diesel::sql_query(tables).get_result::<Any>(&mut conn)?.any {
        false => Ok(()),
        true => refuse("the database is not empty; a backup is restored into an empty one"),
    }
}

impl<'a> Restore<'a> {
    /// Reads every file of a backup; `say` is told each that is damaged. Writes nothing.
    ///
    /// # Errors
    /// Fails if the backup is not as it was written, or of a later version of Hydria.
    pub fn begin(folder: &'a Path, say: Told<'_>) -> Result<Self, BackupError> {
        let (manifest, wrong) = verify(folder, say)?;
        if wrong > 0 {
            let folder = folder.display();
            return refuse(format!("{wrong} files of {folder} are damaged: nothing was restored"));
        }
        if migrate::newest().is_some_and(|newest| manifest.migration > newest) {
            return refuse("the backup is of a later version of Hydria, which restores it");
        }
        Ok(Self { folder, manifest, objects: 0, is_marked: false, has_rows: false })
    }

    /// Returns the manifest of the backup.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the secret, if it is in the backup.
    ///
    /// # Errors
    /// Fails if it cannot be read.
    pub fn secret(&self) -> Result<Option<Secret>, BackupError> {
        if !self.manifest.has_secret {
            return Ok(None);
        }
        let path = self.folder.join(SECRET);
        let text = std::fs::read_to_string(&path).map_err(BackupError::at(&path))?;
        Ok(Some(Secret::new(text.trim())))
    }

    /// Refuses a server before the version of the backup's, and one whose programs cannot read the dump.
    ///
    /// # Errors
    /// Returns [`BackupError::Refused`] and [`BackupError::Program`] in these cases.
    pub fn check_server(&self, url: &str) -> Result<(), BackupError> {
        let (server, _) = Server::connect(url)?;
        let (ours, theirs) = (server.major(), self.manifest.postgresql);
        if ours < theirs {
            return refuse(format!(
                "the backup is of PostgreSQL {theirs}, and the server is PostgreSQL {ours}: a server of version {theirs} or \
                 later restores it"
            ));
        }
        server.check_readable(&self.folder.join(DUMP))
    }

    /// Copies the objects into a storage that is empty; returns how many.
    ///
    /// # Errors
    /// Fails if the store does not take them.
    pub async fn fill(&mut self, storage: &Storage) -> Result<u64, BackupError> {
        for listed in files(self.folder, &self.manifest)? {
            let (_, name) = listed?;
            let Some(key) = key_of(&name) else { continue };
            let file = folder::open(&self.folder.join(&name))?;
            self.objects += 1;
            storage.fill(key, file).await?;
        }
        Ok(self.objects)
    }

    /// Makes a storage that of the backup's deployment. Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the storage does not take the marker, or got that of another deployment meanwhile.
    pub fn mark(&mut self, storage: &Storage) -> Result<(), BackupError> {
        // Where that fails, it may be there all the same.
        self.is_marked = true;
        match storage.mark_first(&self.marker())? {
            true => Ok(()),
            false => refuse("the storage was taken by another deployment meanwhile"),
        }
    }

    fn marker(&self) -> Marker {
        let Manifest { cluster, storage, .. } = &self.manifest;
        Marker { cluster: cluster.clone(), storage: storage.clone() }
    }

    /// Loads the rows into an empty database, and brings them up to date.
    ///
    /// # Errors
    /// Fails if the database does not take them.
    pub fn load(&mut self, url: &str) -> Result<(), BackupError> {
        let (server, _) = Server::connect(url)?;
        server.load(&self.folder.join(DUMP))?;
        self.has_rows = true;
        let mut conn = connect(url)?;
        migrate::migrate(&mut conn)?;
        renumber(&mut conn)?;
        if let Err(error) = analyze(&mut conn) {
            log::warn!(
                "statistics of the database are missing, without which lists are slow at first (ANALYZE): {error}"
            );
        }
        Ok(())
    }

    /// Removes the objects that were copied into a storage that was empty.
    ///
    /// # Errors
    /// Fails if the store does not let them go.
    pub async fn empty(&mut self, storage: &Storage) -> Result<(), BackupError> {
        let listed = files(self.folder, &self.manifest)?;
        let mut left = self.objects;
        for listed in listed {
            if left == 0 {
                break;
            }
            let (_, name) = listed?;
            let Some(key) = key_of(&name) else { continue };
            storage.remove(key).await?;
            left -= 1;
        }
        self.objects = 0;
        Ok(())
    }

    /// Removes the marker that the storage was given, and none of another deployment. Blocks; not to be called in a task.
    ///
    /// # Errors
    /// Fails if the store does not let it go.
    pub fn unmark(&mut self, storage: &Storage) -> Result<(), BackupError> {
        if std::mem::take(&mut self.is_marked) && storage.marker()? == Some(self.marker()) {
            storage.unmark()?;
        }
        Ok(())
    }

    /// Returns whether rows of the backup are in the database.
    pub fn has_rows(&self) -> bool {
        self.has_rows
    }
}

/// Returns the key of the object in a file of a backup; `None` for other files.
fn key_of(name: &str) -> Option<&str> {
    name.strip_prefix(OBJECTS)?.strip_prefix('/')
}

/// Measures the tables anew: statistics are in no dump, and plans without them are slow.
fn analyze(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("SET statement_timeout = 0; ANALYZE")
}
