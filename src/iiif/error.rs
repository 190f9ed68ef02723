//! Reasons why a request for pixels is not answered.

use std::error::Error;
use std::fmt;

use super::geometry::Size;

/// Names a part of a request for pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Region,
    Size,
    Rotation,
    Quality,
    Format,
}

impl Part {
    /// Returns the name that the Image API gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Size => "size",
            Self::Rotation => "rotation",
            Self::Quality => "quality",
            Self::Format => "format",
        }
    }
}

/// Tells what is wrong with a part of a request.
///
/// Displayed as the rest of a sentence that begins with the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartFault {
    /// It is not percent-encoded UTF-8.
    Encoding,
    /// It does not follow the grammar of the version.
    Malformed { expected: &'static str },
    /// It has the right form, and a number out of range.
    OutOfRange { expected: &'static str },
    /// It is a value of the Image API that this service does not offer.
    NotOffered { expected: &'static str },
    /// The region has no pixel of the image.
    Outside { image: Size },
    /// The size is larger than the region, and does not ask for upscaling.
    Upscaled { region: Size },
    /// The size is larger than the service, or the format, allows.
    TooLarge { allowed: Size },
    /// The size asks for upscaling, which is offered only where a limit bounds it.
    UpscalingNotOffered { region: Size },
}

impl fmt::Display for PartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("must be UTF-8 in percent-encoding"),
            Self::Malformed { expected } | Self::OutOfRange { expected } => {
                write!(f, "must be {expected}")
            }
            Self::NotOffered { expected } => {
                write!(f, "is not offered by this service; it must be {expected}")
            }
            Self::Outside { image } => write!(f, "lies outside the image, which has {image}"),
            Self::Upscaled { region } => write!(
                f,
                "is larger than the region, which has {region}; put ^ before it for upscaling"
            ),
            Self::TooLarge { allowed } => {
                write!(f, "is larger than this service allows; the largest here is {allowed}")
            }
            Self::UpscalingNotOffered { region } => write!(
                f,
                "is larger than the region, which has {region}, and this service does not upscale"
            ),
        }
    }
}

/// Tells which part of a request for pixels is at fault, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    pub part: Part,
    pub fault: PartFault,
}

impl RequestError {
    pub(super) fn new(part: Part, fault: PartFault) -> Self {
        Self { part, fault }
    }

    /// Returns whether the request is valid and asks for what is not implemented.
    ///
    /// HTTP answers that with 501, and every other error with 400.
    pub fn is_not_implemented(&self) -> bool {
        matches!(self.fault, PartFault::UpscalingNotOffered { .. })
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part.name(), self.fault)
    }
}

impl Error for RequestError {}
