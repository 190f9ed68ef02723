use std::collections::BTreeMap;

use crate::ImagingError;
use crate::bytes::ReadAt;

/// Directories that are looked through for the picture; more only serve to keep a reader busy.
const MOST_DIRECTORIES: usize = 256;

/// Entries of a directory that are read; the specification knows about 200 tags.
const MOST_ENTRIES: u64 = 4096;

/// The tags that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u16);

impl Tag {
    pub(super) const NEW_SUBFILE_TYPE: Self = Self(254);
    pub(super) const SUBFILE_TYPE: Self = Self(255);
    pub(super) const WIDTH: Self = Self(256);
    pub(super) const HEIGHT: Self = Self(257);
    pub(super) const BITS: Self = Self(258);
    pub(super) const COMPRESSION: Self = Self(259);
    pub(super) const PHOTOMETRIC: Self = Self(262);
    pub(super) const FILL_ORDER: Self = Self(266);
    pub(super) const STRIP_OFFSETS: Self = Self(273);
    pub(super) const ORIENTATION: Self = Self(274);
    pub(super) const SAMPLES: Self = Self(277);
    pub(super) const ROWS_PER_STRIP: Self = Self(278);
    pub(super) const STRIP_BYTES: Self = Self(279);
    pub(super) const PLANAR: Self = Self(284);
    pub(super) const T4_OPTIONS: Self = Self(292);
    pub(super) const PREDICTOR: Self = Self(317);
    pub(super) const PALETTE: Self = Self(320);
    pub(super) const TILE_WIDTH: Self = Self(322);
    pub(super) const TILE_HEIGHT: Self = Self(323);
    pub(super) const TILE_OFFSETS: Self = Self(324);
    pub(super) const TILE_BYTES: Self = Self(325);
    pub(super) const SUB_DIRECTORIES: Self = Self(330);
    pub(super) const EXTRA_SAMPLES: Self = Self(338);
    pub(super) const SAMPLE_FORMAT: Self = Self(339);
    pub(super) const JPEG_TABLES: Self = Self(347);
    pub(super) const JPEG_STREAM: Self = Self(513);
    pub(super) const JPEG_STREAM_BYTES: Self = Self(514);
    pub(super) const YCBCR_SUBSAMPLING: Self = Self(530);
    pub(super) const ICC_PROFILE: Self = Self(34_675);
}

/// The order of bytes in a file, and the width of its offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) little_endian: bool,
    big: bool,
}

impl Layout {
    fn number(self, bytes: &[u8]) -> u64 {
        let join = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        match self.little_endian {
            true => bytes.iter().rev().fold(0, join),
            false => bytes.iter().fold(0, join),
        }
    }
}

struct Entry {
    kind: u16,
    count: u64,
    /// The value itself where it fits, otherwise its place in the file.
    value: Vec<u8>,
}

impl Entry {
    fn width(&self) -> u64 {
        match self.kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 1,
        }
    }
}

/// The directory of a page.
pub(super) struct Directory<'a> {
    source: &'a dyn ReadAt,
    file_bytes: u64,
    pub(super) layout: Layout,
    entries: BTreeMap<u16, Entry>,
    next: u64,
}

impl<'a> Directory<'a> {
    /// Returns the directory of the picture: the first that is not marked as a reduced copy
    /// or a mask, looked for within the first page, too; where there is none, the first.
    pub(super) fn of_picture(source: &'a dyn ReadAt) -> Result<Self, ImagingError> {
        let file_bytes = source.length()?;
        let mut head = [0; 16];
        read_exact(source, head.get_mut(..8).unwrap_or_default(), 0)?;
        let little_endian = head.starts_with(b"II");
        let layout = Layout { little_endian, big: false };
        let (layout, first) = if layout.number(head.get(2..4).unwrap_or_default()) == 42 {
            (layout, layout.number(head.get(4..8).unwrap_or_default()))
        } else {
            read_exact(source, &mut head, 0)?;
            let first = layout.number(head.get(8..).unwrap_or_default());
            (Layout { big: true, ..layout }, first)
        };
        let mut at = first;
        let mut first = None;
        let mut seen = Vec::new();
        while at != 0 && !seen.contains(&at) && seen.len() < MOST_DIRECTORIES {
            let read = Self::read(source, file_bytes, layout, at);
            let directory = match (read, &first) {
                (Ok(directory), _) => directory,
                // The first can be read, and might do: what follows it is no reason to refuse.
                (Err(_), Some(_)) => break,
                (Err(error), None) => return Err(error),
            };
            seen.push(at);
            at = directory.next;
            if directory.is_picture()? {
                return Ok(directory);
            }
            first.get_or_insert(directory);
        }
        let first = first.ok_or_else(|| ImagingError::damaged("it has no pages"))?;
        for at in first.numbers(Tag::SUB_DIRECTORIES)?.unwrap_or_default() {
            if let Ok(directory) = Self::read(source, file_bytes, layout, at)
                && directory.is_picture()?
            {
                return Ok(directory);
            }
        }
        Ok(first)
    }

    fn read(
        source: &'a dyn ReadAt,
        file_bytes: u64,
        layout: Layout,
        at: u64,
    ) -> Result<Self, ImagingError> {
        let (count_bytes, entry_bytes, offset_bytes) = match layout.big {
            true => (8, 20, 8),
            false => (2, 12, 4),
        };
        let mut head = [0; 8];
        let head = head.get_mut(..count_bytes).unwrap_or_default();
        read_exact(source, head, at)?;
        let count = layout.number(head);
        if count > MOST_ENTRIES {
            return Err(ImagingError::damaged("its directory has too many entries"));
        }
        let count = usize::try_from(count).unwrap_or_default();
        let mut table = vec![0; count * entry_bytes];
        read_exact(source, &mut table, at.saturating_add(count_bytes as u64))?;
        let mut entries = BTreeMap::new();
        for entry in table.chunks_exact(entry_bytes) {
            let part = |from: usize, to: usize| entry.get(from..to).unwrap_or_default();
            let small = |from| u16::try_from(layout.number(part(from, from + 2))).unwrap_or(0);
            let count = layout.number(part(4, 4 + offset_bytes));
            let value = part(4 + offset_bytes, entry_bytes).to_vec();
            entries.entry(small(0)).or_insert(Entry { kind: small(2), count, value });
        }
        // The end of the file in place of the next directory is no fault of this one's.
        let mut next = vec![0; offset_bytes];
        let behind = at.saturating_add((count_bytes + table.len()) as u64);
        let next = match read_exact(source, &mut next, behind) {
            Ok(()) => layout.number(&next),
            Err(_) => 0,
        };
        Ok(Self { source, file_bytes, layout, entries, next })
    }

    fn is_picture(&self) -> Result<bool, ImagingError> {
        let new = self.number(Tag::NEW_SUBFILE_TYPE)?.unwrap_or(0);
        let old = self.number(Tag::SUBFILE_TYPE)?.unwrap_or(1);
        Ok(new & 0b101 == 0 && old != 2)
    }

    /// Returns the first number of a tag.
    pub(super) fn number(&self, tag: Tag) -> Result<Option<u64>, ImagingError> {
        let Some(entry) = self.entries.get(&tag.0).filter(|entry| entry.count > 0) else {
            return Ok(None);
        };
        let bytes = self.bytes_of(entry, entry.width())?;
        Ok(Some(self.layout.number(&bytes)))
    }

    /// Returns the first number of a tag as one of 16 bits.
    pub(super) fn short(&self, tag: Tag) -> Result<Option<u16>, ImagingError> {
        let number = self.number(tag)?;
        let beyond = |_| ImagingError::damaged("a number in its directory is out of range");
        number.map(|number| u16::try_from(number).map_err(beyond)).transpose()
    }

    /// Returns all the numbers of a tag.
    pub(super) fn numbers(&self, tag: Tag) -> Result<Option<Vec<u64>>, ImagingError> {
        let Some(entry) = self.entries.get(&tag.0) else { return Ok(None) };
        let width = entry.width();
        let bytes = self.bytes_of(entry, entry.count.saturating_mul(width))?;
        let width = usize::try_from(width).unwrap_or(1);
        Ok(Some(bytes.chunks_exact(width).map(|bytes| self.layout.number(bytes)).collect()))
    }

    /// Returns the bytes of a tag whose value is opaque, unless there are more than `most`.
    pub(super) fn bytes(&self, tag: Tag, most: u64) -> Result<Option<Vec<u8>>, ImagingError> {
        match self.entries.get(&tag.0) {
            Some(entry) if entry.count <= most => self.bytes_of(entry, entry.count).map(Some),
            _ => Ok(None),
        }
    }

    fn bytes_of(&self, entry: &Entry, bytes: u64) -> Result<Vec<u8>, ImagingError> {
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        if entry.count.saturating_mul(entry.width()) <= entry.value.len() as u64 {
            return Ok(entry.value.get(..length).unwrap_or_default().to_vec());
        }
        let at = self.layout.number(&entry.value);
        // Before memory is taken for it: the count may be anything.
        if at.saturating_add(bytes) > self.file_bytes {
            return Err(ImagingError::Truncated);
        }
        let mut value = vec![0; length];
        read_exact(self.source, &mut value, at)?;
        Ok(value)
    }
}

/// Reads bytes of a source, all or none.
pub(super) fn read_exact(
    source: &dyn ReadAt,
    mut into: &mut [u8],
    mut at: u64,
) -> Result<(), ImagingError> {
    while !into.is_empty() {
        let given = source.read_at(into, at)?;
        if given == 0 {
            return Err(ImagingError::Truncated);
        }
        into = into.get_mut(given..).unwrap_or_default();
        at = at.saturating_add(given as u64);
    }
    Ok(())
}
