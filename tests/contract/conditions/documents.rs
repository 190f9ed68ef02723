//! Documents and pictures that are the same for everybody: kept by all, and asked for again with a tag.

use hydria::cli::serve::Options;
use serde_json::json;

use super::{now, sent, tag};
use crate::support::{App, Client, Origin};

/// Whether a second look, with the tag of the first, is answered without content, as the first allows.
#[track_caller]
fn is_revalidated(client: &Client, path: &str, caching: &str) {
    let whole = client.get(path).expect(200);
    let own = tag(&whole);
    assert_eq!(whole.header("cache-control"), Some(caching), "{path}");
    let varies = match whole.header("content-type") {
        Some("image/jpeg") => None,
        _ if path == "/vocab" || path.ends_with("/info.json") => Some("Accept, Accept-Encoding"),
        _ => Some("Accept-Encoding"),
    };
    assert_eq!(whole.header("vary"), varies, "{path}: it is the same for everybody");
    for method in ["GET", "HEAD"] {
        let answer = sent(client, method, path, &[("If-None-Match", &own)], None).expect(304);
        assert!(answer.bytes.is_empty(), "{path}");
        for absent in ["content-type", "content-length"] {
            assert_eq!(answer.header(absent), None, "{path}");
        }
        for repeated in ["etag", "cache-control", "link", "access-control-allow-origin", "vary"] {
            assert_eq!(answer.header(repeated), whole.header(repeated), "{path}: {repeated}");
        }
    }
    sent(client, "GET", path, &[("If-None-Match", "\"old\"")], None).expect(200);
    sent(client, "GET", path, &[("If-Match", "\"old\"")], None).expect(412);
    let head = sent(client, "HEAD", path, &[], None).expect(200);
    let length = whole.bytes.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()), "{path}");
    assert_eq!((head.header("etag"), head.bytes.len()), (Some(own.as_str()), 0), "{path}");
}

#[test]
fn the_vocabulary_and_the_contexts_are_kept_and_asked_for_again() {
    let app = App::without_workers();
    for path in ["/vocab", "/contexts/Space.jsonld", "/contexts/SpaceCollection.jsonld"] {
        is_revalidated(&app.visitor, path, "public, max-age=3600");
    }
    let tags = ["/vocab", "/contexts/Space.jsonld", "/contexts/Role.jsonld"];
    let [vocabulary, space, role] = tags.map(|path| now(&app.visitor, path));
    assert!(vocabulary != space && space != role);
    let missing = app.visitor.get("/contexts/Nothing.jsonld").expect(404);
    assert_eq!(missing.header("cache-control"), Some("private, no-cache"));
    assert_eq!(missing.header("etag"), None);
}

#[test]
fn samples_are_kept_and_asked_for_again() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let options = Options { no_worker: true, samples: Some(folder.into()) };
    let app = App::start_with(&[], options);
    is_revalidated(&app.visitor, "/samples/rocket.jpg", "public, max-age=3600");
    for (method, status) in [("OPTIONS", 204), ("PUT", 405), ("DELETE", 405), ("TRACE", 405)] {
        let answer = sent(&app.visitor, method, "/samples/rocket.jpg", &[], None).expect(status);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method}");
    }
    app.visitor.get("/samples/nothing.png").expect(404);
}

#[test]
fn a_thumbnail_is_kept_but_asked_for_each_time_for_it_may_be_closed() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}/images/map", owner.space("maps")));
    let image = owner.client.put(&path, &json!({ "origin": origin.image(900, 600) })).expect(201);
    let (pixels, info) = (image.text("thumbnail400"), image.text("thumbnailInfoJson"));
    is_revalidated(&app.visitor, &pixels, "public, no-cache");
    is_revalidated(&app.visitor, &info, "public, no-cache");
    let (old_pixels, old_info) = (now(&app.visitor, &pixels), now(&app.visitor, &info));
    let small = pixels.replace("400,267", "200,133");
    assert_ne!(now(&app.visitor, &small), old_pixels);

    owner.client.patch(&path, &json!({ "maxUnauthorised": 200 })).expect(205);
    let closed = sent(&app.visitor, "GET", &pixels, &[("If-None-Match", &old_pixels)], None);
    assert_eq!(closed.expect(404).header("cache-control"), Some("private, no-store"));
    assert_ne!(now(&app.visitor, &info), old_info, "it tells fewer sizes");

    owner.client.patch(&path, &json!({ "maxUnauthorised": -1 })).expect(205);
    assert_eq!(now(&app.visitor, &pixels), old_pixels, "the pixels are the same");
    owner.client.put(&path, &json!({ "origin": origin.url("/photo/rocket.jpg") })).expect(200);
    let answer = sent(&app.visitor, "GET", &pixels, &[("If-None-Match", &old_pixels)], None);
    assert_ne!(tag(&answer.expect(200)), old_pixels, "another picture has another tag");
}

#[test]
fn a_thumbnail_whose_object_is_lost_is_not_there_until_it_is_made_again() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}/images/map", owner.space("maps")));
    let image = owner.client.put(&path, &json!({ "origin": origin.image(900, 600) })).expect(201);
    let pixels = image.text("thumbnail400");
    for file in crate::support::rows::files(&app.data.path().join("objects")) {
        std::fs::remove_file(file).expect("an object");
    }
    let lost = app.visitor.get(&pixels).expect(404);
    assert_eq!(lost.header("retry-after"), None, "to try again is of no use");
    owner.client.put(&path, &json!({})).expect(200);
    app.visitor.get(&pixels).expect(200);
}
