use std::ops::Range;

use super::{VERSION, varint};
use crate::{Channels, ImagingError, Size};

/// Tiles that an index may have: those of a picture of 65,535 pixels each way in tiles of 64.
const MOST_TILES: u64 = 2 << 20;

/// Thumbnails that an index may have.
const MOST_THUMBNAILS: u64 = 256;

/// The place where bytes may end: beyond what file systems hold.
const LAST_BYTE: u64 = 1 << 56;

/// A picture within a container: a complete JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// In pixels.
    pub size: Size,
    /// Its first byte within the container.
    pub offset: u64,
    /// In bytes.
    pub length: u32,
}

impl Stored {
    /// Returns the bytes of the container that are its file.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset + u64::from(self.length)
    }
}

/// A level of the pyramid; level 0 is the picture at its true size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) size: Size,
    pub(crate) columns: u32,
    /// Of each tile, row by row, at its true size.
    pub(crate) offsets: Vec<u64>,
    pub(crate) lengths: Vec<u32>,
}

/// The places of all tiles, thumbnails and renditions of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub(crate) size: Size,
    pub(crate) tile: u32,
    pub(crate) channels: Channels,
    pub(crate) levels: Vec<Level>,
    pub(crate) thumbnails: Vec<Stored>,
    pub(crate) rendition: Option<Stored>,
}

/// Says whether tiles may have that edge: multiples of 16, as TIFF wants them.
pub(super) fn is_tile_edge(edge: u32) -> bool {
    (64..=4096).contains(&edge) && edge.is_multiple_of(16)
}

/// Returns the sizes of all levels: each half of the one before, rounded up, down to the
/// first that fits into a tile.
pub(super) fn level_sizes(size: Size, tile: u32) -> Vec<Size> {
    let mut sizes = vec![size];
    let mut last = size;
    while last.longest() > tile {
        last = Size { width: last.width.div_ceil(2), height: last.height.div_ceil(2) };
        sizes.push(last);
    }
    sizes
}

impl Index {
    /// Returns the size of the full picture.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the edge of whole tiles, in pixels.
    #[must_use]
    pub fn tile_edge(&self) -> u32 {
        self.tile
    }

    /// Returns the kind of samples, gray or RGB.
    #[must_use]
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// Returns the end of the last byte that it names within the container.
    #[must_use]
    pub fn end(&self) -> u64 {
        let ends = |level: &Level| {
            let places = level.offsets.iter().zip(&level.lengths);
            places.map(|(offset, length)| offset + u64::from(*length)).max().unwrap_or_default()
        };
        let stored = self.thumbnails.iter().chain(&self.rendition).map(|stored| stored.range().end);
        self.levels.iter().map(ends).chain(stored).max().unwrap_or_default()
    }

    /// Returns the size of each level, the full one first.
    pub fn levels(&self) -> impl Iterator<Item = Size> {
        self.levels.iter().map(|level| level.size)
    }

    /// Returns the thumbnails, largest first.
    #[must_use]
    pub fn thumbnails(&self) -> &[Stored] {
        &self.thumbnails
    }

    /// Returns the stored answer to `full/max`, if there is one.
    #[must_use]
    pub fn rendition(&self) -> Option<&Stored> {
        self.rendition.as_ref()
    }

    /// Returns the bytes of a tile at its true size, a complete JPEG; none beyond the picture.
    #[must_use]
    pub fn tile(&self, level: usize, column: u32, row: u32) -> Option<Range<u64>> {
        let level = self.levels.get(level)?;
        if column >= level.columns {
            return None;
        }
        let number = row as usize * level.columns as usize + column as usize;
        let (&offset, &length) = level.offsets.get(number).zip(level.lengths.get(number))?;
        Some(offset..offset + u64::from(length))
    }

    /// Returns the thumbnail or rendition of exactly this size, if there is one.
    #[must_use]
    pub fn stored_whole(&self, output: Size) -> Option<&Stored> {
        self.thumbnails.iter().chain(&self.rendition).find(|stored| stored.size == output)
    }

    /// Returns the index in few bytes: about three for each tile.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |number: u64| varint::put(number, &mut bytes);
        put(VERSION);
        put(u64::from(self.size.width));
        put(u64::from(self.size.height));
        put(u64::from(self.tile));
        put(u64::from(self.channels != Channels::Gray));
        // Most places follow upon the one before: only the others are written.
        let mut end = 0_u64;
        let mut place = |offset: u64, length: u32, put: &mut dyn FnMut(u64)| {
            let follows = offset == end;
            put(u64::from(length) << 1 | u64::from(!follows));
            if !follows {
                put(zigzag(offset.cast_signed().wrapping_sub(end.cast_signed())));
            }
            end = offset + u64::from(length);
        };
        for level in &self.levels {
            for (&offset, &length) in level.offsets.iter().zip(&level.lengths) {
                place(offset, length, &mut put);
            }
        }
        put(u64::from(self.rendition.is_some()));
        put(self.thumbnails.len() as u64);
        for stored in self.rendition.iter().chain(&self.thumbnails) {
            put(u64::from(stored.size.width));
            put(u64::from(stored.size.height));
            place(stored.offset, stored.length, &mut put);
        }
        bytes
    }

    /// Reads what [`Index::encode`] wrote; nothing in it is believed before it is checked.
    ///
    /// # Errors
    /// Returns [`ImagingError::Damaged`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, ImagingError> {
        Self::parse(bytes).ok_or_else(|| ImagingError::damaged("its index of tiles is broken"))
    }

    /// Returns whether a later version of this program wrote an index, which is not broken then.
    #[must_use]
    pub fn is_of_later_version(mut bytes: &[u8]) -> bool {
        varint::take(&mut bytes).is_some_and(|version| version > VERSION)
    }

    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        if varint::take(bytes)? != VERSION {
            return None;
        }
        let size = take_size(bytes)?;
        let tile = u32::try_from(varint::take(bytes)?).ok()?;
        let channels = match varint::take(bytes)? {
            0 => Channels::Gray,
            1 => Channels::Rgb,
            _ => return None,
        };
        if !is_tile_edge(tile) {
            return None;
        }
        let mut end = 0_u64;
        let mut levels = Vec::new();
        for size in level_sizes(size, tile) {
            let columns = size.width.div_ceil(tile);
            let count = u64::from(columns) * u64::from(size.height.div_ceil(tile));
            // Each takes a byte at least: before memory is taken for them.
            if count > MOST_TILES || count > bytes.len() as u64 {
                return None;
            }
            let count = usize::try_from(count).ok()?;
            let (mut offsets, mut lengths) = (Vec::with_capacity(count), Vec::with_capacity(count));
            for _ in 0..count {
                let (offset, length) = take_place(bytes, &mut end)?;
                offsets.push(offset);
                lengths.push(length);
            }
            levels.push(Level { size, columns, offsets, lengths });
        }
        let has_rendition = match varint::take(bytes)? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let count = varint::take(bytes).filter(|count| *count <= MOST_THUMBNAILS)?;
        let mut stored = || -> Option<Stored> {
            let size = take_size(bytes)?;
            let (offset, length) = take_place(bytes, &mut end)?;
            Some(Stored { size, offset, length })
        };
        let rendition = if has_rendition { Some(stored()?) } else { None };
        let thumbnails = (0..count).map(|_| stored()).collect::<Option<Vec<_>>>()?;
        bytes.is_empty().then_some(Self { size, tile, channels, levels, thumbnails, rendition })
    }
}

fn take_size(bytes: &mut &[u8]) -> Option<Size> {
    let mut side = || {
        let side = u32::try_from(varint::take(bytes)?).ok()?;
        (1..=0x7FFF_FFFF).contains(&side).then_some(side)
    };
    Some(Size { width: side()?, height: side()? })
}

fn take_place(bytes: &mut &[u8], end: &mut u64) -> Option<(u64, u32)> {
    let head = varint::take(bytes)?;
    let length = u32::try_from(head >> 1).ok()?;
    let gap = if head & 1 == 1 { unzigzag(varint::take(bytes)?) } else { 0 };
    let offset = end.checked_add_signed(gap)?;
    *end = offset.checked_add(u64::from(length)).filter(|end| *end <= LAST_BYTE)?;
    Some((offset, length))
}

/// Returns small numbers of either sign as small numbers.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}
