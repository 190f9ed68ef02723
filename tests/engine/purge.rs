//! Caches of the operator are told which images were changed.

use serde_json::json;

use super::scene::Scene;
use crate::support::{Receiver, rows, until};

#[test]
fn a_cache_is_told_of_each_image_that_was_changed_until_it_has_heard_it() {
    let cache = Receiver::start();
    let scene = Scene::with(&[("HYDRIA_PURGE_URLS", &cache.url("/purge"))]);
    let known = "SELECT count(*) AS n FROM purges";
    until("the cache to be known", || rows::number(&mut scene.app.database(), known) == 1);
    scene.put("map", &scene.origin.image(60, 40)).expect(201);
    scene.put("plan,1", &scene.origin.image(60, 40)).expect(201);
    let tag = |id: &str| format!("image/{}/{}/{id}", scene.owner.id, scene.space);
    let told = || {
        let received = cache.received();
        let tags = received.iter().flat_map(|told| told.headers["xkey"].split(' '));
        tags.map(str::to_owned).collect::<Vec<_>>()
    };
    until("both", || told().contains(&tag("map")) && told().contains(&tag("plan%2C1")));
    assert!(
        cache.received().iter().all(|told| (&*told.method, &*told.path) == ("PURGE", "/purge"))
    );

    let before = cache.received().len();
    cache.answers(&["503 Busy"]);
    scene.owner.client.patch(&scene.path("map"), &json!({ "maxUnauthorised": 0 })).expect(205);
    cache.wait_for(before + 1);
    let failed = "SELECT count(*) AS n FROM purges WHERE failures = 1";
    until("the failure", || rows::number(&mut scene.app.database(), failed) == 1);
    scene.owner.client.delete(&scene.path("plan,1")).expect(205);
    rows::execute(&mut scene.app.database(), "UPDATE purges SET due = now()");
    let again = || cache.received().split_off(before + 1);
    until("both again", || {
        let again = again();
        let tags: Vec<&str> =
            again.iter().flat_map(|told| told.headers["xkey"].split(' ')).collect();
        tags == [tag("map"), tag("plan%2C1")]
    });
}
