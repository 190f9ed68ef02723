//! Qualities: whether pixels are sent in colour, gray, or black and white.

use super::error::{Part, PartFault, RequestError};

/// Names a quality of the Image API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// As the image is; the same pixels as [`Quality::Color`].
    Default,
    Color,
    Gray,
    Bitonal,
}

impl Quality {
    /// Reads the quality of a request.
    ///
    /// # Errors
    /// Returns [`PartFault::Malformed`] for any other word.
    pub fn parse(word: &str) -> Result<Self, RequestError> {
        match word {
            "default" => Ok(Self::Default),
            "color" => Ok(Self::Color),
            "gray" => Ok(Self::Gray),
            "bitonal" => Ok(Self::Bitonal),
            _ => {
                let expected = "default, color, gray or bitonal";
                Err(RequestError::new(Part::Quality, PartFault::Malformed { expected }))
            }
        }
    }

    /// Returns the word of canonical requests, in which the default is never called `color`.
    pub fn canonical(self) -> &'static str {
        match self {
            Self::Default | Self::Color => "default",
            Self::Gray => "gray",
            Self::Bitonal => "bitonal",
        }
    }
}
