//! Fetching images from the addresses that customers name.
//!
//! A customer's [`Rule`]s say how an origin is asked ([`choose`]): by one of the [`Strategy`]s, each of which is a file in
//! `kinds`. A [`Fetcher`] brings the bytes to a file and reaches public addresses only, and those that the operator [`Allowed`].

mod address;
mod body;
mod credentials;
mod error;
mod error_kind;
mod fetch;
mod host_key;
mod http;
mod kinds;
mod limits;
mod network;
mod pattern;
mod post;
mod purge;
mod resolve;
mod retries;
mod rule;
mod s3;
mod ssh;
mod steps;
mod store;
mod strategy;
#[cfg(test)]
mod tests;
mod tied;
mod url;

pub use address::{Allowed, AllowedError};
pub use credentials::{
    CREDENTIAL_FIELDS, CredentialFault, CredentialField, CredentialUse, Credentials, Shape,
    USER_AND_PASSWORD,
};
pub use error::{OriginError, Phase};
pub use fetch::{Access, Fetcher};
pub use host_key::{HostKeys, Pinning};
pub use limits::Limits;
pub use pattern::{Pattern, PatternError};
pub use post::{POST_TIMEOUT, PostError, PostUrlError, Poster, check_post};
pub use purge::{PurgeError, Purger, read_purge_urls};
pub use retries::RetryLimits;
pub use rule::{Rule, choose};
pub use s3::{Ambient, Endpoint};
pub use store::Fetched;
pub use strategy::{Strategy, check_origin};
pub use url::{MAX_ORIGIN_BYTES, OriginUrlError};
