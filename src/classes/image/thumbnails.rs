//! Thumbnails of an image: which there are, which are open, and their addresses.

use super::Image;
use crate::classes::role::stored::StoredRole;
use crate::derivatives::{self, StoredThumbnail};
use crate::iiif::path::ImageService;

/// Returns the thumbnails that anybody may see, largest first: none of an image that has roles and no limit in pixels.
pub(super) fn open_thumbnails(
    thumbnails: impl Iterator<Item = StoredThumbnail>,
    roles: &[StoredRole],
    max_unauthorised: i32,
) -> impl Iterator<Item = StoredThumbnail> {
    let limit = match u32::try_from(max_unauthorised) {
        Ok(pixels) => pixels,
        Err(_no_limit) if roles.is_empty() => u32::MAX,
        Err(_no_limit) => 0,
    };
    thumbnails.filter(move |thumbnail| thumbnail.longest_edge() <= limit)
}

impl Image {
    /// Returns the thumbnails that anybody may see, largest first.
    pub fn open_thumbnails(&self) -> impl Iterator<Item = StoredThumbnail> {
        let stored = derivatives::stored(&self.thumbnails);
        open_thumbnails(stored, &self.draft.roles, self.draft.max_unauthorised)
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
