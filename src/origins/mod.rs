//! Fetching images from the addresses that customers name.
//!
//! A customer's [`Rule`]s say how an origin is asked ([`choose`]); a [`Fetcher`] brings its bytes
//! to a file and reaches public addresses only, and those that the operator [`Allowed`].

mod address;
mod error;
mod fetch;
mod kind;
mod limits;
mod pattern;
mod post;
mod purge;
mod resolve;
mod retries;
mod retry_after;
mod steps;
mod store;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::time::{Duration, Instant};

pub use address::{Allowed, AllowedError};
pub use error::{OriginError, Phase};
pub use fetch::Fetcher;
pub use limits::Limits;
pub use pattern::{Pattern, PatternError};
pub use post::{POST_TIMEOUT, PostError, PostUrlError, Poster, check_post};
pub use purge::{PurgeError, Purger, read_purge_urls};
pub use retries::RetryLimits;
pub use store::Fetched;
pub use url::{MAX_ORIGIN_BYTES, OriginUrlError, check_origin, host_of};

/// The way in which bytes are fetched from an origin.
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

    /// Returns the last segment of the strategy's address.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::BasicHttpAuthentication => "basic-http-authentication",
        }
    }

    /// Returns the strategy of an id; `basic_https` is 2016's word (`docs/rules.md` 7.4).
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "basic_https" => Some(Self::BasicHttpAuthentication),
            _ => Self::ALL.into_iter().find(|strategy| strategy.id() == id),
        }
    }

    /// Returns whether nothing can be fetched without [`Credentials`].
    #[must_use]
    pub const fn requires_credentials(self) -> bool {
        matches!(self, Self::BasicHttpAuthentication)
    }

    /// Returns what [`Fetcher::fetch`] is to be given of what is held: nothing where the strategy is anonymous.
    ///
    /// # Errors
    /// Returns [`OriginError::CredentialsMissing`] where the strategy needs what was never given (`docs/rules.md` 7.2).
    pub fn credentials_to_send(
        self,
        held: Option<Credentials>,
    ) -> Result<Option<Credentials>, OriginError> {
        match self.requires_credentials() {
            true => held.map(Some).ok_or(OriginError::CredentialsMissing),
            false => Ok(None),
        }
    }

    /// Returns a name to show to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::BasicHttpAuthentication => "Basic HTTP authentication",
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
    /// Names the rule among those of its customer.
    pub id: String,
    /// Looked for anywhere in the origin, ignoring case.
    pub pattern: Pattern,
    /// The way in which an origin that matches the pattern is fetched.
    pub strategy: Strategy,
}

/// Returns the first rule whose pattern is in `origin`; `rules` are sorted by their order.
///
/// `None` stands for [`Strategy::Default`]. Each pattern is bounded by itself, and no other is tried
/// once all together have taken `budget`. This may take that long: it belongs on a thread that may wait.
///
/// # Errors
/// Returns [`OriginError::PatternsTooSlow`] where the budget was spent before a pattern was found, for a rule not
/// looked at may be the one that matters.
pub fn choose<'a>(
    rules: &'a [Rule],
    origin: &str,
    budget: Duration,
) -> Result<Option<&'a Rule>, OriginError> {
    let begun = Instant::now();
    for rule in rules {
        if begun.elapsed() >= budget {
            return Err(OriginError::PatternsTooSlow { after: budget });
        }
        if rule.pattern.is_found_in(origin) {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}
