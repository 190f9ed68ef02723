//! The IIIF Image API 2.1 and 3.0 as values: what a request means, what it yields, who may have it, and how an image is
//! described. Nothing here reads a file, a row or a socket; `docs/iiif.md` has the rules.
//!
//! A request for pixels goes through [`path`], [`ImageRequest::parse`] and [`resolve()`] or [`Protection::resolve`].

mod access;
mod canonical;
mod decimal;
mod error;
mod filename;
mod format;
mod geometry;
mod info;
mod level;
mod limits;
pub mod path;
mod quality;
mod region;
mod request;
mod resolve;
mod rotation;
mod size_form;
mod sizes;
mod source;
mod tiles;
mod version;

#[cfg(test)]
mod tests;

pub use access::{DescriptionAccess, Openness, PixelAccess, Protection};
pub use decimal::Decimal;
pub use error::{Part, PartFault, RequestError};
pub use filename::{MAX_NAME_BYTES, content_disposition};
pub use format::Format;
pub use geometry::{Rectangle, Size};
pub use info::{Description, media_type};
pub use level::{Level, canonical_and_profile};
pub use limits::Limits;
pub use quality::Quality;
pub use region::Region;
pub use request::ImageRequest;
pub use resolve::{Resolved, resolve};
pub use rotation::Rotation;
pub use size_form::{Extent, SizeForm};
pub use sizes::listed_sizes;
pub use source::Source;
pub use tiles::{TILE_EDGE, Tile, level_size, scale_factors};
pub use version::Version;
