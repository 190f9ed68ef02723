//! The record of all changes: that it says exactly what is there, and who did it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::engine::scene::{Hands, Scene};
use crate::support::{Owner, rows};

/// Kinds and names of all changes of a customer after a number, in their order.
fn changes(scene: &Scene, after: i64) -> Vec<String> {
    let customer = scene.owner.id;
    rows::texts(
        &mut scene.app.database(),
        &format!(
            "SELECT kind || ' ' || name AS text FROM changes WHERE customer = {customer} AND id > {after} \
             ORDER BY id"
        ),
    )
}

fn last(scene: &Scene) -> i64 {
    rows::number(&mut scene.app.database(), "SELECT COALESCE(max(id), 0) AS n FROM changes")
}

/// Addresses of all members of a collection.
fn members(owner: &Owner, below: &str) -> BTreeSet<String> {
    let all = owner.client.get(&format!("{}?pageSize=500", owner.path(below))).expect(200);
    all.each("@id").into_iter().collect()
}

#[test]
fn to_replay_all_changes_gives_exactly_what_is_there() {
    let scene = Scene::start();
    let (owner, client) = (&scene.owner, &scene.owner.client);
    let batch = scene.submit(&["one", "two", "three"], &scene.origin.image(60, 40));
    owner.finished(&batch);
    let failing = scene.submit(&["two", "lost", "gone"], &scene.origin.url("/missing/x"));
    owner.finished(&failing);
    scene.put("four", &scene.origin.image(60, 40)).expect(201);
    client.delete(&scene.path("gone")).expect(205);
    client.delete(&scene.path("one")).expect(205);
    let unused = owner.space("unused");
    client.delete(&owner.path(&format!("/spaces/{unused}"))).expect(205);
    for (below, body) in [
        ("/roles/staff", json!({})),
        ("/roles/crew", json!({})),
        ("/namedQueries/shelf", json!({ "template": "s1=p1" })),
        ("/namedQueries/box", json!({ "template": "s1=p1" })),
    ] {
        client.put(&owner.path(below), &body).expect(201);
    }
    client.delete(&owner.path("/roles/crew")).expect(205);
    client.delete(&owner.path("/namedQueries/box")).expect(205);

    let (mut there, mut failed) = (BTreeSet::new(), BTreeSet::new());
    let all = client.get(&owner.path("/changes?orderBy=version&pageSize=500")).expect(200);
    for change in all.members() {
        let text = |name: &str| change[name].as_str().expect(name).to_owned();
        let (kind, address) = (text("kind"), text("address"));
        match kind.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == 'Q') {
            "Created" => assert!(there.insert(address), "{kind} twice: {change}"),
            "Deleted" => {
                failed.remove(&address);
                assert!(there.remove(&address), "{kind} of what is not there: {change}");
            }
            "Failed" => assert!(there.contains(&address) && failed.insert(address), "{change}"),
            _ => {
                failed.remove(&address);
                assert!(there.contains(&address), "{kind} of what is not there: {change}");
            }
        }
    }
    let wanted: BTreeSet<String> =
        ["/allImages", "/spaces", "/roles", "/namedQueries", "/queue/batches"]
            .into_iter()
            .flat_map(|below| members(owner, below))
            .collect();
    assert!(wanted.len() >= 9, "{wanted:?}");
    assert_eq!(there, wanted);
    let images = client.get(&owner.path("/allImages")).expect(200).members();
    let broken = images.iter().filter(|image| image["error"] != "");
    let broken: BTreeSet<String> =
        broken.map(|image| image["@id"].as_str().expect("an address").to_owned()).collect();
    assert_eq!(failed, broken);
    assert_eq!(failed.len(), 2);
}

#[test]
fn each_change_is_one_row_and_what_changes_nothing_is_none() {
    let scene = Scene::without_workers();
    let client = &scene.owner.client;
    let told = |act: &dyn Fn()| {
        let before = last(&scene);
        act();
        changes(&scene, before)
    };
    let submitted = told(&|| drop(scene.submit(&["a", "b"], "https://example.org/x.jpg")));
    assert_eq!(submitted.len(), 3, "{submitted:?}");
    assert!(submitted[0].starts_with("batchCreated "), "{submitted:?}");
    assert_eq!(submitted[1..], ["imageCreated a", "imageCreated b"]);
    let patch = |body: Value| client.patch(&scene.path("a"), &body).expect(205);
    assert_eq!(told(&|| drop(patch(json!({ "tags": ["x"] })))), ["imageChanged a"]);
    assert_eq!(told(&|| drop(patch(json!({ "tags": ["x"] })))), Vec::<String>::new());
    let refused = told(&|| {
        let request = client.request(Method::PATCH, &format!("{}?nonsense=1", scene.path("a")));
        let request = request.header("Content-Type", "application/ld+json");
        let request = request.header("Prefer", "handling=strict").body("{\"tags\":[\"y\"]}");
        client.send(request).expect(400);
    });
    assert_eq!(refused, Vec::<String>::new());
    let space = format!("/spaces/{}", scene.space);
    let rename = || drop(client.patch(&scene.owner.path(&space), &json!({ "name": "charts" })));
    assert_eq!(told(&rename), [format!("spaceChanged {}", scene.space)]);
    assert_eq!(told(&rename), Vec::<String>::new());

    // A worker takes it, which is told when it is done.
    let worked = told(&|| drop(Hands::of(&scene.app).work_one()));
    assert_eq!(worked, ["imageFailed a"]);
    let deleted = told(&|| drop(client.delete(&scene.path("b")).expect(205)));
    assert_eq!(deleted.len(), 2, "{deleted:?}");
    assert!(deleted[0].starts_with("batchFinished "), "{deleted:?}");
    assert_eq!(deleted[1], "imageDeleted b");
}

#[test]
fn a_row_is_small_however_large_the_batch_and_the_names_in_it_are() {
    let scene = Scene::without_workers();
    let images: Vec<Value> = (0..1000)
        .map(|n| scene.image(&format!("{n:0>200}"), "https://example.org/x.jpg"))
        .collect();
    scene.owner.submit(&images).expect(201);
    let mut conn = scene.app.database();
    let largest = "SELECT max(pg_column_size(changes.*))::bigint AS n FROM changes";
    assert!(rows::number(&mut conn, largest) < 1000);
    let all = "SELECT count(*) AS n FROM changes WHERE kind = 'imageCreated'";
    assert_eq!(rows::number(&mut conn, all), 1000);
}
