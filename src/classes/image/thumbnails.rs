//! Thumbnails of an image: which there are, which are open, and their addresses.

use super::Image;
use crate::derivatives::{self, StoredThumbnail};
use crate::resource::address::Part as _;

impl Image {
    /// Returns all thumbnails, in the order of the object: largest first.
    pub fn thumbnails(&self) -> impl Iterator<Item = StoredThumbnail> {
        derivatives::stored(&self.thumbnails)
    }

    /// Returns those that anybody may see: none of an image that has roles and no limit in pixels.
    pub fn open_thumbnails(&self) -> impl Iterator<Item = StoredThumbnail> {
        let limit = match u32::try_from(self.draft.max_unauthorised) {
            Ok(pixels) => pixels,
            Err(_no_limit) if self.draft.roles.is_empty() => u32::MAX,
            Err(_no_limit) => 0,
        };
        self.thumbnails().filter(move |t| t.longest_edge() <= limit)
    }

    /// Returns the path of its thumbnail service.
    pub fn thumbnail_service(&self) -> String {
        let mut path = String::new();
        self.write_thumbnail_service(&mut path);
        path
    }

    /// Writes the path of its thumbnail service at the end of a text.
    pub fn write_thumbnail_service(&self, path: &mut String) {
        path.push_str("/thumbs");
        for part in [self.customer, self.space] {
            path.push('/');
            part.write(path);
        }
        path.push('/');
        path.push_str(&self.id);
    }

    /// Writes the path of one of its thumbnails, in the canonical form, at the end of a text.
    pub fn write_thumbnail_path(&self, thumbnail: StoredThumbnail, path: &mut String) {
        self.write_thumbnail_service(path);
        path.push_str("/full/");
        path.push_str(itoa::Buffer::new().format(thumbnail.width));
        path.push(',');
        path.push_str(itoa::Buffer::new().format(thumbnail.height));
        path.push_str("/0/default.jpg");
    }
}
