//! Opens what a command needs: the data folder, the database, the secrets, the objects.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use super::Failure;
use super::binding::{self, DataFolderState};
use crate::config::Config;
use crate::database::deployment::Deployment;
use crate::database::replica::Replica;
use crate::database::{self, Conn, Database, migrate, pooler};
use crate::resource::Site;
use crate::secrets::{self, Secrets};
use crate::storage::Storage;
use private_postgres::{Durability, Private};

/// Connections of the requests of a process; workers have their own.
const CONNECTIONS: u32 = crate::web::CONNECTIONS;
/// Interval at which it is seen to that the private server runs.
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

/// A connection to the database of the settings, and the private server that it may need.
struct Opened {
    conn: Conn,
    url: String,
    private: Option<Kept>,
}

/// The action of a command on a database that does not exist, or whose schema is not up to date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Makes it, as the one `serve` of its folder.
    MakeAsService,
    /// Makes it.
    Make,
    /// Returns an error that says how to proceed.
    Refuse,
}

impl Setup {
    /// For the service: runs the private server; a second one on the same folder is refused.
    ///
    /// # Errors
    /// Returns the reason in words if the folder, the database or the secret is not available, or they do not belong
    /// together.
    pub fn serve(config: &Config) -> Result<Self, Failure> {
        Self::open(config, Missing::MakeAsService)
    }

    /// For workers and commands that make what is missing: joins a server that runs, or runs it meanwhile.
    ///
    /// # Errors
    /// Returns the reason in words if the folder, the database or the secret is not available, or they do not belong
    /// together.
    pub fn join(config: &Config) -> Result<Self, Failure> {
        Self::open(config, Missing::Make)
    }

    fn open(config: &Config, missing: Missing) -> Result<Self, Failure> {
        private_postgres::make_data_folder(&config.data)?;
        let ground = DataFolderState::survey(config)?;
        let Opened { mut conn, url, private } = Opened::open(config, &ground, missing)?;
        let applied = migrate::migrate(&mut conn)?;
        if !applied.is_empty() {
            log::info!("applied {} to the database", applied.join(", "));
        }
        let (secrets, storage) = binding::bind(&ground, &mut conn)?;
        let database = Database::open(&url, CONNECTIONS)?;
        Ok(Self { database, storage, secrets, private })
    }

    /// Returns what classes need to know of this deployment.
    pub fn site(&self, config: &Config, base: String) -> Arc<Site> {
        site(config, self.secrets.clone(), base)
    }

    /// Returns the replica that answers requests which read, where the settings name one.
    ///
    /// # Errors
    /// Fails if the system gives no threads.
    pub fn replica(&self, config: &Config) -> Result<Option<Replica>, Failure> {
        let Some(url) = &config.read_url else { return Ok(None) };
        let primary = self.database.url();
        let replica = Replica::watch(url.reveal(), primary, CONNECTIONS, config.replica_behind)?;
        Ok(Some(replica))
    }

    /// Stops the private server where this process runs it.
    ///
    /// # Errors
    /// Fails if it does not stop.
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
                    let mut held = kept.lock();
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
        let held = self.private.lock().take();
        held.map_or(Ok(()), |private| private.stop().map_err(Into::into))
    }
}

/// Returns what classes need to know of a deployment.
fn site(config: &Config, secrets: Secrets, base: String) -> Arc<Site> {
    Arc::new(Site {
        base,
        batch_limit: config.batch_limit,
        secrets,
        webhook_allow: config.webhook_allow.clone(),
        s3_ambient: config.s3_ambient.clone(),
        anchors: crate::resource::anchors::Anchors::default(),
    })
}

impl Opened {
    /// Connects to the database of the settings and looks at its schema; writes nothing.
    fn open(
        config: &Config,
        ground: &DataFolderState<'_>,
        missing: Missing,
    ) -> Result<Self, Failure> {
        if config.data.exists() {
            ground.check_cluster()?;
        }
        let private = match (&config.database_url, missing) {
            (Some(_), _) => None,
            (None, Missing::MakeAsService) => Some(Private::start(&config.data, Durability::Full)?),
            (None, Missing::Make) => Some(Private::join(&config.data)?),
            (None, Missing::Refuse) => Some(Private::join_existing(&config.data)?),
        };
        let url = match (&config.database_url, &private) {
            (Some(url), _) => url.reveal().to_owned(),
            (None, Some(private)) => private.url().to_owned(),
            (None, None) => String::new(),
        };
        let private = private.map(Kept::new).transpose()?;
        let (mut conn, messages) = database::connect_with_messages(&url)?;
        if private.is_none() {
            pooler::refuse_shared_sessions(&url, &mut conn)?;
        }
        messages.warn();
        ground.check_schema(&migrate::schema(&mut conn)?, missing != Missing::Refuse)?;
        Ok(Self { conn, url, private })
    }
}

/// An open database for a command that needs it as it is: nothing is made, migrated or bound.
pub struct Rows {
    pub database: Database,
    pub secrets: Secrets,
    /// The deployment according to the database.
    pub deployment: Deployment,
    private: Option<Kept>,
}

impl Rows {
    /// For a command that only reads; it needs no secret, but one that is there must be the right one.
    ///
    /// # Errors
    /// Fails if there is no database, its schema is not that of this version, or it is another folder's.
    pub fn look(config: &Config) -> Result<Self, Failure> {
        Self::open(config, false)
    }

    /// For a command that changes rows, which needs the secret.
    ///
    /// # Errors
    /// As [`Rows::look`], and where the secret is missing.
    pub fn change(config: &Config) -> Result<Self, Failure> {
        Self::open(config, true)
    }

    fn open(config: &Config, needs_secret: bool) -> Result<Self, Failure> {
        let ground = DataFolderState::survey(config)?;
        let Opened { mut conn, url, private } = Opened::open(config, &ground, Missing::Refuse)?;
        let held = Deployment::read(&mut conn)?;
        let secrets = match ground.compare(&mut conn, held.as_ref())? {
            Some(secrets) => secrets,
            None if needs_secret => return Err(ground.secret_missing().into()),
            // Nothing is hashed or opened with it.
            None => Secrets::derived(&secrets::random()?),
        };
        let deployment = held.ok_or(binding::Refusal::Unclaimed)?;
        let database = Database::open(&url, CONNECTIONS)?;
        Ok(Self { database, secrets, deployment, private })
    }

    /// Returns what classes need to know of this deployment.
    pub fn site(&self, config: &Config, base: String) -> Arc<Site> {
        site(config, self.secrets.clone(), base)
    }

    /// Stops the private server where this process runs it.
    ///
    /// # Errors
    /// Fails if it does not stop.
    pub fn close(self) -> Result<(), Failure> {
        let Self { database, private, .. } = self;
        drop(database);
        private.map_or(Ok(()), Kept::stop)
    }
}

/// `hydria adopt`: takes the secret or the storage at hand in place of one that was lost.
///
/// # Errors
/// Fails if there is no database, or nobody has started on it.
pub fn adopt(config: &Config, secret: bool, storage: bool) -> Result<(), Failure> {
    let ground = DataFolderState::survey(config)?;
    let Opened { mut conn, private, .. } = Opened::open(config, &ground, Missing::Refuse)?;
    let done = binding::adopt(config, &mut conn, secret, storage);
    drop(conn);
    private.map_or(Ok(()), Kept::stop)?;
    done?;
    if secret {
        println!(
            "The secret is taken. API keys and stored credentials of before are void: `hydria key make` \
             makes new keys, and credentials of origin strategies have to be given again."
        );
    }
    if storage {
        println!("The storage is taken. `hydria check --repair` processes again what it lacks.");
    }
    Ok(())
}
