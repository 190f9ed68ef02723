//! One image: begun, fetched, read, derived, stored; each step can be repeated.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::attempt_error::{AttemptError, is_of_all};
use super::claim::Claimed;
use super::finish::{Ingested, JobResult, Settled};
use super::host_keys::{KeysOfStrategy, NoKeys};
use super::suspects::Verdict;
use super::{Engine, Settings, path, with_cause};
use crate::addresses::CustomerOriginStrategyAddress;
use crate::classes::customer_origin_strategy::rules::{StoredRule, held_credentials, stored_rules};
use crate::classes::customer_storage::quota;
use crate::classes::image;
use crate::database::prepared::{BY_INDEX, Prepared};
use crate::derivation::{Derivation, DerivationError, Derived, WantedDerivatives};
use crate::derivatives;
use crate::hydra::Problem;
use crate::metrics::engine::{AttemptOutcome, Stage};
use crate::metrics::fault_kind::FaultKind;
use crate::origins::{Access, CredentialUse, Fetched, HostKeys, Strategy};
use crate::queue::job;
use crate::queue::retry::{self, OfImage, Retry};
use crate::resource::Site;
use crate::schema::{image_optimisation_policies, images, jobs, thumbnail_policies};
use crate::storage::StorageError;
use crate::uploads::origin;
use crate::uploads::parts::{self, Part};

/// Attempts to reach the database while it does not answer, at most.
const TRIES: u32 = 20;
/// Delay between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Steps by which the priority of the processes that read images of the queue is lower than of those that answer
/// requests. With more, the batches of one customer took 3 times as long beside another's registrations as alone; with
/// less, requests did.
const STEPS: i32 = 4;

/// The input of the processing of an image.
struct IngestInput {
    origin: String,
    /// The address from which it is fetched once in place of `origin`.
    initial_origin: Option<String>,
    /// Size of the original that it replaces; nobody but this job changes it.
    held_bytes: i64,
    rules: Vec<StoredRule>,
    /// The parts of the upload that it is fetched from; `None`: it is fetched from elsewhere.
    upload: Option<Vec<Part>>,
    wanted: WantedDerivatives,
}

impl Engine {
    /// Works an image to its end and settles it.
    pub(super) async fn ingest(&self, job: &Claimed) {
        match self.attempt(job).await {
            Ok(None) => self.attempt_ended(AttemptOutcome::Superseded),
            Ok(Some(ingested)) => self.complete(job, JobResult::Done(ingested)).await,
            Err(AttemptError::Image(reason)) => self.complete(job, JobResult::Failed(reason)).await,
            Err(AttemptError::Passing(fault)) => self.retry(job, fault).await,
            Err(AttemptError::Service { words, is_of_all }) => {
                self.failed(job, &words, is_of_all).await;
            }
        }
    }

    /// Puts a job off that met a fault of the service's own; one that alone keeps meeting it is given up in the end.
    async fn failed(&self, job: &Claimed, fault: &str, is_of_all: bool) {
        if is_of_all {
            return self.put_off(job, fault, Duration::ZERO).await;
        }
        match self.suspects.fault(job.id, Instant::now(), self.settings.give_up) {
            Verdict::Again { pause, .. } => self.put_off(job, fault, pause).await,
            Verdict::GivenUp { attempts } => {
                let at = path(&job.at);
                log::warn!(
                    "{at} is given up after {attempts} attempts, while others came through: {fault}"
                );
                let reason = format!(
                    "internal fault: the service failed at this image {attempts} times, while others came \
                     through; please report it"
                );
                self.complete(job, JobResult::Failed(reason)).await;
            }
        }
    }

    /// Fetches, reads and stores an image; `None` if the job is not ours any more.
    async fn attempt(&self, job: &Claimed) -> Result<Option<Ingested>, AttemptError> {
        let claimed = job.clone();
        let max_edge = self.settings.max_edge;
        let input = self.with_retry(job, move |_, conn| begin(conn, &claimed, max_edge)).await?;
        let Some(input) = input else { return Ok(None) };
        if job.attempts_exhausted {
            let reason = "given up: the service broke off each time it worked on this image; \
                please report it";
            return Err(AttemptError::Image(reason.into()));
        }
        let IngestInput { origin, initial_origin, held_bytes, rules, upload, wanted } = input;
        let origin = initial_origin.as_ref().unwrap_or(&origin);
        let fetched = match upload {
            Some(parts) => self.fetch_upload(parts).await?,
            None => self.fetch(job, origin, rules).await?,
        };
        let size = i64::try_from(fetched.bytes).unwrap_or(i64::MAX);
        self.check_room(job, size, size - held_bytes).await?;
        let derived = self.derive(job, fetched, wanted).await?;
        let derived_size = i64::try_from(derived.bytes).unwrap_or(i64::MAX);
        let object = job::object(job.id, job.attempt);
        let began = Instant::now();
        let stored = self.storage.put_file(&object, derived.object).await;
        self.stage(Stage::Store, began);
        if let Err(error) = stored {
            return Err(self.not_stored(&error).await);
        }
        let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Ok(Some(Ingested {
            width: pixels(derived.index.size().width),
            height: pixels(derived.index.size().height),
            size,
            object,
            thumbnails: derivatives::sizes(derived.index.thumbnails()),
            index: derived.index.encode(),
            derived_size,
            media_type: derived.format.media_type(),
            initial_origin,
        }))
    }

    /// Returns why an image was not stored, or an upload not read; where the store is away, no image is begun until it is back.
    pub(super) async fn not_stored(&self, error: &StorageError) -> AttemptError {
        self.metrics.engine.fault(FaultKind::Storage);
        let is_away = error.is_of_all() || self.storage.confirm().await.is_err();
        if is_away {
            self.outage.begin();
        }
        let words = with_cause(error);
        AttemptError::Service { words, is_of_all: is_away || is_of_all(error) }
    }

    async fn fetch(
        &self,
        job: &Claimed,
        origin: &str,
        rules: Vec<StoredRule>,
    ) -> Result<Fetched, AttemptError> {
        let customer = job.at.customer;
        let mut host_keys: Arc<dyn HostKeys> = Arc::new(NoKeys);
        let mut access = Access { customer, strategy: Strategy::DEFAULT, credentials: None };
        if let Some(chosen) = self.rules.choose(customer, rules, origin).await? {
            let strategy = chosen.strategy;
            let at = CustomerOriginStrategyAddress { customer, origin_strategy: chosen.id.clone() };
            let (database, acts) = (self.database.clone(), self.acts.clone());
            host_keys = Arc::new(KeysOfStrategy { database, acts, at });
            let open = move |site: &Site, conn: &mut PgConnection| {
                held_credentials(conn, site, customer, &chosen.id, chosen.strategy)
            };
            let held = match strategy.credentials() {
                CredentialUse::Never => None,
                CredentialUse::Optional(_) | CredentialUse::Required(_) => {
                    self.with_retry(job, open).await?
                }
            };
            access.credentials = strategy.credentials_to_send(held)?;
            access.strategy = strategy;
        }
        // What a request waits for never waits for the customer's own queue; its slots are few.
        let _fetching = match access.host(origin) {
            Some(host) if !job.immediate => Some(self.hosts.acquire(host, customer).await),
            _ => None,
        };
        let folder = &self.settings.folder;
        let began = Instant::now();
        let fetched = self.fetcher.fetch(origin, &access, host_keys, folder).await;
        self.stage(Stage::Fetch, began);
        Ok(fetched.inspect_err(|error| self.metrics.engine.fault(error.kind()))?)
    }

    /// Refuses an original that a storage policy has no room for, before it is read; room is taken when it is completed.
    ///
    /// `size` is its size in bytes, `added` the difference in bytes from the original that it replaces.
    async fn check_room(&self, job: &Claimed, size: i64, added: i64) -> Result<(), AttemptError> {
        let at = job.at.clone();
        let lacking =
            move |_: &Site, conn: &mut PgConnection| quota::lacking_room(conn, &at, (size, added));
        let Some(reason) = self.with_retry(job, lacking).await? else { return Ok(()) };
        self.metrics.engine.fault(FaultKind::Quota);
        Err(AttemptError::Image(reason))
    }

    /// Reads the image in a process of its own, within the memory and the cores that all reading shares.
    async fn derive(
        &self,
        job: &Claimed,
        fetched: Fetched,
        wanted: WantedDerivatives,
    ) -> Result<Derived, AttemptError> {
        let Settings { program, folder, limits, .. } = &self.settings;
        let customer = job.at.customer;
        let nice = if job.immediate { 0 } else { STEPS };
        let metrics = &self.metrics.engine;
        let count = |error: &DerivationError| {
            metrics.fault(match error {
                DerivationError::Image(_) => FaultKind::Image,
                DerivationError::Service(_) | DerivationError::System(_) => FaultKind::Local,
            });
        };
        let began = Instant::now();
        let started = Derivation::start(program, folder, fetched.file, *limits, nice).await;
        let started = started.inspect_err(count)?;
        let inspected = began.elapsed();
        self.traces.stage("inspect", began, inspected);
        let began = Instant::now();
        let units = mebibytes(started.memory);
        let memory = self.memory.acquire(customer, units).await;
        let cores = if job.immediate { &self.immediate_cores } else { &self.cores };
        let core = cores.acquire(customer, 1).await;
        self.stage(Stage::Wait, began);
        let began = Instant::now();
        let derived = started.finish(wanted).await.inspect_err(count);
        drop((memory, core));
        let derived = derived?;
        let deriving = began.elapsed().saturating_sub(derived.decoding);
        // Decoding goes on in between; a trace shows it in one piece, before the rest.
        metrics.stage(Stage::Decode, inspected + derived.decoding);
        self.traces.stage(Stage::Decode.name(), began, derived.decoding);
        metrics.stage(Stage::Derive, deriving);
        self.traces.stage(Stage::Derive.name(), began + derived.decoding, deriving);
        Ok(derived)
    }

    /// Settles a job; where the database does not answer, again and again while the lease may hold.
    pub(super) async fn complete(&self, job: &Claimed, settled: JobResult) {
        let settled = Arc::new(settled);
        let (claimed, outcome) = (job.clone(), Arc::clone(&settled));
        let settle = move |_: &Site, conn: &mut PgConnection| {
            super::finish::complete_job(conn, &claimed, &outcome)
        };
        let began = Instant::now();
        let done = self.with_retry(job, settle).await;
        self.stage(Stage::Settle, began);
        match done {
            Ok(Some(Settled { finished, refused })) => {
                if refused.is_some() {
                    self.metrics.engine.fault(FaultKind::Quota);
                }
                let settled = refused.as_ref().unwrap_or(&settled);
                self.attempt_ended(match settled {
                    JobResult::Done(_) => AttemptOutcome::Done,
                    JobResult::Failed(_) => AttemptOutcome::Failed,
                });
                match settled {
                    JobResult::Done(_) => log::debug!("{}: {settled}", path(&job.at)),
                    JobResult::Failed(_) => log::info!("{} {settled}", path(&job.at)),
                }
                for finished in finished {
                    log::info!("{finished}");
                }
                self.pauses.success(job.at.customer);
                let came_through = matches!(settled, JobResult::Done(_));
                self.suspects.settled(job.id, came_through, Instant::now());
                self.notifications.notify_completed(job.id);
            }
            Ok(None) => self.abandon_if_superseded(job).await,
            Err(problem) => match &*settled {
                // What an image was given up for need not be found out again.
                JobResult::Failed(_) => {
                    self.put_off(job, &with_cause(&problem), Duration::ZERO).await;
                }
                JobResult::Done(_) => {
                    Box::pin(self.failed(job, &with_cause(&problem), is_of_all(&problem))).await;
                }
            },
        }
    }

    /// Drops what was made for a job that is not there any more.
    ///
    /// Unless it was settled by this very attempt, whose answer was lost with the connection.
    pub(super) async fn abandon_if_superseded(&self, job: &Claimed) {
        self.attempt_ended(AttemptOutcome::Superseded);
        self.suspects.forget(job.id);
        let key = job::object(job.id, job.attempt);
        let (at, named) = (job.at.clone(), key.clone());
        let kept =
            self.with_retry(job, move |_, conn| image::derivatives::names(conn, &at, &named));
        match kept.await {
            Ok(true) => {
                log::info!("{}: was settled, though the answer was lost", path(&job.at));
                self.notifications.notify_completed(job.id);
            }
            Ok(false) => {
                log::info!(
                    "{}: sent again meanwhile; this attempt counts for nothing",
                    path(&job.at)
                );
                // A backup may have seen a row that named it, before another attempt replaced it.
                let discarded =
                    self.with_retry(job, move |_, conn| job::discard_ended(conn, &key)).await;
                if let Err(problem) = discarded {
                    log::warn!("{}: {problem}", path(&job.at));
                }
            }
            // The object is discarded already by the worker that took the job over.
            Err(problem) => log::warn!("{}: {problem}", path(&job.at)),
        }
    }

    /// Does something with the database, tried again and again while it does not answer.
    pub(super) async fn with_retry<T: Send + 'static>(
        &self,
        job: &Claimed,
        act: impl Fn(&Site, &mut PgConnection) -> Result<T, Problem> + Clone + Send + 'static,
    ) -> Result<T, Problem> {
        let mut tries = 1;
        loop {
            match self.blocking(Some(job), act.clone()).await {
                Err(Problem::Unavailable(..) | Problem::SerializationConflict(_))
                    if tries < TRIES =>
                {
                    log::warn!("{}: the database does not answer yet", path(&job.at));
                    tokio::time::sleep(PAUSE).await;
                    tries += 1;
                }
                Err(problem) => {
                    self.metrics.engine.fault(FaultKind::Database);
                    return Err(problem);
                }
                done => return done,
            }
        }
    }
}

/// Whole MiB that hold so many bytes; 1 at least.
pub fn mebibytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(1 << 20)).unwrap_or(usize::MAX >> 4).max(1)
}

/// Notes that the image was taken off the queue, and reads what is needed; `None` if the job is not ours any more.
///
/// `max_edge` is the longest edge of an answer in pixels, if there is a limit.
fn begin(
    conn: &mut PgConnection,
    job: &Claimed,
    max_edge: Option<u32>,
) -> Result<Option<IngestInput>, Problem> {
    conn.batch_execute(BY_INDEX)?;
    let held = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt));
    let at = &job.at;
    let image = images::table
        .filter(images::customer.eq(at.customer))
        .filter(images::space.eq(at.space))
        .filter(images::id.eq(&at.image))
        .filter(exists(held));
    let begun = diesel::update(image).set(images::dequeued.eq(Utc::now()));
    let columns = (
        images::origin,
        images::initial_origin,
        images::thumbnail_policy,
        images::image_optimisation_policy,
        OfImage,
    );
    let image: Option<(String, Option<String>, String, String, Retry)> =
        Prepared(begun.returning(columns)).get_result(conn).optional()?;
    let Some((origin, initial_origin, policy, optimisation, before)) = image else {
        return Ok(None);
    };
    if before.next_try.is_some() {
        retry::begin(conn, at)?;
    }
    let sizes: Vec<i32> =
        thumbnail_policies::table.find(&policy).select(thumbnail_policies::sizes).first(conn)?;
    let optimisation = image_optimisation_policies::table.find(&optimisation);
    let stores_full: bool =
        optimisation.select(image_optimisation_policies::stores_full).first(conn)?;
    let upload = match origin::id_of(initial_origin.as_ref().unwrap_or(&origin)) {
        Some(id) => Some(parts::of(conn, at.customer, id)?),
        None => None,
    };
    Ok(Some(IngestInput {
        upload,
        origin,
        initial_origin,
        held_bytes: image::derivatives::of_image(conn, at)?.map_or(0, |before| before.size),
        rules: stored_rules(conn, at.customer)?,
        wanted: WantedDerivatives {
            edges: sizes.into_iter().filter_map(|edge| u32::try_from(edge).ok()).collect(),
            rendition: max_edge.filter(|_| stores_full),
        },
    }))
}
