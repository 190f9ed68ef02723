//! Caches of the operator are told which images were changed.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Received, Receiver, rows, until};

#[test]
fn a_cache_is_told_twice_of_each_image_that_was_changed_until_it_has_heard_it() {
    let cache = Receiver::start();
    let scene = Scene::with(&[("HYDRIA_PURGE_URLS", &cache.url("/purge"))]);
    let known = "SELECT count(*) AS n FROM purges";
    until("the cache to be known", || rows::number(&mut scene.app.database(), known) == 2);
    let told = "SELECT count(*) AS n FROM purges WHERE position >= (SELECT max(id) FROM changes)";
    let all_is_told = || rows::number(&mut scene.app.database(), told) == 2;
    scene.put("map", &scene.origin.image(60, 40)).expect(201);
    scene.put("plan,1", &scene.origin.image(60, 40)).expect(201);
    let tag = |id: &str| format!("image/{}/{}/{id}", scene.owner.id, scene.space);
    let times_told = |from: usize, id: &str| {
        let received = cache.received().split_off(from);
        let names = |told: &Received| told.headers["xkey"].split(' ').any(|named| named == tag(id));
        received.iter().filter(|told| names(told)).count()
    };
    until("both twice", all_is_told);
    assert!(times_told(0, "map") >= 2 && times_told(0, "plan%2C1") >= 2);
    assert!(
        cache.received().iter().all(|told| (&*told.method, &*told.path) == ("PURGE", "/purge"))
    );

    let before = cache.received().len();
    cache.answers(&["503 Busy"]);
    scene.owner.client.patch(&scene.path("map"), &json!({ "maxUnauthorised": 0 })).expect(205);
    cache.wait_for(before + 1);
    let failed = "SELECT count(*) AS n FROM purges WHERE failures = 1 AND NOT is_repeat";
    until("the failure", || rows::number(&mut scene.app.database(), failed) == 1);
    scene.owner.client.delete(&scene.path("plan,1")).expect(205);
    rows::execute(&mut scene.app.database(), "UPDATE purges SET due = now()");
    until("both twice again", all_is_told);
    let heard = before + 1;
    assert_eq!((times_told(heard, "map"), times_told(heard, "plan%2C1")), (2, 2));
}
