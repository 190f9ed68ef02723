//! Fetching images from the addresses that customers name.
//!
//! A customer's [`Rule`]s say how an origin is asked ([`choose`]); a [`Fetcher`] brings its bytes
//! to a file and reaches public addresses only, and those that the operator [`Allowed`].

mod address;
mod error;
mod fetch;
mod pattern;
mod resolve;
mod steps;
mod store;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;

pub use address::{Allowed, AllowedError};
pub use error::{OriginError, Phase};
pub use fetch::{Fetcher, Limits};
pub use pattern::{Pattern, PatternError};
pub use store::Fetched;
pub use url::{MAX_ORIGIN_BYTES, OriginUrlError, check_origin};

/// How bytes are got from an origin (`dlcs.md` 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Anonymous HTTP or HTTPS; what holds where no rule matches.
    Default,
    /// HTTP or HTTPS with a user and a password.
    BasicHttpAuthentication,
}

impl Strategy {
    /// Every strategy that works in this version.
    pub const ALL: [Self; 2] = [Self::Default, Self::BasicHttpAuthentication];

    /// The last segment of the strategy's address.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::BasicHttpAuthentication => "basic-http-authentication",
        }
    }

    /// The strategy of an id; `basic_https` is 2016's word (`rules.md` 7.4).
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "basic_https" => Some(Self::BasicHttpAuthentication),
            _ => Self::ALL.into_iter().find(|strategy| strategy.id() == id),
        }
    }

    /// Whether nothing can be fetched without [`Credentials`].
    #[must_use]
    pub const fn requires_credentials(self) -> bool {
        matches!(self, Self::BasicHttpAuthentication)
    }

    /// A name to show to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::BasicHttpAuthentication => "Basic HTTP authentication",
        }
    }

    /// What the strategy does, in a sentence or two.
    #[must_use]
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Default => "Fetches anonymously over HTTP or HTTPS.",
            Self::BasicHttpAuthentication => {
                "Fetches over HTTP or HTTPS with a user and a password. They are sent to the \
                 origin's own host only, not to where it redirects."
            }
        }
    }
}

/// A user and a password for an origin; neither printable nor serialisable.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// Takes both as they are given.
    ///
    /// A colon in `user` is read as the end of it by origins (RFC 7617, section 2).
    #[must_use]
    pub const fn new(user: String, password: String) -> Self {
        Self { user, password }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// One rule of a customer's: which origins are fetched how.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Looked for anywhere in the origin, ignoring case.
    pub pattern: Pattern,
    /// How an origin with the pattern in it is fetched.
    pub strategy: Strategy,
    /// May be given later than the rule (`rules.md` 7.2).
    pub credentials: Option<Credentials>,
}

impl Rule {
    /// What [`Fetcher::fetch`] is to be given: nothing where the strategy is anonymous.
    ///
    /// # Errors
    /// [`OriginError::CredentialsMissing`] where the strategy needs what was never given.
    pub fn credentials_to_send(&self) -> Result<Option<&Credentials>, OriginError> {
        if !self.strategy.requires_credentials() {
            return Ok(None);
        }
        self.credentials.as_ref().map(Some).ok_or(OriginError::CredentialsMissing)
    }
}

/// The first rule whose pattern is in `origin`; `rules` are sorted by their order.
///
/// `None` stands for [`Strategy::Default`] (`dlcs.md` 8.3).
#[must_use]
pub fn choose<'a>(rules: &'a [Rule], origin: &str) -> Option<&'a Rule> {
    rules.iter().find(|rule| rule.pattern.is_found_in(origin))
}
