//! Thumbnails as they stand in the object of an image.
//!
//! The row of an image holds three numbers for each of them, the largest first: width and height in pixels, and length in
//! bytes. The index of the object says where they are. Objects of a version before have no index, and hold the thumbnails
//! alone, one after another.

use imaging::container::{Index, Stored};

/// Numbers in the row of an image for each thumbnail.
const NUMBERS: usize = 3;

/// One thumbnail as it stands in the object of its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredThumbnail {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Start within the object, in bytes.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

impl StoredThumbnail {
    /// Returns the longest edge, in pixels.
    pub fn longest_edge(self) -> u32 {
        self.width.max(self.height)
    }
}

/// Returns the numbers for the row of an image.
pub fn sizes(thumbnails: &[Stored]) -> Vec<i32> {
    let numbers = thumbnails.iter().flat_map(|t| [t.size.width, t.size.height, t.length]);
    numbers.map(|number| i32::try_from(number).unwrap_or(i32::MAX)).collect()
}

/// Returns the thumbnails of a row, at the places that they have in an object without an index.
pub fn stored(numbers: &[i32]) -> impl Iterator<Item = StoredThumbnail> {
    let number = |n: &i32| u32::try_from(*n).unwrap_or_default();
    numbers.chunks_exact(NUMBERS).scan(0, move |end, parts| match parts {
        [width, height, length] => {
            let (offset, length) = (*end, u64::from(number(length)));
            *end += length;
            Some(StoredThumbnail { width: number(width), height: number(height), offset, length })
        }
        _ => None,
    })
}

/// Returns the thumbnails of an object, largest first.
pub fn indexed(index: &Index) -> impl Iterator<Item = StoredThumbnail> {
    index.thumbnails().iter().map(|thumbnail| StoredThumbnail {
        width: thumbnail.size.width,
        height: thumbnail.size.height,
        offset: thumbnail.offset,
        length: u64::from(thumbnail.length),
    })
}

#[cfg(test)]
mod tests {
    use imaging::Size;

    use super::*;

    #[test]
    fn the_numbers_of_a_row_are_the_thumbnails_one_after_another() {
        let sizes_of = [(400, 300, 30_000), (200, 150, 9_000), (3, 4, 500)];
        let thumbnails = sizes_of.map(|(width, height, length)| Stored {
            size: Size { width, height },
            offset: 77,
            length,
        });
        let found: Vec<StoredThumbnail> = stored(&sizes(&thumbnails)).collect();
        let mut offset = 0;
        for (found, (width, height, length)) in found.iter().zip(sizes_of) {
            let length = u64::from(length);
            assert_eq!(*found, StoredThumbnail { width, height, offset, length });
            offset += length;
        }
        assert_eq!(found.len(), 3);
        assert_eq!(found.first().map(|found| found.longest_edge()), Some(400));
        assert_eq!(found.last().map(|found| found.longest_edge()), Some(4));
    }

    #[test]
    fn numbers_that_are_no_three_are_no_thumbnail() {
        assert_eq!(stored(&[1, 2]).count(), 0);
    }
}
