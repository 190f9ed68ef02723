//! Errors of the private PostgreSQL, each with the way to go on.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{error, fmt, io};

/// A reason why the private PostgreSQL of a data folder is not available.
///
/// Its words are for the person who runs the service, never for a client of it.
#[derive(Debug)]
pub enum PrivateError {
    /// PostgreSQL's programs are not on this machine.
    NotInstalled {
        /// The major version needed; none where any does.
        version: Option<String>,
    },
    /// The cluster was made by a major version other than those installed.
    OtherVersion {
        /// The folder of the cluster.
        cluster: PathBuf,
        /// The major version that made it.
        made_by: String,
        /// The major versions found, best first.
        installed: Vec<String>,
    },
    /// There is no cluster of the data folder, and none is to be made.
    NoDatabase {
        /// The data folder.
        data: PathBuf,
    },
    /// We are root, and there is no user to run PostgreSQL as.
    NoAccount,
    /// The user PostgreSQL runs as cannot get to the cluster that is there.
    Unreachable {
        /// The folder of the cluster.
        cluster: PathBuf,
        /// The user's name.
        account: String,
    },
    /// A folder we need is somebody else's.
    NotOurs {
        /// The folder.
        folder: PathBuf,
    },
    /// Another `serve` has the data folder.
    AlreadyServed {
        /// The data folder.
        data: PathBuf,
        /// The other's process id, where it is known.
        pid: Option<u32>,
    },
    /// A server that is not ours runs on the cluster, or an old one does not end.
    StillRunning {
        /// The folder of the cluster.
        cluster: PathBuf,
        /// Its process id.
        pid: u32,
    },
    /// One of PostgreSQL's programs failed.
    Failed {
        /// Its name.
        program: String,
        /// The last it said.
        words: String,
        /// The log of all its messages.
        log: PathBuf,
    },
    /// The server does not become ready.
    NotReady {
        /// Time that it was waited for.
        waited: Duration,
        /// The process that runs it, where it is known.
        pid: Option<u32>,
        /// The log of its messages.
        log: PathBuf,
    },
    /// The machine refused something.
    Io {
        /// The action that failed, such as `making the folder`.
        doing: &'static str,
        /// The path that it failed on.
        path: PathBuf,
        /// The machine's own words.
        source: io::Error,
    },
}

/// Says what was being done, and to what, when the machine refused.
pub fn io(doing: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> PrivateError {
    move |source| PrivateError::Io { doing, path: path.as_ref().to_owned(), source }
}

impl fmt::Display for PrivateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { version: None } => f.write_str(
                "PostgreSQL is not installed: install it (apt-get install postgresql), or set \
                 DATABASE_URL to a server that runs elsewhere",
            ),
            Self::NotInstalled { version: Some(version) } => write!(
                f,
                "PostgreSQL {version}, which made the database, is not installed: install it \
                 (apt-get install postgresql-{version})"
            ),
            Self::OtherVersion { cluster, made_by, installed } => write!(
                f,
                "the database in {} was made by PostgreSQL {made_by}, and installed is {}: install \
                 that version too (apt-get install postgresql-{made_by}); or, to change over, dump \
                 the database with that version's pg_dump, move the folder away, start once, stop, \
                 and restore the dump",
                cluster.display(),
                installed.join(", ")
            ),
            Self::NoDatabase { data } => write!(
                f,
                "there is no database in the data folder {}, and this command makes none: set \
                 HYDRIA_DATA to the folder of the service (or DATABASE_URL to its database); \
                 `hydria serve` makes a new one",
                data.display()
            ),
            Self::NoAccount => f.write_str(
                "PostgreSQL does not run as root, and /etc/passwd has neither a user `postgres` \
                 nor `nobody` to run it as: add one (useradd --system postgres), or start the \
                 service as another user",
            ),
            Self::Unreachable { cluster, account } => write!(
                f,
                "user {account}, as whom PostgreSQL runs, cannot get to the database in {}: let it \
                 pass through the folders above (chmod o+x), or start the service as the user who \
                 made the database",
                cluster.display()
            ),
            Self::NotOurs { folder } => write!(
                f,
                "{} is not a folder of the user PostgreSQL runs as: move it away",
                folder.display()
            ),
            Self::AlreadyServed { data, pid } => {
                write!(f, "{} is already served", data.display())?;
                if let Some(pid) = pid {
                    write!(f, " by process {pid}")?;
                }
                f.write_str(": stop that one first, or choose another data folder")
            }
            Self::StillRunning { cluster, pid } => write!(
                f,
                "a PostgreSQL (process {pid}) still runs on {}: stop it (kill -INT {pid}) and \
                 start again",
                cluster.display()
            ),
            Self::Failed { program, words, log } => {
                write!(f, "PostgreSQL's {program} failed: {words} (more in {})", log.display())
            }
            Self::NotReady { waited, pid, log } => {
                write!(f, "the database did not become ready in {} s", waited.as_secs())?;
                if let Some(pid) = pid {
                    write!(f, "; process {pid} runs it")?;
                }
                write!(f, ": see {}", log.display())
            }
            Self::Io { doing, path, source } => {
                write!(f, "{doing} {} failed: {source}", path.display())?;
                match source.kind() {
                    io::ErrorKind::PermissionDenied => f.write_str(
                        ": start the service as the user who owns the data folder, or as root",
                    ),
                    io::ErrorKind::StorageFull => f.write_str(": make room on the disk"),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl error::Error for PrivateError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
