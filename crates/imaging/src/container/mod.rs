//! The one place that knows the container of a picture's derivatives.
//!
//! A container is a BigTIFF that any reader of tiled pyramids opens. Each tile is a complete
//! JPEG, so that a range of bytes is an answer as it stands. Level `k` has `ceil(width / 2^k)`
//! columns of pixels, as viewers reckon, and so for rows. Tiles at the bottom have their true
//! height. Those in the right column are padded in width for readers that count on it; a copy
//! of true width stands beside each, told by private tags. Behind the directories follow
//! the rendition and, at the end of the file, the thumbnails, largest first.

mod directories;
mod index;
mod tiles;
mod varint;
mod writer;

pub use self::index::{Index, Stored};
pub(crate) use self::writer::Writer;

/// The version of the container and of its index; a reader refuses any other.
pub const VERSION: u64 = 1;
