//! Heads of requests that are too large are refused in words, however large they are.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::App;

/// The answer to bytes that are sent to the last one before anything is read: its head, and its body.
fn asked(app: &App, parts: &[&str]) -> (String, String) {
    let address = app.visitor.root.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a socket");
    for part in parts {
        stream.write_all(part.as_bytes()).expect("the service reads on");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the connection is closed, and not reset");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_ascii_lowercase(), body.to_owned())
}

#[track_caller]
fn assert_problem(app: &App, (head, body): &(String, String), status: &str, kind: &str) {
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    let documentation =
        format!("\r\nlink: <{}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#api", app.base);
    assert!(head.contains(&documentation), "{head}");
    assert!(head.contains("\r\ncontent-type: application/problem+json"), "{head}");
    assert!(head.contains("\r\nconnection: close"), "{head}");
    let problem: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(problem["type"], format!("{}/vocab#{kind}", app.base));
    assert!(head.contains(problem["requestId"].as_str().expect("a name")), "{head}");
}

const REST: &str = " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n";

#[test]
fn a_request_target_that_is_too_long_is_told_as_what_it_is_whatever_its_length() {
    let app = App::without_workers();
    let target = |length: usize| format!("/{}", "a".repeat(length - 1));
    let (head, _) =
        asked(&app, &["GET ", &target(32 << 10), " HTTP/1.0\r\nConnection: close\r\n\r\n"]);
    assert!(head.starts_with("http/1.1 404 ") || head.starts_with("http/1.0 404 "), "{head}");
    for length in [(32 << 10) + 1, 65_000, 65_535, 70_000, 200_000, 20 << 20] {
        let answer = asked(&app, &["GET ", &target(length), REST]);
        assert_problem(&app, &answer, "414", "TargetTooLong");
        let answer = asked(&app, &["GET http://localhost", &target(length), REST]);
        assert_problem(&app, &answer, "414", "TargetTooLong");
    }
    // Nothing that a request says in part is done, and an earlier one is answered before.
    let before = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let (head, rest) = asked(&app, &[before, "DELETE ", &target(100_000), REST]);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let (_, rest) = rest.split_once("ready\n").expect("the first answer");
    let (head, body) = rest.split_once("\r\n\r\n").expect("the second answer");
    assert_problem(&app, &(head.to_ascii_lowercase(), body.to_owned()), "414", "TargetTooLong");
    app.visitor.get("/healthz").expect(200);
}

#[test]
fn headers_that_are_too_large_or_too_many_are_told_as_what_they_are() {
    let app = App::without_workers();
    let line = format!("X: {}\r\n", "y".repeat(6_000));
    let whole = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{line}\r\n");
    assert!(asked(&app, &[&whole]).0.starts_with("http/1.1 200 "));
    for headers in [
        line.repeat(20),
        format!("X: {}\r\n", "y".repeat(4 << 20)),
        format!("{}: y\r\n", "x".repeat(200_000)),
        "X: y\r\n".repeat(91),
        "X: y\r\n".repeat(200_000),
        format!("Content-Length: 5\r\n{}", line.repeat(40)),
    ] {
        for first in ["GET / HTTP/1.1\r\nHost: x\r\n", "PUT /customers/1/spaces/9 HTTP/1.1\r\n"] {
            let answer = asked(&app, &[first, &headers, "\r\n"]);
            assert_problem(&app, &answer, "431", "HeadTooLarge");
        }
    }
    app.visitor.get("/healthz").expect(200);
}

#[test]
fn a_body_is_no_head_even_where_it_looks_like_one() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let long = format!("GET /{}", "a".repeat(100_000));
    // Sent in chunks, and refused before any of it is read: the connection goes on behind it.
    let request = format!(
        "POST /customers/999/spaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{long}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        long.len()
    );
    let (head, rest) = asked(&app, &[&request]);
    assert!(head.starts_with("http/1.1 401 "), "{head}");
    assert!(!rest.contains("TargetTooLong"), "{rest}");
    owner.client.get(&owner.path("")).expect(200);
}
