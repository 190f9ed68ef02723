use std::rc::Rc;

use image::metadata::Orientation;

use super::directory::{Directory, Layout, Tag};
use super::kind::{Alpha, Colours, Compression, LZMA_BYTES, Numbers, Predictor, ZSTANDARD_WINDOW};
use super::levels::levels;
use crate::bytes::ReadAt;
use crate::{ImagingError, Size, memory};

/// Profiles of presses, the longest, take 2 to 4 MB.
const LONGEST_PROFILE_BYTES: u64 = 16 << 20;

/// The longest tables that JPEGs may share, in bytes.
const LONGEST_TABLES_BYTES: u64 = 1 << 20;

/// Strips and tiles that a page may have: their places are held in memory.
const MOST_CHUNKS: u64 = 4 << 20;

/// Samples of a pixel; more are measurements, not pictures.
const MOST_SAMPLES: u16 = 16;

/// The picture of a TIFF, as its directory describes it.
pub(super) struct Page<'a> {
    pub(super) source: &'a dyn ReadAt,
    pub(super) layout: Layout,
    pub(super) size: Size,
    pub(super) colours: Colours,
    pub(super) compression: Compression,
    pub(super) numbers: Numbers,
    pub(super) predictor: Predictor,
    pub(super) alpha: Option<Alpha>,
    pub(super) orientation: Orientation,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) reversed_bits: bool,
    /// Red, green and blue of each index, 8 bits each.
    pub(super) palette: Vec<[u8; 3]>,
    /// The level of each number that a sample of at most 16 bits can be.
    pub(super) levels: Rc<[u8]>,
    pub(super) jpeg_tables: Vec<u8>,
    /// A whole JPEG, or the head of one, as the old kind has it: its place and length.
    pub(super) jpeg_stream: Option<(u64, u64)>,
    /// Pixels that share their colour, across and down.
    pub(super) subsampling: (u32, u32),
    /// Tells whether each colour has strips or tiles of its own.
    pub(super) planar: bool,
    pub(super) bits: u16,
    /// Samples of a pixel, those included that are no colour.
    pub(super) samples: usize,
    pub(super) tiled: bool,
    /// A strip or tile; those at the edges hold less.
    pub(super) chunk: Size,
    pub(super) offsets: Vec<u64>,
    pub(super) lengths: Vec<u64>,
}

impl<'a> Page<'a> {
    pub(super) fn open(source: &'a dyn ReadAt) -> Result<Self, ImagingError> {
        let directory = Directory::of_picture(source)?;
        let size =
            Size { width: side(&directory, Tag::WIDTH)?, height: side(&directory, Tag::HEIGHT)? };
        let short =
            |tag, otherwise| Ok::<u16, ImagingError>(directory.short(tag)?.unwrap_or(otherwise));
        let samples = short(Tag::SAMPLES, 1)?;
        if !(1..=MOST_SAMPLES).contains(&samples) {
            return Err(ImagingError::Unsupported(format!(
                "a TIFF with {samples} samples a pixel"
            )));
        }
        let guess = if samples >= 3 { 2 } else { 1 };
        let colours = Colours::of(short(Tag::PHOTOMETRIC, guess)?)?;
        if usize::from(samples) < colours.samples() {
            return Err(ImagingError::damaged("its pixels have fewer samples than its colours"));
        }
        let t4_options = directory.number(Tag::T4_OPTIONS)?.unwrap_or(0);
        let compression = Compression::of(short(Tag::COMPRESSION, 1)?, t4_options)?;
        let extra = directory.numbers(Tag::EXTRA_SAMPLES)?;
        let alpha = match extra.as_deref() {
            _ if usize::from(samples) <= colours.samples() => None,
            Some([1, ..]) => Some(Alpha::Associated),
            Some([2, ..]) => Some(Alpha::Unassociated),
            _ => None,
        };
        // It only matters for looks: a broken one is passed over.
        let orientation = directory.number(Tag::ORIENTATION).ok().flatten();
        let orientation = orientation.and_then(|number| u8::try_from(number).ok());
        let orientation = orientation.and_then(Orientation::from_exif);
        let stream = directory.number(Tag::JPEG_STREAM)?;
        let stream_bytes = directory.number(Tag::JPEG_STREAM_BYTES)?.unwrap_or(u64::from(u32::MAX));
        let subsampling = match directory.numbers(Tag::YCBCR_SUBSAMPLING)?.as_deref() {
            _ if colours != Colours::YCbCr => (1, 1),
            Some(&[across @ (1 | 2 | 4), down @ (1 | 2 | 4), ..]) => (across, down),
            Some(_) => return Err(ImagingError::damaged("its colours are spread in no known way")),
            None => (2, 2),
        };
        let mut page = Self {
            source,
            layout: directory.layout,
            size,
            colours,
            compression,
            numbers: numbers(&directory)?,
            predictor: predictor(&directory)?,
            alpha,
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            profile: directory.bytes(Tag::ICC_PROFILE, LONGEST_PROFILE_BYTES).ok().flatten(),
            reversed_bits: short(Tag::FILL_ORDER, 1)? == 2,
            palette: palette(&directory, colours)?,
            levels: Rc::new([]),
            jpeg_tables: directory
                .bytes(Tag::JPEG_TABLES, LONGEST_TABLES_BYTES)?
                .unwrap_or_default(),
            jpeg_stream: stream.map(|at| (at, stream_bytes)),
            subsampling: (
                u32::try_from(subsampling.0).unwrap_or(1),
                u32::try_from(subsampling.1).unwrap_or(1),
            ),
            planar: short(Tag::PLANAR, 1)? == 2 && samples > 1,
            bits: bits(&directory)?,
            samples: usize::from(samples),
            tiled: false,
            chunk: size,
            offsets: Vec::new(),
            lengths: Vec::new(),
        };
        page.place_chunks(&directory)?;
        page.check_kind()?;
        page.levels = levels(page.bits, page.numbers, page.colours);
        Ok(page)
    }

    /// Finds out where strips or tiles are, and how large.
    fn place_chunks(&mut self, directory: &Directory<'_>) -> Result<(), ImagingError> {
        let tile = directory.number(Tag::TILE_WIDTH)?;
        self.tiled = tile.is_some();
        let (offsets, lengths) = match self.tiled {
            true => (Tag::TILE_OFFSETS, Tag::TILE_BYTES),
            false => (Tag::STRIP_OFFSETS, Tag::STRIP_BYTES),
        };
        self.chunk = if self.compression == Compression::OldJpeg {
            if self.jpeg_stream.is_none() {
                return Err(ImagingError::unsupported("a TIFF with an old-style JPEG in pieces"));
            }
            // One JPEG for all, whatever strips or tiles are said to be within it.
            self.tiled = false;
            self.planar = false;
            self.size
        } else if self.tiled {
            let height = side(directory, Tag::TILE_HEIGHT)?;
            Size { width: side(directory, Tag::TILE_WIDTH)?, height }
        } else {
            // One strip for all is often said to have 2^32 - 1 rows.
            let rows = directory.number(Tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX).max(1);
            let rows = u32::try_from(rows).unwrap_or(u32::MAX);
            Size { width: self.size.width, height: rows.min(self.size.height) }
        };
        let count = u64::from(self.across()) * u64::from(self.down());
        let count = count * if self.planar { self.samples as u64 } else { 1 };
        if count > MOST_CHUNKS {
            return Err(ImagingError::unsupported("a TIFF in more than four million parts"));
        }
        // Some writers of tiles use the tags of strips.
        let numbers = |tag: Tag, other| match directory.numbers(tag)? {
            Some(numbers) => Ok::<_, ImagingError>(Some(numbers)),
            None => directory.numbers(other),
        };
        self.offsets = numbers(offsets, Tag::STRIP_OFFSETS)?.unwrap_or_default();
        let lengths = numbers(lengths, Tag::STRIP_BYTES)?;
        let whole_jpeg = self.compression == Compression::OldJpeg;
        if !whole_jpeg {
            if (self.offsets.len() as u64) < count {
                return Err(ImagingError::damaged("a strip or tile is missing"));
            }
            self.offsets.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        }
        let stated = lengths.filter(|lengths| lengths.len() >= self.offsets.len());
        self.lengths = match stated {
            Some(lengths) => lengths,
            None => self.reckoned_lengths()?,
        };
        // Stated or not, of bare samples the length is known.
        if self.compression == Compression::None {
            let bytes = self.bare_bytes();
            let mut lengths = std::mem::take(&mut self.lengths);
            for (index, length) in lengths.iter_mut().enumerate() {
                let rows = match self.tiled {
                    true => self.chunk.height,
                    false => self.true_size(index).height,
                };
                *length = bytes.saturating_mul(u64::from(rows.div_ceil(self.subsampling.1)));
            }
            self.lengths = lengths;
        }
        Ok(())
    }

    /// Without stated lengths, each strip reaches to where the next one begins.
    fn reckoned_lengths(&self) -> Result<Vec<u64>, ImagingError> {
        let file_bytes = self.source.length()?;
        let mut starts = self.offsets.clone();
        starts.sort_unstable();
        let end = |from: u64| starts.get(starts.partition_point(|start| *start <= from)).copied();
        let reach = |&from: &u64| end(from).unwrap_or(file_bytes).saturating_sub(from);
        Ok(self.offsets.iter().map(reach).collect())
    }

    /// Returns the bytes of a row of bare samples; of subsampled ones, of a row of blocks.
    pub(super) fn bare_bytes(&self) -> u64 {
        let width = u64::from(self.chunk.width);
        let (across, down) = self.subsampling;
        if self.is_blocks() {
            let block = u64::from(across * down) + 2;
            return u64::from(self.chunk.width.div_ceil(across)) * block;
        }
        let samples = if self.planar { 1 } else { self.samples as u64 };
        (width * samples * u64::from(self.bits)).div_ceil(8)
    }

    /// Says whether pixels come in blocks that share their colour.
    pub(super) fn is_blocks(&self) -> bool {
        let is_jpeg = matches!(self.compression, Compression::Jpeg | Compression::OldJpeg);
        self.colours == Colours::YCbCr && self.subsampling != (1, 1) && !self.planar && !is_jpeg
    }

    fn check_kind(&mut self) -> Result<(), ImagingError> {
        let bits = self.bits;
        let is_jpeg = matches!(self.compression, Compression::Jpeg | Compression::OldJpeg);
        let known = match self.numbers {
            Numbers::Float => matches!(bits, 16 | 32 | 64),
            _ => matches!(bits, 1..=16 | 24 | 32),
        };
        if !known || (is_jpeg && bits != 8) {
            return Err(ImagingError::Unsupported(format!("a TIFF with {bits} bits a sample")));
        }
        let fax = matches!(self.compression, Compression::Fax(_));
        if fax && (bits != 1 || self.samples != 1) {
            return Err(ImagingError::damaged("it is a fax of more than one bit a pixel"));
        }
        let predicted = match self.predictor {
            Predictor::None => true,
            Predictor::Horizontal => matches!(bits, 8 | 16 | 32),
            Predictor::Float => self.numbers == Numbers::Float,
        };
        if !predicted {
            return Err(ImagingError::unsupported("a TIFF with a predictor of this depth"));
        }
        let lab = matches!(self.colours, Colours::Lab | Colours::IccLab);
        if lab && (self.numbers == Numbers::Float || !matches!(bits, 8 | 16)) {
            return Err(ImagingError::Unsupported(format!("a CIELab TIFF with {bits} bits")));
        }
        // Numbers of colours, not amounts: they are taken as they are.
        if lab {
            self.numbers = Numbers::Unsigned;
        }
        if self.is_blocks() && (bits != 8 || self.samples != 3) {
            return Err(ImagingError::unsupported("a TIFF with a rare kind of YCbCr"));
        }
        if self.planar && self.subsampling != (1, 1) {
            return Err(ImagingError::unsupported("a TIFF with planes of different sizes"));
        }
        Ok(())
    }

    /// Returns the columns of strips or tiles.
    pub(super) fn across(&self) -> u32 {
        self.size.width.div_ceil(self.chunk.width.max(1))
    }

    /// Returns the rows of strips or tiles.
    pub(super) fn down(&self) -> u32 {
        self.size.height.div_ceil(self.chunk.height.max(1))
    }

    /// Returns the part of a strip or tile that lies within the picture.
    pub(super) fn true_size(&self, index: usize) -> Size {
        let (across, down) = (self.across().max(1), self.down().max(1));
        let index = u32::try_from(index).unwrap_or(u32::MAX) % across.saturating_mul(down);
        let (column, row) = (index % across, index / across);
        let left = self.size.width.saturating_sub(column.saturating_mul(self.chunk.width));
        let top = self.size.height.saturating_sub(row.saturating_mul(self.chunk.height));
        Size { width: left.min(self.chunk.width), height: top.min(self.chunk.height) }
    }

    /// Returns the planes that are read: one, or each colour, and the alpha behind them.
    pub(super) fn planes(&self) -> usize {
        match self.planar {
            true => self.colours.samples() + usize::from(self.alpha.is_some()),
            false => 1,
        }
    }

    /// Returns the samples of a pixel within a strip or tile.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    pub(super) fn estimated_memory_bytes(&self) -> u64 {
        let row = u64::from(self.size.width.max(self.chunk.width)) * self.samples as u64;
        let rows = if self.tiled { u64::from(self.chunk.height) } else { 32 };
        // JPEGs of several scans are held as coefficients, and which there are shows only later.
        let decoder = match self.compression {
            Compression::Jpeg | Compression::OldJpeg => {
                self.chunk.pixels().min(16 << 20) * self.chunk_samples() as u64 * 2
            }
            Compression::Lzma => LZMA_BYTES,
            // No window is larger than what it looks upon.
            Compression::Zstandard => {
                let rows = u64::from(self.chunk.height);
                self.bare_bytes().saturating_mul(rows).min(1 << ZSTANDARD_WINDOW)
            }
            _ => 0,
        };
        (row * (rows + u64::from(self.bits)))
            .saturating_add(decoder.saturating_mul(self.planes() as u64))
            .saturating_add(32 * self.offsets.len() as u64)
            .saturating_add(2 << 20)
            .saturating_add(memory::of_derivation(
                self.size,
                self.colours.channels(),
                self.orientation,
            ))
    }

    /// Some decoders take the end of the file for the end of a strip: looked for first.
    pub(super) fn check_is_whole(&self) -> Result<(), ImagingError> {
        let file_bytes = self.source.length()?;
        let mut ends = self.offsets.iter().zip(&self.lengths);
        if ends.any(|(offset, length)| offset.saturating_add(*length) > file_bytes) {
            return Err(ImagingError::Truncated);
        }
        Ok(())
    }
}

fn side(directory: &Directory<'_>, tag: Tag) -> Result<u32, ImagingError> {
    match directory.number(tag)?.map(u32::try_from) {
        Some(Ok(side @ 1..=0x7FFF_FFFF)) => Ok(side),
        Some(_) => Err(ImagingError::damaged("its width or height is nought or beyond measure")),
        None => Err(ImagingError::damaged("its size is missing")),
    }
}

fn bits(directory: &Directory<'_>) -> Result<u16, ImagingError> {
    let all = directory.numbers(Tag::BITS)?.unwrap_or_else(|| vec![1]);
    let first = all.first().copied().unwrap_or(1);
    if all.iter().any(|bits| *bits != first) {
        return Err(ImagingError::unsupported("a TIFF whose samples differ in depth"));
    }
    u16::try_from(first).or(Err(ImagingError::damaged("its samples are beyond measure")))
}

fn numbers(directory: &Directory<'_>) -> Result<Numbers, ImagingError> {
    match directory.number(Tag::SAMPLE_FORMAT)?.unwrap_or(1) {
        1 | 4 => Ok(Numbers::Unsigned),
        2 => Ok(Numbers::Signed),
        3 => Ok(Numbers::Float),
        _ => Err(ImagingError::unsupported("a TIFF with complex numbers")),
    }
}

fn predictor(directory: &Directory<'_>) -> Result<Predictor, ImagingError> {
    match directory.number(Tag::PREDICTOR)?.unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 => Ok(Predictor::Horizontal),
        3 => Ok(Predictor::Float),
        other => Err(ImagingError::Unsupported(format!("a TIFF with predictor {other}"))),
    }
}

/// Returns the palette: all reds come first, then all greens, then all blues.
fn palette(directory: &Directory<'_>, colours: Colours) -> Result<Vec<[u8; 3]>, ImagingError> {
    if colours != Colours::Palette {
        return Ok(Vec::new());
    }
    let numbers = directory.numbers(Tag::PALETTE)?.unwrap_or_default();
    let entries = numbers.len() / 3;
    if entries == 0 {
        return Err(ImagingError::damaged("its palette is missing"));
    }
    // Meant as 16 bits; some writers have 8 bits in their place.
    let narrow = numbers.iter().all(|number| *number < 256);
    let level = |&number: &u64| match narrow {
        true => u8::try_from(number).unwrap_or(u8::MAX),
        false => crate::samples::eight_bits(u16::try_from(number).unwrap_or(u16::MAX)),
    };
    let mut planes = numbers.chunks_exact(entries);
    let (red, green, blue) = (planes.next(), planes.next(), planes.next());
    let all = red.into_iter().flatten().zip(green.into_iter().flatten());
    let all = all.zip(blue.into_iter().flatten());
    Ok(all.map(|((red, green), blue)| [level(red), level(green), level(blue)]).collect())
}
