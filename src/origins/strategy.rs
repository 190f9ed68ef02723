//! The ways in which origins are fetched.

use super::credentials::Credentials;
use super::error::OriginError;

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

    /// Returns what [`Fetcher::fetch`](super::Fetcher::fetch) is to be given of what is held: nothing where the strategy is anonymous.
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
