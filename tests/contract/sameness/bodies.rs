//! The forms in which a body comes: what is read as one resource, and what is not read at all.

use serde_json::json;

use super::sent;
use crate::contract::families::each_family;
use crate::contract::world::World;

const JSON_LD: Option<&str> = Some("application/ld+json");

#[test]
fn what_is_no_json_object_is_refused_by_every_writing_method() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let node = (family.least)(world.number());
        let two = json!([node, node]).to_string();
        for body in ["", " ", "{", "{\"a\":}", "null", "[]", "3", "\"text\"", "{} {}", &two] {
            for (method, at) in
                [("POST", world.collection(family)), ("PUT", path.clone()), ("PATCH", path.clone())]
            {
                let answer = sent(writer, method, &at, JSON_LD, body);
                assert_eq!(answer.status, 400, "{method} {at} {body}: {}", answer.body);
                assert!(answer.text("type").ends_with("#UnreadableRequest"), "{}", answer.body);
            }
        }
        assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path}");
    });
}

#[test]
fn one_node_may_come_in_an_array_or_under_graph() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let collection = world.collection(family);
        let node = || (family.least)(world.number());
        // In other terms, a name without a slash is an IRI beside that of the request.
        let named = || {
            let mut node = node();
            if node.get("originStrategy").is_some() {
                node["originStrategy"] = json!("/originStrategies/default");
            }
            node
        };
        for body in [
            json!([node()]),
            json!({ "@graph": [node()] }),
            json!({ "@context": [], "@graph": [node()] }),
            json!({ "@context": "/contexts/Error.jsonld", "@graph": named() }),
        ] {
            // In other terms, a node of which nothing is said is none.
            if body["@graph"] == json!({}) {
                return;
            }
            let made = sent(writer, "POST", &collection, JSON_LD, &body.to_string());
            assert_eq!(made.status, 201, "{collection} {body}: {}", made.body);
        }
        let mut own = named();
        own["@type"] = family.class.into();
        let among = json!({ "@graph": [{ "@type": "Thing" }, own] });
        sent(writer, "POST", &collection, JSON_LD, &among.to_string()).expect(201);
        let (path, _) = world.made(family);
        let one = json!([node()]).to_string();
        sent(writer, "PATCH", &path, JSON_LD, &one).expect(205);
    });
}

#[test]
fn a_merge_patch_is_in_our_own_terms_and_refused_in_others() {
    const MERGE: Option<&str> = Some("application/merge-patch+json");
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, _) = world.made(family);
        let before = writer.get(&path).expect(200);
        let context = &before.body["@context"];
        for foreign in [
            json!({ "@context": { "x": "http://elsewhere.example/x" }, "x": 1 }),
            json!({ "@context": [context, { "@base": "http://elsewhere.example/" }] }),
            json!({ "@context": "http://elsewhere.example/context" }),
        ] {
            let refused = sent(writer, "PATCH", &path, MERGE, &foreign.to_string()).expect(400);
            assert!(refused.text("detail").contains("terms of this service"), "{}", refused.body);
        }
        assert_eq!(writer.get(&path).expect(200).header("etag"), before.header("etag"));
        let own = json!({ "@context": context }).to_string();
        sent(writer, "PATCH", &path, MERGE, &own).expect(205);
    });
}

#[test]
fn media_types_that_are_not_offered_are_refused_with_those_that_are() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, collection) = (world.made(family).0, world.collection(family));
        let body = || (family.least)(world.number()).to_string();
        for (method, at, header, foreign) in [
            ("POST", &collection, "accept-post", "application/merge-patch+json"),
            ("PUT", &path, "accept-post", "text/plain"),
            ("PATCH", &path, "accept-patch", "application/xml"),
        ] {
            for media_type in ["text/plain", foreign] {
                let refused = sent(writer, method, at, Some(media_type), &body()).expect(415);
                let offered = refused.header(header).unwrap_or_default();
                assert!(offered.contains("application/ld+json"), "{method} {at}: {offered}");
            }
            let offered: Vec<Option<&str>> = [
                None,
                Some("application/json"),
                Some("application/json; charset=utf-8"),
                Some("Application/LD+JSON"),
                Some("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\""),
            ]
            .into_iter()
            .chain((method == "PATCH").then_some(Some("application/merge-patch+json")))
            .collect();
            for media_type in offered {
                let answer = sent(writer, method, at, media_type, &body());
                assert!(answer.status < 300, "{method} {at} {media_type:?}: {}", answer.body);
            }
        }
    });
}

#[test]
fn a_type_that_is_not_offered_is_told_before_a_body_that_cannot_be_read() {
    let world = World::new();
    let roles = world.owner.path("/roles");
    sent(&world.owner.client, "POST", &roles, Some("text/plain"), "{").expect(415);
    sent(&world.owner.client, "PATCH", &format!("{roles}/nothing"), Some("text/plain"), "{")
        .expect(415);
    sent(&world.owner.client, "PATCH", &format!("{roles}/nothing"), JSON_LD, "{").expect(400);
    sent(&world.owner.client, "PATCH", &format!("{roles}/nothing"), JSON_LD, "{}").expect(404);
}
