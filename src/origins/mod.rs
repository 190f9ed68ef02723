//! Fetching images from the addresses that customers name.
//!
//! A customer's [`Rule`]s say how an origin is asked ([`choose`]); a [`Fetcher`] brings its bytes
//! to a file and reaches public addresses only, and those that the operator [`Allowed`].

mod address;
mod credentials;
mod error;
mod http;
mod kind;
mod limits;
mod pattern;
mod post;
mod purge;
mod resolve;
mod retries;
mod rule;
mod steps;
mod store;
mod strategy;
#[cfg(test)]
mod tests;
mod url;

pub use address::{Allowed, AllowedError};
pub use credentials::Credentials;
pub use error::{OriginError, Phase};
pub use http::Fetcher;
pub use limits::Limits;
pub use pattern::{Pattern, PatternError};
pub use post::{POST_TIMEOUT, PostError, PostUrlError, Poster, check_post};
pub use purge::{Purger, read_purge_urls};
pub use retries::RetryLimits;
pub use rule::{Rule, choose};
pub use store::Fetched;
pub use strategy::Strategy;
pub use url::{MAX_ORIGIN_BYTES, OriginUrlError, check_origin, host_of};
