//! The service from start to end, and workers on their own.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::observed::Observed;
use super::reachable::reachable;
use super::{Failure, admin, delivery, demo, setup::Setup};
use crate::config::Config;
use crate::database::notifications::Notifications;
use crate::derivation;
use crate::engine::{self, Engine};
use crate::fairness::priority;
use crate::journal::{Changes, Feed, Hub, Reader};
use crate::origins::{Allowed, Fetcher};
use crate::queue::job;
use crate::resource::Site;
use crate::web::{self, Listening, Parts, Service, image_services};

/// A service that answers.
pub struct Running {
    pub address: SocketAddr,
    /// Public address of the root, without a final slash.
    pub base: String,
    listening: Listening,
    worker: Option<Worker>,
    changes: Hub,
    feed: Feed,
    journal: Arc<Reader>,
    observed: Observed,
    setup: Setup,
}

/// Options of a run of the service, beyond its settings.
#[derive(Debug, Default)]
pub struct Options {
    /// Tells whether `worker` processes do the work.
    pub no_worker: bool,
    /// Folder that is served as an origin, to this service alone.
    pub samples: Option<PathBuf>,
}

/// Starts the service; it answers when this returns.
///
/// # Errors
/// Returns the reason in words if a part of it is not available.
pub fn start(config: &Config, options: Options) -> Result<Running, Failure> {
    let sockets = bind(&config.listen)?;
    let address = sockets.first().ok_or("nothing to listen on")?.local_addr()?;
    let base = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://localhost:{}", address.port()),
    };
    if config.public_url.is_none() && address.ip().is_unspecified() {
        log::warn!(
            "listening on every address of this machine ({address}), while every link leads to {base}, \
             which other machines take for themselves: set HYDRIA_PUBLIC_URL to the address that clients use"
        );
    }
    let robots = web::robots::rules(&config.robots, &base)?;
    let mut observed = Observed::start(config)?;
    let setup = Setup::serve(config)?;
    observed.watch(&setup, config)?;
    let site = setup.site(config, base.clone());
    admin::first_start(&setup, config, &site)?;
    let notifications = Notifications::listen(setup.database.url(), job::WORK, job::SETTLED);
    // Reading has the rest, if there are workers here.
    let render_bytes = match options.no_worker {
        true => config.memory_bytes,
        false => config.memory_bytes / 4,
    };
    let worker = if options.no_worker {
        None
    } else {
        let allowed = match options.samples {
            Some(_) => {
                format!("{},{}", config.origin_allow, reachable(address)).parse::<Allowed>()?
            }
            None => config.origin_allow.clone(),
        };
        let memory = config.memory_bytes - render_bytes;
        let (site, told) = (Arc::clone(&site), notifications.clone());
        Some(Worker::start(&setup, config, memory, allowed, site, told, &observed)?)
    };
    let changes = Hub::default();
    let told = changes.clone();
    let reader = Reader::start(setup.database.url(), move |changes| told.publish(&changes))?;
    let journal = Arc::new(reader);
    let feed = Feed::start(setup.database.url())?;
    let metrics = observed.metrics();
    let delivery = delivery::start(&setup, config, render_bytes, &changes, &journal, &metrics)?;
    let replica = setup.replica(config)?;
    if let Some(replica) = replica.clone() {
        // All that hear of a change read it.
        changes.subscribe(move |told| {
            if let Changes::Images(images) = told {
                let customers: BTreeSet<i32> = images.iter().map(|at| at.customer).collect();
                replica.wrote(&customers.into_iter().collect::<Vec<_>>());
            }
        });
    }
    let service = Service::new(Parts {
        database: setup.database.clone(),
        replica,
        site,
        delivery,
        uploads: web::uploads::Settings {
            storage: setup.storage.clone(),
            folder: originals(config),
            max_bytes: config.origin_limits.max_bytes,
        },
        image_services: image_services::Settings {
            max_edge: config.max_edge,
            cache_seconds: config.cache_seconds,
        },
        notifications,
        changes: changes.clone(),
        feed: feed.clone(),
        auth_delay: config.auth_delay,
        patch_returns_representation: config.patch_returns_representation,
        wait: config.wait,
        samples: options.samples,
        robots,
        connections: config.connections,
        request_bytes: config.request_bytes,
        metrics,
        traces: observed.traces(),
        readiness: observed.readiness(),
        proxies: config.proxies.clone(),
    })?;
    super::memory::keep_small();
    let listening = web::listen(service, sockets)?;
    observed.readiness().started();
    Ok(Running { address, base, listening, worker, changes, feed, journal, observed, setup })
}

impl Running {
    /// Returns where changes to images are told in this process.
    pub fn changes(&self) -> &Hub {
        &self.changes
    }

    /// Returns where operators ask for metrics, if anywhere.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.observed.address()
    }

    /// Stops in order: requests are finished, leases given back, the private server stopped.
    ///
    /// # Errors
    /// Fails if the private server does not stop.
    pub fn stop(self) -> Result<(), Failure> {
        self.observed.readiness().stopping();
        // Streams of events would end by themselves never.
        self.feed.close();
        self.listening.stop()?;
        if let Some(worker) = self.worker {
            worker.stop();
        }
        drop(self.journal);
        // Its metrics hold pools of connections.
        drop(self.observed);
        self.setup.close()
    }
}

fn bind(listen: &str) -> Result<Vec<TcpListener>, Failure> {
    super::reachable::bind(listen, "HYDRIA_LISTEN").map(|socket| vec![socket])
}

/// Makes the folder for originals while they are received or read; returns where it is.
fn originals(config: &Config) -> PathBuf {
    let folder = config.data.join("originals");
    if let Err(error) = private_folder(&folder) {
        // The service answers all the same, and images are tried again until there is a place for them.
        log::error!("the folder {} for originals cannot be made: {error}", folder.display());
    }
    folder
}

/// Makes a folder that the service's user alone may enter.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // A version before made it open to others.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

/// The workers of this process, on a runtime of their own.
struct Worker {
    runtime: Runtime,
    stop: watch::Sender<bool>,
    running: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(
        setup: &Setup,
        config: &Config,
        memory_bytes: u64,
        allowed: Allowed,
        site: Arc<Site>,
        notifications: Notifications,
        observed: &Observed,
    ) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("worker")
            // What it does is long; nobody waits for it as readers wait for tiles.
            .on_thread_start(|| priority::lower(0))
            .enable_all()
            .build()?;
        let folder = originals(config);
        let settings = engine::Settings {
            give_up: engine::GiveUp::default(),
            retries: config.retries,
            lease: config.lease,
            fetches: config.fetches,
            host_fetches: config.host_fetches,
            limits: derivation::Limits {
                max_pixels: config.max_pixels,
                memory: config.ingest_memory_bytes,
                processor_time: config.ingest_time,
            },
            memory: engine::mebibytes(memory_bytes),
            max_edge: config.max_edge.map(image_services::longest_edge),
            folder,
            program: config.program.clone(),
            journal_days: config.journal_days,
            webhook_allow: config.webhook_allow.clone(),
            purge_urls: config.purge_urls.clone(),
        };
        let engine = {
            // The client takes its timers from the runtime it is made in.
            let _inside = runtime.enter();
            let fetcher = Fetcher::new(config.origin_limits, allowed, config.s3_ambient.clone())?;
            let database = setup.database.with_own_pool(engine::CONNECTIONS);
            let storage = setup.storage.clone();
            let told = (observed.metrics(), observed.traces());
            Engine::new(database, site, storage, fetcher, notifications, settings, told)?
        };
        let (stop, stopped) = watch::channel(false);
        let running = runtime.spawn(engine.run(stopped));
        Ok(Self { runtime, stop, running })
    }

    fn stop(self) {
        // Nobody listens any more where the workers broke off.
        let _ = self.stop.send(true);
        let done = self
            .runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(10), self.running).await });
        if done.is_err() {
            log::warn!("workers did not stop in time; their images come back by themselves");
        }
        self.runtime.shutdown_timeout(Duration::from_secs(2));
    }
}

/// `hydria serve`: until it is told to stop.
///
/// # Errors
/// Fails if it cannot start, or stop in order.
pub fn run(config: &Config, no_worker: bool, samples: Option<PathBuf>) -> Result<(), Failure> {
    let began = Instant::now();
    let signals = Signals::listen()?;
    let running = start(config, Options { no_worker, samples: samples.clone() })?;
    let ms = began.elapsed().as_millis();
    log::info!("ready at {} (listening on {}), after {ms} ms", running.base, running.address);
    let demonstration =
        samples.map(|folder| demo::start(config, &folder, running.address)).transpose()?;
    signals.wait();
    log::info!("stopping: requests are finished first");
    drop(demonstration);
    running.stop()?;
    log::info!("stopped");
    Ok(())
}

/// `hydria worker`: until it is told to stop.
///
/// # Errors
/// Fails if it cannot start, or stop in order.
pub fn run_worker(config: &Config) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    let mut observed = Observed::start(config)?;
    let setup = Setup::join(config)?;
    observed.watch(&setup, config)?;
    let site = setup.site(config, super::base(config));
    let notifications = Notifications::listen(setup.database.url(), job::WORK, job::SETTLED);
    let (memory, allowed) = (config.memory_bytes, config.origin_allow.clone());
    let worker = Worker::start(&setup, config, memory, allowed, site, notifications, &observed)?;
    observed.readiness().started();
    log::info!("working");
    signals.wait();
    observed.readiness().stopping();
    log::info!("stopping: what is not finished is given back");
    worker.stop();
    drop(observed);
    setup.close()
}

/// SIGTERM and SIGINT, listened for from the beginning.
pub(super) struct Signals {
    runtime: Runtime,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (terminate, interrupt) = {
            let _inside = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        Ok(Self { runtime, terminate, interrupt })
    }

    pub(super) fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }
}
