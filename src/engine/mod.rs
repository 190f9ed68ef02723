//! Workers: they claim images by lease, fetch them, make their thumbnails and say how it went.
//!
//! No transaction is open while an image is fetched or decoded. A worker that dies is not missed for longer
//! than its lease: the job may then be claimed again. Every step can be repeated. Whatever is scarce is divided
//! among customers: slots, connections, cores and memory.

mod attempt_error;
pub mod bulk;
pub mod check;
pub mod claim;
pub mod finish;
mod host_keys;
mod hosts;
pub mod ingest;
pub mod janitor;
mod leases;
mod outage;
mod pauses;
mod purge;
pub mod reingest;
pub mod reseal;
pub mod retries;
mod rules;
pub mod sampler;
mod slots;
mod suspects;
mod uploads;
pub mod webhooks;

use std::error::Error;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::addresses::ImageAddress;
use crate::classes::Image;
use crate::database::Database;
use crate::database::notifications::Notifications;
use crate::derivation;
use crate::fairness::{Limiter, Shares};
use crate::hydra::Problem;
use crate::journal::retention::Rounds;
use crate::metrics::Metrics;
use crate::metrics::database::Pool;
use crate::metrics::engine::{AttemptOutcome, Stage};
use crate::origins::{Allowed, Fetcher, Poster, Purger, RetryLimits};
use crate::resource::{Site, path_to};
use crate::storage::Storage;
use crate::traces::{AttributeValue, Traces};
use claim::Claimed;
use hosts::Hosts;
pub use ingest::mebibytes;
use leases::Leases;
use outage::Outage;
use pauses::Pauses;
use rules::Rules;
use slots::SlotSettings;
pub use suspects::GiveUp;
use suspects::Suspects;

/// Connections that the workers of a process use, apart from those of requests.
pub const CONNECTIONS: u32 = 8;
/// Slots that immediate work has for itself, so that a full queue does not delay it.
const IMMEDIATE_SLOTS: usize = 4;
/// Customers that get a slot beyond those that all share, while these are taken by slow work of others.
const EXTRA_SLOTS: usize = 64;
/// Time that all slots for queued work must have been taken until then.
const PATIENCE: Duration = Duration::from_millis(500);
/// Claims of an image whose worker died each time, until it is given up (`docs/rules.md` 6.6).
const MAX_CRASHES: i32 = 3;
/// Delay before a job that could not be released is released again: at first, and at most.
const GIVE_BACK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The settings of the engine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time that a worker that is not heard of keeps an image.
    pub lease: Duration,
    /// Images that are fetched at once, immediate ones apart.
    pub fetches: usize,
    /// Images of the queue that are fetched at once from one host.
    pub host_fetches: usize,
    pub limits: derivation::Limits,
    /// The longest edge of an answer of an image, in pixels; `None`: no answer to `full/max` is stored.
    pub max_edge: Option<u32>,
    /// MiB that reading images may take in all.
    pub memory: usize,
    /// Limits after which an image is given up at which the service fails again and again.
    pub give_up: GiveUp,
    /// Limits after which an image is given up whose origin fails again and again.
    pub retries: RetryLimits,
    /// Folder for originals while they are read, and for what is made of them.
    pub folder: PathBuf,
    /// This program, which is started for each image.
    pub program: PathBuf,
    /// Days for which changes are kept.
    pub journal_days: i32,
    /// Networks that webhooks may be in although they are private.
    pub webhook_allow: Allowed,
    /// Addresses of caches that are told which images were changed.
    pub purge_urls: Vec<String>,
}

/// The workers of one process.
pub struct Engine {
    database: Database,
    site: Arc<Site>,
    storage: Storage,
    fetcher: Fetcher,
    poster: Poster,
    purger: Purger,
    notifications: Notifications,
    settings: Settings,
    leases: Leases,
    pauses: Pauses,
    outage: Outage,
    suspects: Suspects,
    rules: Arc<Rules>,
    hosts: Hosts,
    metrics: Arc<Metrics>,
    traces: Traces,
    /// Snapshots that tell which rows of the journal have been visible for long enough.
    rounds: Mutex<Rounds>,
    /// Transactions at once, by customer.
    acts: Limiter<i32>,
    /// MiB that reading may take, by customer.
    memory: Limiter<i32>,
    /// Images of the queue that may be decoded at once, by customer: one a core, and as many of those who have none.
    cores: Limiter<i32>,
    /// Images that requests wait for and that may be decoded at once, by customer. Fewer than cores, because they are
    /// decoded at full priority; one more of a customer that has none.
    immediate_cores: Limiter<i32>,
}

impl Engine {
    /// Prepares to work; nothing is claimed yet.
    ///
    /// # Errors
    /// Returns what the system says where it gives no threads, or no client of HTTP.
    pub fn new(
        database: Database,
        site: Arc<Site>,
        storage: Storage,
        fetcher: Fetcher,
        notifications: Notifications,
        settings: Settings,
        (metrics, traces): (Arc<Metrics>, Traces),
    ) -> io::Result<Arc<Self>> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        // More statements of one customer at once would only make those of others wait for the cores.
        let shared = cores.clamp(2, CONNECTIONS as usize / 2);
        let memory = settings.memory;
        let limiter = |capacity, extra| Limiter::new(Shares { capacity, extra });
        let poster = Poster::new(settings.webhook_allow.clone()).map_err(io::Error::other)?;
        let purger = Purger::new().map_err(io::Error::other)?;
        let memory = limiter(memory, 0);
        let (pool, reading) = (database.pool_usage(), memory.clone());
        metrics.read_by(move |metrics| {
            metrics.database.set_pool(Pool::Workers, pool());
            metrics.engine.set_memory(reading.usage());
        });
        Ok(Arc::new(Self {
            poster,
            purger,
            leases: Leases::keep(database.url(), settings.lease),
            pauses: Pauses::default(),
            outage: Outage::default(),
            suspects: Suspects::default(),
            rules: Arc::new(Rules::new(cores)),
            hosts: Hosts::new(settings.host_fetches),
            rounds: Mutex::new(Rounds::every(janitor::ROUND)),
            acts: limiter(shared, CONNECTIONS as usize - shared),
            memory,
            cores: limiter(cores, cores),
            immediate_cores: limiter((cores - 1).max(1), 1),
            database,
            site,
            storage,
            fetcher,
            notifications,
            settings,
            metrics,
            traces,
        }))
    }

    /// Works until told to stop, then gives back what it has not finished.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let shares = |capacity| Shares { capacity, extra: EXTRA_SLOTS };
        let immediate = SlotSettings {
            immediate_only: true,
            shares: shares(IMMEDIATE_SLOTS),
            patience: Duration::ZERO,
        };
        let queued = SlotSettings {
            immediate_only: false,
            shares: shares(self.settings.fetches),
            patience: PATIENCE,
        };
        tokio::join!(
            Arc::clone(&self).dispatch(immediate, stop.clone()),
            Arc::clone(&self).dispatch(queued, stop.clone()),
            Arc::clone(&self).run_webhooks(stop.clone()),
            Arc::clone(&self).run_purges(stop.clone()),
            Arc::clone(&self).run_bulk_jobs(stop.clone()),
            Arc::clone(&self).run_maintenance(stop),
        );
    }

    /// Works one image, as a trace of its own.
    async fn work(self: Arc<Self>, job: Claimed, stop: watch::Receiver<bool>) {
        let traces = self.traces.clone();
        let ImageAddress { customer, space, image } = job.at.clone();
        let (number, attempt) = (job.id, job.attempt);
        let attributes = move || {
            vec![
                ("hydria.customer", AttributeValue::Number(customer.into())),
                ("hydria.space", AttributeValue::Number(space.into())),
                ("hydria.image", AttributeValue::Text(image)),
                ("hydria.job", AttributeValue::Number(number)),
                ("hydria.attempt", AttributeValue::Number(attempt.into())),
            ]
        };
        traces.job("image", attributes, self.hold_and_work(job, stop)).await;
    }

    /// Works one image while its lease is renewed; gives it back where the process is told to stop.
    async fn hold_and_work(self: Arc<Self>, job: Claimed, mut stop: watch::Receiver<bool>) {
        let _at_work = self.metrics.engine.begun();
        let mut lease = self.leases.hold(&job);
        let told = async {
            while !*stop.borrow() {
                if stop.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = self.supervise(&job, self.ingest(&job)) => {}
            () = lease.lost() => {
                log::info!("{}: it is not this worker's any more", path(&job.at));
                self.abandon_if_superseded(&job).await;
            }
            () = told => {
                if let Err(problem) = self.release(&job, Duration::ZERO).await {
                    log::warn!("{} comes back when its lease is over: {problem}", path(&job.at));
                }
            }
        }
    }

    /// Does the work of a job; where that panics, the job may be claimed again at once, and the attempt counts as
    /// a death, so that it is given up after three.
    pub async fn supervise(&self, job: &Claimed, work: impl Future<Output = ()>) {
        let Err(panic) = AssertUnwindSafe(work).catch_unwind().await else { return };
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        log::error!(
            "{}: the service broke off within attempt {}: {said}",
            path(&job.at),
            job.attempt
        );
        let broken = job.clone();
        let ended = self.blocking(Some(job), move |_, conn| claim::break_off(conn, &broken)).await;
        match ended {
            Ok(()) => self.notifications.notify_work(),
            Err(problem) => {
                log::warn!("{} comes back when its lease is over: {problem}", path(&job.at));
            }
        }
    }

    /// Tells of a stage that began then, and ended just now.
    fn stage(&self, stage: Stage, began: Instant) {
        self.stage_took(stage, began, began.elapsed());
    }

    fn stage_took(&self, stage: Stage, began: Instant, took: Duration) {
        self.metrics.engine.stage(stage, took);
        self.traces.stage(stage.name(), began, took);
    }

    /// Tells how an attempt ended.
    fn attempt_ended(&self, outcome: AttemptOutcome) {
        self.metrics.engine.ended(outcome);
        self.traces.outcome(outcome.name());
    }

    /// Gives a job back that met a fault of the service's own, to be tried again after `pause`, or later.
    async fn put_off(&self, job: &Claimed, fault: &str, pause: Duration) {
        self.attempt_ended(AttemptOutcome::PutOff);
        let pause = self.pauses.fault(job.at.customer, job.returns).max(pause);
        log::warn!("{} is tried again in {} s: {fault}", path(&job.at), pause.as_secs());
        let mut again = GIVE_BACK.0;
        // It would count as a death if the lease ran out.
        while let Err(problem) = self.release(job, pause).await {
            log::warn!("{} cannot be given back yet: {problem}", path(&job.at));
            tokio::time::sleep(again).await;
            again = (again * 2).min(GIVE_BACK.1);
        }
    }

    async fn release(&self, job: &Claimed, pause: Duration) -> Result<(), Problem> {
        let back = job.clone();
        self.blocking(Some(job), move |_, conn| claim::release(conn, &back, pause)).await
    }

    /// Does something with the database on a thread that may wait, in one transaction; `job`: whose it is.
    async fn blocking<T: Send + 'static>(
        &self,
        job: Option<&Claimed>,
        act: impl Fn(&Site, &mut diesel::PgConnection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.blocking_for(job.map_or(0, |job| job.at.customer), act).await
    }

    /// Does as [`Engine::blocking`] does, on behalf of a customer.
    async fn blocking_for<T: Send + 'static>(
        &self,
        customer: i32,
        act: impl Fn(&Site, &mut diesel::PgConnection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.acts.acquire(customer, 1).await;
        let (database, site) = (self.database.clone(), Arc::clone(&self.site));
        tokio::task::spawn_blocking(move || {
            let done = crate::resource::transaction::write(&database, |conn| act(&site, conn));
            drop(permit);
            done
        })
        .await
        .unwrap_or_else(|error| Err(Problem::internal(error)))
    }
}

/// Returns the path at which the API shows an image.
fn path(at: &ImageAddress) -> String {
    path_to::<Image>(at)
}

/// Returns an error with what is behind it, for the log.
fn with_cause(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
