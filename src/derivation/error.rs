//! The reasons why nothing was made of an image.

use std::{fmt, io};

/// The reason why nothing was made of an image.
#[derive(Debug)]
pub enum DerivationError {
    /// The image's own; in words that a librarian understands.
    Image(String),
    /// The service's own, which says nothing of the image; in words for the log.
    Service(String),
    /// The system gives no process, no socket or no file.
    System(io::Error),
}

impl fmt::Display for DerivationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(words) | Self::Service(words) => f.write_str(words),
            Self::System(_) => f.write_str("the image could not be given to a process of its own"),
        }
    }
}

impl std::error::Error for DerivationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for DerivationError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}
