//! Kinds of origins: what each strategy takes, and how it brings the bytes of an origin.

pub mod basic;
pub mod default;
pub mod ftp;
pub mod s3;
pub mod s3_ambient;
pub mod sftp;

use std::pin::Pin;
use std::sync::Arc;

use reqwest::Url;

use super::body::Answer;
use super::credentials::{CredentialUse, Credentials};
use super::error::OriginError;
use super::host_key::HostKeys;
use super::network::Network;
use super::s3::Ambient;
use super::url::OriginUrlError;

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

    /// Tells whether a customer may use it at all.
    ///
    /// # Errors
    /// Returns why not, as the rest of a sentence.
    fn check_customer(&self, _customer: i32, _ambient: &Ambient) -> Result<(), &'static str> {
        Ok(())
    }

    /// Tells whether a URL of its schemes names a file that it may fetch for a customer.
    ///
    /// # Errors
    /// Returns [`OriginUrlError`] in words for the customer.
    fn check(&self, _url: &Url, _customer: i32, _ambient: &Ambient) -> Result<(), OriginUrlError> {
        Ok(())
    }

    /// Returns the host that is asked for a URL, or the bucket.
    fn host(&self, url: &Url, _credentials: Option<&Credentials>) -> Option<String> {
        url.host_str().map(str::to_owned)
    }

    /// Asks for an origin until its first bytes can be read.
    fn open<'a>(&'a self, fetch: Fetch<'a>) -> Opening<'a>;
}

/// Input of one fetch.
pub struct Fetch<'a> {
    pub(super) url: Url,
    /// For whom it is fetched.
    pub(super) customer: i32,
    pub(super) credentials: Option<&'a Credentials>,
    /// Store of pinned keys of SSH hosts.
    pub(super) host_keys: Arc<dyn HostKeys>,
    pub(super) network: &'a Arc<Network>,
}

/// An origin that is being asked.
pub type Opening<'a> = Pin<Box<dyn Future<Output = Result<Answer, OriginError>> + Send + 'a>>;
