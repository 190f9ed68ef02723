//! What every writable class does alike, said once and tried on each.

mod answers;
mod bodies;
mod identity;
mod members;

use reqwest::Method;
use serde_json::{Value, json};

use super::families::{FAMILIES, each_family, family};
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

/// Returns the entity tag of an answer, which depends on what is never shown too.
fn tag(answer: &Answer) -> &str {
    answer.header("ETag").expect("an entity tag")
}

/// Checks that a resource is as it was, credentials and passwords included.
#[track_caller]
fn unchanged(client: &Client, path: &str, shown: &Answer) {
    let now = client.get(path).expect(200);
    assert_eq!(now.body, shown.body, "{path}");
    assert_eq!(tag(&now), tag(shown), "{path}: something that is not shown was changed");
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
fn every_class_that_the_vocabulary_lets_clients_put_is_tried() {
    /// Have one address for each auth service or origin strategy, and tests of their own.
    const APART: [&str; 2] = ["RoleProvider", "Credentials"];
    let world = World::new();
    let vocabulary = world.app.visitor.get("/vocab").expect(200).body;
    let classes = vocabulary["supportedClass"].as_array().expect("classes");
    let is_put = |class: &&Value| {
        let operations = class["supportedOperation"].as_array();
        operations.into_iter().flatten().any(|operation| operation["method"] == "PUT")
    };
    let mut put: Vec<&str> =
        classes.iter().filter(is_put).filter_map(|c| c["title"].as_str()).collect();
    put.retain(|class| !APART.contains(class));
    let mut tried: Vec<&str> = FAMILIES.iter().map(|family| family.class).collect();
    put.sort_unstable();
    tried.sort_unstable();
    assert_eq!(put, tried);
}

#[test]
fn what_get_shows_put_accepts_unchanged_and_changes_nothing() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let put = writer.put(&path, &shown.body).expect(200);
        assert_eq!(put.body, shown.body, "{path}");
        unchanged(writer, &path, &shown);
    });
    for (path, client) in lasting(&world) {
        let shown = client.get(&path).expect(200);
        client.patch(&path, &shown.body).expect(205);
        unchanged(client, &path, &shown);
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
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        writer.put(&path, &json!({})).expect(200);
        unchanged(writer, &path, &shown);
        let patched = writer.patch(&path, &json!({})).expect(205);
        assert!(patched.bytes.is_empty(), "{path}");
        unchanged(writer, &path, &shown);
    });
    for (path, client) in lasting(&world) {
        let shown = client.get(&path).expect(200);
        client.patch(&path, &json!({})).expect(205);
        unchanged(client, &path, &shown);
    }
}

#[test]
fn what_is_deleted_is_gone_and_its_address_is_free() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        writer.delete(&path).expect(205);
        writer.get(&path).expect(404);
        writer.delete(&path).expect(404);
        writer.patch(&path, &json!({})).expect(404);
        let again = (family.whole)(&world, world.number());
        assert_eq!(writer.put(&path, &again).expect(201).id(), shown.id());
    });
}

#[test]
fn a_new_space_is_counted_on_though_another_was_deleted() {
    let world = World::new();
    let family = family("Space");
    let first = world.owner.space("first");
    world.owner.client.delete(&format!("{}/{first}", world.collection(family))).expect(205);
    assert!(world.owner.space("second") > first, "a number was used twice");
}
