//! Origins that are HTTP, and not as most are: compressed unasked, with cookies, long, large.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::{Limits, MAX_ORIGIN_BYTES, OriginError, check_origin};
use super::server::{Origin, answer, fetch, fetch_with, limits, redirect, send};

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn answer_in(coding: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-encoding: {coding}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_file_that_is_compressed_unasked_is_stored_as_it_is() {
    let text = "image ".repeat(10_000);
    let two = [gzipped(text.as_bytes()), gzipped(b"the end")].concat();
    let fetched = fetch(&Origin::saying(answer_in("gzip", &two)).url("/")).unwrap();
    assert_eq!(fetched.bytes, text.len() as u64 + 7, "one after the other");
    let mut read = String::new();
    std::io::Read::read_to_string(&mut { fetched.file }, &mut read).unwrap();
    assert_eq!(read, text + "the end");
}

#[test]
fn what_is_compressed_is_measured_by_what_comes_out() {
    let bomb = gzipped(&vec![0; 10 << 20]);
    assert!((bomb.len() as u64) < limits().max_bytes);
    let error = fetch(&Origin::saying(answer_in("gzip", &bomb)).url("/")).unwrap_err();
    assert!(matches!(error, OriginError::TooLarge { limit_bytes: 100_000 }), "{error:?}");
}

#[test]
fn what_is_compressed_badly_or_in_a_way_that_is_not_read_says_so() {
    let mut damaged = gzipped("image ".repeat(1000).as_bytes());
    for byte in &mut damaged[20..] {
        *byte = !*byte;
    }
    let error = fetch(&Origin::saying(answer_in("gzip", &damaged)).url("/")).unwrap_err();
    assert!(matches!(error, OriginError::BadEncoding), "{error:?}");
    assert!(!error.is_transient());
    let whole = gzipped("image ".repeat(1000).as_bytes());
    let half = answer_in("gzip", &whole[..whole.len() / 2]);
    let error = fetch(&Origin::saying(half).url("/")).unwrap_err();
    assert!(matches!(error, OriginError::Truncated { expected: None, .. }), "{error:?}");
    let error = fetch(&Origin::saying(answer_in("br", b"image")).url("/")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the origin sent the file compressed as br, which nobody asked for"
    );
    assert!(!error.is_transient());
}

#[test]
fn cookies_last_for_the_redirects_of_one_fetch_and_stay_with_their_host() {
    let elsewhere = Origin::acting(|path, stream| {
        let back = path.trim_start_matches('/');
        send(stream, redirect(&format!("http://127.0.0.1:{back}/file")));
    });
    // The same server by another name of its host.
    let away = elsewhere.url("").replace("127.0.0.1", "localhost");
    let origin = Origin::acting(move |path, stream| {
        let port = stream.local_addr().unwrap().port();
        match path {
            "/log-in" => {
                let cookies = "set-cookie: session=abc; Path=/; HttpOnly\r\nset-cookie: other=1; Path=/x\r\n\
                               location: /ticket\r\n";
                send(stream, answer("302 Found", cookies, ""));
            }
            "/ticket" => send(stream, redirect(&format!("{away}/{port}"))),
            _ => send(stream, answer("200 OK", "", "image")),
        }
    });
    for _ in 0..2 {
        let fetched = fetch_with(limits(), "127.0.0.1,::1", &origin.url("/log-in"), None);
        assert!(fetched.is_ok(), "{fetched:?}");
    }
    let cookie = |asked: String| {
        let line = asked.lines().find(|line| line.starts_with("cookie:")).map(str::to_owned);
        line.unwrap_or_default()
    };
    let sent: Vec<String> = origin.asked().into_iter().map(cookie).collect();
    let own = "cookie: session=abc";
    assert_eq!(sent, ["", own, own, "", own, own], "each fetch begins without");
    assert_eq!(elsewhere.asked().into_iter().map(cookie).collect::<Vec<_>>(), ["", ""]);
}

#[test]
fn an_address_of_four_kilobytes_is_asked_for_as_it_is() {
    let origin = Origin::saying(answer("200 OK", "", "image"));
    let signed = origin.url("/a.jpg?X-Amz-Signature=");
    let long = format!("{signed}{}", "f".repeat(MAX_ORIGIN_BYTES - signed.len()));
    assert_eq!(long.len(), 4096);
    assert_eq!(check_origin(&long), Ok(()));
    assert!(fetch(&long).is_ok());
    assert!(origin.asked()[0].contains(&"f".repeat(4000)));
    assert!(check_origin(&format!("{long}f")).is_err());
}

#[test]
fn a_file_of_more_than_four_gigabytes_is_taken_where_the_limit_allows_it() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5368709120\r\n\r\nabc";
    let origin = Origin::saying(head);
    let large = Limits { max_bytes: 6 << 30, ..limits() };
    let error = fetch_with(large, "127.0.0.1", &origin.url("/"), None).unwrap_err();
    assert_eq!(error.to_string(), "the origin broke off after 3 of 5368709120 bytes");
    let less = Limits { max_bytes: (5 << 30) - 1, ..limits() };
    let error = fetch_with(less, "127.0.0.1", &origin.url("/"), None).unwrap_err();
    assert!(matches!(error, OriginError::TooLarge { limit_bytes: 5_368_709_119 }), "{error:?}");
}
