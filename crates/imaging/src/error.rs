use std::error::Error;
use std::fmt;
use std::io;

/// The reason why an image could not be read, in kinds that a client is told apart.
#[derive(Debug)]
pub enum ImagingError {
    /// The content is none of the formats in [`Format`](super::Format).
    NotAnImage,
    /// The file, or the data in it, ends before the image does, as after a broken download.
    Truncated,
    /// The file contradicts its own format; the text says where.
    Damaged(String),
    /// The header promises more pixels than the limits allow.
    TooManyPixels {
        /// Width times height.
        pixels: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// Reading would take more memory than the limits allow.
    TooMuchMemory {
        /// Bytes that it would take at most.
        bytes: u64,
        /// The most that is allowed, in bytes as well.
        limit: u64,
    },
    /// A sound image of a kind that is not read here; the text names the kind.
    Unsupported(String),
    /// The file itself could not be read: nothing is known of the image.
    Io(io::Error),
}

impl ImagingError {
    pub(super) fn damaged(what: &str) -> Self {
        Self::Damaged(what.to_owned())
    }

    pub(super) fn unsupported(what: &str) -> Self {
        Self::Unsupported(what.to_owned())
    }
}

impl fmt::Display for ImagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnImage => {
                f.write_str("the file is not a JPEG, JPEG 2000, PNG, TIFF, WebP or GIF image")
            }
            Self::Truncated => {
                f.write_str("the image is incomplete: its data ends before the image does")
            }
            Self::Damaged(what) => write!(f, "the image is damaged: {what}"),
            Self::TooManyPixels { pixels, limit } => {
                write!(f, "the image has {pixels} pixels, more than the {limit} allowed")
            }
            Self::TooMuchMemory { bytes, limit } => write!(
                f,
                "reading the image would take {} MB of memory, more than the {} MB allowed",
                bytes.div_ceil(1_000_000),
                limit / 1_000_000
            ),
            Self::Unsupported(what) => write!(f, "the image cannot be read here: {what}"),
            Self::Io(_) => f.write_str("the image file could not be read from storage"),
        }
    }
}

impl Error for ImagingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(cause) => Some(cause),
            _ => None,
        }
    }
}

/// Decoders report their findings as I/O errors too: only those of the system stay such.
impl From<io::Error> for ImagingError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            io::ErrorKind::OutOfMemory => Self::Io(error),
            _ if error.raw_os_error().is_some() => Self::Io(error),
            _ => Self::Damaged(error.to_string()),
        }
    }
}
