//! Delivery of pixels: stored bytes are copied at once, everything else is rendered within bounds.
//!
//! Nothing here speaks SQL, JSON or HTTP. Images are cached by address, and forgotten when the journal says that they
//! were changed. Answers that are stored as they are take no lane and are never refused; the others take one by
//! their cost, which is known before work begins (`docs/delivery.md`).

pub mod error;
mod files;
pub mod image;
pub mod images;
mod lanes;
pub mod names;
mod plan;
mod results;
mod stream;
mod threads;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use imaging::render::{Rendering, render, render_cost};

pub use error::DeliveryError;
use files::{Files, is_cached};
pub use image::{Image, Pyramid};
use images::Images;
pub use lanes::Admission;
use lanes::{Lanes, lane};
use names::Names;
pub use plan::Planned;
use plan::{Plan, name, plan};
use results::{Rendered, Results};
pub use stream::{Part, Parts};

use crate::addresses::ImageAddress;
use crate::derivatives::StoredThumbnail;
use crate::iiif::{Resolved, Size};
use crate::metrics::Metrics;
use crate::storage::Storage;

/// Bytes of stored pixels that are seen to be there before the answer begins; of what is longer, each part is when it is due.
const SHORT: u64 = 64 << 10;

/// Time that a request waits for a rendering that another one makes, at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// The settings of delivery.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes that renderings at work may hold in all.
    pub render_memory: u64,
    /// Bytes that one rendering may hold, which then has its lane for itself.
    pub most_render_memory: u64,
    /// Bytes of images, and of renderings, that are kept in memory, half each.
    pub cache_memory: u64,
    /// Folder of the folders of renderings, of which each process has one.
    pub folder: PathBuf,
    /// Bytes of renderings that are kept in the folder; 0: none.
    pub cache_disk: u64,
    pub admission: Admission,
}

/// Delivers pixels.
pub struct Delivery {
    pub images: Images,
    pub names: Names,
    files: Files,
    lanes: Lanes,
    results: Results,
}

/// Pixels that are sent.
#[derive(Debug)]
pub enum Pixels {
    Memory(Bytes),
    /// A range of a file, in bytes, to be sent in [`Parts`]. `is_cached` tells whether the page cache was seen to have it.
    File {
        file: Arc<File>,
        range: Range<u64>,
        is_cached: bool,
    },
}

impl Pixels {
    /// Returns their length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { range, .. } => range.end - range.start,
        }
    }

    /// Returns a part of them; `part` is a range of their bytes.
    #[must_use]
    pub fn part(self, part: Range<u64>) -> Self {
        match self {
            Self::Memory(bytes) => {
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let (start, end) = (place(part.start), place(part.end));
                Self::Memory(bytes.slice(start..end.max(start)))
            }
            Self::File { file, range, is_cached } => {
                let place = |at: u64| range.start.saturating_add(at).min(range.end);
                Self::File { file, range: place(part.start)..place(part.end), is_cached }
            }
        }
    }
}

impl Delivery {
    /// Starts delivery from a storage.
    ///
    /// # Errors
    /// Fails if the system gives no threads, or the folder of renderings cannot be made.
    pub fn start(
        storage: Storage,
        settings: &Settings,
        metrics: &Metrics,
    ) -> io::Result<Arc<Self>> {
        let Settings { cache_memory, folder, cache_disk, .. } = settings;
        Ok(Arc::new(Self {
            images: Images::new(cache_memory / 2)?,
            names: Names::new(),
            files: Files::new(storage)?,
            lanes: Lanes::new(
                settings.render_memory,
                settings.most_render_memory,
                settings.admission,
                metrics,
            )?,
            results: Results::new(cache_memory / 2, folder, *cache_disk)?,
        }))
    }

    /// Returns how a request is answered that was resolved against an image.
    ///
    /// # Errors
    /// Returns [`DeliveryError::Missing`] if the image has no pyramid and no thumbnail of this size, and
    /// [`DeliveryError::Render`] if no such rendering is made.
    pub fn plan(&self, image: &Image, resolved: &Resolved) -> Result<Planned, DeliveryError> {
        let Some(pyramid) = &image.pyramid else {
            let is_meant = |of: &&StoredThumbnail| Size::new(of.width, of.height) == resolved.size;
            let of = image.thumbnails.iter().find(is_meant).ok_or(DeliveryError::Missing)?;
            return Ok(Planned { plan: Plan::Copy(of.offset..of.offset + of.length), lane: None });
        };
        let plan = plan(pyramid, resolved);
        let lane = match &plan {
            Plan::Copy(_) => None,
            Plan::Render(rendering) => Some(lane(render_cost(&pyramid.index, rendering)?)),
        };
        Ok(Planned { plan, lane })
    }

    /// Returns the pixels of an image as they were planned.
    ///
    /// # Errors
    /// Returns [`DeliveryError`].
    pub async fn pixels(
        self: &Arc<Self>,
        image: &Arc<Image>,
        planned: Planned,
    ) -> Result<Pixels, DeliveryError> {
        match planned.plan {
            Plan::Copy(range) => self.copy(image, range).await,
            Plan::Render(rendering) => self.rendered(image, rendering).await,
        }
    }

    async fn copy(&self, image: &Image, range: Range<u64>) -> Result<Pixels, DeliveryError> {
        let file = self.files.open(&image.object).await?;
        if range.end - range.start > SHORT {
            return Ok(Pixels::File { file, range, is_cached: false });
        }
        if is_cached(&file, &range) {
            return Ok(Pixels::File { file, range, is_cached: true });
        }
        Ok(Pixels::Memory(self.files.read_waiting(file, range).await?))
    }

    /// Returns a rendering that is kept, or makes it, in a task of its own: it is of use to others if its client leaves.
    async fn rendered(
        self: &Arc<Self>,
        image: &Arc<Image>,
        rendering: Rendering,
    ) -> Result<Pixels, DeliveryError> {
        let name = name(image, &rendering);
        if let Some(rendered) = self.results.known(&name) {
            return Ok(rendered.into());
        }
        let (delivery, image) = (Arc::clone(self), Arc::clone(image));
        let task = tokio::spawn(async move { delivery.find_or_make(image, rendering, name).await });
        let rendered = task.await.map_err(io::Error::other)??;
        Ok(rendered.into())
    }

    /// Returns a rendering, which is made once for all who ask for it at the same time.
    async fn find_or_make(
        self: Arc<Self>,
        image: Arc<Image>,
        rendering: Rendering,
        name: String,
    ) -> Result<Rendered, DeliveryError> {
        let found = tokio::time::timeout(PATIENCE, self.results.find(&name)).await;
        let vacancy = match found.or(Err(DeliveryError::Overloaded))? {
            Ok(rendered) => return Ok(rendered),
            Err(vacancy) => vacancy,
        };
        let (delivery, wanted) = (Arc::clone(&self), name.clone());
        let kept = self.files.run(move || delivery.results.read(&wanted)).await?;
        let rendered = match kept {
            Some(rendered) => rendered,
            None => self.make(image, rendering, name.clone()).await?,
        };
        vacancy.fill(rendered.clone());
        Ok(rendered)
    }

    /// Renders an answer within the bounds of its lane.
    async fn make(
        self: &Arc<Self>,
        image: Arc<Image>,
        rendering: Rendering,
        name: String,
    ) -> Result<Rendered, DeliveryError> {
        let pyramid = image.pyramid.as_ref().ok_or(DeliveryError::Missing)?;
        let cost = render_cost(&pyramid.index, &rendering)?;
        let admitted = self.lanes.admit(image.at.customer, cost).await?;
        let file = self.files.open(&image.object).await?;
        let delivery = Arc::clone(self);
        let made = self.lanes.run(admitted, move || {
            let pyramid = image.pyramid.as_ref().ok_or(DeliveryError::Missing)?;
            let mut sink = delivery.results.sink();
            render(&*file, &pyramid.index, &rendering, &mut sink)?;
            Ok(sink.finish(&name))
        });
        made.await?
    }

    /// Forgets an image that was changed. Its object is closed, so that one that was removed takes no space.
    pub fn forget(&self, at: &ImageAddress) {
        if let Some(image) = self.images.forget(at) {
            self.files.forget(&image.object);
        }
    }

    /// Forgets all images.
    pub fn forget_all(&self) {
        self.images.forget_all();
        self.files.forget_all();
    }
}

impl From<Rendered> for Pixels {
    fn from(rendered: Rendered) -> Self {
        match rendered {
            Rendered::Memory(bytes) => Self::Memory(bytes),
            Rendered::File(file, length) => Self::File { file, range: 0..length, is_cached: false },
        }
    }
}
