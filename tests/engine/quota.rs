//! Storage policies against the true size of originals, and the totals that they are checked against.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::rows;

/// Assigns a policy of so many bytes at the address of a storage.
#[track_caller]
fn limit(scene: &Scene, path: &str, bytes: i64) {
    let administrator = &scene.app.administrator;
    let id = format!("bytes-{bytes}");
    let policy = json!({ "maximumTotalSizeOfStoredImages": bytes });
    assert!(
        [200, 201].contains(&administrator.put(&format!("/storagePolicies/{id}"), &policy).status)
    );
    administrator.patch(path, &json!({ "storagePolicy": id })).expect(205);
}

/// Bytes of originals at the address of a storage.
#[track_caller]
fn stored(scene: &Scene, path: &str) -> i64 {
    scene.owner.client.get(path).expect(200).number("totalSizeOfStoredImages")
}

/// Images that are processed at the same time, because their origin holds all of them; answers the batch.
fn at_once(scene: &Scene, images: usize) -> String {
    let members: Vec<Value> = (0..images)
        .map(|n| scene.image(&n.to_string(), &scene.origin.url(&format!("/held/120x80/{n}.png"))))
        .collect();
    let batch = scene.owner.submit(&members).expect(201).id();
    scene.origin.wait_for("/held", images);
    scene.origin.release();
    scene.owner.finished(&batch);
    batch
}

#[test]
fn of_images_that_are_processed_at_once_as_many_come_through_as_there_is_room_for() {
    for of_space in [false, true] {
        let scene = Scene::start();
        scene.put("first", &scene.origin.image(120, 80)).expect(201);
        let own = scene.owner.path("/storage");
        let space = scene.owner.path(&format!("/spaces/{}/storage", scene.space));
        let size = stored(&scene, &own);
        limit(&scene, if of_space { &space } else { &own }, size * 3 + size / 2);
        let batch = at_once(&scene, 5);
        assert_eq!(scene.counts(&batch), (2, 3));
        assert_eq!((stored(&scene, &own), stored(&scene, &space)), (size * 3, size * 3));
        let errors = scene.owner.client.get(&format!("{batch}/errorImages")).expect(200);
        for error in errors.each("error") {
            assert!(error.contains("has no room for this image"), "{error}");
            assert_eq!(error.contains("of space"), of_space, "{error}");
        }
        // Another space has its own.
        let other = scene.owner.space("letters");
        let elsewhere = scene.owner.path(&format!("/spaces/{other}/images/a"));
        let body = json!({ "origin": scene.origin.image(120, 80) });
        let made = scene.owner.client.put(&elsewhere, &body).expect(201);
        assert_eq!(made.text("error").is_empty(), of_space, "{}", made.body);
        scene.agrees();
    }
}

#[test]
fn where_the_bytes_are_used_up_nothing_is_registered_and_all_else_goes_on() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(120, 80)).expect(201);
    scene.put("small", &scene.origin.image(60, 40)).expect(201);
    let own = scene.owner.path("/storage");
    let space = scene.owner.path(&format!("/spaces/{}/storage", scene.space));
    for storage in [&own, &space] {
        let held = stored(&scene, storage);
        limit(&scene, storage, held);
        let refused = scene.put("more", &scene.origin.image(10, 10)).expect(507);
        assert!(
            refused.text("detail").contains(&format!("allows {held} bytes")),
            "{}",
            refused.body
        );
        let image = scene.image("more", &scene.origin.image(10, 10));
        scene.owner.submit(&[image]).expect(507);
        // What is there may be changed, processed again, made smaller, but not larger.
        scene.owner.client.patch(&scene.path("map"), &json!({ "string1": "shelf 9" })).expect(205);
        let path = format!("{}/reingest", scene.path("map"));
        let again = scene.owner.client.post(&path, &json!({})).expect(200);
        assert_eq!(again.text("error"), "");
        let larger = scene.put("small", &scene.origin.image(600, 400)).expect(200);
        assert!(larger.text("error").contains("no room"), "{}", larger.body);
        assert_eq!((larger.number("width"), stored(&scene, storage)), (60, held));
        let smaller = scene.put("map", &scene.origin.image(90, 60)).expect(200);
        assert_eq!((smaller.number("width"), smaller.text("error")), (90, String::new()));
        assert!(stored(&scene, storage) < held);
        scene.put("map", &scene.origin.image(120, 80)).expect(200);
        assert_eq!(stored(&scene, storage), held);
        scene.app.administrator.patch(storage, &json!({ "storagePolicy": null })).expect(205);
    }
    scene.agrees();
}

#[test]
fn totals_stay_the_sum_when_many_images_go_at_once() {
    let scene = Scene::start();
    let image = |n: u32| scene.image(&n.to_string(), &scene.origin.image(20 + n % 3 * 30, 40));
    let members: Vec<Value> = (0..20).map(image).collect();
    let batch = scene.owner.submit(&members).expect(201).id();
    scene.owner.finished(&batch);
    let mut conn = scene.app.database();
    let sum = "SELECT coalesce(sum(size), 0)::bigint AS n FROM derivatives";
    let own = scene.owner.path("/storage");
    assert_eq!(stored(&scene, &own), rows::number(&mut conn, sum));
    for statement in [
        "DELETE FROM images WHERE id LIKE '1%'",
        // What a transaction that breaks off did, it did not do.
        "DO $$ BEGIN DELETE FROM images; RAISE EXCEPTION 'on purpose'; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        "DELETE FROM images WHERE id < '7'",
        "DELETE FROM images",
    ] {
        rows::execute(&mut conn, statement);
        let storage = scene.owner.client.get(&own).expect(200);
        let images = rows::number(&mut conn, "SELECT count(*) AS n FROM images");
        assert_eq!(storage.number("numberOfStoredImages"), images, "{statement}");
        let size = storage.number("totalSizeOfStoredImages");
        assert_eq!(size, rows::number(&mut conn, sum), "{statement}");
    }
}
