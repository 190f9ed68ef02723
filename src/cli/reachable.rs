//! Addresses of this process's own sockets.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use super::Failure;

/// Returns the address at which this machine reaches a socket, which may be bound to all interfaces.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    reachable
}

/// Binds a socket to the address of a setting, which is named where that fails.
///
/// # Errors
/// Fails if there is no such address, or it is taken.
pub fn bind(listen: &str, setting: &str) -> Result<TcpListener, Failure> {
    let refuse = |e: std::io::Error| format!("cannot listen on {listen} ({setting}): {e}");
    let address = listen.to_socket_addrs().map_err(refuse)?.next().ok_or("no such address")?;
    Ok(TcpListener::bind(address).map_err(refuse)?)
}
