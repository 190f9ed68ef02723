//! A PostgreSQL server of a program's own: made, started, shared, kept and stopped in its data folder.
//!
//! PostgreSQL's own programs run on a folder in the data folder, and are reached through a Unix socket only.
//!
//! # Who runs it
//!
//! Several processes may use one data folder: a `serve`, workers, commands. Two locks settle the
//! parts; the kernel lets go of both when their holder ends, however it ends.
//!
//! - `serve.lock` is held by the one `serve` of the data folder, all its life. A second `serve` is
//!   refused with the holder's process id.
//! - `postgres.lock` is held by the one process which runs the server, whichever kind it is. All
//!   others use that server's socket.
//!
//! So a `serve` that begins while a worker runs the server joins it, and a worker may outlive the
//! `serve` that ran it. When the process which ran the server ends, the server ends with it, and
//! the first of the others to call [`Private::keep`] takes the lock and starts it anew on the same
//! socket: open connections break, new ones succeed. Every process that stays should call it about
//! every 100 ms.
//!
//! # What lies where
//!
//! In the data folder: `postgres` (the cluster), `postgres.new` (a cluster half made),
//! `postgres.socket` (the folder of its socket, in `/tmp` where its name is too long),
//! `postgres.log`, and the locks.
//!
//! PostgreSQL refuses to run as root. As root its programs run as the user who owns the cluster,
//! for a new one `postgres`, else `nobody`. Only the cluster and the socket's folder are that
//! user's; the data folder stays root's. A data folder made here by root has mode 0711, so that
//! this user may pass through it; one that was there keeps its mode. Where the user cannot pass,
//! the cluster and the socket go to `/var/lib/hydria/{hash of the data folder}`, and the log says
//! so. A cluster is then found where it was made, whatever becomes of the modes, as long as the
//! data folder keeps its path.
//!
//! # After accidents
//!
//! The server gets SIGINT from the kernel when our process ends, also by kill -9; the next start
//! waits for it. When the server itself was killed, what it left is ended before the next start.
//! Its `postmaster.pid` is never removed by us: PostgreSQL guards a cluster with it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod account;
mod cluster;
mod error;
mod journal;
mod leftovers;
mod lock;
mod pid_file;
mod place;
mod postmaster;
mod process;
mod programs;
mod runner;
#[cfg(test)]
mod tests;

pub use error::PrivateError;
pub use place::make_data_folder;

use lock::Lock;
use place::Place;
use postmaster::Postmaster;
use process::Keeper;

/// Time that a process waits for a server that another one is starting.
const JOIN_LIMIT: Duration = Duration::from_mins(1);

/// Time that a `serve` waits for one that was killed just before to be gone.
const SERVE_PATIENCE: Duration = Duration::from_millis(500);

/// Interval at which either looks.
const POLL: Duration = Duration::from_millis(5);

/// The durability of the server: a service's is durable; a test run gives it up for speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Committed transactions outlive a loss of power.
    Full,
    /// An accident may cost what was committed last, a loss of power everything.
    None,
}

impl Durability {
    /// Returns the server's settings for it.
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Full => &[],
            Self::None => &["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        }
    }
}

/// The location of the private cluster of a data folder, which may not be made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// The folder of the cluster.
    pub cluster: PathBuf,
    /// Tells whether it is there.
    pub exists: bool,
    /// Folder of the server's socket: the host by which libpq names the server.
    pub socket: PathBuf,
    pub port: &'static str,
    /// Name of the database.
    pub name: &'static str,
}

impl Whereabouts {
    /// Looks where the cluster of a data folder is; makes nothing.
    ///
    /// # Errors
    /// Fails if the data folder is not there, or the account that PostgreSQL runs as cannot be settled.
    pub fn of(data: &Path) -> Result<Self, PrivateError> {
        let data = data.canonicalize().map_err(error::io("looking at", data))?;
        let place = Place::of(data)?;
        Ok(Self {
            exists: place.cluster().exists(),
            cluster: place.cluster(),
            socket: place.socket_folder().to_owned(),
            port: place::PORT,
            name: place::NAME,
        })
    }
}

/// Returns the clusters that root's data folders have outside of themselves, in the order of their names.
pub fn clusters_elsewhere() -> Vec<PathBuf> {
    let homes = std::fs::read_dir(place::ELSEWHERE).into_iter().flatten().flatten();
    let mut clusters: Vec<PathBuf> = homes.map(|home| home.path().join("postgres")).collect();
    clusters.retain(|cluster| cluster.exists());
    clusters.sort();
    clusters
}

/// A share in the private PostgreSQL of a data folder.
///
/// The server is run by this value or by another process. Dropped, it stops
/// the server if it runs it; [`Private::stop`] does so too, and tells what went wrong.
#[derive(Debug)]
pub struct Private {
    // Dropped in this order: the server must be gone before its lock is free.
    server: Option<Postmaster>,
    running: Option<Lock>,
    keeper: Keeper,
    place: Place,
    durability: Durability,
    url: String,
    _serving: Option<Lock>,
}

impl Private {
    /// Starts, or joins, the server of a data folder, as its one `serve`.
    ///
    /// Makes what is missing, the data folder included, and returns when the server answers:
    /// within about 0.1 s, the first time 1 to 3 s, longer after a loss of power. `durability`
    /// counts whenever this value starts the server, not while another process runs it. May be
    /// called from any thread.
    ///
    /// # Errors
    /// Returns [`PrivateError::AlreadyServed`] if another `serve` has the folder;
    /// all the others if the server cannot be started.
    pub fn start(data: &Path, durability: Durability) -> Result<Self, PrivateError> {
        let place = Place::find(data)?;
        let path = place.serve_lock();
        let begun = Instant::now();
        let serving = loop {
            if let Some(serving) = Lock::take(&path)? {
                break serving;
            }
            if begun.elapsed() > SERVE_PATIENCE {
                let pid = lock::holder(&path);
                return Err(PrivateError::AlreadyServed { data: place.data, pid });
            }
            std::thread::sleep(POLL);
        };
        Self::attach(place, durability, Some(serving))
    }

    /// Joins the running server of a data folder, for `worker` and commands.
    ///
    /// Where nobody runs it, it is started here, durable, and stopped when this value ends, unless
    /// another process then keeps it.
    ///
    /// # Errors
    /// As [`Private::start`], but never [`PrivateError::AlreadyServed`].
    pub fn join(data: &Path) -> Result<Self, PrivateError> {
        Self::attach(Place::find(data)?, Durability::Full, None)
    }

    /// Joins the server of a data folder as [`Private::join`] does, and never makes a cluster.
    ///
    /// # Errors
    /// Returns [`PrivateError::NoDatabase`] if there is none; else as [`Private::join`].
    pub fn join_existing(data: &Path) -> Result<Self, PrivateError> {
        Self::attach(Place::existing(data)?, Durability::Full, None)
    }

    /// Returns where the server is, in libpq's words: `host=… port=… user=hydria dbname=hydria`.
    ///
    /// Always the same for a data folder, whichever user runs the server.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server cleanly if this process runs it, and gives up the share.
    ///
    /// Takes about 20 ms, longer while much is to be written. Open connections are ended.
    ///
    /// # Errors
    /// Returns [`PrivateError::Io`] if the server could not be told to stop.
    pub fn stop(mut self) -> Result<(), PrivateError> {
        if let Some(mut server) = self.server.take() {
            server.stop()?;
            self.place.forget_short_socket_folder();
            log::info!("database stopped");
        }
        Ok(())
    }

    /// Returns whether the server has ended meanwhile, and nobody else runs it.
    ///
    /// [`Private::keep`] or [`Private::restart`] brings it back.
    pub fn has_died(&mut self) -> bool {
        match &mut self.server {
            Some(server) => server.has_ended(),
            None => self.running.is_some() || lock::is_free(&self.place.postgres_lock()),
        }
    }

    /// Brings the server back: stops it if it still runs here, and starts it, or joins it.
    ///
    /// # Errors
    /// Fails as [`Private::join`] does.
    pub fn restart(&mut self) -> Result<(), PrivateError> {
        if let Some(mut server) = self.server.take() {
            server.stop()?;
        }
        self.run_or_join()
    }

    /// Sees that the server runs; true if it had to be started.
    ///
    /// To be called about every 100 ms by every process that stays. Takes microseconds while all
    /// is well, and as long as a start where it takes over. After an error, wait a second or so
    /// before calling again: the cause, such as a full disk, may pass.
    ///
    /// # Errors
    /// Fails as [`Private::join`] does.
    pub fn keep(&mut self) -> Result<bool, PrivateError> {
        if let Some(server) = &mut self.server {
            if !server.has_ended() {
                return Ok(false);
            }
            log::warn!("the database has ended ({}): starting it again", server.ending());
            self.server = None;
        } else if self.running.is_none() {
            if !self.takes_lock()? {
                return Ok(false);
            }
            log::info!("the process that ran the database has ended: running it from here");
        }
        self.run_if_free()
    }

    fn attach(
        place: Place,
        durability: Durability,
        serving: Option<Lock>,
    ) -> Result<Self, PrivateError> {
        let url = place.url();
        let keeper = Keeper::begin()?;
        let (server, running) = (None, None);
        let mut private =
            Self { server, running, keeper, place, durability, url, _serving: serving };
        private.run_or_join()?;
        Ok(private)
    }

    fn run_or_join(&mut self) -> Result<(), PrivateError> {
        let begun = Instant::now();
        // Each round anew: the process that starts the server may itself be killed at it.
        while !self.run_if_free()? && self.place.answers().is_none() {
            if begun.elapsed() > JOIN_LIMIT {
                return Err(PrivateError::NotReady {
                    waited: begun.elapsed(),
                    pid: lock::holder(&self.place.postgres_lock()),
                    log: self.place.log(),
                });
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Starts the server if nobody runs it; false where another process does.
    fn run_if_free(&mut self) -> Result<bool, PrivateError> {
        if !self.takes_lock()? {
            return Ok(false);
        }
        self.server = Some(Postmaster::run(&self.place, &self.keeper, self.durability)?);
        Ok(true)
    }

    /// Takes `postgres.lock`, if it is not ours already; false where another has it.
    fn takes_lock(&mut self) -> Result<bool, PrivateError> {
        if self.running.is_none() {
            self.running = Lock::take(&self.place.postgres_lock())?;
        }
        Ok(self.running.is_some())
    }
}
