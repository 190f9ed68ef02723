//! Workers: they claim images by lease, fetch them, make their thumbnails and say how it went.
//!
//! No transaction is open while an image is fetched or decoded. A worker that dies is not missed for longer
//! than its lease: the job may then be claimed again. Every step can be repeated.

pub mod check;
pub mod claim;
pub mod finish;
pub mod ingest;
pub mod janitor;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::database::Database;
use crate::database::notices::Notices;
use crate::hydra::Problem;
use crate::imaging;
use crate::origins::Fetcher;
use crate::resource::Site;
use crate::storage::Storage;
use claim::Claimed;

/// How long it is until work is looked for without being told of any.
const LOOK: Duration = Duration::from_secs(1);
/// Slots that immediate work has for itself, so that a full queue does not delay it.
const IMMEDIATE_SLOTS: usize = 4;
/// Claims of an image whose worker died each time, until it is given up (`rules.md` 6.6).
const DEATHS: i32 = 3;

/// What the engine is set to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a worker that is not heard of keeps an image.
    pub lease: Duration,
    /// Images that are fetched at once, immediate ones apart.
    pub fetches: usize,
    pub limits: imaging::Limits,
    /// Folder for originals while they are read.
    pub folder: PathBuf,
}

/// The workers of one process.
pub struct Engine {
    database: Database,
    site: Arc<Site>,
    storage: Storage,
    fetcher: Fetcher,
    notices: Notices,
    settings: Settings,
    /// MiB that decoding may still take.
    memory: Arc<Semaphore>,
    /// Images that may still be decoded at once: one a core.
    cores: Arc<Semaphore>,
}

impl Engine {
    pub fn new(
        database: Database,
        site: Arc<Site>,
        storage: Storage,
        fetcher: Fetcher,
        notices: Notices,
        settings: Settings,
    ) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let memory = ingest::mebibytes(settings.limits.max_bytes);
        Arc::new(Self {
            database,
            site,
            storage,
            fetcher,
            notices,
            settings,
            memory: Arc::new(Semaphore::new(memory as usize)),
            cores: Arc::new(Semaphore::new(cores)),
        })
    }

    /// Works until told to stop, then gives back what it has not finished.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let fetches = self.settings.fetches;
        tokio::join!(
            Arc::clone(&self).dispatch(true, IMMEDIATE_SLOTS, stop.clone()),
            Arc::clone(&self).dispatch(false, fetches, stop.clone()),
            Arc::clone(&self).tidy(stop),
        );
    }

    /// Claims work for so many slots and starts it.
    async fn dispatch(
        self: Arc<Self>,
        immediate_only: bool,
        slots: usize,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut working = JoinSet::new();
        while !*stop.borrow() {
            let free = slots - working.len();
            // Listened for before looking, so that nothing falls between.
            let more = self.notices.work();
            let claimed = match free {
                0 => Vec::new(),
                _ => self.claim(immediate_only, free).await,
            };
            let full = claimed.len() == free;
            for job in claimed {
                working.spawn(Arc::clone(&self).work(job, stop.clone()));
            }
            if full && free > 0 {
                continue;
            }
            tokio::select! {
                () = more, if free > 0 => {}
                () = tokio::time::sleep(LOOK), if free > 0 => {}
                Some(_) = working.join_next() => {}
                _ = stop.changed() => {}
            }
        }
        while working.join_next().await.is_some() {}
    }

    async fn claim(&self, immediate_only: bool, wanted: usize) -> Vec<Claimed> {
        let lease = self.settings.lease;
        let claimed =
            self.blocking(move |_, conn| claim::claim(conn, immediate_only, wanted, lease)).await;
        claimed.unwrap_or_else(|problem| {
            log::debug!("nothing claimed: {problem}");
            Vec::new()
        })
    }

    /// Claims one image and works it to its end; none: there was nothing to do.
    pub async fn work_one(self: &Arc<Self>) -> Option<Claimed> {
        let claimed = self.claim(false, 1).await.pop()?;
        let (_never, stop) = watch::channel(false);
        Arc::clone(self).work(claimed.clone(), stop).await;
        Some(claimed)
    }

    /// Works one image while its lease is renewed; gives it back where the process is told to stop.
    async fn work(self: Arc<Self>, job: Claimed, mut stop: watch::Receiver<bool>) {
        let told = async {
            while !*stop.borrow() {
                if stop.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = self.ingest(&job) => {}
            () = self.keep_lease(&job) => {
                log::info!("job {}: it is not this worker's any more", job.id);
                self.yield_to_others(&job).await;
            }
            () = told => self.give_back(&job).await,
        }
    }

    /// Gives a job back at once; it is no fault of the image that it was not finished.
    async fn give_back(&self, job: &Claimed) {
        let back = job.clone();
        let given = self.blocking(move |_, conn| claim::give_back(conn, &back)).await;
        if let Err(problem) = given {
            log::warn!("job {} comes back when its lease is over: {problem}", job.id);
        }
    }

    /// Renews the lease until it is lost.
    async fn keep_lease(&self, job: &Claimed) {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            let (renewed, lease) = (job.clone(), self.settings.lease);
            let kept = self.blocking(move |_, conn| claim::renew(conn, &renewed, lease)).await;
            if matches!(kept, Ok(false)) {
                return;
            }
        }
    }

    /// Does something with the database on a thread that may wait, in one transaction.
    async fn blocking<T: Send + 'static>(
        &self,
        act: impl Fn(&Site, &mut diesel::PgConnection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (database, site) = (self.database.clone(), Arc::clone(&self.site));
        tokio::task::spawn_blocking(move || {
            crate::resource::transaction::write(&database, |conn| act(&site, conn))
        })
        .await
        .unwrap_or_else(|error| Err(Problem::internal(error)))
    }
}
