//! Thumbnails of an image: which there are, which are open, and their addresses.

use super::Image;
use crate::resource::address::Part as _;

/// One thumbnail as it stands in the image's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredThumbnail {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Where it begins in the object, in bytes.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

impl StoredThumbnail {
    /// Pixels.
    pub fn longest_edge(self) -> u32 {
        self.width.max(self.height)
    }
}

impl Image {
    /// All thumbnails, in the order of the object: largest first.
    pub fn thumbnails(&self) -> impl Iterator<Item = StoredThumbnail> {
        let number = |n: &i32| u32::try_from(*n).unwrap_or_default();
        self.thumbnails.chunks_exact(3).scan(0, move |end, parts| match parts {
            [width, height, length] => {
                let (offset, length) = (*end, u64::from(number(length)));
                *end += length;
                Some(StoredThumbnail {
                    width: number(width),
                    height: number(height),
                    offset,
                    length,
                })
            }
            _ => None,
        })
    }

    /// Those that anybody may see: with roles and no number of pixels, none.
    pub fn open_thumbnails(&self) -> impl Iterator<Item = StoredThumbnail> {
        let limit = match u32::try_from(self.draft.max_unauthorised) {
            Ok(pixels) => pixels,
            Err(_no_limit) if self.draft.roles.is_empty() => u32::MAX,
            Err(_no_limit) => 0,
        };
        self.thumbnails().filter(move |t| t.longest_edge() <= limit)
    }

    /// Path of its thumbnail service.
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
