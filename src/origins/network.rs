//! State that all fetches of a process share.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::Url;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Allowed;
use super::error::{OriginError, Phase};
use super::http::Http;
use super::limits::Limits;
use super::resolve::look_up;
use super::s3::{Ambient, Identity};

/// Limits and clients of the protocols.
pub struct Network {
    pub(super) limits: Limits,
    allowed: Arc<Allowed>,
    pub(super) http: Http,
    /// Buckets that may be fetched with the service's own identity in S3.
    pub(super) ambient: Ambient,
    /// The service's own identity, where a bucket is assigned to anybody.
    pub(super) identity: Option<Identity>,
}

impl Network {
    /// Sets the clients up.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] if the machine's TLS library cannot be used, or the identity in S3 cannot be read.
    pub fn new(limits: Limits, allowed: Allowed, ambient: Ambient) -> Result<Self, OriginError> {
        let identity = match ambient.is_empty() {
            true => None,
            false => Some(Identity::of_environment(&ambient)?),
        };
        let allowed = Arc::new(allowed);
        let http = Http::new(limits, Arc::clone(&allowed))?;
        Ok(Self { limits, allowed, http, ambient, identity })
    }

    /// Returns whether a connection may be made.
    pub(super) fn permits(&self, at: SocketAddr) -> bool {
        self.allowed.permits(at.ip(), at.port())
    }

    /// Connects to the host of a URL, where one of its addresses is permitted; returns the name or the address that the URL
    /// has as well.
    pub(super) async fn connect(
        &self,
        url: &Url,
        port: u16,
    ) -> Result<(TcpStream, String), OriginError> {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let after = self.limits.connect;
        let late = OriginError::TimedOut { phase: Phase::Connecting, after };
        let connecting = async {
            let found = look_up(host.clone()).await?;
            let first = found.first().map(SocketAddr::ip);
            let with_port = |found: SocketAddr| SocketAddr::new(found.ip(), port);
            let permitted = found.into_iter().map(with_port).filter(|at| self.permits(*at));
            let permitted: Vec<SocketAddr> = permitted.collect();
            if permitted.is_empty() {
                return Err(OriginError::AddressRefused { host: host.clone(), address: first });
            }
            TcpStream::connect(&*permitted).await.map_err(|error| OriginError::Unreachable {
                host: host.clone(),
                source: error.into(),
            })
        };
        let stream = timeout(after, connecting).await.unwrap_or(Err(late))?;
        Ok((stream, host))
    }
}
