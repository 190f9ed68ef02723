//! Reasons why pixels are not delivered.

use std::error::Error;
use std::fmt;

use imaging::ImagingError;

use crate::fairness;
use crate::storage::StorageError;

/// Tells why pixels are not delivered.
#[derive(Debug)]
pub enum DeliveryError {
    /// There is no object, although the image names it: it was replaced a moment ago, or is lost.
    Missing,
    /// There is no room for the rendering now; worth another try.
    Overloaded,
    /// The rendering would take more memory than one may, in bytes.
    NeverAllowed { bytes: u64, limit: u64 },
    /// An object cannot be read now.
    Storage(StorageError),
    /// A file cannot be read or written now.
    Io(std::io::Error),
    /// The object is damaged, or the rendering broke off.
    Render(ImagingError),
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the pixels of the image are not there any more"),
            Self::Overloaded => {
                f.write_str("too many images are being rendered; try again in a moment")
            }
            Self::NeverAllowed { bytes, limit } => write!(
                f,
                "would take {} MiB of memory in this format, more than the {} MiB of HYDRIA_MEMORY_MB; ask for fewer \
                 pixels, or for jpg",
                bytes.div_ceil(1 << 20),
                limit >> 20,
            ),
            Self::Storage(_) | Self::Io(_) => {
                f.write_str("the pixels of the image cannot be read; try again")
            }
            Self::Render(error) => write!(f, "the image cannot be rendered: {error}"),
        }
    }
}

impl Error for DeliveryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Storage(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Render(error) => Some(error),
            Self::Missing | Self::Overloaded | Self::NeverAllowed { .. } => None,
        }
    }
}

impl From<StorageError> for DeliveryError {
    fn from(error: StorageError) -> Self {
        if error.is_missing() { Self::Missing } else { Self::Storage(error) }
    }
}

impl From<std::io::Error> for DeliveryError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<fairness::Overloaded> for DeliveryError {
    fn from(_: fairness::Overloaded) -> Self {
        Self::Overloaded
    }
}

impl From<ImagingError> for DeliveryError {
    fn from(error: ImagingError) -> Self {
        match error {
            ImagingError::Io(error) => Self::Io(error),
            error => Self::Render(error),
        }
    }
}
