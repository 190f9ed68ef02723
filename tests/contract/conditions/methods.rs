//! Which methods there are, and what bodies they take.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::sent;
use crate::contract::families::{each_family, family};
use crate::contract::world::World;

const PATCHES: &str = "application/merge-patch+json, application/ld+json, application/json, \
    text/turtle, application/n-triples, application/n-quads";
const POSTS: &str = "application/ld+json, application/json, text/turtle, application/n-triples, \
    application/n-quads";

#[test]
fn what_can_be_sent_is_told_by_options_by_get_and_by_a_415() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (item, collection) = (world.made(family).0, world.collection(family));
        for (path, method, header, types, other) in [
            (&item, "PATCH", "accept-patch", PATCHES, "accept-post"),
            (&collection, "POST", "accept-post", POSTS, "accept-patch"),
        ] {
            let refused = writer.request(method.parse().expect("a method"), path);
            let refused = writer.send(refused.header("Content-Type", "text/plain").body("x"));
            assert_eq!(refused.header("accept"), Some(types), "{path}");
            for answer in [
                sent(writer, "OPTIONS", path, &[], None).expect(204),
                sent(writer, "GET", path, &[], None).expect(200),
                sent(writer, "HEAD", path, &[], None).expect(200),
                refused.expect(415),
            ] {
                assert_eq!(answer.header(header), Some(types), "{path}: {:?}", answer.headers);
                // The images of a space are changed together as well.
                let is_changed = family.class == "Image" && path == &collection;
                let also = (is_changed && answer.status != 415).then_some(PATCHES);
                assert_eq!(answer.header(other), also, "{path}");
            }
        }
    });
    let policies = world.owner.client.get("/thumbnailPolicies").expect(200);
    let bodies = (policies.header("accept-patch"), policies.header("accept-post"));
    assert_eq!(bodies, (None, None), "what takes no body says nothing of bodies");
}

#[test]
fn a_script_elsewhere_may_try_every_method_at_every_address() {
    let world = World::new();
    let test = format!("{}/test", world.batch());
    for (path, allow) in [
        (world.made(family("Role")).0.as_str(), "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        (test.as_str(), "POST, OPTIONS"),
        ("/vocab", "GET, HEAD, OPTIONS"),
        ("/contexts/Space.jsonld", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/thumbs/1/2/3", "GET, HEAD, OPTIONS"),
        ("/nowhere", "GET, HEAD, OPTIONS"),
        ("/customers/999999/nowhere", "GET, HEAD, OPTIONS"),
    ] {
        let headers =
            [("Origin", "https://example.org"), ("Access-Control-Request-Method", "PATCH")];
        let answer = sent(&world.app.visitor, "OPTIONS", path, &headers, None).expect(204);
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        let methods = answer.header("access-control-allow-methods").unwrap_or_default();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(methods.split(", ").any(|m| m == method), "{path}: {methods}");
        }
        let names = answer.header("access-control-allow-headers").unwrap_or_default();
        for name in
            ["Authorization", "Content-Type", "Accept", "If-Match", "If-None-Match", "Prefer"]
        {
            assert!(names.split(", ").any(|n| n == name), "{path}: {names}");
        }
    }
    sent(&world.app.visitor, "OPTIONS", "/nowhere", &[], None).expect(404);
}

#[test]
fn methods_that_an_address_does_not_have_are_refused_with_those_it_has() {
    let world = World::new();
    let test = format!("{}/test", world.batch());
    for (path, allow) in [
        (world.owner.path("/roles"), "GET, POST, HEAD, OPTIONS"),
        (test, "POST, OPTIONS"),
        ("/vocab".into(), "GET, HEAD, OPTIONS"),
        ("/contexts/Space.jsonld".into(), "GET, HEAD, OPTIONS"),
        ("/healthz".into(), "GET, HEAD, OPTIONS"),
        ("/thumbs/1/2/3".into(), "GET, HEAD, OPTIONS"),
        ("/".into(), "GET, HEAD, OPTIONS"),
    ] {
        for method in ["TRACE", "PROPFIND", "NONSENSE", "PUT"] {
            let answer = sent(&world.owner.client, method, &path, &[], None).expect(405);
            assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert!(answer.text("type").ends_with("#MethodNotAllowed"), "{}", answer.body);
        }
    }
}

/// The answer to bytes that are sent as they stand.
fn raw(world: &World, request: &str) -> String {
    let address = world.app.visitor.root.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer ends");
    answer
}

#[test]
fn the_service_as_a_whole_says_what_it_does() {
    let world = World::new();
    let answer = raw(&world, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let head = answer.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 204"), "{answer}");
    assert!(
        head.contains("\r\nallow: get, head, post, put, patch, delete, options\r\n"),
        "{answer}"
    );
    let connect = raw(&world, "CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(connect.starts_with("HTTP/1.1 40"), "{connect}");
    assert!(connect.contains("application/problem+json"), "{connect}");
}

#[test]
fn a_304_says_nothing_of_a_content_on_the_wire() {
    let world = World::new();
    let request = "GET /vocab HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n";
    let answer = raw(&world, request);
    let (head, rest) = answer.split_once("\r\n\r\n").expect("a head");
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 304 not modified\r\n"), "{head}");
    for absent in ["content-type", "content-length", "transfer-encoding"] {
        assert!(!head.contains(absent), "{head}");
    }
    assert_eq!(rest, "");
}
