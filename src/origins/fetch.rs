//! Fetching an origin by its strategy, within the limits of time and size.

use std::path::Path;
use std::sync::Arc;

use reqwest::Url;
use tokio::time::{Instant, timeout};

use super::address::Allowed;
use super::credentials::Credentials;
use super::error::{OriginError, Phase};
use super::host_key::HostKeys;
use super::kinds::{Fetch, Opening};
use super::limits::Limits;
use super::network::Network;
use super::s3::Ambient;
use super::store::{Fetched, store};
use super::strategy::{Strategy, read_origin};

/// Fetches origins, from permitted addresses only; cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<Network>);

/// Strategy and credentials with which an origin is fetched, and the customer for whom it is.
#[derive(Clone, Debug)]
pub struct Access {
    pub customer: i32,
    pub strategy: Strategy,
    /// As [`Strategy::credentials_to_send`] returns them.
    pub credentials: Option<Credentials>,
}

impl Access {
    /// Returns the host that is asked for an origin, or the bucket; `None` where the text is no origin.
    #[must_use]
    pub fn host(&self, origin: &str) -> Option<String> {
        self.strategy.host(&read_origin(origin).ok()?, self.credentials.as_ref())
    }

    fn open<'a>(
        &'a self,
        url: Url,
        host_keys: Arc<dyn HostKeys>,
        network: &'a Arc<Network>,
    ) -> Opening<'a> {
        let (customer, credentials) = (self.customer, self.credentials.as_ref());
        self.strategy.open(Fetch { url, customer, credentials, host_keys, network })
    }
}

impl Fetcher {
    /// Sets the clients up; they use no proxy and keep nothing from one fetch to the next.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] if the machine's TLS library cannot be used, or the identity in S3 cannot be read.
    pub fn new(limits: Limits, allowed: Allowed, ambient: Ambient) -> Result<Self, OriginError> {
        Network::new(limits, allowed, ambient).map(|network| Self(Arc::new(network)))
    }

    /// Returns how many bytes a file has at most.
    pub fn max_bytes(&self) -> u64 {
        self.0.limits.max_bytes
    }

    /// Streams the origin into an unnamed temporary file in `folder`.
    ///
    /// Credentials go to the origin itself and to nobody else it leads to. Any final answer but a success with a body is
    /// an error.
    ///
    /// # Errors
    /// Returns [`OriginError`], in words for the customer.
    pub async fn fetch(
        &self,
        origin: &str,
        access: &Access,
        host_keys: Arc<dyn HostKeys>,
        folder: &Path,
    ) -> Result<Fetched, OriginError> {
        let network = &self.0;
        let url = read_origin(origin).map_err(OriginError::Unusable)?;
        access.strategy.check_scheme(&url)?;
        let begun = Instant::now();
        let after = network.limits.allowed(0);
        let late = OriginError::TimedOut { phase: Phase::InAll, after };
        let opening = access.open(url, host_keys, network);
        let answer = timeout(after, opening).await.unwrap_or(Err(late))?;
        store(answer, network.limits, begun, folder).await
    }
}
