//! Images as delivery knows them: what may be shown of each, and where its pixels are.

use std::mem::size_of;
use std::time::SystemTime;

use chrono::SubsecRound as _;
use imaging::ImagingError;
use imaging::container::Index;

use crate::addresses::ImageAddress;
use crate::classes::image::lookup::ServedImage;
use crate::derivatives::{StoredThumbnail, indexed, stored};
use crate::iiif::{Protection, Size, Source};

/// Bytes that an image takes beyond its texts and its index, about.
const OWN_BYTES: usize = 512;

/// Bytes that the index takes for each tile.
const BYTES_A_TILE: usize = size_of::<u64>() + size_of::<u32>();

/// An image that can be served.
#[derive(Debug)]
pub struct Image {
    pub at: ImageAddress,
    pub protection: Protection,
    /// URI of a licence or rights statement.
    pub rights: Option<String>,
    /// Plain text that is to be shown with the image.
    pub required_statement: Option<String>,
    /// Time when its derivatives were made, or last found right, in whole seconds, as HTTP has it.
    pub modified: SystemTime,
    /// Key of the object that has its pixels.
    pub object: String,
    /// The names by which caches are told to forget its answers: customer, space and image, none with a blank or a comma in it.
    pub cache_tags: [String; 3],
    /// Its thumbnails, largest first.
    pub thumbnails: Vec<StoredThumbnail>,
    /// Its tiles; `None` where a version before made its derivatives, which had thumbnails alone.
    pub pyramid: Option<Pyramid>,
}

/// The tiles of an image.
#[derive(Debug)]
pub struct Pyramid {
    /// Pixels of the full image.
    pub size: Size,
    /// Sizes at which the whole image is stored.
    pub stored: Vec<Size>,
    pub index: Index,
}

impl Pyramid {
    fn new(index: Index) -> Self {
        let whole = index.thumbnails().iter().chain(index.rendition());
        let stored = whole.map(|whole| Size::new(whole.size.width, whole.size.height)).collect();
        let full = index.size();
        Self { size: Size::new(full.width, full.height), stored, index }
    }

    /// Returns what requests are resolved against.
    pub fn source(&self) -> Source<'_> {
        Source { size: self.size, stored: &self.stored }
    }
}

/// Returns the names by which caches are told to forget answers of an image.
fn cache_tags(at: &ImageAddress) -> [String; 3] {
    let ImageAddress { customer, space, image } = at;
    let image = image.replace(',', "%2C");
    [
        format!("customer/{customer}"),
        format!("space/{customer}/{space}"),
        format!("image/{customer}/{space}/{image}"),
    ]
}

impl Image {
    /// Reads a row; nothing if no derivatives were made.
    ///
    /// # Errors
    /// Returns [`ImagingError::Damaged`] if the index is broken, or of a later version.
    pub fn of_row(row: ServedImage) -> Result<Option<Self>, ImagingError> {
        let at = row.address();
        let (Some(object), Some(made)) = (row.object, row.made) else { return Ok(None) };
        let (thumbnails, pyramid) = match &row.index {
            None => (stored(&row.thumbnails).collect(), None),
            Some(index) => {
                let index = Index::decode(index)?;
                (indexed(&index).collect(), Some(Pyramid::new(index)))
            }
        };
        Ok(Some(Self {
            cache_tags: cache_tags(&at),
            at,
            protection: Protection {
                has_roles: !row.roles.is_empty(),
                max_unauthorised: row.max_unauthorised,
            },
            rights: row.rights,
            required_statement: row.required_statement,
            modified: made.trunc_subsecs(0).into(),
            object,
            thumbnails,
            pyramid,
        }))
    }

    /// Returns whether another state of the image has the same pixels, and shows them to the same readers.
    pub fn shows_the_same(&self, other: &Self) -> bool {
        (&self.object, self.protection) == (&other.object, other.protection)
    }

    /// Returns the thumbnails that anybody may see, largest first.
    pub fn open_thumbnails(&self) -> impl Iterator<Item = &StoredThumbnail> {
        let is_open = |of: &&StoredThumbnail| self.protection.opens(Size::new(of.width, of.height));
        self.thumbnails.iter().filter(is_open)
    }

    /// Returns the bytes that it takes in memory, about.
    pub fn bytes(&self) -> usize {
        let texts = [self.rights.as_ref(), self.required_statement.as_ref(), Some(&self.object)];
        let texts = texts.into_iter().flatten().chain(&self.cache_tags);
        let texts: usize = texts.map(String::len).sum();
        let tile = self.pyramid.as_ref().map_or(0, |pyramid| {
            let edge = pyramid.index.tile_edge().max(1);
            let tiles = |size: imaging::Size| {
                u64::from(size.width.div_ceil(edge)) * u64::from(size.height.div_ceil(edge))
            };
            usize::try_from(pyramid.index.levels().map(tiles).sum::<u64>()).unwrap_or(usize::MAX)
        });
        let thumbnails = self.thumbnails.len() * size_of::<StoredThumbnail>() * 2;
        OWN_BYTES + texts + self.at.image.len() * 2 + thumbnails + tile.saturating_mul(BYTES_A_TILE)
    }
}
