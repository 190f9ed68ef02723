//! The image services of IIIF: what is described, what is sent, to whom, and for how long it holds.

mod access;
mod bounds;
mod bucket;
mod caching;
mod changes;
mod descriptions;
mod lookups;
mod pixels;
pub mod reader;
mod thumbnails;
