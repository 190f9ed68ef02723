//! Reads images that came from anywhere, and makes their thumbnails.
//!
//! Two steps: [`inspect`] reads headers only and says what reading the rest will cost;
//! [`derive()`] decodes, once the caller has checked that probe against its [`Limits`].
//! Nothing is believed of a name or of what the origin says, only of the content.

mod colour;
mod error;
mod jpeg;
mod pixels;
mod raster;
#[cfg(test)]
mod tests;
mod thumbnails;
mod tiff;
mod watch;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;

pub use self::error::ImagingError;
use self::jpeg::{Conversion, Header};
use self::pixels::{Channels, Pixels};

/// The largest thumbnail edge, in pixels, that [`Probe::estimated_memory_bytes`] reckons with.
///
/// A larger edge is made all the same, but may take up to 4 bytes more for each pixel of
/// the image, and 20 for each pixel of the thumbnail.
pub const PLANNED_EDGE: u32 = 2048;

/// Bytes that any reading takes, whatever the size: buffers, tables, code of first use.
const BASE_BYTES: u64 = 8 << 20;

/// Formats recognised by content, never by name or header of the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 8 bits a sample; gray, colour or ink; baseline or progressive.
    Jpeg,
    /// All kinds; of an animation the default image.
    Png,
    /// The first page; gray, RGB, YCbCr or ink, with or without alpha.
    Tiff,
    /// All kinds; of an animation the first frame.
    Webp,
    /// Of an animation the first frame.
    Gif,
}

impl Format {
    /// Recognises a format by the first bytes of a file; 12 bytes are enough.
    #[must_use]
    pub fn recognise(head: &[u8]) -> Option<Self> {
        match head {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Returns the media type registered for the format.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Tiff => "image/tiff",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// A width and a height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Size {
    /// Returns the number of pixels.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Returns the longer of the two edges, in pixels.
    #[must_use]
    pub fn longest(self) -> u32 {
        self.width.max(self.height)
    }
}

impl TryFrom<(usize, usize)> for Size {
    type Error = ImagingError;

    fn try_from((width, height): (usize, usize)) -> Result<Self, ImagingError> {
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(width), Ok(height)) => Ok(Self { width, height }),
            _ => Err(ImagingError::damaged("its size is beyond measure")),
        }
    }
}

/// The properties of an image according to its header, read without decoding pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Told by the content.
    pub format: Format,
    /// As stored, before the orientation is applied.
    pub size: Size,
    /// The memory that reading the image will take at most, thumbnails included.
    ///
    /// Reckoned for edges of up to [`PLANNED_EDGE`].
    pub estimated_memory_bytes: u64,
}

/// The limits of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height.
    pub max_pixels: u64,
    /// Memory while reading, in bytes; compared with [`Probe::estimated_memory_bytes`].
    pub max_bytes: u64,
}

impl Probe {
    /// Says whether the image may be read at all.
    ///
    /// # Errors
    /// Returns [`ImagingError::TooManyPixels`] or [`ImagingError::TooMuchMemory`].
    pub fn check(&self, limits: &Limits) -> Result<(), ImagingError> {
        let pixels = self.size.pixels();
        if pixels > limits.max_pixels {
            return Err(ImagingError::TooManyPixels { pixels, limit: limits.max_pixels });
        }
        if self.estimated_memory_bytes > limits.max_bytes {
            let (bytes, limit) = (self.estimated_memory_bytes, limits.max_bytes);
            return Err(ImagingError::TooMuchMemory { bytes, limit });
        }
        Ok(())
    }
}

/// A thumbnail as stored: a complete baseline JPEG, sRGB, no metadata.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Of the upright image.
    pub size: Size,
    /// The file, from its first byte to its last.
    pub jpeg: Vec<u8>,
}

/// The derivatives of an image.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The true size, after the orientation is applied, of the first frame or page.
    pub size: Size,
    /// Largest first; none larger than the image itself.
    pub thumbnails: Vec<Thumbnail>,
}

/// Reads what the header of an image promises, from the start of the file.
///
/// Of a JPEG with several scans the file is passed through once, to count them.
///
/// # Errors
/// Returns [`ImagingError::NotAnImage`] for any other content; every other kind as named there,
/// except those of [`Probe::check`].
pub fn inspect(file: &mut (impl Read + Seek)) -> Result<Probe, ImagingError> {
    catch_decoder_panic(|| {
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        file.take(12).read_to_end(&mut head)?;
        let format = Format::recognise(&head).ok_or(ImagingError::NotAnImage)?;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(file);
        match format {
            Format::Jpeg => Header::read(&mut reader).map(|header| jpeg_promise(&header)),
            Format::Png => raster::inspect_png(reader),
            Format::Webp => raster::inspect_webp(reader),
            Format::Gif => raster::inspect_gif(reader),
            Format::Tiff => tiff::inspect(reader),
        }
    })
}

fn jpeg_promise(header: &Header) -> Probe {
    let size = header.size;
    let channels = match header.sampling.len() {
        1 => Channels::Gray,
        3 => Channels::Rgb,
        _ => Channels::Cmyk,
    };
    let edge = PLANNED_EDGE.min(size.longest());
    let scaled = jpeg::scaled(size, jpeg::eighths(size, edge));
    let estimated_memory_bytes = scaled.pixels() * channels.count() as u64
        + header.decoder_bytes()
        + thumbnails_bytes(scaled, channels);
    Probe { format: Format::Jpeg, size, estimated_memory_bytes }
}

/// Memory for making thumbnails of decoded pixels of that size, in bytes.
fn thumbnails_bytes(decoded: Size, channels: Channels) -> u64 {
    let edge = u64::from(PLANNED_EDGE.min(decoded.longest()));
    let ratio = |side: u32| u64::from(side) * edge / u64::from(decoded.longest().max(1)) + 1;
    let (width, height) = (ratio(decoded.width), ratio(decoded.height));
    let channels = channels.count() as u64;
    // Resizing goes across first. Then there are at most the picture resized, in its new
    // colours, turned, the smaller ones made before, and the JPEGs.
    BASE_BYTES + width * u64::from(decoded.height) * channels + width * height * (channels + 12)
}

/// Decodes the whole image and makes one thumbnail for each edge in `edges`.
///
/// An edge is the longest of a thumbnail, in pixels. Edges beyond the image are passed
/// over, so that none is larger than the image itself; the same edge counts once. The
/// position in `file` is moved.
///
/// # Errors
/// Returns [`ImagingError::Truncated`], [`ImagingError::Damaged`] and
/// [`ImagingError::Unsupported`], for what only shows in the pixels, or
/// [`ImagingError::Io`].
pub fn derive(file: &File, probe: &Probe, edges: &[u32]) -> Result<Derived, ImagingError> {
    derive_from(BufReader::with_capacity(1 << 16, file), probe, edges)
}

fn derive_from(
    mut reader: impl BufRead + Seek,
    probe: &Probe,
    edges: &[u32],
) -> Result<Derived, ImagingError> {
    catch_decoder_panic(|| {
        reader.rewind()?;
        let edges = thumbnails::edges_within(probe.size, edges);
        let largest = edges.first().copied().unwrap_or(1);
        let decoded = match probe.format {
            Format::Jpeg => decode_jpeg(reader, largest)?,
            Format::Png => raster::decode_png(reader)?,
            Format::Webp => raster::decode_webp(reader)?,
            Format::Gif => raster::decode_gif(reader)?,
            Format::Tiff => tiff::decode(reader)?,
        };
        if decoded.stored != probe.size {
            return Err(ImagingError::damaged("its size changed while it was read"));
        }
        let size = thumbnails::upright(decoded.stored, decoded.orientation);
        Ok(Derived { size, thumbnails: thumbnails::make(&decoded, &edges)? })
    })
}

fn decode_jpeg(mut reader: impl BufRead + Seek, edge: u32) -> Result<Decoded, ImagingError> {
    let header = Header::read(&mut reader)?;
    reader.rewind()?;
    let eighths = jpeg::eighths(header.size, edge);
    let pixels = jpeg::decode(reader, &header, eighths, Conversion::AsMarked)?;
    let Header { size, orientation, profile, .. } = header;
    Ok(Decoded { stored: size, pixels, orientation, profile })
}

/// A decoded image, not yet upright and in colours of its own.
struct Decoded {
    /// The size in the file; that of `pixels` may be smaller already.
    stored: Size,
    pixels: Pixels,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

/// Keeps a decoder's panic from the caller: to be feared of any code fed with hostile files.
fn catch_decoder_panic<T>(
    work: impl FnOnce() -> Result<T, ImagingError>,
) -> Result<T, ImagingError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ImagingError::damaged("the decoder gave up on it")))
}
