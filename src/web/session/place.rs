//! The places from which people may log in: over https, or on the machine itself.

use std::net::IpAddr;

use super::cookie::is_secure;
use crate::hydra::Problem;

/// Refuses a log-in that would send secrets over a network in the clear.
///
/// `base`: the public address; `addresses`: those of the connection and of the client, where they are known.
///
/// # Errors
/// Returns [`Problem::Forbidden`], with words that say what to do.
pub fn check(base: &str, addresses: [Option<IpAddr>; 2]) -> Result<(), Problem> {
    let is_here = |address: &Option<IpAddr>| {
        address.is_some_and(|address| address.to_canonical().is_loopback())
    };
    if is_secure(base) || (is_of_this_machine(base) && addresses.iter().all(is_here)) {
        return Ok(());
    }
    Err(Problem::Forbidden(format!(
        "over http, people log in on the machine of the service only, and at an address of it such as \
         http://localhost: everywhere else what they send could be read on its way. The public address is \
         {base}; give the service one of https (HYDRIA_PUBLIC_URL)"
    )))
}

/// Returns whether anybody can log in at a public address.
pub fn is_possible(base: &str) -> bool {
    is_secure(base) || is_of_this_machine(base)
}

/// Returns whether the host of an address is the machine that asks for it.
fn is_of_this_machine(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_log_in_over_https_and_on_the_machine_itself() {
        let (here, there) = ("127.0.0.1".parse().ok(), "192.0.2.1".parse().ok());
        let (mapped, v6) = ("::ffff:127.0.0.1".parse().ok(), "::1".parse().ok());
        for (base, addresses, allowed) in [
            ("https://example.org", [there, there], true),
            ("https://example.org", [None, None], true),
            ("http://localhost:8080", [here, here], true),
            ("http://LOCALHOST", [mapped, v6], true),
            ("http://[::1]:8080", [v6, v6], true),
            ("http://127.0.0.1:8080", [here, here], true),
            ("http://localhost:8080", [there, there], false),
            // Behind a proxy on this machine.
            ("http://localhost:8080", [here, there], false),
            ("http://localhost:8080", [None, None], false),
            ("http://example.org", [here, here], false),
            ("http://localhost.example.org", [here, here], false),
            ("http://127.0.0.1.example.org", [here, here], false),
        ] {
            let checked = check(base, addresses);
            assert_eq!(checked.is_ok(), allowed, "{base} {addresses:?}");
        }
    }
}
