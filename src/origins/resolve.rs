//! Looking up host names, so that only permitted addresses are ever connected to.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::task::spawn_blocking;

use super::address::Allowed;
use super::error::OriginError;

/// Gives the HTTP client what was checked and nothing else: what it connects to was looked at.
pub(super) struct Resolver {
    pub allowed: Arc<Allowed>,
    /// Of all connections made with this resolver; 0 where no single port is allowed.
    pub port: u16,
    /// Tells whether public addresses are refused as well, unless they are allowed.
    pub named_only: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { port, named_only, .. } = *self;
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = look_up(host.clone()).await?;
            let first = found.first().map(SocketAddr::ip);
            let is_permitted = |found: &SocketAddr| match named_only {
                true => allowed.names(found.ip(), port),
                false => allowed.permits(found.ip(), port),
            };
            let permitted: Vec<SocketAddr> = found.into_iter().filter(is_permitted).collect();
            if permitted.is_empty() {
                return Err(LookUpError::Refused { host, address: first }.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// Returns the addresses of a host, or of what is one; the ports are 0.
pub(super) async fn look_up(host: String) -> Result<Vec<SocketAddr>, LookUpError> {
    let asked = host.clone();
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    // The standard library keeps no code of getaddrinfo's failures, only its words.
    let answer = spawn_blocking(move || {
        let found = getaddrinfo(Some(&asked), None, Some(hints)).map_err(|e| e.kind())?;
        // Port 0 leaves the port to the client.
        Ok(found.flatten().map(|found| found.sockaddr).collect())
    });
    match answer.await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(kind)) if is_transient(kind) => Err(LookUpError::Silent { host }),
        Ok(Err(_)) => Err(LookUpError::Unknown { host }),
        // What looked it up broke off, which says nothing of the host.
        Err(_) => Err(LookUpError::Silent { host }),
    }
}

/// Returns whether a look-up failed for a reason that says nothing of the name: no answer (`EAI_AGAIN`), no memory, or
/// what the system itself refused, such as a file descriptor more.
fn is_transient(kind: LookupErrorKind) -> bool {
    matches!(kind, LookupErrorKind::Again | LookupErrorKind::Memory | LookupErrorKind::System)
}

/// Travels through the HTTP client's errors, whose sources are only lent: hence its own type.
#[derive(Clone, Debug)]
pub(super) enum LookUpError {
    Refused { host: String, address: Option<IpAddr> },
    Unknown { host: String },
    Silent { host: String },
}

impl From<LookUpError> for OriginError {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Refused { host, address } => Self::AddressRefused { host, address },
            LookUpError::Unknown { host } => Self::NoSuchHost { host },
            LookUpError::Silent { host } => Self::DnsTimeout { host },
        }
    }
}

impl fmt::Display for LookUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OriginError::from(self.clone()).fmt(f)
    }
}

impl Error for LookUpError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_nothing_of_the_name_may_pass() {
        let passing: Vec<bool> =
            [libc::EAI_AGAIN, libc::EAI_SYSTEM, libc::EAI_NONAME, libc::EAI_FAIL]
                .into_iter()
                .map(|code| is_transient(LookupErrorKind::new(code)))
                .collect();
        assert_eq!(passing, [true, true, false, false]);
    }
}
