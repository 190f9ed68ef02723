//! What every writable class does alike, said once and tried on each.

mod answers;
mod bodies;
mod identity;
mod members;

use reqwest::Method;
use serde_json::{Value, json};

use super::families::{FAMILIES, family};
use super::world::World;
use crate::support::{Answer, App, Client, Origin};

/// Sends a body as it stands, with a media type or none.
fn sent(client: &Client, method: &str, path: &str, media_type: Option<&str>, body: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = client.request(method, path).body(body.to_owned());
    client.send(match media_type {
        Some(media_type) => request.header("Content-Type", media_type),
        None => request,
    })
}

/// A document without some of its members.
fn without(document: &Value, names: &[&str]) -> Value {
    let mut document = document.clone();
    document.as_object_mut().expect("an object").retain(|name, _| !names.contains(&name.as_str()));
    document
}

/// Resources that are changed, but not made at an address: their paths, and who may write them.
fn lasting(world: &World) -> Vec<(String, &Client)> {
    let provider = world.owner.path("/authServices/clickthrough/roleProvider");
    let configuration = json!({ "configuration": "{\"target\":\"https://example.org\"}" });
    let answer = world.owner.client.put(&provider, &configuration);
    assert!([200, 201].contains(&answer.status), "{}", answer.body);
    vec![
        (provider, &world.owner.client),
        (world.owner.path(""), &world.owner.client),
        (world.owner.path("/storage"), &world.app.administrator),
    ]
}

#[test]
fn what_get_shows_put_accepts_unchanged_and_changes_nothing() {
    let world = World::new();
    for family in FAMILIES {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let put = writer.put(&path, &shown.body).expect(200);
        assert_eq!(put.body, shown.body, "{path}");
        assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path}");
    }
    for (path, client) in lasting(&world) {
        let shown = client.get(&path).expect(200).body;
        client.patch(&path, &shown).expect(205);
        let again = client.get(&path).expect(200).body;
        assert_eq!(again, shown, "{path}");
    }
    let provider = world.owner.path("/authServices/clickthrough/roleProvider");
    let shown = world.owner.client.get(&provider).expect(200).body;
    assert_eq!(world.owner.client.put(&provider, &shown).expect(200).body, shown);
}

#[test]
fn a_processed_image_that_is_put_unchanged_keeps_all_but_the_times_of_processing() {
    const TIMES: &[&str] = &["queued", "dequeued", "finished"];
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}/images/one", owner.space("maps")));
    let given = json!({ "origin": origin.image(900, 500), "tags": ["a"], "number1": 3 });
    owner.client.put(&path, &given).expect(201);
    let shown = owner.client.get(&path).expect(200).body;
    assert_eq!((&shown["width"], &shown["ingesting"]), (&json!(900), &json!(false)));
    owner.client.put(&path, &shown).expect(200);
    let again = owner.client.get(&path).expect(200).body;
    assert_eq!(without(&again, TIMES), without(&shown, TIMES));
    assert_ne!(again["finished"], shown["finished"], "it was not processed again");
    assert_eq!(origin.asked().len(), 2, "it was not fetched again");
}

#[test]
fn what_is_left_out_keeps_its_value_in_put_as_in_patch() {
    let world = World::new();
    for family in FAMILIES {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        writer.put(&path, &json!({})).expect(200);
        assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path}");
        let patched = writer.patch(&path, &json!({})).expect(205);
        assert!(patched.bytes.is_empty(), "{path}");
        assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path}");
    }
    for (path, client) in lasting(&world) {
        let shown = client.get(&path).expect(200).body;
        client.patch(&path, &json!({})).expect(205);
        let again = client.get(&path).expect(200).body;
        assert_eq!(again, shown, "{path}");
    }
}

#[test]
fn what_is_deleted_is_gone_and_its_address_is_free() {
    let world = World::new();
    for family in FAMILIES {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        writer.delete(&path).expect(205);
        writer.get(&path).expect(404);
        writer.delete(&path).expect(404);
        writer.patch(&path, &json!({})).expect(404);
        let again = (family.whole)(&world, world.number());
        assert_eq!(writer.put(&path, &again).expect(201).id(), shown.id());
    }
}

#[test]
fn a_new_space_is_counted_on_though_another_was_deleted() {
    let world = World::new();
    let family = family("Space");
    let first = world.owner.space("first");
    world.owner.client.delete(&format!("{}/{first}", world.collection(family))).expect(205);
    assert!(world.owner.space("second") > first, "a number was used twice");
}
