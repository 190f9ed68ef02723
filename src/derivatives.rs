//! The object that holds the thumbnails of an image: its format, written and read here only.
//!
//! The JPEG files are concatenated, the largest first. The row of the image holds three numbers for each of them: width and
//! height in pixels, and length in bytes.

/// Numbers in the row of an image for each thumbnail.
const NUMBERS: usize = 3;

/// A thumbnail that is to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewThumbnail<'a> {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub jpeg: &'a [u8],
}

/// The object of an image, and what the row of the image says of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Packed {
    pub object: Vec<u8>,
    pub index: Vec<i32>,
}

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

/// Packs thumbnails into one object, in the order given.
///
/// An object is smaller than 2 GiB, because the index holds lengths of 31 bits.
pub fn pack<'a>(thumbnails: impl IntoIterator<Item = NewThumbnail<'a>>) -> Packed {
    let mut packed = Packed::default();
    for NewThumbnail { width, height, jpeg } in thumbnails {
        let numbers: [Result<i32, _>; NUMBERS] =
            [width.try_into(), height.try_into(), jpeg.len().try_into()];
        packed.index.extend(numbers.into_iter().map(|number| number.unwrap_or(i32::MAX)));
        packed.object.extend_from_slice(jpeg);
    }
    packed
}

/// Returns the thumbnails that an index names, in the order of the object.
pub fn stored(index: &[i32]) -> impl Iterator<Item = StoredThumbnail> {
    let number = |n: &i32| u32::try_from(*n).unwrap_or_default();
    index.chunks_exact(NUMBERS).scan(0, move |end, parts| match parts {
        [width, height, length] => {
            let (offset, length) = (*end, u64::from(number(length)));
            *end += length;
            Some(StoredThumbnail { width: number(width), height: number(height), offset, length })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_found_where_it_was_put() {
        let jpegs: [&[u8]; 3] = [b"largest", b"", b"small"];
        let sizes = [(400, 300), (200, 150), (3, 4)];
        let new = sizes.iter().zip(jpegs).map(|((width, height), jpeg)| NewThumbnail {
            width: *width,
            height: *height,
            jpeg,
        });
        let packed = pack(new);
        let found: Vec<StoredThumbnail> = stored(&packed.index).collect();
        assert_eq!(found.len(), 3);
        for ((found, (width, height)), jpeg) in found.iter().zip(sizes).zip(jpegs) {
            assert_eq!((found.width, found.height), (width, height));
            let range = usize::try_from(found.offset).expect("an offset");
            let end = range + usize::try_from(found.length).expect("a length");
            assert_eq!(packed.object.get(range..end), Some(jpeg));
        }
        assert_eq!(found.first().map(|found| found.longest_edge()), Some(400));
        assert_eq!(found.last().map(|found| found.longest_edge()), Some(4));
    }

    #[test]
    fn nothing_packed_is_nothing() {
        assert_eq!(pack([]), Packed::default());
        assert_eq!(stored(&[1, 2]).count(), 0);
    }
}
