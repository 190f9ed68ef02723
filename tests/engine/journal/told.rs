//! What the process that answers a request tells those who keep rows of images, before it answers.

use std::sync::Arc;

use hydria::journal::Changes;
use parking_lot::Mutex;
use serde_json::json;

use super::{close, close_in_vain, served};
use crate::engine::scene::Scene;
use crate::support::rows;

/// What was told by requests, and not by the reader of the journal: an image and how many have derivatives by then.
fn listen(scene: &Scene) -> Arc<Mutex<Vec<String>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (telling, conn) = (Arc::clone(&told), Mutex::new(scene.app.database()));
    scene.app.changes().subscribe(move |changes| {
        let Changes::Images(images) = changes else { return };
        if std::thread::current().name() == Some("journal") {
            return;
        }
        let made = rows::number(&mut conn.lock(), "SELECT count(*) AS n FROM derivatives");
        telling.lock().extend(images.iter().map(|at| format!("{} {made}", at.image)));
    });
    told
}

#[test]
fn a_change_is_told_before_it_is_answered() {
    let scene = served(&["map", "plan"]);
    let told = listen(&scene);
    let taken = || {
        let mut taken = std::mem::take(&mut *told.lock());
        taken.sort_unstable();
        taken
    };
    scene.read("map");
    assert!(taken().is_empty());
    close(&scene, "map");
    assert_eq!(taken(), ["map 2"]);
    scene.submit(&["map", "new", "plan"], "https://example.org/map.jpg");
    assert_eq!(taken(), ["map 2", "plan 2"]);
    scene.owner.client.delete(&scene.path("map")).expect(205);
    assert_eq!(taken(), ["map 1"]);

    close_in_vain(&scene, "plan");
    assert!(taken().is_empty(), "nothing was changed");
}

#[test]
fn an_image_that_is_processed_at_once_is_told_with_its_new_pixels() {
    let scene = Scene::start();
    let told = listen(&scene);
    let taken = || std::mem::take(&mut *told.lock());
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    let first = taken();
    assert_eq!(first.last().map(String::as_str), Some("map 1"), "{first:?}");
    scene.put("map", &scene.origin.image(450, 300)).expect(200);
    assert_eq!(taken(), ["map 1", "map 1"], "when it is written, and when it is processed");
    let moved = json!({ "origin": scene.origin.image(600, 400) });
    scene.owner.client.patch(&scene.path("map"), &moved).expect(205);
    assert_eq!(taken(), ["map 1", "map 1"]);
}
