//! Reads images that came from anywhere, and makes their derivatives in bounded memory.
//!
//! Two steps: [`inspect`] reads headers only and says what reading the rest will cost;
//! [`Picture::open`] reads rows from top to bottom, once the caller has checked that probe
//! against its [`Limits`].
//! Nothing is believed of a name or of what the origin says, only of the content.

mod bytes;
mod colour;
pub mod container;
mod derive;
mod error;
mod gif;
mod jpeg;
mod jpeg2000;
mod memory;
mod orientation;
mod picture;
mod png;
pub mod render;
mod rows;
mod samples;
mod scale;
#[cfg(test)]
mod tests;
mod tiff;
mod watch;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;

pub use self::bytes::ReadAt;
use self::bytes::Section;
pub use self::derive::{Derived, Plan, derive};
pub use self::error::ImagingError;
pub use self::picture::Picture;
use self::rows::BoxedRows;
pub use self::samples::Channels;

/// Formats recognised by content, never by name or header of the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 8 bits a sample; gray, colour or ink; baseline or progressive.
    Jpeg,
    /// All kinds; of an animation the default image.
    Png,
    /// The first page that is no reduced copy; of nearly all kinds.
    Tiff,
    /// All kinds; of an animation the first frame.
    Webp,
    /// Of an animation the first frame.
    Gif,
    /// With or without boxes (JP2, JPH, or a bare codestream), also with high throughput.
    Jpeg2000,
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
            [0, 0, 0, 12, b'j', b'P', b' ', b' ', b'\r', b'\n', 0x87, b'\n', ..]
            | [0xFF, 0x4F, 0xFF, 0x51, ..] => Some(Self::Jpeg2000),
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
            Self::Jpeg2000 => "image/jp2",
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

/// The properties of an image according to its header, read without decoding pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Told by the content.
    pub format: Format,
    /// As stored, before the orientation is applied.
    pub size: Size,
    /// The memory that reading the image will take at most, derivation included, in bytes.
    pub estimated_memory_bytes: u64,
    orientation: Orientation,
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
    /// Returns the true size, after the orientation is applied.
    #[must_use]
    pub fn upright_size(&self) -> Size {
        orientation::upright(self.size, self.orientation)
    }

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

/// Reads what the header of an image promises.
///
/// Of a JPEG with several scans the file is passed through once, to count them.
///
/// # Errors
/// Returns [`ImagingError::NotAnImage`] for any other content; every other kind as named there,
/// except those of [`Probe::check`].
pub fn inspect(source: &dyn ReadAt) -> Result<Probe, ImagingError> {
    catch_decoder_panic(|| {
        let section = Section::whole(source)?;
        match recognise(source)? {
            Format::Jpeg => jpeg::inspect(section),
            Format::Png => png::inspect(section),
            Format::Webp => webp::inspect(section),
            Format::Gif => gif::inspect(section),
            Format::Tiff => tiff::inspect(source),
            Format::Jpeg2000 => jpeg2000::inspect(source),
        }
    })
}

fn recognise(source: &dyn ReadAt) -> Result<Format, ImagingError> {
    let mut head = [0; 12];
    let given = source.read_at(&mut head, 0)?;
    Format::recognise(head.get(..given).unwrap_or_default()).ok_or(ImagingError::NotAnImage)
}

/// An image that is being read, not yet upright and in colours of its own.
struct Opened<'a> {
    rows: BoxedRows<'a>,
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
