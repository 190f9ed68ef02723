//! The paths of a data folder's cluster, and its owner.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::pid_file::PidFile;
use super::process::effective_user;
use super::{PrivateError, error};

/// The folder of root's clusters whose data folder PostgreSQL's user cannot reach.
pub const ELSEWHERE: &str = "/var/lib/hydria";

/// The folder of the socket if the name of its own folder is too long.
///
/// Not `TMPDIR` or `XDG_RUNTIME_DIR`: the processes of a data folder must agree, and may have been
/// started with different ones.
const SHORT: &str = "/tmp";

/// The longest path of a Unix socket on Linux, in bytes.
const SOCKET_LIMIT_BYTES: usize = 107;

/// Named explicitly, for both sides would else take it from `PGPORT`.
pub const PORT: &str = "5432";

/// The user and the database every cluster has.
pub const NAME: &str = "hydria";

/// The folders of one data folder's cluster.
#[derive(Debug)]
pub struct Place {
    /// The data folder, without links.
    pub data: PathBuf,
    /// The folder that holds the cluster: the data folder, or one elsewhere.
    pub home: PathBuf,
    /// The user that runs PostgreSQL's programs; `None` if it is that of this process.
    pub account: Option<Account>,
    /// `hydria-{hash of the data folder}`, by which the server's processes are known.
    pub name: String,
    socket: PathBuf,
}

impl Place {
    /// Settles where the cluster is, or is to be, making the data folder if it is missing.
    pub fn find(data: &Path) -> Result<Self, PrivateError> {
        Self::of(make_data_folder(data)?)
    }

    /// Finds the cluster of a data folder that is there; makes nothing.
    ///
    /// # Errors
    /// Returns [`PrivateError::NoDatabase`] if there is no such folder, or no cluster of it.
    pub fn existing(data: &Path) -> Result<Self, PrivateError> {
        let missing = |data: &Path| PrivateError::NoDatabase { data: data.to_owned() };
        let found = data.canonicalize().map_err(|_missing| missing(data))?;
        let place = Self::of(found)?;
        if place.cluster().exists() { Ok(place) } else { Err(missing(&place.data)) }
    }

    /// Settles where the cluster of a data folder is, or is to be.
    ///
    /// # Errors
    /// Fails if there is no account to run it as, or that account cannot reach it.
    pub fn of(data: PathBuf) -> Result<Self, PrivateError> {
        let hash = hash(&data);
        let (home, account) = match effective_user() {
            0 => home_for_root(&data, &hash).map(|(home, account)| (home, Some(account)))?,
            _ => (data.clone(), None),
        };
        let name = format!("hydria-{hash}");
        let socket = socket_folder(&home, &name);
        Ok(Self { data, home, account, name, socket })
    }

    pub fn cluster(&self) -> PathBuf {
        cluster_in(&self.home)
    }

    /// Returns where a cluster is made, to be given its real name when it is complete.
    pub fn unfinished(&self) -> PathBuf {
        self.home.join("postgres.new")
    }

    pub fn log(&self) -> PathBuf {
        self.data.join("postgres.log")
    }

    pub fn serve_lock(&self) -> PathBuf {
        self.data.join("serve.lock")
    }

    pub fn postgres_lock(&self) -> PathBuf {
        self.data.join("postgres.lock")
    }

    /// Returns the id of the user who runs PostgreSQL's programs.
    pub fn owner(&self) -> u32 {
        self.account.as_ref().map_or_else(effective_user, |account| account.uid)
    }

    pub fn socket_folder(&self) -> &Path {
        &self.socket
    }

    /// Nothing in it needs quotes: see [`socket_folder`].
    pub fn url(&self) -> String {
        format!("host={} port={PORT} user={NAME} dbname={NAME}", self.socket.display())
    }

    /// Makes the folders that a server needs besides its cluster.
    pub fn prepare(&self) -> Result<(), PrivateError> {
        if self.home != self.data {
            make_folder(Path::new(ELSEWHERE), 0o755)?;
            make_folder(&self.home, 0o711)?;
        }
        self.make_own(&self.socket)
    }

    /// Makes a folder of the user who runs PostgreSQL, closed to all others.
    ///
    /// # Errors
    /// Returns [`PrivateError::NotOurs`] if something else is there: in `/tmp` anybody may have put it.
    pub fn make_own(&self, folder: &Path) -> Result<(), PrivateError> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error::io("making the folder", folder)(error));
            }
            _ => {}
        }
        let found = folder.symlink_metadata().map_err(error::io("looking at", folder))?;
        let (us, owner) = (effective_user(), self.owner());
        if !found.is_dir() || ![us, owner].contains(&found.uid()) {
            return Err(PrivateError::NotOurs { folder: folder.to_owned() });
        }
        if let Some(account) = self.account.as_ref().filter(|_| found.uid() == us) {
            chown(folder, Some(account.uid), Some(account.gid))
                .map_err(error::io("giving away the folder", folder))?;
        }
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))
            .map_err(error::io("closing the folder", folder))
    }

    /// Returns the process of the server that is ready on the socket now.
    ///
    /// What `postmaster.pid` says may be left from a server that was killed, whose process id a new
    /// one may even have, in a container. But the socket is cleared before each start, and made
    /// after that file: once the socket answers, the file is the new server's.
    pub fn answers(&self) -> Option<u32> {
        let ready = || PidFile::read(&self.cluster()).filter(|file| file.is_ready)?.pid;
        // First the file, because each connection costs the server a process.
        ready()?;
        UnixStream::connect(self.socket_file()).ok()?;
        ready()
    }

    /// Removes what a killed server left of its socket; only for who runs the server.
    ///
    /// PostgreSQL would do so itself, unless the process id in the socket's own lock file has been
    /// given to another process meanwhile.
    pub fn clear_socket(&self) -> Result<(), PrivateError> {
        let socket = self.socket_file();
        for file in [socket.with_extension(format!("{PORT}.lock")), socket] {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error::io("removing", file)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Leaves nothing of the socket in `/tmp`; only after the server's end.
    pub fn forget_short_socket_folder(&self) {
        if self.socket.parent() == Some(Path::new(SHORT)) {
            // It stays if another process has begun to use it, and does no harm if it stays.
            drop(std::fs::remove_dir(&self.socket));
        }
    }

    fn socket_file(&self) -> PathBuf {
        self.socket.join(format!(".s.PGSQL.{PORT}"))
    }
}

/// As root: where the cluster is or may be, and whose it is.
fn home_for_root(data: &Path, hash: &str) -> Result<(PathBuf, Account), PrivateError> {
    let elsewhere = Path::new(ELSEWHERE).join(hash);
    // One that is there stays where it is, for its rows, though the modes have changed since.
    for home in [data, &elsewhere] {
        let cluster = cluster_in(home);
        let Ok(metadata) = cluster.metadata() else { continue };
        let account = Account::owner(&metadata)?.map_or_else(Account::unprivileged, Ok)?;
        if !account.reaches(&cluster) {
            return Err(PrivateError::Unreachable { cluster, account: account.name });
        }
        return Ok((home.to_owned(), account));
    }
    let account = Account::unprivileged()?;
    let home = if account.reaches(data) { data.to_owned() } else { elsewhere };
    Ok((home, account))
}

fn cluster_in(home: &Path) -> PathBuf {
    home.join("postgres")
}

/// Returns the folder of the socket: beside the cluster where that name will do.
///
/// Besides its length, a comma or a quote would mean something to PostgreSQL or to libpq.
fn socket_folder(home: &Path, name: &str) -> PathBuf {
    let beside = home.join("postgres.socket");
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-".contains(b);
    let bytes = beside.as_os_str().as_bytes();
    let socket_bytes = bytes.len() + "/.s.PGSQL.".len() + PORT.len();
    if socket_bytes <= SOCKET_LIMIT_BYTES && bytes.iter().all(is_plain) {
        beside
    } else {
        Path::new(SHORT).join(name)
    }
}

/// Returns the first eight bytes of SHA-256 of the path, in hexadecimal digits.
fn hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:016x}")
}

/// Makes the data folder if it is missing, and gives its path without links.
///
/// A new one is its owner's alone; root's can be passed through, for the user PostgreSQL runs as.
///
/// # Errors
/// Returns [`PrivateError::Io`] if it cannot be made.
pub fn make_data_folder(data: &Path) -> Result<PathBuf, PrivateError> {
    if !data.exists() {
        let mode = if effective_user() == 0 { 0o711 } else { 0o700 };
        // Those above as well, whatever the umask: the user PostgreSQL runs as must pass through them.
        let mut missing: Vec<&Path> = data
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .collect();
        missing.reverse();
        missing.into_iter().try_for_each(|folder| make_folder(folder, mode))?;
    }
    data.canonicalize().map_err(error::io("looking at", data))
}

/// Makes a folder of a mode, whatever the umask; one that is there is left as it is.
fn make_folder(folder: &Path, mode: u32) -> Result<(), PrivateError> {
    match std::fs::create_dir(folder) {
        Ok(()) => std::fs::set_permissions(folder, Permissions::from_mode(mode))
            .map_err(error::io("opening the folder", folder)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error::io("making the folder", folder)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_beside_its_cluster_unless_the_name_is_long_or_not_plain() {
        let beside = |home: &str| socket_folder(Path::new(home), "n").starts_with(home);
        assert!(beside("/srv/hydria_1/my-data.d"));
        assert!(!beside("/srv/it's"));
        assert!(!beside("/srv/a,b"));
        assert!(!beside("/srv/two words"));
        let longest = 107 - "/postgres.socket/.s.PGSQL.5432".len();
        assert!(beside(&format!("/{}", "x".repeat(longest - 1))));
        assert!(!beside(&format!("/{}", "x".repeat(longest))));
    }
}
