//! The registry of the ways in which origins are fetched.

use std::fmt;

use reqwest::Url;

use super::credentials::{CredentialUse, Credentials};
use super::error::OriginError;
use super::kinds::{Fetch, Kind, Opening, basic, default, ftp, s3, s3_ambient, sftp};
use super::s3::Ambient;
use super::url::{self, OriginUrlError};

/// Every way that works in this version. All that is told of strategies derives from this.
static KINDS: [&dyn Kind; 7] = [
    &default::Default,
    &basic::BasicHttpAuthentication,
    &s3::S3,
    &s3_ambient::S3Ambient,
    &sftp::Sftp,
    &ftp::Ftp,
    &ftp::Ftps,
];

/// The way in which bytes are fetched from an origin.
#[derive(Clone, Copy)]
pub struct Strategy(&'static dyn Kind);

impl Strategy {
    /// Anonymous HTTP or HTTPS; what holds where no rule matches.
    pub const DEFAULT: Self = Self(&default::Default);

    /// Returns every strategy that works in this version.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|kind| Self(*kind))
    }

    /// Returns the last segment of the strategy's address.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.0.id()
    }

    /// Returns the strategy of an id, or of one by which it was known.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::all().find(|strategy| strategy.id() == id || strategy.0.older_ids().contains(&id))
    }

    /// Returns a name to show to people.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Returns the part that credentials play.
    #[must_use]
    pub fn credentials(self) -> CredentialUse {
        self.0.credentials()
    }

    /// Returns whether it fetches URLs of a scheme.
    #[must_use]
    pub fn fetches(self, scheme: &str) -> bool {
        self.0.schemes().contains(&scheme)
    }

    /// Returns what [`Fetcher::fetch`](super::Fetcher::fetch) is to be given of what is held: nothing where the strategy
    /// is anonymous.
    ///
    /// # Errors
    /// Returns [`OriginError::CredentialsMissing`] where the strategy needs what was never given (`docs/rules.md` 7.2).
    pub fn credentials_to_send(
        self,
        held: Option<Credentials>,
    ) -> Result<Option<Credentials>, OriginError> {
        match self.credentials() {
            CredentialUse::Required(shape) => held.map(Some).ok_or_else(|| shape.missing()),
            CredentialUse::Optional(_) => Ok(held),
            CredentialUse::Never => Ok(None),
        }
    }

    /// Tells whether a customer may use it at all.
    ///
    /// # Errors
    /// Returns why not, as the rest of a sentence.
    pub fn check_customer(self, customer: i32, ambient: &Ambient) -> Result<(), &'static str> {
        self.0.check_customer(customer, ambient)
    }

    /// Tells whether it may fetch an origin for a customer; nothing is looked up or fetched.
    ///
    /// # Errors
    /// Returns [`OriginError`] in words for the customer.
    pub fn check(self, origin: &str, customer: i32, ambient: &Ambient) -> Result<(), OriginError> {
        let url = read_origin(origin).map_err(OriginError::Unusable)?;
        self.check_scheme(&url)?;
        self.0.check(&url, customer, ambient).map_err(OriginError::Unusable)
    }

    /// Refuses a URL of a scheme that this strategy does not fetch.
    pub(super) fn check_scheme(self, url: &Url) -> Result<(), OriginError> {
        if self.fetches(url.scheme()) {
            return Ok(());
        }
        Err(OriginError::OtherScheme { strategy: self.id(), scheme: url.scheme().to_owned() })
    }

    pub(super) fn host(self, url: &Url, credentials: Option<&Credentials>) -> Option<String> {
        self.0.host(url, credentials)
    }

    pub(super) fn open(self, fetch: Fetch<'_>) -> Opening<'_> {
        self.0.open(fetch)
    }
}

impl PartialEq for Strategy {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Strategy {}

impl fmt::Debug for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Strategy({})", self.id())
    }
}

/// Tells whether `origin` may be written as an image's origin; nothing is looked up or fetched.
///
/// # Errors
/// Returns [`OriginUrlError`] in words for the customer, which do not repeat the URL.
pub fn check_origin(origin: &str) -> Result<(), OriginUrlError> {
    read_origin(origin).map(drop)
}

/// Reads an origin that some strategy fetches.
pub(super) fn read_origin(origin: &str) -> Result<Url, OriginUrlError> {
    url::read(origin, |scheme| Strategy::all().any(|strategy| strategy.fetches(scheme)))
}

#[cfg(test)]
mod tests {
    use super::super::credentials::CREDENTIAL_FIELDS;
    use super::*;

    #[test]
    fn an_id_is_that_of_one_strategy_and_every_member_of_credentials_is_described() {
        let mut described: Vec<&str> = CREDENTIAL_FIELDS.iter().map(|field| field.name).collect();
        let mut used = Vec::new();
        let mut ids = Vec::new();
        for strategy in Strategy::all() {
            ids.push(strategy.id());
            ids.extend(strategy.0.older_ids());
            if let Some(shape) = strategy.credentials().shape() {
                used.extend(shape.required.iter().chain(shape.optional).map(|field| field.name));
            }
        }
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| other == &id).count(), 1, "{id}");
            assert!(Strategy::parse(id).is_some(), "{id}");
        }
        used.sort_unstable();
        used.dedup();
        described.sort_unstable();
        assert_eq!(used, described);
    }
}
