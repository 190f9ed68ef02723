//! Fetching from origins that behave well and badly, all of them on 127.0.0.1.

mod addresses;
mod odd;
mod patterns;
mod s3;
mod server;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{
    Access, Ambient, Credentials, Limits, OriginError, Phase, Strategy, USER_AND_PASSWORD,
};
use server::{NoKeys, Origin, answer, fetch, fetch_with, limits, redirect, send};

fn failure(answer: impl Into<Vec<u8>>) -> OriginError {
    fetch(&Origin::saying(answer).url("/1.jpg")).unwrap_err()
}

#[test]
fn a_file_is_fetched_whole() {
    let body = "0123456789".repeat(9_000);
    let origin = Origin::saying(answer("200 OK", "content-type: Image/TIFF; a=b\r\n", &body));
    let mut fetched = fetch(&origin.url("/1.tif?x=1")).unwrap();
    let mut text = String::new();
    fetched.file.read_to_string(&mut text).unwrap();
    assert!(text == body && fetched.bytes == 90_000);
    let asked = origin.asked().remove(0);
    for part in [
        "get /1.tif?x=1 ",
        "user-agent: hydria/",
        "accept: image/*,*/*;q=0.1\r\n",
        "accept-encoding: identity\r\n",
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert!(!asked.contains("authorization"));
}

#[test]
fn a_chunked_file_is_fetched_whole() {
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(fetch(&Origin::saying(chunked).url("/")).unwrap().bytes, 5);
}

#[test]
fn eight_redirects_are_followed_and_nine_are_not() {
    let origin = Origin::acting(|path, stream| match path.trim_start_matches('/').parse() {
        Ok(0) | Err(_) => send(stream, answer("200 OK", "", "image")),
        Ok(left) => send(stream, redirect(&format!("/{}", left - 1))),
    });
    let fetched = fetch(&origin.url("/8"));
    assert!(fetched.is_ok(), "{fetched:?}");
    let error = fetch(&origin.url("/9")).unwrap_err();
    assert!(matches!(error, OriginError::TooManyRedirects { limit: 8 }), "{error:?}");
    assert_eq!(origin.asked().len(), 18);
}

#[test]
fn a_kept_connection_that_ended_is_made_anew() {
    let unannounced =
        |to: &str| format!("HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: {to}\r\n\r\n");
    let origin = Origin::acting(move |path, stream| match path {
        "/aaaaaaaa" => send(stream, answer("200 OK", "", "image")),
        shorter => send(stream, unannounced(&format!("{shorter}a"))),
    });
    for _ in 0..5 {
        let fetched = fetch(&origin.url("/"));
        assert!(fetched.is_ok(), "{fetched:?}");
    }
}

#[test]
fn credentials_stay_with_the_origin_and_do_not_come_back() {
    let away = Origin::acting(|path, stream| {
        let back = path.trim_start_matches('/');
        send(stream, redirect(&format!("http://127.0.0.1:{back}/end")));
    });
    let elsewhere = away.url("");
    let origin = Origin::acting(move |path, stream| match path {
        "/first" => send(stream, redirect("/second")),
        "/second" => {
            let own = stream.local_addr().unwrap().port();
            send(stream, redirect(&format!("{elsewhere}/{own}")));
        }
        _ => send(stream, answer("200 OK", "", "image")),
    });
    let credentials = credentials();
    let fetched = fetch_with(limits(), "127.0.0.1", &origin.url("/first"), Some(&credentials));
    assert!(fetched.is_ok(), "{fetched:?}");
    let sent = |asked: &String| asked.contains("authorization: basic cmvhzgvyonnly3jlda==\r\n");
    assert_eq!(origin.asked().iter().map(sent).collect::<Vec<_>>(), [true, true, false]);
    assert!(!away.asked().remove(0).contains("authorization"));
}

#[test]
fn a_strategy_says_whether_credentials_are_needed() {
    let held = credentials();
    assert!(!format!("{held:?}").contains("secret"));
    let basic = Strategy::parse("basic_https").unwrap();
    assert_eq!(basic.id(), "basic-http-authentication");
    assert!(matches!(basic.credentials_to_send(None), Err(OriginError::CredentialsMissing { .. })));
    assert!(basic.credentials_to_send(Some(held.clone())).unwrap().is_some());
    assert!(Strategy::DEFAULT.credentials_to_send(Some(held)).unwrap().is_none());
    assert_eq!(Strategy::parse("nonsense"), None);
}

fn credentials() -> Credentials {
    let given = serde_json::json!({ "user": "reader", "password": "secret" });
    USER_AND_PASSWORD.read(given.as_object().unwrap()).unwrap()
}

#[test]
fn a_file_that_breaks_off_is_told_from_a_whole_one() {
    let error = failure("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    assert_eq!(error.to_string(), "the origin broke off after 3 of 9 bytes");
    assert!(error.is_transient());
    for damage in ["3\r\nabc\r\n", "9\r\nabc", "3\r\nabc\r\nzz\r\n", "3\r\nabc\r\n0\r\n"] {
        let error =
            failure(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{damage}"));
        assert!(matches!(error, OriginError::Truncated { expected: None, got: 3 }), "{error:?}");
    }
}

#[test]
fn a_slow_origin_is_given_up_where_it_is_slow() {
    let given_up = |limits: Limits, path: &str| {
        let origin = Origin::acting(|path, stream| {
            if path != "/mute" {
                send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
            }
            for _ in 0..if path == "/drip" { 20 } else { 0 } {
                send(stream, "a");
                sleep(Duration::from_millis(20));
            }
            sleep(Duration::from_millis(600));
        });
        let begun = Instant::now();
        let error = fetch_with(limits, "127.0.0.1", &origin.url(path), None).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert!(error.is_transient());
        error
    };
    let reading = given_up(limits(), "/still");
    assert_eq!(reading.to_string(), "the origin fell silent within the file for 0.15 seconds");
    let waiting = given_up(limits(), "/mute");
    assert!(matches!(waiting, OriginError::TimedOut { phase: Phase::Waiting, .. }), "{waiting:?}");
    let in_all = given_up(Limits { total: Duration::from_millis(200), ..limits() }, "/drip");
    assert!(matches!(in_all, OriginError::TimedOut { phase: Phase::InAll, .. }), "{in_all:?}");
}

#[test]
fn a_file_beyond_the_limit_is_refused_announced_or_not() {
    let most = "a".repeat(100_000);
    assert_eq!(
        fetch(&Origin::saying(answer("200 OK", "", &most)).url("/")).unwrap().bytes,
        100_000
    );
    let announced = failure("HTTP/1.1 200 OK\r\ncontent-length: 100001\r\n\r\n");
    assert_eq!(announced.to_string(), "the origin's file is larger than 100000 bytes");
    let found = failure(format!("HTTP/1.1 200 OK\r\n\r\n{most}a"));
    assert!(matches!(found, OriginError::TooLarge { .. }), "{found:?}");
    assert!(!found.is_transient());
}

#[test]
fn an_empty_file_is_no_image() {
    for empty in [answer("200 OK", "", ""), "HTTP/1.1 204 No Content\r\n\r\n".to_owned()] {
        assert!(matches!(failure(empty), OriginError::Empty));
    }
}

#[test]
fn each_failing_status_has_its_words() {
    for (status, words, passing) in [
        ("404 Lost", "the origin has no such file (404 Not Found)", false),
        ("410 Gone", "the origin has no such file (410 Gone)", false),
        ("401 X", "the origin wants credentials or refuses these (401 Unauthorized)", false),
        ("403 X", "the origin wants credentials or refuses these (403 Forbidden)", false),
        ("408 X", "the origin answered 408 Request Timeout", true),
        ("425 X", "the origin answered 425 Too Early", false),
        ("429 X", "the origin answered 429 Too Many Requests", true),
        ("451 X", "the origin answered 451 Unavailable For Legal Reasons", false),
        ("503 X", "the origin answered 503 Service Unavailable", true),
        ("500 X", "the origin answered 500 Internal Server Error", true),
        ("304 X", "the origin answered 304 Not Modified", false),
        ("799 X", "the origin answered 799", false),
    ] {
        let error = failure(answer(status, "", ""));
        assert_eq!(error.to_string(), words);
        assert_eq!(error.is_transient(), passing, "{status}");
    }
}

#[test]
fn an_origin_says_how_long_it_is_to_be_left_alone() {
    let said = |headers: &str| failure(answer("503 X", headers, "")).retry_after();
    assert_eq!(said("retry-after: 120\r\n"), Some(Duration::from_mins(2)));
    let dates =
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:47 GMT\r\n";
    assert_eq!(said(dates), Some(Duration::from_secs(10)));
    assert_eq!(said(""), None);
    assert_eq!(failure("").retry_after(), None);
}

#[test]
fn a_redirect_to_what_cannot_be_fetched_says_so() {
    let nowhere = failure(answer("301 Moved", "", ""));
    assert!(matches!(nowhere, OriginError::BadRedirect { why: None }), "{nowhere:?}");
    for to in ["ftp://127.0.0.1/", "s3://bucket/key", "http://user:secret@127.0.0.1/"] {
        let error = failure(redirect(to));
        assert!(matches!(error, OriginError::BadRedirect { why: Some(_) }), "{error:?}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn failures_of_the_connection_are_told_apart() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = fetch(&format!("http://127.0.0.1:{port}/")).unwrap_err();
    assert!(matches!(refused, OriginError::Unreachable { .. }), "{refused:?}");
    let refused = fetch(&format!("https://127.0.0.1:{port}/")).unwrap_err();
    assert!(matches!(refused, OriginError::Unreachable { .. }), "{refused:?}");
    for gibberish in ["", "HTTP/1.1 200", "SSH-2.0-OpenSSH\r\n"] {
        let error = failure(gibberish);
        assert!(matches!(error, OriginError::NoAnswer { .. }), "{error:?}");
    }
    // Refused by the resolver itself, for no part of a name has more than 63 letters.
    let unknown = fetch(&format!("http://{}.invalid/", "a".repeat(64))).unwrap_err();
    assert!(matches!(unknown, OriginError::NoSuchHost { .. }), "{unknown:?}");
}

#[test]
fn an_origin_without_encryption_is_no_https_origin() {
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", plain.local_addr().unwrap());
    let silent = fetch(&url).unwrap_err();
    assert!(matches!(silent, OriginError::TimedOut { phase: Phase::Connecting, .. }), "{silent:?}");
    let talking = std::thread::spawn(move || {
        for stream in plain.incoming().take(2) {
            send(&mut stream.unwrap(), "HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error = fetch(&url).unwrap_err();
    assert!(matches!(error, OriginError::Tls { .. }), "{error:?}");
    assert!(!error.is_transient());
    talking.join().unwrap();
}

#[test]
fn a_connection_that_ends_before_it_is_encrypted_is_a_broken_one() {
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", closing.local_addr().unwrap());
    let taking = std::thread::spawn(move || {
        for stream in closing.incoming().take(2) {
            // What was sent is read, so that the connection ends in order and is not reset.
            assert!(stream.unwrap().read(&mut [0; 4096]).unwrap() > 0);
        }
    });
    let error = fetch(&url).unwrap_err();
    assert!(matches!(error, OriginError::Unreachable { .. }), "{error:?}");
    assert!(error.is_transient());
    drop(fetch(&url));
    taking.join().unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_is_our_own_fault() {
    let origin = Origin::saying(answer("200 OK", "", "image"));
    let fetcher =
        super::Fetcher::new(limits(), "127.0.0.1".parse().unwrap(), Ambient::default()).unwrap();
    let access = Access { customer: 1, strategy: Strategy::DEFAULT, credentials: None };
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("below a file");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime
        .block_on(fetcher.fetch(&origin.url("/"), &access, Arc::new(NoKeys), &folder))
        .unwrap_err();
    assert!(error.is_local_fault() && error.is_transient());
    assert_eq!(error.to_string(), "this server could not store the file");
    let gone = tempfile::tempdir().unwrap().path().join("tidied away");
    assert!(
        runtime.block_on(fetcher.fetch(&origin.url("/"), &access, Arc::new(NoKeys), &gone)).is_ok()
    );
    std::fs::remove_dir_all(gone.parent().unwrap()).unwrap();
}

#[test]
fn a_fetch_may_take_a_minute_and_a_second_for_each_quarter_of_a_mebibyte() {
    let limits = Limits::default();
    let seconds = |bytes| limits.allowed(bytes).as_secs();
    assert_eq!([0, 256 * 1024 - 1, 256 * 1024, 10 << 20].map(seconds), [60, 60, 61, 100]);
    assert_eq!(seconds(2 << 30), 600, "in all");
    let short = Limits { total: Duration::from_secs(5), ..limits };
    assert_eq!(short.allowed(10 << 20), Duration::from_secs(5));
}

#[test]
fn an_origin_that_trickles_is_given_up_though_it_is_never_silent() {
    let origin = Origin::acting(|_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        for _ in 0..1000 {
            if stream.write_all(b"x").is_err() {
                break;
            }
            sleep(Duration::from_millis(20));
        }
    });
    let idle = Duration::from_millis(1200);
    let slow = Limits { idle, ..limits() };
    let error = fetch_with(slow, "127.0.0.1", &origin.url("/"), None).unwrap_err();
    assert!(matches!(error, OriginError::TooSlow { bytes_per_second: 1024, .. }), "{error:?}");
    assert!(error.to_string().contains("1024 bytes a second for 1.2 seconds"), "{error}");
    let short = Limits { total: Duration::from_millis(500), ..limits() };
    let error = fetch_with(short, "127.0.0.1", &origin.url("/"), None).unwrap_err();
    assert!(matches!(error, OriginError::TimedOut { phase: Phase::InAll, .. }), "{error:?}");
}
