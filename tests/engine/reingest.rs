//! Images that are sent again as they are: one by itself, or what failed of a batch.

use serde_json::json;

use super::scene::{Hands, Scene};

#[test]
fn an_image_is_reingested_as_by_a_put_of_what_it_has() {
    let scene = Scene::start();
    let origin = scene.origin.url("/failing/404/1/30x20/x.png");
    let image = json!({ "id": "map", "space": scene.space, "origin": origin, "string1": "shelf",
                        "tags": ["a"] });
    let batch = scene.owner.submit(&[image]).expect(201).id();
    scene.owner.finished(&batch);
    let failed = scene.read("map");
    assert!(failed.text("error").contains("404"), "{}", failed.body);
    let link = failed.text("reingest");
    let answer = scene.owner.client.post(&link, &json!({})).expect(200);
    assert_eq!((answer.number("width"), answer.text("error")), (30, String::new()));
    assert_eq!((answer.text("string1"), answer.text("batch")), ("shelf".into(), batch.clone()));
    assert_eq!(answer.header("etag"), scene.read("map").header("etag"));
    assert_eq!(scene.counts(&batch), (0, 1), "its counts are of what it was");
    let refused = scene.owner.client.get(&link).expect(405);
    assert_eq!(refused.header("allow"), Some("POST, OPTIONS"));
    let bare = scene.owner.client.request(reqwest::Method::POST, &link);
    scene.owner.client.send(bare).expect(200);
    let missing = format!("{}/reingest", scene.path("nothing"));
    scene.owner.client.post(&missing, &json!({})).expect(404);
    scene.agrees();
}

#[test]
fn what_failed_of_a_batch_is_sent_again_as_a_new_batch() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let images = [
        scene.image("good", &scene.origin.image(30, 20)),
        scene.image("mended", &scene.origin.url("/failing/404/1/30x20/x.png")),
        scene.image("worse", &scene.origin.url("/missing/x.png")),
        scene.image("gone", &scene.origin.url("/missing/x.png")),
    ];
    let batch = scene.owner.submit(&images).expect(201).id();
    let errors = format!("{batch}/reingestErrors");
    assert!(scene.owner.client.get(&batch).expect(200).body.get("reingestErrors").is_none());
    for _ in &images {
        hands.work_one();
    }
    scene.owner.client.delete(&scene.path("gone")).expect(205);
    let first = scene.owner.client.get(&batch).expect(200);
    assert_eq!(first.text("reingestErrors"), errors);
    let request = scene.owner.client.request(reqwest::Method::POST, &errors);
    let again = scene.owner.client.send(request).expect(201);
    let address = again.id();
    assert_eq!(again.header("location"), Some(address.as_str()));
    assert_eq!((again.text("@type"), again.number("count")), ("Batch".into(), 2));
    let listed = scene.owner.client.get(&format!("{address}/images")).expect(200);
    assert_eq!(listed.each("id"), ["mended", "worse"]);
    assert_eq!(scene.queue_size(), 2);
    let refused = scene.owner.client.post(&errors, &json!({})).expect(400);
    assert!(refused.text("detail").contains("has no image that failed"), "{}", refused.body);
    hands.work_one();
    hands.work_one();
    assert_eq!((scene.counts(&batch), scene.counts(&address)), ((1, 3), (1, 1)));
    let third = scene.owner.client.post(&errors, &json!({})).expect(201);
    assert_eq!(third.number("count"), 1, "the one that still fails");
    scene.agrees();
}

#[test]
fn a_batch_without_errors_has_nothing_to_send_again() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(30, 20));
    let path = format!("{batch}/reingestErrors");
    scene.owner.client.post(&path, &json!({})).expect(400);
    Hands::of(&scene.app).work_one();
    scene.owner.client.post(&path, &json!({})).expect(400);
    let path = scene.owner.path("/queue/batches/999999/reingestErrors");
    scene.owner.client.post(&path, &json!({})).expect(404);
    assert_eq!(scene.queue_size(), 0);
}
