//! The cache of images by address, so that a tile needs no statement.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::image::Image;
use crate::addresses::ImageAddress;

/// Time for which an image is shown as it was looked up, while it cannot be learned whether it was changed.
const UNCONFIRMED: Duration = Duration::from_secs(2);

/// Images that are expected in the cache; more or fewer fit in by their weight.
const EXPECTED: usize = 4096;

/// Parts of the cache that are locked apart: few, because none keeps an image that is larger than the part.
const SHARDS: usize = 8;

/// Returns the time when changes were last asked for with success; nothing until then.
pub type Confirmed = Box<dyn Fn() -> Option<Instant> + Send + Sync>;

/// The cache of images. What is not there is looked up each time, because it may be registered at any moment.
pub struct Images {
    cache: Cache<ImageAddress, Arc<Image>, ByBytes>,
    confirmed: RwLock<Option<Confirmed>>,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<ImageAddress, Arc<Image>> for ByBytes {
    fn weight(&self, _at: &ImageAddress, image: &Arc<Image>) -> u64 {
        image.bytes() as u64
    }
}

impl Images {
    /// Returns an empty cache that takes so many bytes.
    ///
    /// # Errors
    /// Fails if so many bytes cannot be reckoned with.
    pub fn new(bytes: u64) -> io::Result<Self> {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(EXPECTED)
            .weight_capacity(bytes)
            .shards(SHARDS)
            .build()
            .map_err(io::Error::other)?;
        let hashes = DefaultHashBuilder::default();
        let cache = Cache::with_options(options, ByBytes, hashes, DefaultLifecycle::default());
        Ok(Self { cache, confirmed: RwLock::new(None) })
    }

    /// Says who knows until when changes have been heard of. Without it, nothing is kept.
    pub fn confirm_by(&self, confirmed: Confirmed) {
        *self.confirmed.write() = Some(confirmed);
    }

    /// Returns an image, looked up if it is not known.
    ///
    /// Those who ask for the same image at once share a look-up. What is forgotten while it is looked up is not kept.
    ///
    /// # Errors
    /// Returns the error of the look-up.
    pub async fn find<E>(
        &self,
        at: &ImageAddress,
        look_up: impl AsyncFnOnce() -> Result<Image, E>,
    ) -> Result<Arc<Image>, E> {
        if !self.is_confirmed() {
            return look_up().await.map(Arc::new);
        }
        match self.cache.get_value_or_guard_async(at).await {
            Ok(known) => Ok(known),
            Err(guard) => {
                let image = Arc::new(look_up().await?);
                // It was forgotten meanwhile: the next one looks it up anew.
                let _ = guard.insert(Arc::clone(&image));
                Ok(image)
            }
        }
    }

    /// Forgets an image that was changed, and returns what was known of it; a look-up under way is not kept.
    pub fn forget(&self, at: &ImageAddress) -> Option<Arc<Image>> {
        self.cache.remove(at).map(|(_, image)| image)
    }

    /// Forgets all images.
    pub fn forget_all(&self) {
        self.cache.clear();
    }

    fn is_confirmed(&self) -> bool {
        let confirmed = self.confirmed.read();
        let last = confirmed.as_ref().and_then(|confirmed| confirmed());
        last.is_some_and(|last| last.elapsed() < UNCONFIRMED)
    }
}
