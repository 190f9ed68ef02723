//! Texts compressed for those who ask for it, with tags of their own; images and answers to writes never.

use std::io::Read as _;

use hydria::cli::serve::Options;
use reqwest::Method;
use serde_json::json;

use super::families::family;
use super::world::World;
use crate::support::{Answer, App, Client, Origin};

const CODINGS: [&str; 3] = ["zstd", "br", "gzip"];

/// Who accepts one content coding, and the text as it is only where there is no other way.
fn only(coding: &str) -> String {
    format!("{coding}, identity;q=0")
}

fn ask(client: &Client, method: Method, address: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, address);
    client
        .send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
}

fn get(client: &Client, address: &str, accepted: &str) -> Answer {
    ask(client, Method::GET, address, &[("Accept-Encoding", accepted)])
}

fn coding(answer: &Answer) -> Option<&str> {
    answer.header("content-encoding")
}

fn varies(answer: &Answer) -> bool {
    let lines: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert!(lines.len() < 2, "several lines: {lines:?}");
    answer.header("vary").is_some_and(|vary| vary.split(", ").any(|name| name == "Accept-Encoding"))
}

#[track_caller]
fn tag(answer: &Answer) -> &str {
    answer.header("etag").unwrap_or_else(|| panic!("no tag: {:?}", answer.headers))
}

fn with_coding(tag: &str, coding: &str) -> String {
    format!("{}-{coding}\"", tag.strip_suffix('"').expect("quotes"))
}

/// The text of an answer, with the id of its request, which a problem tells, left out.
#[track_caller]
fn text(answer: &Answer) -> String {
    let mut text = String::new();
    let bytes = answer.bytes.as_slice();
    let read = match coding(answer) {
        None => (&*bytes).read_to_string(&mut text),
        Some("zstd") => zstd::Decoder::new(bytes).expect("a frame").read_to_string(&mut text),
        Some("br") => brotli::Decompressor::new(bytes, 4096).read_to_string(&mut text),
        Some("gzip") => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
        Some(other) => panic!("nobody asked for {other}"),
    };
    read.unwrap_or_else(|error| panic!("{:?}: {error}", coding(answer)));
    text.replace(answer.header("x-request-id").expect("an id"), "…")
}

/// A page of images that is longer than what is sent in one piece, and longer than what is compressed in place.
fn long_page(world: &World) -> String {
    let tags: Vec<String> = (0..40).map(|n| format!("{n:03}").repeat(100)).collect();
    let image = |n: i32| json!({ "id": format!("{n}"), "space": world.space, "origin": super::world::ORIGIN, "tags": tags });
    let images: Vec<_> = (0..60).map(image).collect();
    world.owner.submit(&images).expect(201);
    world.owner.path(&format!("/spaces/{}/images?pageSize=100", world.space))
}

#[test]
fn every_text_is_the_same_in_each_content_coding() {
    let world = World::new();
    let long = long_page(&world);
    let (space, _) = world.made(family("Space"));
    let missing = format!("/{}", "nowhere".repeat(200));
    let mut addresses: Vec<(String, u16)> = Vec::new();
    for address in [&long, &space, &world.owner.path("/roles"), "/", "/vocab"] {
        let joint = if address.contains('?') { '&' } else { '?' };
        let formats = ["jsonld", "json", "ttl", "nq", "nt", "html"];
        addresses.extend(formats.map(|format| (format!("{address}{joint}format={format}"), 200)));
    }
    addresses.extend(["/openapi.json", "/contexts/Image.jsonld"].map(|a| (a.to_owned(), 200)));
    addresses.extend(["", "?format=html", "?format=ttl"].map(|f| (format!("{missing}{f}"), 404)));
    let client = &world.owner.client;
    for (address, status) in addresses {
        let plain = client.get(&address).expect(status);
        assert!(coding(&plain).is_none() && varies(&plain), "{address}");
        for name in CODINGS {
            let answer = get(client, &address, &only(name)).expect(status);
            assert_eq!(coding(&answer), Some(name), "{address}");
            assert!(varies(&answer), "{address}");
            let (sent, whole) = (answer.bytes.len(), plain.bytes.len());
            assert!(whole < 1024 || sent < whole, "{address}: {whole} bytes are {sent} in {name}");
            assert!(text(&answer) == text(&plain), "{name} of {address}");
            for same in ["content-type", "link", "cache-control", "vary", "allow", "hydria-ignored"]
            {
                let values = |answer: &Answer| {
                    let values = answer.headers.get_all(same).iter().cloned();
                    values.collect::<Vec<_>>()
                };
                assert_eq!(values(&answer), values(&plain), "{same} in {name} of {address}");
            }
            let expected = plain.header("etag").map(|tag| with_coding(tag, name));
            assert_eq!(answer.header("etag"), expected.as_deref(), "{address}");
            assert_eq!(expected.is_some(), status == 200, "{address}");
        }
    }
}

#[test]
fn the_best_content_coding_is_sent_and_nobody_is_refused() {
    let world = World::new();
    let spaces = world.owner.path("/spaces");
    for (accepted, expected) in [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip, deflate, br", Some("br")),
        ("gzip;q=1.0, br;q=0.9, *;q=0.1", Some("gzip")),
        ("GZIP", Some("gzip")),
        ("x-gzip", Some("gzip")),
        ("*", Some("zstd")),
        ("*, zstd;q=0", Some("br")),
        ("identity;q=0, *", Some("zstd")),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("deflate, compress", None),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("", None),
        ("\"gzip\"; ;;q, \\, =", None),
        ("gzip;q=nonsense", None),
        ("gzip gzip", None),
    ] {
        let answer = get(&world.owner.client, &spaces, accepted).expect(200);
        assert_eq!(coding(&answer), expected, "{accepted}");
        assert!(varies(&answer) && text(&answer).contains("SpaceCollection"), "{accepted}");
    }
    let lines = [("Accept-Encoding", "gzip"), ("Accept-Encoding", "br")];
    let answer = ask(&world.owner.client, Method::GET, &spaces, &lines).expect(200);
    assert_eq!(coding(&answer), Some("br"));
    let unreadable = reqwest::header::HeaderValue::from_bytes(b"gzip\xff").expect("a value");
    let request = world.owner.client.request(Method::GET, &spaces);
    let answer = world.owner.client.send(request.header("Accept-Encoding", unreadable));
    assert_eq!(coding(&answer.expect(200)), None);
}

#[test]
fn a_short_text_is_sent_as_it_is_unless_that_is_refused() {
    let world = World::new();
    for address in ["/healthz", "/nowhere"] {
        let answer = get(&world.app.visitor, address, "gzip, zstd");
        assert!(answer.bytes.len() < 1024, "{address}");
        assert!(coding(&answer).is_none() && varies(&answer), "{address}");
        let forced = get(&world.app.visitor, address, &only("gzip"));
        assert_eq!(coding(&forced), Some("gzip"), "{address}");
        assert_eq!(text(&forced), text(&answer), "{address}");
    }
}

#[test]
fn a_reader_has_what_it_holds_in_any_content_coding_that_it_accepts() {
    let world = World::new();
    let client = &world.owner.client;
    let (space, _) = world.made(family("Space"));
    let turtle = format!("{space}?format=ttl");
    for address in [&space, &turtle, "/vocab", "/openapi.json", "/contexts/Image.jsonld"] {
        let plain = client.get(address).expect(200);
        for name in CODINGS {
            let whole = get(client, address, name).expect(200);
            let again = |accepted: &str, held: &str| {
                let headers = [("Accept-Encoding", accepted), ("If-None-Match", held)];
                ask(client, Method::GET, address, &headers)
            };
            for accepted in [name, &only(name), &format!("identity, {name};q=0.1"), "*"] {
                let unchanged = again(accepted, tag(&whole)).expect(304);
                assert!(unchanged.bytes.is_empty() && coding(&unchanged).is_none());
                for same in ["etag", "vary", "cache-control"] {
                    assert_eq!(unchanged.header(same), whole.header(same), "{same} of {address}");
                }
            }
            let weak = format!("\"old\", W/{}", tag(&whole));
            assert_eq!(tag(&again(name, &weak).expect(304)), tag(&whole));
            // What it has as it is need not be sent again in another form.
            assert_eq!(tag(&again(name, tag(&plain)).expect(304)), tag(&plain));
            assert_eq!(coding(&again(&only(name), tag(&plain)).expect(200)), Some(name));
            let other = if name == "gzip" { "br" } else { "gzip" };
            assert_eq!(coding(&again(other, tag(&whole)).expect(200)), Some(other), "{address}");
            assert_eq!(coding(&again("identity", tag(&whole)).expect(200)), None, "{address}");
            again(name, "\"old\"").expect(200);
        }
    }
    let elsewhere = get(client, &turtle, "gzip").expect(200);
    let headers = [("Accept-Encoding", "gzip"), ("If-None-Match", tag(&elsewhere))];
    ask(client, Method::GET, &space, &headers).expect(200);
}

#[test]
fn a_change_is_made_on_the_state_whose_compressed_form_was_read() {
    let world = World::new();
    let client = &world.owner.client;
    for (method, done) in [(Method::PUT, 200), (Method::PATCH, 205), (Method::DELETE, 205)] {
        let (space, _) = world.made(family("Space"));
        for (accept, name) in [("application/ld+json", "gzip"), ("text/turtle", "zstd")] {
            let read = || {
                let headers = [("Accept-Encoding", name), ("Accept", accept)];
                ask(client, Method::GET, &space, &headers).expect(200)
            };
            let write = |held: &str| {
                let request = client.request(method.clone(), &space).header("If-Match", held);
                let body = json!({ "name": format!("space {}", world.number()) }).to_string();
                client.send(request.header("Content-Type", "application/json").body(body))
            };
            let before = read();
            assert_eq!(coding(&before), Some(name));
            write(&with_coding(tag(&before), "gzip")).expect(412);
            write(&format!("W/{}", tag(&before))).expect(412);
            let written = write(tag(&before)).expect(done);
            if method == Method::DELETE {
                break;
            }
            write(tag(&before)).expect(412);
            assert!(tag(&read()).starts_with(tag(&written).trim_end_matches('"')), "{method}");
        }
    }
}

#[test]
fn a_compressed_head_is_a_get_without_its_body() {
    let world = World::new();
    let long = long_page(&world);
    let missing = format!("/{}", "nowhere".repeat(200));
    for address in ["/", "/vocab", "/contexts/Image.jsonld", "/healthz", &long, &missing] {
        for accepted in ["zstd", "br", "gzip", "identity"] {
            let asked = |method| {
                let headers = [("Accept-Encoding", accepted)];
                ask(&world.owner.client, method, address, &headers)
            };
            let (get, head) = (asked(Method::GET), asked(Method::HEAD));
            let headers = |answer: &Answer| {
                let mut headers = answer.headers.clone();
                headers.remove("date");
                headers.remove("x-request-id").expect("an id");
                // The id of the request, in a problem, compresses to more or less.
                if answer.status == 404 {
                    headers.remove("content-length");
                }
                headers
            };
            assert!(head.bytes.is_empty() && head.status == get.status, "{address}");
            assert_eq!(headers(&head), headers(&get), "{accepted} of {address}");
            let length = get.bytes.len().to_string();
            assert_eq!(get.header("content-length"), Some(length.as_str()), "{address}");
        }
    }
}

#[test]
fn answers_to_writes_are_never_compressed_because_they_may_hold_secrets() {
    let world = World::new();
    let client = &world.owner.client;
    let write = |method: &Method, path: &str, body: &serde_json::Value| {
        let request = client.request(method.clone(), path).header("Accept-Encoding", only("gzip"));
        let request = request.header("Prefer", "return=representation");
        client.send(request.header("Content-Type", "application/json").body(body.to_string()))
    };
    let key = write(&Method::POST, &world.owner.path("/keys"), &json!({})).expect(201);
    assert!(!key.text("secret").is_empty());
    let name = json!({ "name": "one", "label": "x".repeat(900) });
    let role = world.owner.path("/roles/one");
    let made = write(&Method::PUT, &role, &name).expect(201);
    let changed = write(&Method::PATCH, &role, &name).expect(200);
    let refused = write(&Method::PATCH, &role, &json!({ "name": 5 })).expect(400);
    for answer in [key, made, changed, refused] {
        assert!(coding(&answer).is_none() && !varies(&answer), "{:?}", answer.headers);
        assert!(answer.body.is_object());
    }
    let gone = client.request(Method::DELETE, &role).header("Accept-Encoding", only("gzip"));
    let gone = client.send(gone).expect(205);
    assert!(coding(&gone).is_none() && gone.bytes.is_empty());
}

#[test]
fn images_are_never_compressed_and_their_descriptions_are() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}/images/map", owner.space("maps")));
    let image = owner.client.put(&path, &json!({ "origin": origin.image(900, 600) })).expect(201);
    let (pixels, info) = (image.text("thumbnail400"), image.text("thumbnailInfoJson"));
    let plain = app.visitor.get(&pixels).expect(200);
    for name in CODINGS {
        let answer = get(&app.visitor, &pixels, &only(name)).expect(200);
        assert!(coding(&answer).is_none() && !varies(&answer), "{:?}", answer.headers);
        assert_eq!((&answer.bytes, tag(&answer)), (&plain.bytes, tag(&plain)));
        let held = [("Accept-Encoding", name), ("If-None-Match", tag(&plain))];
        let unchanged = ask(&app.visitor, Method::GET, &pixels, &held).expect(304);
        assert!(tag(&unchanged) == tag(&plain) && !varies(&unchanged));
        let invented = with_coding(tag(&plain), name);
        let held = [("Accept-Encoding", name), ("If-None-Match", &invented)];
        ask(&app.visitor, Method::GET, &pixels, &held).expect(200);

        let description = get(&app.visitor, &info, &only(name)).expect(200);
        assert_eq!(coding(&description), Some(name));
        assert_eq!(text(&description), text(&app.visitor.get(&info)));
        let headers = [("Accept-Encoding", name), ("If-None-Match", tag(&description))];
        let unchanged = ask(&app.visitor, Method::GET, &info, &headers).expect(304);
        assert_eq!(unchanged.header("vary"), Some("Accept, Accept-Encoding"));
        assert_eq!(tag(&unchanged), tag(&description));
    }
}

#[test]
fn samples_are_images() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let app = App::start_with(&[], Options { no_worker: true, samples: Some(folder.into()) });
    for sample in ["/samples/rocket.jpg", "/samples/coffee.png"] {
        let answer = get(&app.visitor, sample, &only("zstd")).expect(200);
        assert!(coding(&answer).is_none() && !varies(&answer), "{:?}", answer.headers);
    }
}
