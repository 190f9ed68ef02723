//! Reasons for refusing a start, each with the way to go on.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use super::location::Location;
use crate::storage::Place;

/// The parts that do not belong together.
#[derive(Debug)]
pub enum Refusal {
    /// The data folder's cluster is not where it was, though its keys are here.
    Vanished {
        data: PathBuf,
        /// Location of the database according to the folder; `None` if an earlier version made the folder.
        was: Option<Location>,
        /// The folder in which a private cluster of this data folder would be.
        expected: PathBuf,
        /// Private clusters that lie outside of their data folders.
        elsewhere: Vec<PathBuf>,
    },
    /// The database is empty, though the data folder's keys are here.
    Emptied { data: PathBuf, was: Option<Location> },
    /// The data folder belongs to another database.
    OtherDatabase { data: PathBuf, was: Location, is: Location },
    /// The database was made with a secret that is not here.
    SecretMissing { file: PathBuf },
    /// The database was made with another secret.
    OtherSecret { from: String },
    /// The database's objects are in a storage that carries its marker, and this one carries none.
    StorageUnmarked { storage: Place },
    /// The storage carries the marker of another deployment, or was replaced by another storage.
    OtherStorage { storage: Place },
    /// Rows name objects, and none of those looked for is in the storage.
    ObjectsMissing { storage: Place },
    /// The schema is not up to date, and the command is not to change it.
    Unmigrated { pending: Option<usize> },
    /// The schema is that of a later version.
    Newer { migrations: usize },
    /// Nobody has started on the database yet.
    Unclaimed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vanished { data, was, expected, elsewhere } => {
                write!(
                    f,
                    "the data folder {} has keys of a database, but the database is not there; none \
                     is made in its place.",
                    data.display()
                )?;
                match was {
                    Some(was) => write!(f, " It was {was}.")?,
                    None => write!(f, " It was expected in {}.", expected.display())?,
                }
                vanished(f, was.as_ref(), expected, elsewhere)?;
                anew(f)
            }
            Self::Emptied { data, was } => {
                write!(
                    f,
                    "the database is empty, but the data folder {} has keys of one that was not; \
                     nothing is made in it.",
                    data.display()
                )?;
                if let Some(was) = was {
                    write!(f, " That was {was}.")?;
                }
                f.write_str(" Set DATABASE_URL to that database, or restore it from a backup.")?;
                anew(f)
            }
            Self::OtherDatabase { data, was, is } => write!(
                f,
                "the data folder {} belongs to another database: to {was} (cluster {}), and this is \
                 {is} (cluster {}). Set DATABASE_URL to the folder's own database, or HYDRIA_DATA to \
                 the folder of this one",
                data.display(),
                was.cluster,
                is.cluster
            ),
            Self::SecretMissing { file } => write!(
                f,
                "the secret of this database is missing: {} is not there and HYDRIA_SECRET is not \
                 set. Restore the file from a backup, copy it from another data folder of this \
                 database, or set HYDRIA_SECRET to what it held. If it is lost for good: `hydria adopt \
                 --secret` takes a new one; all API keys and stored credentials must then be made anew",
                file.display()
            ),
            Self::OtherSecret { from } => write!(
                f,
                "the secret ({from}) is not the one that this database was made with, so that no API \
                 key and no stored credential would be valid. Restore the right one, or copy it from \
                 another data folder of this database, or set HYDRIA_SECRET to it; where `hydria secret \
                 rotate` has replaced it, that is the new one. If it is lost for \
                 good: `hydria adopt --secret` takes this one; all API keys and stored credentials \
                 must then be made anew"
            ),
            Self::StorageUnmarked { storage } => write!(
                f,
                "the storage {storage} is not that of this database: it is not there, or carries no marker \
                 (hydria.json). Mount the right folder or set HYDRIA_STORAGE to it; every `serve` and \
                 `worker` of a database needs the same. If it is lost for good: `hydria adopt \
                 --storage` takes this one, and `hydria check --repair` processes what is missing \
                 again"
            ),
            Self::OtherStorage { storage } => write!(
                f,
                "the storage {storage} belongs to another database, or was replaced by another storage: its \
                 marker (hydria.json) says so. Set HYDRIA_STORAGE to that of this database; every \
                 `serve` and `worker` of a database needs the same. `hydria adopt --storage` takes this \
                 one all the same"
            ),
            Self::ObjectsMissing { storage } => write!(
                f,
                "the storage {storage} has none of the objects that this database names. Set HYDRIA_STORAGE \
                 to the folder or bucket that has them. If it is lost for good: `hydria adopt --storage` takes \
                 this one, and `hydria check --repair` processes what is missing again"
            ),
            Self::Unmigrated { pending: None } => f.write_str(
                "the database is empty, and this command makes nothing in it: `hydria serve` or \
                 `hydria migrate` does",
            ),
            Self::Unmigrated { pending: Some(pending) } => write!(
                f,
                "the database is not up to date: {pending} migrations of this version are pending, and \
                 this command applies none. `hydria migrate` does, and every `hydria serve`"
            ),
            Self::Newer { migrations } => write!(
                f,
                "the database was migrated by a later version of Hydria ({migrations} migrations that \
                 this one does not know): use that version"
            ),
            Self::Unclaimed => f.write_str(
                "nobody has started on this database yet: run `hydria serve` or `hydria migrate` first",
            ),
        }
    }
}

/// Returns where to look for a private cluster that is not where it should be.
fn vanished(
    f: &mut fmt::Formatter<'_>,
    was: Option<&Location>,
    expected: &std::path::Path,
    elsewhere: &[PathBuf],
) -> fmt::Result {
    match was.map(|was| was.folder.as_deref()) {
        Some(None) => {
            return f.write_str(" Set DATABASE_URL to it again.");
        }
        Some(Some(folder)) if folder.exists() && folder != expected => {
            let home = |cluster: &std::path::Path| {
                cluster.parent().map_or_else(String::new, |home| home.display().to_string())
            };
            let (from, to) = (home(folder), home(expected));
            return write!(
                f,
                " It is still there. If the data folder was moved, move the database after it while \
                 nothing runs: mkdir -p {to} && mv {from}/postgres {to}/. If the folder was copied, copy \
                 the database in the same way, with cp -a in place of mv."
            );
        }
        _ => {}
    }
    f.write_str(" Restore it from a backup, or set HYDRIA_DATA to the folder that it is in.")?;
    if !elsewhere.is_empty() {
        let list: Vec<String> = elsewhere.iter().map(|c| c.display().to_string()).collect();
        write!(
            f,
            " If the folder was moved here from the home of root, its database is one of {}: move that \
             to {}.",
            list.join(", "),
            expected.display()
        )?;
    }
    Ok(())
}

fn anew(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(
        " To begin with a new, empty database, move the files secret, admin-key and database.json out \
         of the data folder",
    )
}

impl Error for Refusal {}
