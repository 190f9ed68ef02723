//! One image: begun, fetched, read, derived, stored; each step can be repeated.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::Engine;
use super::claim::Claimed;
use super::finish::{Ingested, Settled};
use crate::classes::image::Image;
use crate::classes::{customer_origin_strategy, customer_storage, job};
use crate::hydra::Problem;
use crate::imaging::{self, Derived, Promise};
use crate::origins::{Credentials, Fetched, Rule, choose};
use crate::resource::Site;
use crate::schema::{images, jobs, thumbnail_policies};

/// How often, and how long apart, the database is tried while it does not answer.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Why an attempt came to nothing.
enum Setback {
    /// The image's own; in words that a librarian understands.
    Image(String),
    /// The database did not answer, which says nothing of the image: its job comes back.
    Database(Problem),
}

impl From<String> for Setback {
    fn from(reason: String) -> Self {
        Self::Image(reason)
    }
}

/// What is needed to work an image.
struct Begun {
    origin: String,
    /// Where it is fetched in place of `origin`, once.
    initial_origin: Option<String>,
    rules: Vec<Rule>,
    edges: Vec<u32>,
}

impl Engine {
    /// Works an image to its end and settles it.
    pub(super) async fn ingest(&self, job: &Claimed) {
        let at = job.clone();
        let begun = match self.patiently(job, move |site, conn| begin(site, conn, &at)).await {
            Ok(Some(begun)) => begun,
            Ok(None) => return,
            Err(problem @ (Problem::Unavailable(..) | Problem::Collision(_))) => {
                log::error!("job {}: cannot begin, and will come back: {problem}", job.id);
                self.give_back(job).await;
                return;
            }
            // It would fail for ever, and its batch never finish.
            Err(problem) => {
                let cause = std::error::Error::source(&problem).map(ToString::to_string);
                log::error!("job {}: {problem}: {}", job.id, cause.unwrap_or_default());
                let reason = "the service could not begin with this image; please report it";
                self.settle(job, Settled::Failed(reason.into())).await;
                return;
            }
        };
        let settled = match self.attempt(job, &begun).await {
            Ok(ingested) => Settled::Done(ingested),
            Err(Setback::Image(reason)) => Settled::Failed(reason),
            Err(Setback::Database(problem)) => {
                log::error!("job {}: breaks off, and will come back: {problem}", job.id);
                self.give_back(job).await;
                return;
            }
        };
        self.settle(job, settled).await;
    }

    async fn attempt(&self, job: &Claimed, begun: &Begun) -> Result<Ingested, Setback> {
        if job.is_hopeless {
            let reason = "given up: the service broke off each time it worked on this image; \
                please report it";
            return Err(Setback::Image(reason.into()));
        }
        let fetched = self.fetch(begun).await?;
        let size = i64::try_from(fetched.bytes).unwrap_or(i64::MAX);
        self.check_room(job, size).await?;
        let (format, derived) = self.derive(fetched, &begun.edges).await?;
        let mut object = Vec::new();
        let mut thumbnails = Vec::new();
        for thumbnail in &derived.thumbnails {
            let parts = [
                i32::try_from(thumbnail.size.width),
                i32::try_from(thumbnail.size.height),
                i32::try_from(thumbnail.jpeg.len()),
            ];
            thumbnails.extend(parts.into_iter().map(|part| part.unwrap_or(i32::MAX)));
            object.extend_from_slice(&thumbnail.jpeg);
        }
        let thumbnail_size = i64::try_from(object.len()).unwrap_or(i64::MAX);
        let derivative = if object.is_empty() {
            None
        } else {
            let key = job::object(job.id, job.attempt);
            self.storage.put(&key, Bytes::from(object)).await.map_err(|error| {
                log::error!("job {}: {error}", job.id);
                "the service could not store the image; send it again later".to_owned()
            })?;
            Some(key)
        };
        let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Ok(Ingested {
            width: pixels(derived.size.width),
            height: pixels(derived.size.height),
            size,
            derivative,
            thumbnails,
            thumbnail_size,
            media_type: format.media_type(),
            initial_origin: begun.initial_origin.clone(),
        })
    }

    async fn fetch(&self, begun: &Begun) -> Result<Fetched, String> {
        let origin = begun.initial_origin.as_ref().unwrap_or(&begun.origin);
        let words = |error: crate::origins::OriginError| {
            if error.is_ours() {
                log::error!("{origin}: {error}");
            }
            error.to_string()
        };
        let credentials: Option<&Credentials> = match choose(&begun.rules, origin) {
            Some(rule) => rule.credentials_to_send().map_err(words)?,
            None => None,
        };
        self.fetcher.fetch(origin, credentials, &self.settings.folder).await.map_err(words)
    }

    /// Refuses an original that the customer's storage policy has no room for.
    async fn check_room(&self, job: &Claimed, size: i64) -> Result<(), Setback> {
        let at = job.at.clone();
        let room = self
            .patiently(job, move |_, conn| {
                // What the image holds already is replaced, not added to.
                let held: Option<i64> = images::table
                    .find((at.customer, at.space, &at.image))
                    .select(images::size)
                    .first(conn)
                    .optional()?;
                customer_storage::has_room(conn, at.customer, size - held.unwrap_or_default())
            })
            .await;
        match room {
            Ok(true) => Ok(()),
            Ok(false) => Err(Setback::Image(format!(
                "the storage policy has no room for this image, which has {size} bytes"
            ))),
            Err(problem) => Err(Setback::Database(problem)),
        }
    }

    /// Reads the image on a thread of its own, within the memory that all decoding shares.
    async fn derive(
        &self,
        fetched: Fetched,
        edges: &[u32],
    ) -> Result<(imaging::Format, Derived), String> {
        let mut file = fetched.file;
        let limits = self.settings.limits;
        let inspected = tokio::task::spawn_blocking(move || {
            let promise = imaging::inspect(&mut file)?;
            promise.check(&limits)?;
            Ok::<(File, Promise), imaging::ImagingError>((file, promise))
        });
        let (file, promise) = joined(inspected.await)?;
        let wanted = mebibytes(promise.working_bytes);
        // The semaphores are never closed.
        let closed = |_closed| "the service is stopping".to_owned();
        let memory = Arc::clone(&self.memory).acquire_many_owned(wanted).await.map_err(closed)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(closed)?;
        let edges = edges.to_vec();
        let derived = tokio::task::spawn_blocking(move || {
            let derived = imaging::derive(&file, &promise, &edges);
            drop((memory, core));
            derived.map(|derived| (promise.format, derived))
        });
        joined(derived.await)
    }

    /// Settles a job; where the database does not answer, again and again while the lease may hold.
    async fn settle(&self, job: &Claimed, settled: Settled) {
        let settled = Arc::new(settled);
        let (claimed, outcome) = (job.clone(), Arc::clone(&settled));
        let settle = move |_: &Site, conn: &mut PgConnection| {
            super::finish::settle(conn, &claimed, &outcome)
        };
        match self.patiently(job, settle).await {
            Ok(true) => {
                log::debug!("job {}: {settled}", job.id);
                self.notices.tell_settled(job.id);
            }
            Ok(false) => self.yield_to_others(job).await,
            Err(problem) => {
                log::error!("job {}: cannot be settled, and will come back: {problem}", job.id);
                self.give_back(job).await;
            }
        }
    }

    /// Drops what was made for a job that is not there any more.
    ///
    /// Unless it was settled by this very attempt, whose answer was lost with the connection.
    pub(super) async fn yield_to_others(&self, job: &Claimed) {
        let key = job::object(job.id, job.attempt);
        let (at, named) = (job.at.clone(), key.clone());
        let kept = self.patiently(job, move |_, conn| {
            let image = images::table.find((at.customer, at.space, &at.image));
            let keeps = image.filter(images::derivative.eq(&named));
            Ok(diesel::select(exists(keeps)).get_result(conn)?)
        });
        match kept.await {
            Ok(true) => {
                log::info!("job {}: was settled, though the answer was lost", job.id);
                self.notices.tell_settled(job.id);
            }
            Ok(false) => {
                log::info!("job {}: sent again meanwhile; this attempt counts for nothing", job.id);
                if let Err(error) = self.storage.remove(&key).await {
                    log::warn!("{error}");
                }
            }
            // The object is discarded already by whoever took the job away.
            Err(problem) => log::warn!("job {}: {problem}", job.id),
        }
    }

    /// Does something with the database, tried again and again while it does not answer.
    async fn patiently<T: Send + 'static>(
        &self,
        job: &Claimed,
        act: impl Fn(&Site, &mut PgConnection) -> Result<T, Problem> + Clone + Send + 'static,
    ) -> Result<T, Problem> {
        let mut tries = 1;
        loop {
            match self.blocking(act.clone()).await {
                Err(Problem::Unavailable(..) | Problem::Collision(_)) if tries < TRIES => {
                    log::warn!("job {}: the database does not answer yet", job.id);
                    tokio::time::sleep(PAUSE).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }
}

fn joined<T>(
    done: Result<Result<T, imaging::ImagingError>, tokio::task::JoinError>,
) -> Result<T, String> {
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => {
            log::error!("decoding broke off: {error}");
            Err("the image is damaged in a way that the service cannot read".into())
        }
    }
}

/// Whole MiB that hold so many bytes; 1 at least.
pub(super) fn mebibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX >> 4).max(1)
}

/// Notes that the image was taken off the queue, and reads what is needed; none: the job is not ours any more.
fn begin(site: &Site, conn: &mut PgConnection, job: &Claimed) -> Result<Option<Begun>, Problem> {
    let held = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt));
    let at = &job.at;
    let image = images::table
        .filter(images::customer.eq(at.customer))
        .filter(images::space.eq(at.space))
        .filter(images::id.eq(&at.image))
        .filter(exists(held));
    let image: Option<Image> = diesel::update(image)
        .set(images::dequeued.eq(Utc::now()))
        .returning(Image::as_returning())
        .get_result(conn)
        .optional()?;
    let Some(image) = image else { return Ok(None) };
    let sizes: Vec<i32> = thumbnail_policies::table
        .find(&image.thumbnail_policy)
        .select(thumbnail_policies::sizes)
        .first(conn)?;
    Ok(Some(Begun {
        origin: image.draft.origin,
        initial_origin: image.draft.initial_origin,
        rules: customer_origin_strategy::rules(conn, site, at.customer)?,
        edges: sizes.into_iter().filter_map(|edge| u32::try_from(edge).ok()).collect(),
    }))
}
