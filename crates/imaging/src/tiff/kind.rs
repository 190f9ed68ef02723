//! The kinds of pages that are read, and the names of those that are not.

use super::fax::Scheme;
use crate::ImagingError;
use crate::samples::Channels;

/// Memory that an LZMA stream may ask for; the strongest common setting takes 65 MB.
pub(super) const LZMA_BYTES: u64 = 80 << 20;

/// Distances that a Zstandard stream may refer back to, as a power of two.
pub(super) const ZSTANDARD_WINDOW: u32 = 27;

/// The meaning of the samples of a page, of those that are read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
    /// CIE L*a*b* with a* and b* signed.
    Lab,
    /// The same with 128 added to a* and b*.
    IccLab,
}

impl Colours {
    pub(super) fn of(photometric: u16) -> Result<Self, ImagingError> {
        match photometric {
            0 => Ok(Self::WhiteIsZero),
            1 => Ok(Self::BlackIsZero),
            2 => Ok(Self::Rgb),
            3 => Ok(Self::Palette),
            5 => Ok(Self::Cmyk),
            6 => Ok(Self::YCbCr),
            8 => Ok(Self::Lab),
            9 => Ok(Self::IccLab),
            4 => Err(ImagingError::unsupported("a TIFF that is a transparency mask")),
            32_803 => Err(ImagingError::unsupported("a TIFF with raw data of a camera")),
            32_844 | 32_845 => Err(ImagingError::unsupported("a TIFF in LogLuv colours")),
            other => Err(ImagingError::Unsupported(format!("a TIFF of colour kind {other}"))),
        }
    }

    /// Returns the samples of a pixel, without alpha.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr | Self::Lab | Self::IccLab => 3,
            Self::Cmyk => 4,
        }
    }

    /// Returns what becomes of them.
    pub(super) fn channels(self) -> Channels {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero => Channels::Gray,
            Self::Cmyk => Channels::Cmyk,
            _ => Channels::Rgb,
        }
    }
}

/// The compressions that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(Scheme),
    Lzw,
    OldJpeg,
    Jpeg,
    Deflate,
    PackBits,
    Lzma,
    Zstandard,
}

impl Compression {
    pub(super) fn of(kind: u16, t4_options: u64) -> Result<Self, ImagingError> {
        let name = match kind {
            1 => return Ok(Self::None),
            2 => return Ok(Self::Fax(Scheme::Huffman)),
            3 if t4_options & 1 == 1 => return Ok(Self::Fax(Scheme::Group3Mixed)),
            3 => return Ok(Self::Fax(Scheme::Group3)),
            4 => return Ok(Self::Fax(Scheme::Group4)),
            5 => return Ok(Self::Lzw),
            6 => return Ok(Self::OldJpeg),
            7 => return Ok(Self::Jpeg),
            8 | 32_946 => return Ok(Self::Deflate),
            32_773 => return Ok(Self::PackBits),
            34_925 => return Ok(Self::Lzma),
            50_000 => return Ok(Self::Zstandard),
            9 | 10 | 34_661 => "JBIG",
            33_003 | 33_005 | 34_712 => "JPEG 2000",
            34_887 => "LERC",
            34_892 => "lossy DNG",
            50_001 => "WebP",
            50_002 | 52_546 => "JPEG XL",
            other => {
                let what = format!("a TIFF with compression of kind {other}");
                return Err(ImagingError::Unsupported(what));
            }
        };
        Err(ImagingError::Unsupported(format!("a TIFF with {name} compression")))
    }
}

/// The numbers that samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    Unsigned,
    Signed,
    Float,
}

/// The reading of an alpha sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// The colours are multiplied by it already.
    Associated,
    Unassociated,
}

/// The transformation before compression: each sample less the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    /// The bytes of floats, sorted by their weight.
    Float,
}
