//! Formats of images that are sent.

use super::error::{Part, PartFault, RequestError};

/// Names a format in which pixels are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
    Tiff,
}

/// The formats that are offered, in words.
const OFFERED: &str = "jpg, png, webp, gif or tif";

impl Format {
    /// Reads the extension of a request, such as `jpg`.
    ///
    /// # Errors
    /// Returns [`PartFault::NotOffered`] for formats of the Image API that are not offered, and
    /// [`PartFault::Malformed`] for all others; the Image API has 400 for both.
    pub fn parse(extension: &str) -> Result<Self, RequestError> {
        let fault = match extension {
            "jpg" => return Ok(Self::Jpeg),
            "png" => return Ok(Self::Png),
            "webp" => return Ok(Self::WebP),
            "gif" => return Ok(Self::Gif),
            "tif" => return Ok(Self::Tiff),
            "jp2" | "pdf" => PartFault::NotOffered { expected: OFFERED },
            _ => PartFault::Malformed { expected: OFFERED },
        };
        Err(RequestError::new(Part::Format, fault))
    }

    /// Returns the extension of requests and of file names, without a point.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Tiff => "tif",
        }
    }

    /// Returns the media type of answers.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
        }
    }

    /// Returns the longest edge that the format holds, in pixels.
    pub fn longest_edge(self) -> u32 {
        match self {
            // The format holds 65,535, libjpeg and its kin refuse more than this.
            Self::Jpeg => 65_500,
            Self::Png => 0x7fff_ffff,
            Self::WebP => 16_383,
            Self::Gif => 65_535,
            Self::Tiff => u32::MAX,
        }
    }
}
