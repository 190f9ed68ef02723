//! Thumbnails of an image: which there are, which are open, and their addresses.

use super::{Image, ImageDraft};
use crate::derivatives::{self, StoredThumbnail};
use crate::iiif::path::ImageService;
use crate::iiif::{Protection, Size};

impl Image {
    /// Returns what of it is open.
    pub fn protection(&self) -> Protection {
        let ImageDraft { roles, max_unauthorised, .. } = &self.draft;
        Protection { has_roles: !roles.is_empty(), max_unauthorised: *max_unauthorised }
    }

    /// Returns the thumbnails that anybody may see, largest first.
    pub fn open_thumbnails(&self) -> impl Iterator<Item = StoredThumbnail> {
        let protection = self.protection();
        let is_open = move |of: &StoredThumbnail| protection.opens(Size::new(of.width, of.height));
        derivatives::stored(&self.thumbnails).filter(is_open)
    }

    /// Writes the path of one of its thumbnails, in the canonical form, at the end of a text.
    pub(super) fn write_thumbnail_path(&self, thumbnail: StoredThumbnail, path: &mut String) {
        self.write_service(ImageService::Thumbnails, path);
        path.push_str("/full/");
        path.push_str(itoa::Buffer::new().format(thumbnail.width));
        path.push(',');
        path.push_str(itoa::Buffer::new().format(thumbnail.height));
        path.push_str("/0/default.jpg");
    }
}
