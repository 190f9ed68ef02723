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
mod ranges;
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
use imaging::render::{ReadRange, Rendering, ranges_read, render, render_cost};

pub use error::DeliveryError;
use files::{Files, is_cached};
pub use image::{Image, Pyramid};
use images::Images;
pub use lanes::Admission;
use lanes::{Lanes, lane};
use names::Names;
pub use plan::Planned;
use plan::{Plan, name, plan};
use ranges::{Gathered, Ranges};
use results::{Rendered, Results};
pub use stream::{Part, Parts};

use crate::addresses::ImageAddress;
use crate::derivatives::StoredThumbnail;
use crate::iiif::{Resolved, Size};
use crate::metrics::Metrics;
use crate::storage::{Storage, merged};

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
    /// Bytes of images, and of renderings, that are kept in memory, half each; of a storage in a bucket, tiles and thumbnails
    /// that were read have half the part of renderings.
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
    /// Bytes that were read of objects, where they are kept in a bucket and not as files.
    ranges: Option<Ranges>,
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
    /// A range of an object in a bucket, in bytes, to be sent in [`Parts`].
    Object(StoredRange),
}

/// A range of an object in a bucket.
#[derive(Debug)]
pub struct StoredRange {
    key: Arc<str>,
    /// Range of the tile, the thumbnail or the whole image that is stored as one.
    whole: Range<u64>,
    /// The part of it that is sent.
    part: Range<u64>,
    /// The first bytes of the part, once they were read.
    first: Option<Bytes>,
}

impl Pixels {
    /// Returns their length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { range, .. } => range.end - range.start,
            Self::Object(StoredRange { part, .. }) => part.end - part.start,
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
                Self::File { file, range: within(&range, &part), is_cached }
            }
            Self::Object(stored) => Self::Object(StoredRange {
                part: within(&stored.part, &part),
                first: None,
                ..stored
            }),
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
        let (of_results, of_ranges) = match storage.is_bucket() {
            true => (cache_memory / 4, cache_memory / 4),
            false => (cache_memory / 2, 0),
        };
        Ok(Arc::new(Self {
            images: Images::new(cache_memory / 2)?,
            names: Names::new(),
            ranges: match storage.is_bucket() {
                true => Some(Ranges::new(storage.clone(), of_ranges)?),
                false => None,
            },
            files: Files::new(storage)?,
            lanes: Lanes::new(
                settings.render_memory,
                settings.most_render_memory,
                settings.admission,
                metrics,
            )?,
            results: Results::new(of_results, folder, *cache_disk)?,
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
        if let Some(ranges) = &self.ranges {
            if range.end - range.start <= ranges::PIECE {
                return Ok(Pixels::Memory(ranges.get(&image.object, range).await?));
            }
            let (key, part) = (image.object.as_str().into(), range.clone());
            return Ok(Pixels::Object(StoredRange { key, whole: range, part, first: None }));
        }
        let file = self.files.open(&image.object).await?;
        if range.end - range.start > SHORT {
            return Ok(Pixels::File { file, range, is_cached: false });
        }
        if is_cached(&file, &range) {
            return Ok(Pixels::File { file, range, is_cached: true });
        }
        Ok(Pixels::Memory(self.files.read_waiting(file, range).await?))
    }

    /// Reads the first bytes of what a bucket has, before the answer begins, so that an outage is told by its status.
    ///
    /// # Errors
    /// Returns [`DeliveryError`], [`DeliveryError::Missing`] if the object is not there.
    pub async fn begun(&self, pixels: Pixels) -> Result<Pixels, DeliveryError> {
        match (pixels, &self.ranges) {
            (Pixels::Object(mut stored), Some(ranges)) if stored.first.is_none() => {
                let StoredRange { key, whole, part, .. } = &stored;
                stored.first = Some(ranges.next_of(key, whole, part).await?);
                Ok(Pixels::Object(stored))
            }
            (pixels, _) => Ok(pixels),
        }
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
        let mut cost = render_cost(&pyramid.index, &rendering)?;
        let (customer, object) = (image.at.customer, image.object.as_str());
        let (admitted, container) = match &self.ranges {
            None => {
                let open = async {
                    Ok::<_, DeliveryError>(Container::File(self.files.open(object).await?))
                };
                self.lanes.admit(customer, cost, open).await?
            }
            Some(ranges) => {
                // All tiles are in memory before a thread is taken, which must not wait for a bucket.
                let read = ranges_read(&pyramid.index, &rendering)?;
                let held = merged(&read).into_iter().map(|range| range.end - range.start);
                cost.bytes_held += held.sum::<u64>();
                let gather = async {
                    Ok::<_, DeliveryError>(Container::Gathered(ranges.gather(object, read).await?))
                };
                self.lanes.admit(customer, cost, gather).await?
            }
        };
        let delivery = Arc::clone(self);
        let made = self.lanes.run(admitted, move || {
            let pyramid = image.pyramid.as_ref().ok_or(DeliveryError::Missing)?;
            let mut sink = delivery.results.sink();
            render(container.as_dyn(), &pyramid.index, &rendering, &mut sink)?;
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

/// The bytes that a rendering is made of.
enum Container {
    File(Arc<File>),
    Gathered(Gathered),
}

impl Container {
    fn as_dyn(&self) -> &dyn ReadRange {
        match self {
            Self::File(file) => &**file,
            Self::Gathered(gathered) => gathered,
        }
    }
}

/// Returns a part of a range; `part` is a range of its bytes.
fn within(range: &Range<u64>, part: &Range<u64>) -> Range<u64> {
    let place = |at: u64| range.start.saturating_add(at).min(range.end);
    place(part.start)..place(part.end)
}

impl From<Rendered> for Pixels {
    fn from(rendered: Rendered) -> Self {
        match rendered {
            Rendered::Memory(bytes) => Self::Memory(bytes),
            Rendered::File(file, length) => Self::File { file, range: 0..length, is_cached: false },
        }
    }
}
