//! The setting of proxies whose word about the address of a client is taken.

use std::net::IpAddr;

use ipnet::IpNet;

/// The header in which proxies say for whom they ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err("must be X-Forwarded-For or Forwarded".into()),
        }
    }
}

/// The networks of proxies that are trusted, and what they are trusted with.
///
/// One header alone is read, because a proxy that writes one passes on what a client says in the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    pub networks: Vec<IpNet>,
    pub header: ForwardedHeader,
    /// Tells whether the flag of their `traceparent` decides that a request is traced.
    pub decide_traces: bool,
}

impl TrustedProxies {
    /// Returns whether an address is that of a trusted proxy.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| {
            let network = part.parse::<IpNet>().ok();
            let network = network.or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| {
                format!("must be addresses or CIDRs, such as 10.0.0.0/8, and not {part}")
            })
        };
        parts.map(read).collect()
    }
}
