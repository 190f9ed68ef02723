//! How answers come: what a client prefers, heads without bodies, headers that all have.

use reqwest::Method;
use serde_json::json;

use crate::contract::families::{FAMILIES, each_family};
use crate::contract::world::World;
use crate::support::{Answer, Client};

fn patch(client: &Client, path: &str, body: &serde_json::Value, preference: &str) -> Answer {
    let request = client.request(Method::PATCH, path).header("Prefer", preference);
    client.send(request.header("Content-Type", "application/json").body(body.to_string()))
}

#[test]
fn a_patch_shows_what_it_made_when_that_is_preferred() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, _) = world.made(family);
        let change = (family.least)(world.number());

        let shown = patch(writer, &path, &change, "return=representation").expect(200);
        assert_eq!(shown.header("preference-applied"), Some("return=representation"), "{path}");
        assert_eq!(shown.header("content-location"), Some(shown.id().as_str()), "{path}");
        assert_eq!(shown.body, writer.get(&path).expect(200).body, "{path}");

        let silent = patch(writer, &path, &change, "return=minimal").expect(205);
        assert_eq!(silent.header("preference-applied"), Some("return=minimal"), "{path}");
        assert!(silent.bytes.is_empty() && silent.header("content-type").is_none(), "{path}");

        for other in ["respond-async", "return=nonsense"] {
            let plain = patch(writer, &path, &change, other).expect(205);
            assert_eq!(plain.header("preference-applied"), None, "{path}");
        }
    });
}

#[test]
fn what_is_made_says_where_it_is() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let posted = writer.post(&world.collection(family), &(family.least)(world.number()));
        let number = world.number();
        let path = world.item(family, number);
        let put = writer.put(&path, &(family.least)(number));
        assert_eq!(put.id(), format!("{}{path}", world.app.base));
        for made in [posted.expect(201), put.expect(201)] {
            let id = made.id();
            assert_eq!(made.header("location"), Some(id.as_str()));
            assert_eq!(made.header("content-location"), Some(id.as_str()));
            assert_eq!(writer.get(&id).expect(200).body, made.body, "{id}");
        }
        let again = writer.put(&path, &json!({})).expect(200);
        assert_eq!(again.header("location"), None, "{path}");
    });
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let world = World::new();
    let mut paths: Vec<String> = vec![
        "/".into(),
        "/vocab".into(),
        "/healthz".into(),
        "/contexts/Space.jsonld".into(),
        "/contexts/Nothing.jsonld".into(),
        world.owner.path(""),
        world.owner.path("/queue"),
        world.owner.path("/nowhere"),
        world.owner.path("/allImages?page=abc"),
        world.stranger.path(""),
    ];
    for family in FAMILIES {
        paths.extend([world.made(family).0, world.collection(family)]);
    }
    for path in paths {
        let client = &world.owner.client;
        let headers = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            // A moment, and the name of the one request.
            headers.remove("date");
            headers.remove("x-request-id").expect("a name");
            headers
        };
        let get = client.get(&path);
        let head = client.send(client.request(Method::HEAD, &path));
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.bytes.is_empty(), "{path}");
        assert!(!get.bytes.is_empty(), "{path}");
        let length = get.bytes.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()), "{path}");
        assert_eq!(headers(&head), headers(&get), "{path}");
    }
}

#[test]
fn every_answer_has_the_headers_that_browsers_and_hydra_clients_need() {
    let world = World::new();
    let (client, roles) = (&world.owner.client, world.owner.path("/roles"));
    let made = client.post(&roles, &json!({ "name": "one" })).expect(201);
    let answers = [
        client.get("/").expect(200),
        client.get("/vocab").expect(200),
        client.get("/contexts/Error.jsonld").expect(200),
        client.get("/healthz").expect(200),
        client.get(&roles).expect(200),
        client.patch(&made.id(), &json!({})).expect(205),
        client.delete(&made.id()).expect(205),
        client.get(&made.id()).expect(404),
        client.put(&roles, &json!({})).expect(405),
        world.app.visitor.get(&roles).expect(401),
        world.stranger.client.get(&roles).expect(403),
        client.get("/thumbs/1/2/3").expect(404),
        client.send(client.request(Method::OPTIONS, &roles)).expect(204),
        made,
    ];
    let documentation = format!(
        "<{}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\"",
        world.app.base
    );
    for answer in answers {
        let told = (answer.status, &answer.headers);
        assert_eq!(answer.header("link"), Some(documentation.as_str()), "{told:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{told:?}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        for name in [
            "Link",
            "Location",
            "ETag",
            "Last-Modified",
            "Allow",
            "Accept-Patch",
            "Accept-Post",
            "Content-Location",
            "Preference-Applied",
            "WWW-Authenticate",
            "Vary",
        ] {
            assert!(exposed.split(", ").any(|e| e == name), "{name}: {told:?}");
        }
        if answer.status == 401 {
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Basic realm="), "{told:?}");
        }
    }
}
