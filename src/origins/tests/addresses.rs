//! Which addresses are reached, and that the check cannot be got round.

use std::net::IpAddr;

use super::super::address::is_public;
use super::super::{Allowed, OriginError, OriginUrlError, check_origin};
use super::server::{Origin, answer, fetch, fetch_with, limits, redirect};

fn refused(allowed: &str, origin: &str) -> OriginError {
    let error = fetch_with(limits(), allowed, origin, None).unwrap_err();
    assert!(matches!(error, OriginError::AddressRefused { .. }), "{origin}: {error:?}");
    error
}

#[test]
fn loopback_is_refused_with_the_setting_that_would_allow_it() {
    let origin = Origin::saying(answer("200 OK", "", "image"));
    let words = refused("", &origin.url("/")).to_string();
    assert!(words.contains("HYDRIA_ORIGIN_ALLOW"), "{words}");
    assert!(origin.asked().is_empty());
}

#[test]
fn odd_spellings_of_a_loopback_address_are_refused() {
    for host in [
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
    ] {
        refused("", &format!("http://{host}:9/"));
    }
}

#[test]
fn a_name_that_resolves_to_loopback_is_refused() {
    let origin = Origin::saying(answer("200 OK", "", "image"));
    let url = format!("http://localhost:{}/", origin.port);
    let words = refused("", &url).to_string();
    assert!(words.contains("localhost") && !words.contains("127"), "{words}");
    // The other address of the name, if any, is left aside.
    assert!(fetch_with(limits(), "127.0.0.1/32", &url, None).is_ok());
}

#[test]
fn a_redirect_to_a_private_address_is_refused() {
    for to in ["http://10.0.0.1/", "http://169.254.169.254/latest/", "//[fd00::1]/", "//0xa000001"]
    {
        let origin = Origin::saying(redirect(to));
        refused("127.0.0.1", &origin.url("/"));
    }
}

#[test]
fn an_allowance_of_one_port_holds_for_that_port_only() {
    let open = Origin::saying(answer("200 OK", "", "image"));
    let shut = Origin::saying(answer("200 OK", "", "image"));
    let allowed = format!("127.0.0.1:{}", open.port);
    assert!(fetch_with(limits(), &allowed, &open.url("/"), None).is_ok());
    assert!(
        fetch_with(limits(), &allowed, &format!("http://localhost:{}", open.port), None).is_ok()
    );
    refused(&allowed, &shut.url("/"));
    refused(&allowed, &format!("http://localhost:{}", shut.port));
    let lead = Origin::saying(redirect(&shut.url("/")));
    refused(&format!("{allowed} 127.0.0.1:{}", lead.port), &lead.url("/"));
    assert!(shut.asked().is_empty());
}

#[test]
fn special_addresses_are_not_public() {
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.2",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.19.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
    for address in [
        "8.8.8.8",
        "100.128.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2001:200::1",
        "2606:4700::1",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn allowances_are_read_and_shown() {
    let text = "10.0.0.0/8, 192.168.1.5  ::1,127.0.0.1:80 [::1]:8080";
    let allowed: Allowed = text.parse().unwrap();
    assert_eq!(allowed.to_string(), "10.0.0.0/8,192.168.1.5/32,::1/128,127.0.0.1:80,[::1]:8080");
    assert_eq!(allowed.to_string().parse(), Ok(allowed.clone()));
    let permits = |address: &str, port| allowed.permits(address.parse::<IpAddr>().unwrap(), port);
    assert!(permits("10.9.9.9", 1) && permits("::ffff:10.9.9.9", 1) && permits("8.8.8.8", 1));
    assert!(permits("127.0.0.1", 80) && permits("::ffff:127.0.0.1", 80) && permits("::1", 1));
    assert!(!permits("127.0.0.1", 81) && !permits("192.168.1.6", 80));
    let fault = "10.0.0.0/8,intranet".parse::<Allowed>().unwrap_err().to_string();
    assert!(fault.contains("\"intranet\""), "{fault}");
    assert!("10.0.0.0/33".parse::<Allowed>().is_err());
}

#[test]
fn an_origin_is_checked_before_it_is_written() {
    for origin in [
        "http://example.org",
        "HTTPS://example.org:8443/ä b.jpg?x=1#y",
        "http://[::1]/",
        "s3://bucket/key",
    ] {
        assert_eq!(check_origin(origin), Ok(()), "{origin}");
    }
    for (origin, why) in [
        ("", OriginUrlError::NotAUrl),
        ("/images/1.jpg", OriginUrlError::NotAUrl),
        ("http:example.org", OriginUrlError::NotAUrl),
        ("http://", OriginUrlError::NotAUrl),
        (r"http:\\example.org", OriginUrlError::NotAUrl),
        (" http://example.org", OriginUrlError::Blank),
        ("http://example.org/1.jpg ", OriginUrlError::Blank),
        ("http://example.org/1.jpg\n", OriginUrlError::Blank),
        ("http:///example.org/1.jpg", OriginUrlError::NotAUrl),
        ("https:////example.org/1.jpg", OriginUrlError::NotAUrl),
        ("http://exam\nple.org", OriginUrlError::NotAUrl),
        ("gopher://example.org/1.jpg", OriginUrlError::UnsupportedScheme),
        ("file:///etc/passwd", OriginUrlError::UnsupportedScheme),
        ("http://user:pw@example.org", OriginUrlError::UserInfo),
        ("http://user@example.org", OriginUrlError::UserInfo),
    ] {
        assert_eq!(check_origin(origin), Err(why), "{origin:?}");
    }
    let long = format!("http://example.org/{}", "a".repeat(4096));
    assert_eq!(check_origin(&long), Err(OriginUrlError::TooLong));
    assert!(matches!(fetch("gopher://127.0.0.1/").unwrap_err(), OriginError::Unusable(_)));
    assert!(matches!(fetch("ftp://127.0.0.1/").unwrap_err(), OriginError::OtherScheme { .. }));
}

#[test]
fn a_host_has_one_spelling_whatever_the_protocol() {
    for (origin, host) in [
        ("sftp://Files.Example.org./a", "files.example.org"),
        ("sftp://b\u{fc}cher.example/a", "xn--bcher-kva.example"),
        ("ftps://0x7f.1/a", "127.0.0.1"),
        ("sftp://[::FFFF:127.0.0.1]:22/a", "[::ffff:7f00:1]"),
        ("s3://Maps/a", "Maps"),
    ] {
        let url = super::super::strategy::read_origin(origin).unwrap();
        assert_eq!(url.host_str(), Some(host), "{origin}");
    }
    for odd in ["sftp://./a", "sftp://a%2fb/a", "sftp://300.1.1.1/a"] {
        assert!(check_origin(odd).is_err(), "{odd}");
    }
}
