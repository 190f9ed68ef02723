//! What every command stands on: the data folder, the database, the secrets, the objects.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Failure, secret_files};
use crate::config::Config;
use crate::database::private::{Durability, Private};
use crate::database::{self, Database, migrate};
use crate::resource::Site;
use crate::secrets::Secrets;
use crate::storage::Storage;

/// Connections that requests and workers of a process share.
const CONNECTIONS: u32 = 16;
/// How often it is seen to that the private server runs.
const KEEP: Duration = Duration::from_millis(100);

/// An open database, with the private server behind it where there is one.
pub struct Setup {
    pub database: Database,
    pub storage: Storage,
    pub secrets: Secrets,
    private: Option<Kept>,
}

/// The private server, and the thread that keeps it running.
struct Kept {
    private: Arc<Mutex<Option<Private>>>,
    stop: Arc<AtomicBool>,
    keeper: JoinHandle<()>,
}

impl Setup {
    /// For the service: runs the private server; a second one on the same folder is refused.
    ///
    /// # Errors
    /// Where the folder, the database or the secret is not to be had.
    pub fn serve(config: &Config) -> Result<Self, Failure> {
        Self::open(config, |data| Private::start(data, Durability::Full))
    }

    /// For workers and commands: joins a server that runs, or runs it meanwhile.
    ///
    /// # Errors
    /// Where the folder, the database or the secret is not to be had.
    pub fn join(config: &Config) -> Result<Self, Failure> {
        Self::open(config, Private::join)
    }

    fn open(
        config: &Config,
        start: impl FnOnce(&std::path::Path) -> Result<Private, database::private::PrivateError>,
    ) -> Result<Self, Failure> {
        make_folder(config)?;
        let secrets = Secrets::new(&secret_files::sealing_secret(config)?);
        let storage = Storage::local(&config.storage)?;
        let private = match &config.database_url {
            Some(_) => None,
            None => Some(start(&config.data)?),
        };
        let url = match (&config.database_url, &private) {
            (Some(url), _) => url.reveal().to_owned(),
            (None, Some(private)) => private.url().to_owned(),
            (None, None) => String::new(),
        };
        let private = private.map(Kept::new).transpose()?;
        let applied = migrate::migrate(&mut database::connect(&url)?)?;
        if !applied.is_empty() {
            log::info!("applied {} to the database", applied.join(", "));
        }
        let database = Database::open(&url, CONNECTIONS)?;
        Ok(Self { database, storage, secrets, private })
    }

    /// What classes need to know of this deployment.
    pub fn site(&self, config: &Config, base: String) -> Arc<Site> {
        Arc::new(Site {
            base,
            batch_limit: config.batch_limit,
            secrets: self.secrets.clone(),
            boundaries: crate::resource::boundary::Boundaries::default(),
        })
    }

    /// Stops the private server where this process runs it.
    ///
    /// # Errors
    /// Where it does not stop.
    pub fn close(self) -> Result<(), Failure> {
        let Self { database, private, .. } = self;
        drop(database);
        private.map_or(Ok(()), Kept::stop)
    }
}

impl Kept {
    fn new(private: Private) -> Result<Self, Failure> {
        let private = Arc::new(Mutex::new(Some(private)));
        let stop = Arc::new(AtomicBool::new(false));
        let (kept, told) = (Arc::clone(&private), Arc::clone(&stop));
        let keeper =
            std::thread::Builder::new().name("postgres keeper".into()).spawn(move || {
                while !told.load(Ordering::SeqCst) {
                    let mut pause = KEEP;
                    let mut held = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    match held.as_mut().map(Private::keep) {
                        Some(Ok(true)) => log::warn!("the database had stopped; it runs again"),
                        Some(Err(error)) => {
                            log::error!("the database does not run: {error}");
                            pause = Duration::from_secs(1);
                        }
                        Some(Ok(false)) | None => {}
                    }
                    drop(held);
                    std::thread::park_timeout(pause);
                }
            })?;
        Ok(Self { private, stop, keeper })
    }

    fn stop(self) -> Result<(), Failure> {
        self.stop.store(true, Ordering::SeqCst);
        self.keeper.thread().unpark();
        self.keeper.join().map_err(|_panic| "the keeper of the database broke off")?;
        let held = self.private.lock().unwrap_or_else(PoisonError::into_inner).take();
        held.map_or(Ok(()), |private| private.stop().map_err(Into::into))
    }
}

fn make_folder(config: &Config) -> Result<(), Failure> {
    let folder = &config.data;
    fs::create_dir_all(folder)
        .map_err(|e| format!("the data folder {} cannot be made: {e}", folder.display()).into())
}
