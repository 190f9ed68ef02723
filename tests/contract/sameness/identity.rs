//! What a body says of its own identity: `@id`, `id`, `@type`.

use serde_json::{Value, json};

use crate::contract::families::{Family, each_family};
use crate::contract::world::World;
use crate::support::Answer;

/// What is required, with members more.
fn body(world: &World, family: &Family, more: &Value) -> Value {
    let mut body = (family.least)(world.number());
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    body
}

fn post(world: &World, family: &Family, more: &Value) -> Answer {
    world.writer(family).post(&world.collection(family), &body(world, family, more))
}

#[test]
fn the_server_gives_addresses_and_a_blank_node_is_no_address() {
    let world = World::new();
    each_family(|family| {
        let here = format!("{}{}", world.app.base, world.item(family, 77));
        for given in [here.as_str(), "https://example.org/x", "x"] {
            let refused = post(&world, family, &json!({ "@id": given })).expect(400);
            assert_eq!(refused.faults(), ["@id"], "{}", family.class);
        }
        world.writer(family).get(&world.item(family, 77)).expect(404);
        post(&world, family, &json!({ "@id": "_:b0" })).expect(201);
    });
}

#[test]
fn a_post_may_choose_an_id_that_is_free_and_well_formed() {
    let world = World::new();
    each_family(|family| {
        if family.class == "Space" {
            let refused = post(&world, family, &json!({ "id": 77 })).expect(400);
            assert_eq!(refused.faults(), ["id"], "the number of a space is the server's");
            return;
        }
        for name in ["id", "modelId"] {
            let chosen = post(&world, family, &json!({ name: format!("my-{name}") })).expect(201);
            let wanted = format!("{}{}/my-{name}", world.app.base, world.collection(family));
            assert_eq!(chosen.id(), wanted);
            assert_eq!(chosen.text("id"), format!("my-{name}"));
        }
        let taken = post(&world, family, &json!({ "id": "my-id" })).expect(400);
        assert_eq!(taken.faults(), ["id"], "{}", family.class);
        assert!(taken.text("type").ends_with("#AlreadyTaken"), "{}", taken.body);
        for malformed in ["a/b", "..", "", "two words", "50%", "ü"] {
            let refused = post(&world, family, &json!({ "id": malformed })).expect(400);
            assert_eq!(refused.faults(), ["id"], "{} {malformed}", family.class);
        }
        let minted = post(&world, family, &json!({})).expect(201);
        assert_eq!(minted.text("id").len(), 36, "{}", minted.body);
    });
}

#[test]
fn a_malformed_id_is_refused_where_one_is_chosen_and_not_found_where_one_is_looked_up() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let collection = world.collection(family);
        let mut malformed = vec!["a%2Fb", "two%20words", "50%25", "%ff"];
        if family.class == "Space" {
            malformed.extend(["abc", "0", "007", "-1", "99999999999"]);
        }
        for id in malformed {
            let path = format!("{collection}/{id}");
            let body = (family.least)(world.number());
            assert_eq!(writer.put(&path, &body).status, 400, "PUT {path}");
            assert_eq!(writer.get(&path).status, 404, "GET {path}");
            assert_eq!(writer.patch(&path, &json!({})).status, 404, "PATCH {path}");
            assert_eq!(writer.delete(&path).status, 404, "DELETE {path}");
        }
    });
}

#[test]
fn a_body_that_says_it_is_elsewhere_or_something_else_is_refused() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let (other, _) = world.made(family);
        let other = format!("{}{other}", world.app.base);
        for (member, value) in [
            ("@id", json!(other)),
            ("@id", json!(7)),
            ("id", json!("999")),
            ("modelId", json!("999")),
            ("@type", json!("Queue")),
            ("@type", json!(["Queue"])),
            ("@type", json!({})),
        ] {
            let body = json!({ member: value });
            for answer in [writer.put(&path, &body), writer.patch(&path, &body)] {
                assert_eq!(answer.status, 400, "{path} {body}");
                assert_eq!(answer.faults(), [member], "{path} {body}");
            }
            if member == "@type" {
                assert_eq!(post(&world, family, &body).expect(400).faults(), ["@type"]);
            }
        }
        assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path}");
    });
}

#[test]
fn a_body_may_spell_what_it_is_and_where_in_every_usual_way() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let class = shown.text("@type");
        for (member, value) in [
            ("@id", json!(shown.id())),
            ("@id", json!(path)),
            ("id", shown.body["id"].clone()),
            ("id", json!(path.rsplit('/').next())),
            ("id", json!(shown.id())),
            ("modelId", shown.body["id"].clone()),
            ("@type", json!(class)),
            ("@type", json!(format!("vocab:{class}"))),
            ("@type", json!(format!("{}/vocab#{class}", world.app.base))),
            ("@type", json!([class, "https://example.org/Thing"])),
        ] {
            let body = json!({ member: value });
            assert_eq!(writer.put(&path, &body).status, 200, "{path} {body}");
            assert_eq!(writer.patch(&path, &body).status, 205, "{path} {body}");
        }
        assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path}");
    });
}

#[test]
fn what_another_has_already_is_refused_as_taken() {
    let world = World::new();
    for (class, member) in [
        ("PortalUser", "email"),
        ("NamedQuery", "name"),
        ("CustomerOriginStrategy", "regex"),
        ("AuthService", "name"),
        ("Space", "name"),
    ] {
        let family = crate::contract::families::family(class);
        let (_, first) = world.made(family);
        let (path, second) = world.made(family);
        let taken = json!({ member: first.body[member] });
        let mut body = (family.least)(world.number());
        body[member] = first.body[member].clone();
        for answer in [
            world.writer(family).post(&world.collection(family), &body),
            world.writer(family).put(&path, &taken),
            world.writer(family).patch(&path, &taken),
        ] {
            let answer = answer.expect(400);
            assert_eq!(answer.faults(), [member], "{class}");
            assert!(answer.text("type").ends_with("#AlreadyTaken"), "{}", answer.body);
        }
        assert_eq!(world.writer(family).get(&path).expect(200).body, second.body, "{class}");
    }
}
