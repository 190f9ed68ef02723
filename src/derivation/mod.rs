//! Deriving in a child process: what an original makes of its decoder harms one image, and nothing else (docs/adr/0017).
//!
//! The child is this program with another argument. It gets three open files and nothing else: the original as its
//! standard input, a socket to its parent as its standard output, and the file for what it makes as its standard error.
//! It confines itself before it reads the first byte. Both sides write one JSON document a line; what else the child
//! writes, such as the words of a panic, is for the log.

pub mod child;
mod end;
mod error;
mod process;

use std::time::Duration;

use imaging::Format;
use serde::{Deserialize, Serialize};

pub use error::DerivationError;
pub use process::{Derivation, Derived};

/// The limits of the derivation of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height.
    pub max_pixels: u64,
    /// Bytes that reading may take.
    pub memory: u64,
    /// Processor time.
    pub processor_time: Duration,
}

/// Formats by the media types that children report.
const FORMATS: [Format; 6] =
    [Format::Jpeg, Format::Png, Format::Tiff, Format::Webp, Format::Gif, Format::Jpeg2000];

/// A message of the child to its parent.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "camelCase")]
enum Report {
    /// The header was read.
    #[serde(rename_all = "camelCase")]
    Inspected {
        media_type: String,
        /// Pixels, as stored.
        width: u32,
        /// Pixels, as stored.
        height: u32,
        /// Bytes that reading will take at most.
        memory: u64,
    },
    /// Everything is made.
    #[serde(rename_all = "camelCase")]
    Made {
        /// The encoded index of the object, in base64.
        index: String,
        /// Bytes of the object.
        bytes: u64,
        /// Microseconds that decoding took.
        decoding_us: u64,
    },
    /// The image cannot be read; in words that a librarian understands.
    Refused { words: String },
    /// The image takes more memory than it may.
    NoMemory,
    /// Something of the service failed, which says nothing of the image.
    Failed {
        words: String,
        /// Number of the error of the system, if it was one.
        code: Option<i32>,
    },
}

/// The derivatives that are wanted of an image, besides its tiles.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WantedDerivatives {
    /// Longest edges of the thumbnails, in pixels.
    pub edges: Vec<u32>,
    /// The longest edge of the stored answer to `full/max`, in pixels; `None`: it is not stored.
    pub rendition: Option<u32>,
}

/// The message of the parent that the child may go on.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    #[serde(flatten)]
    wanted: WantedDerivatives,
    /// Bytes of memory that the child may take from now on.
    memory: u64,
}

/// Bytes of memory that a child is given beside what reading takes: its own data, stacks of threads, and what the
/// allocator keeps.
const OWN_BYTES: u64 = 64 << 20;

/// Returns the limit of the memory of a child that is expected to take so much, in bytes.
///
/// A quarter more, because a limit that is met ends an image that could be read.
fn memory_limit(expected: u64, most: u64) -> u64 {
    (expected + expected / 4).min(most) + OWN_BYTES
}
