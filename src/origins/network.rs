//! What all fetches of a process work with.

use std::sync::Arc;

use super::address::Allowed;
use super::error::OriginError;
use super::http::Http;
use super::limits::Limits;

/// Limits and clients of the protocols.
pub struct Network {
    pub(super) limits: Limits,
    pub(super) http: Http,
}

impl Network {
    /// Sets the clients up.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] if the machine's TLS library cannot be used.
    pub fn new(limits: Limits, allowed: Allowed) -> Result<Self, OriginError> {
        let allowed = Arc::new(allowed);
        Ok(Self { limits, http: Http::new(limits, allowed)? })
    }
}
