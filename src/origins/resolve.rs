//! Looking up host names, so that only permitted addresses are ever connected to.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::task::spawn_blocking;

use super::address::Allowed;
use super::error::OriginError;

/// Gives the HTTP client what was checked and nothing else: what it connects to was looked at.
pub(super) struct Resolver {
    pub allowed: Arc<Allowed>,
    /// Of all connections made with this resolver; 0 where no single port is allowed.
    pub port: u16,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, port) = (Arc::clone(&self.allowed), self.port);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = look_up(host.clone()).await?;
            let first = found.first().map(SocketAddr::ip);
            let permitted: Vec<SocketAddr> =
                found.into_iter().filter(|found| allowed.permits(found.ip(), port)).collect();
            if permitted.is_empty() {
                return Err(LookUpError::Refused { host, address: first }.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

async fn look_up(host: String) -> Result<Vec<SocketAddr>, LookUpError> {
    let asked = host.clone();
    // Port 0 leaves the port to the client.
    let answer = spawn_blocking(move || (asked.as_str(), 0).to_socket_addrs()).await;
    match answer.map_err(io::Error::other).flatten() {
        Ok(found) => Ok(found.collect()),
        // The standard library keeps no code of getaddrinfo's failures, only its words.
        Err(error) if error.to_string().contains("Temporary failure") => {
            Err(LookUpError::Silent { host })
        }
        Err(_) => Err(LookUpError::Unknown { host }),
    }
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
            LookUpError::Silent { host } => Self::NameServerSilent { host },
        }
    }
}

impl fmt::Display for LookUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OriginError::from(self.clone()).fmt(f)
    }
}

impl Error for LookUpError {}
