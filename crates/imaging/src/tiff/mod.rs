mod chunks;

use std::io::{BufRead, Read, Seek, SeekFrom};

use image::metadata::Orientation;
use tiff::decoder::{ChunkType, Decoder, Limits};
use tiff::tags::Tag;
use tiff::{TiffError, TiffFormatError};

use self::chunks::Alpha;
use super::pixels::{Channels, Pixels};
use super::{Decoded, Format, ImagingError, Probe, Size, thumbnails_bytes};

/// Profiles of presses, the longest, take 2 to 4 MB.
const LONGEST_PROFILE_BYTES: u64 = 16 << 20;

/// Reads the directory of the first page of a TIFF.
pub(super) fn inspect(reader: impl BufRead + Seek) -> Result<Probe, ImagingError> {
    let page = Page::open(reader)?;
    let estimated_memory_bytes = page.estimated_memory_bytes();
    Ok(Probe { format: Format::Tiff, size: page.size, estimated_memory_bytes })
}

/// Decodes the first page of a TIFF, strip by strip or tile by tile, to 8 bits a sample.
pub(super) fn decode(reader: impl BufRead + Seek) -> Result<Decoded, ImagingError> {
    let mut page = Page::open(reader)?;
    page.check_is_whole()?;
    let samples = page.read()?;
    Ok(Decoded {
        stored: page.size,
        pixels: Pixels { size: page.size, channels: page.colours.channels(), samples },
        orientation: page.orientation,
        profile: page.profile(),
    })
}

/// The meaning of the samples of a page, of those that are read here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Cmyk,
    YCbCr,
}

impl Colours {
    fn of(photometric: u16) -> Result<Self, ImagingError> {
        match photometric {
            0 => Ok(Self::WhiteIsZero),
            1 => Ok(Self::BlackIsZero),
            2 => Ok(Self::Rgb),
            5 => Ok(Self::Cmyk),
            6 => Ok(Self::YCbCr),
            3 => Err(ImagingError::unsupported("a TIFF with a palette")),
            4 => Err(ImagingError::unsupported("a TIFF that is a transparency mask")),
            8..=10 => Err(ImagingError::unsupported("a TIFF in CIELab colours")),
            other => Err(ImagingError::Unsupported(format!("a TIFF of colour kind {other}"))),
        }
    }

    fn channels(self) -> Channels {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero => Channels::Gray,
            Self::Rgb | Self::YCbCr => Channels::Rgb,
            Self::Cmyk => Channels::Cmyk,
        }
    }
}

/// The first page, as its directory describes it.
struct Page<R: Read + Seek> {
    decoder: Decoder<R>,
    file_bytes: u64,
    size: Size,
    colours: Colours,
    alpha: Option<Alpha>,
    orientation: Orientation,
    compressed_as_jpeg: bool,
    jpeg_tables: Vec<u8>,
    /// Tells whether each colour has strips or tiles of its own.
    planar: bool,
    bits: u8,
    /// Samples of a pixel within a strip or tile.
    samples: usize,
    /// A strip or tile; those at the edges hold less.
    chunk: Size,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

impl<R: BufRead + Seek> Page<R> {
    fn open(mut reader: R) -> Result<Self, ImagingError> {
        let file_bytes = reader.seek(SeekFrom::End(0))?;
        reader.rewind()?;
        let mut decoder = Decoder::new(reader)?;
        let (width, height) = decoder.dimensions()?;
        let size = Size { width, height };
        let tag = |decoder: &mut Decoder<R>, tag| decoder.find_tag_unsigned::<u16>(tag);
        let photometric = tag(&mut decoder, Tag::PhotometricInterpretation)?.unwrap_or_default();
        let compression = tag(&mut decoder, Tag::Compression)?.unwrap_or(1);
        let planar = tag(&mut decoder, Tag::PlanarConfiguration)? == Some(2);
        let colours = Colours::of(photometric)?;
        check_compression(compression)?;
        let kind = decoder.colortype()?;
        let of_all = usize::from(kind.num_samples());
        let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?;
        let alpha = match extra.as_deref() {
            _ if of_all <= colours.channels().count() => None,
            Some([1, ..]) => Some(Alpha::Associated),
            Some([2, ..]) => Some(Alpha::Unassociated),
            _ => None,
        };
        // It only matters for looks: a broken one is passed over.
        let orientation = decoder.find_tag_unsigned(Tag::Orientation).ok().flatten();
        let orientation = orientation.and_then(Orientation::from_exif);
        let jpeg_tables = match decoder.find_tag(Tag::JPEGTables)? {
            Some(tables) => tables.into_u8_vec()?,
            None => Vec::new(),
        };
        let strips = decoder.find_tag_unsigned_vec(Tag::StripOffsets)?;
        let (offsets, lengths) = if let Some(offsets) = strips {
            (Some(offsets), decoder.find_tag_unsigned_vec(Tag::StripByteCounts)?)
        } else {
            let offsets = decoder.find_tag_unsigned_vec(Tag::TileOffsets)?;
            (offsets, decoder.find_tag_unsigned_vec(Tag::TileByteCounts)?)
        };
        let (chunk_width, chunk_height) = decoder.chunk_dimensions();
        let chunk_height = match decoder.get_chunk_type() {
            ChunkType::Tile => chunk_height,
            // One strip for all is often said to have 2^32 - 1 rows.
            ChunkType::Strip => chunk_height.min(height),
        };
        let mut page = Self {
            decoder,
            file_bytes,
            size,
            colours,
            alpha,
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            compressed_as_jpeg: compression == 7,
            jpeg_tables,
            planar,
            bits: kind.bit_depth(),
            samples: if planar { 1 } else { of_all },
            chunk: Size { width: chunk_width, height: chunk_height },
            offsets: offsets.unwrap_or_default(),
            lengths: lengths.unwrap_or_default(),
        };
        // Only now: while tags are read, the limits keep their lengths from being believed.
        let mut limits = Limits::default();
        limits.decoding_buffer_size =
            usize::try_from(page.estimated_memory_bytes()).unwrap_or(usize::MAX);
        limits.intermediate_buffer_size = usize::try_from(file_bytes).unwrap_or(usize::MAX);
        page.decoder = page.decoder.with_limits(limits);
        Ok(page)
    }

    fn estimated_memory_bytes(&self) -> u64 {
        let bytes = u64::from(self.bits).div_ceil(8);
        let chunk = self.chunk.pixels().saturating_mul(self.samples as u64);
        // As stored and as 8 bits; of a JPEG the coefficients, too.
        let chunk = chunk.saturating_mul(if self.compressed_as_jpeg { 4 } else { bytes + 1 });
        let compressed = self.lengths.iter().max().copied().unwrap_or_default();
        let compressed = compressed.min(self.file_bytes).saturating_mul(2);
        let tables = 64 * self.offsets.len() as u64;
        (self.size.pixels().saturating_mul(self.colours.channels().count() as u64))
            .saturating_add(chunk)
            .saturating_add(compressed)
            .saturating_add(tables)
            .saturating_add(thumbnails_bytes(self.size, self.colours.channels()))
    }

    /// Some decoders take the end of the file for the end of a strip: looked for first.
    fn check_is_whole(&self) -> Result<(), ImagingError> {
        let mut ends = self.offsets.iter().zip(&self.lengths);
        if ends.any(|(offset, length)| offset.saturating_add(*length) > self.file_bytes) {
            return Err(ImagingError::Truncated);
        }
        Ok(())
    }

    /// Returns the ICC profile, unless it is longer than any that is of use.
    fn profile(&mut self) -> Option<Vec<u8>> {
        let mut directory = self.decoder.image_ifd();
        let bytes = directory.find_entry(Tag::IccProfile)?.count();
        if bytes > LONGEST_PROFILE_BYTES.min(self.file_bytes) {
            return None;
        }
        let mut profile = vec![0; usize::try_from(bytes).ok()?];
        directory.find_tag_bytes(Tag::IccProfile, &mut profile, 0).ok()?;
        Some(profile)
    }
}

fn check_compression(compression: u16) -> Result<(), ImagingError> {
    let name = match compression {
        1 | 4 | 5 | 7 | 8 | 32_773 | 32_946 => return Ok(()),
        2 | 3 => "fax group 3",
        6 => "old-style JPEG",
        34_712 => "JPEG 2000",
        34_925 => "LZMA",
        50_000 => "Zstandard",
        50_001 => "WebP",
        other => {
            let what = format!("a TIFF with compression of kind {other}");
            return Err(ImagingError::Unsupported(what));
        }
    };
    Err(ImagingError::Unsupported(format!("a TIFF with {name} compression")))
}

impl From<TiffError> for ImagingError {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IoError(error) => error.into(),
            TiffError::UnsupportedError(error) => {
                Self::Unsupported(format!("a TIFF of a rare kind ({error})"))
            }
            TiffError::LimitsExceeded | TiffError::IntSizeError => {
                Self::unsupported("a TIFF whose parts are larger than can be read")
            }
            TiffError::FormatError(TiffFormatError::CompressedDataCorrupt(what)) => {
                Self::Damaged(what)
            }
            error => Self::Damaged(error.to_string()),
        }
    }
}
