//! The address of a client, where proxies stand before the service.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

use crate::config::{ForwardedHeader, TrustedProxies};

/// Returns the address of the client of a request: that of its connection, or what trusted proxies say.
pub fn client(request: &HttpRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(behind(peer, request.headers(), proxies))
}

/// Returns the address that stands behind a peer.
///
/// Each proxy adds on the right from whom it was asked, so the list is read from there, for as long as the one who said
/// it is trusted. What stands further left was said by others, and may be anything.
fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> IpAddr {
    let mut client = peer;
    if !proxies.contain(peer) {
        return client;
    }
    let name: HeaderName = match proxies.header {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => FORWARDED,
    };
    let lines: Vec<_> = headers.get_all(name).collect();
    for line in lines.into_iter().rev() {
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            let Some((before, element)) = last(rest, proxies.header) else { return client };
            // What a client wrote further left may be of any bytes.
            let Ok(element) = std::str::from_utf8(element) else { return client };
            let said = match proxies.header {
                ForwardedHeader::XForwardedFor => address(element),
                ForwardedHeader::Forwarded => forwarded_for(element),
            };
            // One that does not say for whom it asks ends what is known.
            let Some(said) = said else { return client };
            client = said;
            if !proxies.contain(said) {
                return client;
            }
            rest = before;
        }
    }
    client
}

/// Returns what stands before the last element of a list, and that element; `None` where it cannot be told.
fn last(list: &[u8], header: ForwardedHeader) -> Option<(&[u8], &[u8])> {
    // Commas may stand within quotes in one of the two.
    let has_quotes = header == ForwardedHeader::Forwarded;
    let mut is_quoted = false;
    for (place, byte) in list.iter().enumerate().rev() {
        match byte {
            b'"' if has_quotes => is_quoted = !is_quoted,
            b',' if !is_quoted => return Some((list.get(..place)?, list.get(place + 1..)?)),
            _ => {}
        }
    }
    (!is_quoted).then_some((&[], list))
}

/// Returns the address in the parameter `for` of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    // An escape makes it unclear, read from the right, where quotes begin and end.
    if element.contains('\\') {
        return None;
    }
    let mut found = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    });
    let value = found.next().filter(|_| element.matches('"').count().is_multiple_of(2))?;
    // A proxy that writes it twice has been given one of them.
    if found.next().is_some() {
        return None;
    }
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    address(bare.unwrap_or(value))
}

/// Returns an address that may be in brackets, and have a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn found(peer: &str, header: ForwardedHeader, lines: &[&str]) -> String {
        let name = match header {
            ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardedHeader::Forwarded => FORWARDED,
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers
                .append(name.clone(), HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
        }
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().expect("a network"));
        let proxies = TrustedProxies { networks: networks.into(), header, decide_traces: false };
        behind(peer.parse().expect("an address"), &headers, &proxies).to_string()
    }

    #[test]
    fn a_list_of_addresses_is_read_from_the_right_up_to_the_first_that_is_not_trusted() {
        let found = |peer, lines: &[&str]| found(peer, ForwardedHeader::XForwardedFor, lines);
        for (peer, lines, expected) in [
            ("192.0.2.1", &["198.51.100.7"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7, 10.0.0.9"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.7", "10.0.0.9"], "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["\u{ff}, 198.51.100.7"], "198.51.100.7"),
            // Nobody is believed who stands left of nonsense.
            ("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6, nonsense, 10.0.0.9"], "10.0.0.9"),
            ("10.0.0.1", &["6.6.6.6,"], "10.0.0.1"),
        ] {
            assert_eq!(found(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_from_the_right_whatever_a_client_quotes() {
        let found = |lines: &[&str]| found("10.0.0.1", ForwardedHeader::Forwarded, lines);
        for (lines, expected) in [
            (&["for=198.51.100.7"][..], "198.51.100.7"),
            (&["For=\"[2001:db8::7]:4711\";proto=https"], "2001:db8::7"),
            (&["for=6.6.6.6, for=198.51.100.7;by=10.0.0.9, for=10.0.0.9"], "198.51.100.7"),
            (&["for=\"\\, for=198.51.100.7"], "198.51.100.7"),
            // A quote that a client left open does not take what the proxy adds.
            (&["for=\"6.6.6.6, for=198.51.100.7"], "198.51.100.7"),
            (&["for=198.51.100.7;host=\"a, for=6.6.6.6\""], "198.51.100.7"),
            (&["for=198.51.100.7;host=\"a, for=6.6.6.6;x=\\\"\""], "10.0.0.1"),
            (&["for=6.6.6.6;for=198.51.100.7"], "10.0.0.1"),
            (&["for=_hidden"], "10.0.0.1"),
            (&["proto=https"], "10.0.0.1"),
        ] {
            assert_eq!(found(lines), expected, "{lines:?}");
        }
    }
}
