//! What all fetches of a process work with.

use std::sync::Arc;

use super::address::Allowed;
use super::error::OriginError;
use super::http::Http;
use super::limits::Limits;
use super::s3::{Ambient, Identity};

/// Limits and clients of the protocols.
pub struct Network {
    pub(super) limits: Limits,
    pub(super) http: Http,
    /// What may be fetched with the service's own identity in S3.
    pub(super) ambient: Ambient,
    /// That identity, where something is assigned to somebody.
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
        let http = Http::new(limits, Arc::new(allowed))?;
        Ok(Self { limits, http, ambient, identity })
    }
}
