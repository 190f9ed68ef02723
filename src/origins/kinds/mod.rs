//! Kinds of origins: what each strategy takes, and how it brings the bytes of an origin.

pub mod basic;
pub mod default;

use std::pin::Pin;

use reqwest::Url;

use super::body::Answer;
use super::credentials::{CredentialUse, Credentials};
use super::error::OriginError;
use super::network::Network;

/// One way in which origins are fetched; [`Strategy`](super::Strategy) lists all.
pub trait Kind: Sync {
    /// Returns the last segment of the strategy's address.
    fn id(&self) -> &'static str;

    /// Returns ids by which it was known, which are still read.
    fn older_ids(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns a name to show to people.
    fn name(&self) -> &'static str;

    /// Returns the schemes of the URLs that it fetches.
    fn schemes(&self) -> &'static [&'static str];

    fn credentials(&self) -> CredentialUse;

    /// Asks for an origin until its first bytes can be read.
    fn open<'a>(&'a self, fetch: Fetch<'a>) -> Opening<'a>;
}

/// What one fetch is given.
pub struct Fetch<'a> {
    pub(super) url: Url,
    pub(super) credentials: Option<&'a Credentials>,
    pub(super) network: &'a Network,
}

/// An origin that is being asked.
pub type Opening<'a> = Pin<Box<dyn Future<Output = Result<Answer, OriginError>> + Send + 'a>>;
