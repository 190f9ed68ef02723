//! The binding of a data folder, its secret, its database and its storage (docs/adr/0010).
//!
//! The database keeps the fingerprint of the secret, the id of the deployment and the id of the storage; the
//! data folder keeps where the database is, in `database.json`; the storage carries a marker. A start compares
//! them, writes what is missing on the first start (also the first of this version on an older installation),
//! and refuses what does not belong together. Nothing is ever made over what is there.

mod location;
mod refusal;

pub use location::Location;
pub use refusal::Refusal;

use super::{Failure, owner, secret_files};
use crate::config::Config;
use crate::database::Conn;
use crate::database::deployment::{self, Deployment};
use crate::database::key_rings::{self, WrappedKeys};
use crate::database::migrate::Schema;
use crate::secrets::{KeyRing, Secret, Secrets, WrappingKey};
use crate::storage::{Marker, Place, Storage};
use private_postgres::Whereabouts;

/// Objects that are looked for in a storage that is to be marked, at most.
const PROBES: i64 = 20;

/// The state of a data folder and its settings before anything was opened or made.
#[derive(Debug)]
pub struct DataFolderState<'a> {
    config: &'a Config,
    /// The location of the database according to the folder.
    location: Option<Location>,
    /// The secrets by which its keys may open.
    secrets: Vec<Secret>,
    /// Tells whether the folder has keys of a database: that must then be there.
    has_keys: bool,
}

impl<'a> DataFolderState<'a> {
    /// Looks at the data folder; makes nothing.
    ///
    /// # Errors
    /// Fails if one of its files cannot be read, or this is root and they are another user's.
    pub fn survey(config: &'a Config) -> Result<Self, Failure> {
        owner::refuse_as_root(&config.data.join(location::NAME))?;
        let location = Location::read(&config.data)?;
        let secrets = secret_files::candidates(config)?;
        let is_there = |name: &str| config.data.join(name).exists();
        let has_keys = location.is_some() || is_there("secret") || is_there("admin-key");
        Ok(Self { config, location, secrets, has_keys })
    }

    /// Refuses a data folder whose private cluster is missing while its keys are there.
    ///
    /// # Errors
    /// Returns [`Refusal::Vanished`].
    pub fn check_cluster(&self) -> Result<(), Failure> {
        if !self.has_keys || self.config.database_url.is_some() {
            return Ok(());
        }
        let expected = Whereabouts::of(&self.config.data)?;
        // The folder was used with a server elsewhere, and DATABASE_URL is forgotten.
        let was_elsewhere = self.location.as_ref().is_some_and(|was| was.folder.is_none());
        if expected.exists && !was_elsewhere {
            return Ok(());
        }
        Err(Box::new(Refusal::Vanished {
            data: self.config.data.clone(),
            was: self.location.clone(),
            expected: expected.cluster,
            elsewhere: private_postgres::clusters_elsewhere(),
        }))
    }

    /// Refuses a database that is empty while the folder's keys are there, and one whose schema is not as it
    /// must be; `migrates`: what is missing is to be applied.
    ///
    /// # Errors
    /// Returns [`Refusal::Emptied`], [`Refusal::Unmigrated`], [`Refusal::Newer`].
    pub fn check_schema(&self, schema: &Schema, migrates: bool) -> Result<(), Box<Refusal>> {
        match schema {
            Schema::Empty if self.has_keys => Err(Box::new(Refusal::Emptied {
                data: self.config.data.clone(),
                was: self.location.clone(),
            })),
            Schema::Empty if !migrates => Err(Box::new(Refusal::Unmigrated { pending: None })),
            Schema::Behind(pending) if !migrates => {
                Err(Box::new(Refusal::Unmigrated { pending: Some(*pending) }))
            }
            Schema::Ahead(migrations) if !migrates => {
                Err(Box::new(Refusal::Newer { migrations: *migrations }))
            }
            Schema::Ahead(migrations) => {
                log::warn!(
                    "the database was migrated by a later version of Hydria ({migrations} migrations \
                     that this one does not know)"
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Compares the secret and the data folder with the database, writes nothing, and returns the secrets; none
    /// where the secret is not here.
    ///
    /// # Errors
    /// Returns [`Refusal::Unclaimed`], [`Refusal::OtherDatabase`], [`Refusal::OtherSecret`].
    pub fn compare(
        &self,
        conn: &mut Conn,
        held: Option<&Deployment>,
    ) -> Result<Option<Secrets>, Failure> {
        let held = held.ok_or(Refusal::Unclaimed)?;
        self.check_location(held)?;
        if self.secrets.is_empty() {
            return Ok(None);
        }
        let rows = key_rings::read(conn)?;
        let opened = opened(&self.secrets, &rows, held)?;
        Ok(Some(opened.ok_or_else(|| self.other_secret())?))
    }

    /// Returns the file that holds the secret where no setting does.
    pub fn secret_missing(&self) -> Refusal {
        Refusal::SecretMissing { file: secret_files::file(self.config) }
    }

    fn other_secret(&self) -> Refusal {
        let mut from = match self.config.secret {
            Some(_) => "HYDRIA_SECRET".to_owned(),
            None => secret_files::file(self.config).display().to_string(),
        };
        if self.config.secret_old.is_some() {
            from.push_str(" or HYDRIA_SECRET_OLD");
        }
        Refusal::OtherSecret { from }
    }

    /// Refuses a data folder that belongs to another database; returns where this one is.
    fn check_location(&self, held: &Deployment) -> Result<Location, Failure> {
        let is = Location::of(self.config, held.cluster.clone())?;
        match &self.location {
            Some(was) if was.cluster != held.cluster => Err(Box::new(Refusal::OtherDatabase {
                data: self.config.data.clone(),
                was: was.clone(),
                is,
            })),
            _ => Ok(is),
        }
    }
}

/// Returns the keys that the first of some secrets opens; `None` if none does. Where no start has wrapped the keys yet, they are
/// those that versions before derived.
fn opened(
    secrets: &[Secret],
    rows: &[WrappedKeys],
    held: &Deployment,
) -> Result<Option<Secrets>, Failure> {
    let wrapping: Vec<WrappingKey> = secrets.iter().map(WrappingKey::of).collect();
    if rows.is_empty() {
        let fits = |secret: &&Secret| WrappingKey::of(secret).fingerprint() == held.secret;
        let ring = secrets.iter().find(fits).map(KeyRing::derived);
        return Ok(ring.map(|ring| Secrets::new(&ring, 0, wrapping)));
    }
    let opened = key_rings::open(rows, &wrapping)?;
    Ok(opened.map(|(ring, generation)| Secrets::new(&ring, generation, wrapping)))
}

/// Wraps the keys of a deployment where no start has done so; returns them as they are then.
fn wrapped(
    ground: &DataFolderState<'_>,
    conn: &mut Conn,
    held: &Deployment,
) -> Result<Secrets, Failure> {
    // The secret may have been made just now.
    let secrets = secret_files::candidates(ground.config)?;
    if key_rings::read(conn)?.is_empty() {
        let fits = |secret: &&Secret| WrappingKey::of(secret).fingerprint() == held.secret;
        let secret = secrets.iter().find(fits).ok_or_else(|| ground.secret_missing())?;
        let (ring, wrapping) = (KeyRing::derived(secret), WrappingKey::of(secret));
        key_rings::replace(conn, (0, 1), &ring, &[&wrapping])?;
    }
    let rows = key_rings::read(conn)?;
    if rows.len() > 1 {
        log::warn!(
            "the secret is being replaced; if no `hydria secret rotate` runs, run it again, so that it comes to its end"
        );
    }
    Ok(opened(&secrets, &rows, held)?.ok_or_else(|| ground.other_secret())?)
}

/// Binds a data folder, its secret and its storage to a database that is migrated, or finds that they are.
///
/// # Errors
/// A [`Refusal`] where they do not belong together.
pub fn bind(ground: &DataFolderState<'_>, conn: &mut Conn) -> Result<(Secrets, Storage), Failure> {
    deployment::exclusively(conn, |conn| {
        let held = match Deployment::read(conn)? {
            Some(held) => {
                if ground.compare(conn, Some(&held))?.is_none() {
                    return Err(ground.secret_missing().into());
                }
                held
            }
            None => claim(ground, conn)?,
        };
        let location = ground.check_location(&held)?;
        if ground.location.as_ref() != Some(&location) {
            location.write(&ground.config.data)?;
            log::info!("the database of {}: {location}", ground.config.data.display());
        }
        let storage = bind_storage(ground.config, conn, &held)?;
        Ok((wrapped(ground, conn, &held)?, storage))
    })
}

/// Claims a database that nobody has claimed: a new one, or one of a version before.
fn claim(ground: &DataFolderState<'_>, conn: &mut Conn) -> Result<Deployment, Failure> {
    if let Some(was) = &ground.location {
        let is = Location::of(ground.config, "not yet given".into())?;
        let data = ground.config.data.clone();
        return Err(Box::new(Refusal::OtherDatabase { data, was: was.clone(), is }));
    }
    let secret = match secret_files::known(ground.config)? {
        Some(secret) => secret,
        // A new one would make every key void that the version before has made.
        None if deployment::has_keys(conn)? => return Err(ground.secret_missing().into()),
        None => secret_files::make(ground.config)?,
    };
    let secrets = Secrets::derived(&secret);
    // The version before kept no fingerprint, but the administrator's key tells as much.
    if let Some((key, secret)) = secret_files::admin_key(ground.config)
        && let Some(hash) = deployment::key_hash(conn, &key)?
        && !secrets.matches(&secret, &hash)
    {
        return Err(ground.other_secret().into());
    }
    let held = Deployment {
        cluster: uuid::Uuid::new_v4().to_string(),
        secret: WrappingKey::of(&secret).fingerprint().to_vec(),
        storage: None,
    };
    held.insert(conn)?;
    Ok(held)
}

/// Opens the storage of a deployment, marking it where none is marked yet.
fn bind_storage(config: &Config, conn: &mut Conn, held: &Deployment) -> Result<Storage, Failure> {
    if held.storage.is_some() {
        return existing_storage(config, held);
    }
    let storage = Storage::make(&config.storage)?;
    match storage.marker()? {
        Some(marker) if marker.cluster != held.cluster => {
            return Err(Box::new(Refusal::OtherStorage { storage: config.storage.clone() }));
        }
        // A start was cut short after it had marked the storage.
        Some(marker) => deployment::set_storage(conn, &marker.storage)?,
        None => {
            let objects = deployment::some_objects(conn, PROBES)?;
            if !objects.is_empty() && !has_any(&storage, &objects)? {
                return Err(Box::new(Refusal::ObjectsMissing { storage: config.storage.clone() }));
            }
            if let Some(above) = Storage::containing(&config.storage)? {
                return Err(Box::new(Refusal::OtherStorage { storage: above }));
            }
            let marker = new_marker(held);
            if !storage.mark_first(&marker)? {
                return Err(Box::new(Refusal::OtherStorage { storage: config.storage.clone() }));
            }
            deployment::set_storage(conn, &marker.storage)?;
        }
    }
    Ok(storage)
}

/// Opens the storage that carries the marker of a deployment; makes nothing.
///
/// # Errors
/// Returns [`Refusal::StorageUnmarked`], [`Refusal::OtherStorage`].
pub fn existing_storage(config: &Config, held: &Deployment) -> Result<Storage, Failure> {
    let place = config.storage.clone();
    if matches!(&place, Place::Folder(folder) if !folder.exists()) {
        return Err(Box::new(Refusal::StorageUnmarked { storage: place }));
    }
    let storage = Storage::existing(&place)?;
    let Some(marker) = storage.marker()? else {
        return Err(Box::new(Refusal::StorageUnmarked { storage: place }));
    };
    let is_own = marker.cluster == held.cluster
        && held.storage.as_ref().is_none_or(|storage| *storage == marker.storage);
    if is_own { Ok(storage) } else { Err(Box::new(Refusal::OtherStorage { storage: place })) }
}

/// Returns whether one of some objects is in a storage.
fn has_any(storage: &Storage, objects: &[String]) -> Result<bool, Failure> {
    for key in objects {
        if storage.has(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn new_marker(held: &Deployment) -> Marker {
    Marker { cluster: held.cluster.clone(), storage: uuid::Uuid::new_v4().to_string() }
}

/// Takes the secret at hand, and the storage at hand, in place of those that were lost.
///
/// # Errors
/// Fails if nobody has started on the database, or the secret or the storage cannot be written.
pub fn adopt(config: &Config, conn: &mut Conn, secret: bool, storage: bool) -> Result<(), Failure> {
    deployment::exclusively(conn, |conn| {
        let ground = DataFolderState::survey(config)?;
        let held = Deployment::read(conn)?.ok_or(Refusal::Unclaimed)?;
        ground.check_location(&held)?;
        if secret {
            let secret = match secret_files::known(config)? {
                Some(secret) => secret,
                None => secret_files::make(config)?,
            };
            let before = key_rings::read(conn)?.first().map_or(0, |row| row.generation);
            let (ring, wrapping) = (KeyRing::derived(&secret), WrappingKey::of(&secret));
            if !key_rings::replace(conn, (before, before + 1), &ring, &[&wrapping])? {
                return Err("the secret is being replaced just now: begin again".into());
            }
        }
        if storage {
            let marker = new_marker(&held);
            Storage::make(&config.storage)?.mark(&marker)?;
            deployment::set_storage(conn, &marker.storage)?;
        }
        Ok(())
    })
}
