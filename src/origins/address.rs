//! Checks of the addresses that a URL from outside may lead to.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// IANA's special-purpose registry (RFC 6890 and its updates), multicast, and one cloud's own.
const NOT_PUBLIC_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),        // this host
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // carrier-grade NAT; some clouds' metadata
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // Azure's platform, though the address itself is a public one
    v4(169, 254, 0, 0, 16),   // link-local; most clouds' metadata
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 88, 99, 0, 24),   // 6to4 relays
    v4(192, 168, 0, 0, 16),   // private
    v4(198, 18, 0, 0, 15),    // benchmarking
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, broadcast
];

/// Only this much of IPv6 is given out; loopback, unique local, link-local are all outside.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);
const NOT_PUBLIC_V6: [Ipv6Net; 3] = [
    v6(0x2001, 0, 23),     // protocol assignments: Teredo, benchmarking, ORCHID
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x3fff, 0, 20),     // documentation
];
/// Both carry an IPv4 address that a gateway passes traffic on to.
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 16);
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

/// Returns whether an address is one that anybody on the internet could reach.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(inner) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&inner)),
        IpAddr::V6(inner) => {
            let [_, first, second, _, _, _, sixth, seventh] = inner.segments();
            if NAT64.contains(&inner) {
                return is_public(join(sixth, seventh));
            }
            if SIX_TO_FOUR.contains(&inner) {
                return is_public(join(first, second));
            }
            GLOBAL_V6.contains(&inner) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&inner))
        }
    }
}

fn join(high: u16, low: u16) -> IpAddr {
    IpAddr::from(((u32::from(high) << 16) | u32::from(low)).to_be_bytes())
}

/// Networks and addresses that origins, or webhooks, may be in although they are not public.
///
/// Read from `HYDRIA_ORIGIN_ALLOW` and `HYDRIA_WEBHOOK_ALLOW`: networks (`10.0.0.0/8`), addresses (`192.168.1.5`), and single
/// ports of addresses (`127.0.0.1:8080`, `[::1]:8080`), separated by commas or blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    networks: Vec<IpNet>,
    sockets: Vec<SocketAddr>,
}

impl Allowed {
    /// Returns whether a connection to this address and port may be made.
    #[must_use]
    pub fn permits(&self, address: IpAddr, port: u16) -> bool {
        is_public(address) || self.names(address, port)
    }

    /// Returns whether this address and port are named, whether the address is public or not.
    #[must_use]
    pub fn names(&self, address: IpAddr, port: u16) -> bool {
        self.names_host(address) || self.names_socket(address, port)
    }

    /// Returns whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.sockets.is_empty()
    }

    /// Ports that are allowed at some address only, each once.
    pub(super) fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.sockets.iter().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    fn names_host(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        self.networks.iter().any(|net| net.contains(&address) || net.contains(&plain))
    }

    fn names_socket(&self, address: IpAddr, port: u16) -> bool {
        let plain = address.to_canonical();
        self.sockets
            .iter()
            .any(|socket| socket.port() == port && socket.ip().to_canonical() == plain)
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut allowed = Self::default();
        let parts = text.split(|c: char| c == ',' || c.is_whitespace());
        for part in parts.filter(|part| !part.is_empty()) {
            if let Ok(network) = part.parse::<IpNet>() {
                allowed.networks.push(network);
            } else if let Ok(address) = part.parse::<IpAddr>() {
                allowed.networks.push(address.into());
            } else if let Ok(socket) = part.parse::<SocketAddr>() {
                allowed.sockets.push(socket);
            } else {
                return Err(AllowedError { part: part.to_owned() });
            }
        }
        Ok(allowed)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks = self.networks.iter().map(ToString::to_string);
        let sockets = self.sockets.iter().map(ToString::to_string);
        f.write_str(&networks.chain(sockets).collect::<Vec<_>>().join(","))
    }
}

/// A part of such a setting that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedError {
    part: String,
}

impl fmt::Display for AllowedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither a network (10.0.0.0/8), nor an address (192.168.1.5), nor an address \
             with a port (127.0.0.1:8080, [::1]:8080)",
            self.part
        )
    }
}

impl Error for AllowedError {}
