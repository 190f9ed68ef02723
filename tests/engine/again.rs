//! Images that are sent again: fetched again, their objects replaced, counted once.

use std::time::Duration;

use hydria::engine::GiveUp;
use serde_json::json;

use super::scene::{Hands, Scene, run_out};
use crate::support::{Answer, rows, until};

#[test]
fn a_put_processes_again_and_replaces_the_object() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    let first = scene.objects();
    let again = scene.put("map", &scene.origin.image(450, 300)).expect(200);
    assert_eq!((again.number("width"), again.text("error")), (450, String::new()));
    assert_eq!(scene.objects().len(), 2, "the old one stays for those who have just looked it up");
    Hands::of(&scene.app).tidy();
    let left = scene.objects();
    assert_eq!(left.len(), 1);
    assert_ne!(left, first, "no key is used twice");
    let thumbnail = again.text("thumbnail400");
    scene.app.visitor.get(&thumbnail).expect(200);
    scene.agrees();
}

#[test]
fn a_put_that_fails_keeps_what_was_there_and_says_its_error() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(450, 300)).expect(201);
    let failed = scene.put("map", &scene.origin.url("/missing/x.png")).expect(200);
    assert!(failed.text("error").contains("404"), "{}", failed.body);
    assert_eq!(failed.number("width"), 450);
    scene.app.visitor.get(&failed.text("thumbnail400")).expect(200);
    let mended = scene.put("map", &scene.origin.image(600, 400)).expect(200);
    assert_eq!((mended.text("error"), mended.number("width")), (String::new(), 600));
    scene.agrees();
}

#[test]
fn storage_is_the_sum_of_the_images_whatever_is_sent_again_or_removed() {
    let scene = Scene::start();
    let other = scene.owner.space("letters");
    let photo = scene.origin.url("/photo/rocket.jpg");
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    scene.put("map", &photo).expect(200);
    scene.put("map", &photo).expect(200);
    scene.put("gone", &scene.origin.image(500, 500)).expect(201);
    let letter = scene.owner.path(&format!("/spaces/{other}/images/a"));
    let body = json!({ "origin": scene.origin.image(600, 400) });
    scene.owner.client.put(&letter, &body).expect(201);
    scene.owner.client.delete(&scene.path("gone")).expect(205);
    let sizes = |path: &str| {
        let storage = scene.owner.client.get(&format!("{path}/storage")).expect(200);
        (storage.number("size"), storage.number("thumbnailSize"))
    };
    let totals = |path: &str| {
        let storage = scene.owner.client.get(&scene.owner.path(path)).expect(200);
        let number = |member| storage.number(member);
        let sizes = (number("totalSizeOfStoredImages"), number("totalSizeOfThumbnails"));
        (number("numberOfStoredImages"), sizes.0, sizes.1)
    };
    let (map, letter) = (sizes(&scene.path("map")), sizes(&letter));
    assert_eq!(map.0, i64::try_from(crate::support::origin::photo().len()).expect("small"));
    assert_eq!(totals(&format!("/spaces/{}/storage", scene.space)), (1, map.0, map.1));
    assert_eq!(totals(&format!("/spaces/{other}/storage")), (1, letter.0, letter.1));
    assert_eq!(totals("/storage"), (2, map.0 + letter.0, map.1 + letter.1));
    Hands::of(&scene.app).tidy();
    assert_eq!(scene.objects().len(), 2);
    assert_eq!(totals("/storage"), (2, map.0 + letter.0, map.1 + letter.1), "folding changes none");
    scene.agrees();
}

#[test]
fn an_image_that_is_deleted_leaves_no_object_and_no_thumbnail() {
    let scene = Scene::start();
    let image = scene.put("map", &scene.origin.image(450, 300)).expect(201);
    scene.owner.client.delete(&scene.path("map")).expect(205);
    scene.app.visitor.get(&image.text("thumbnail400")).expect(404);
    Hands::of(&scene.app).tidy();
    assert_eq!(scene.objects(), Vec::<String>::new());
    scene.owner.client.get(&format!("{}/storage", scene.path("map"))).expect(404);
    scene.agrees();
}

#[test]
fn what_a_killed_process_had_written_of_an_object_goes_with_it() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(450, 300)).expect(201);
    let object = scene.objects().pop().expect("an object");
    let folder = scene.app.data.path().join("objects/thumbnails");
    let folder = std::fs::read_dir(folder).expect("a folder").next().expect("one").expect("there");
    std::fs::write(folder.path().join(format!("{object}#1")), b"half").expect("a piece");
    scene.owner.client.delete(&scene.path("map")).expect(205);
    Hands::of(&scene.app).tidy();
    assert_eq!(scene.objects(), Vec::<String>::new());
}

#[test]
fn the_initial_origin_is_used_once() {
    let scene = Scene::start();
    let body = json!({ "origin": scene.origin.image(300, 200),
                       "initialOrigin": scene.origin.image(600, 400) });
    let first = scene.owner.client.put(&scene.path("map"), &body).expect(201);
    assert_eq!(first.number("width"), 600);
    assert!(first.body.get("initialOrigin").is_none(), "it is never shown");
    let again = scene.owner.client.put(&scene.path("map"), &json!({})).expect(200);
    assert_eq!(again.number("width"), 300);
}

#[test]
fn the_initial_origin_is_tried_until_it_has_served_once() {
    let scene = Scene::start();
    let body = json!({ "origin": scene.origin.image(300, 200),
                       "initialOrigin": scene.origin.url("/held/600x400/x.png") });
    let failing = json!({ "origin": scene.origin.image(300, 200),
                          "initialOrigin": scene.origin.url("/missing/first.png") });
    let first = scene.owner.client.put(&scene.path("map"), &failing).expect(201);
    assert!(first.text("error").contains("404"), "{}", first.body);
    let again = scene.owner.client.put(&scene.path("map"), &json!({})).expect(200);
    assert!(again.text("error").contains("404"), "it was not tried again: {}", again.body);
    scene.origin.release();
    let served = scene.owner.client.put(&scene.path("map"), &body).expect(200);
    assert_eq!((served.number("width"), served.text("error")), (600, String::new()));
    let last = scene.owner.client.put(&scene.path("map"), &json!({})).expect(200);
    assert_eq!(last.number("width"), 300, "it was used up");
}

#[test]
fn what_is_said_of_an_image_while_it_is_worked_on_stands() {
    let scene = Scene::start();
    let held = json!({ "id": "map", "space": scene.space, "origin": scene.origin.image(300, 200),
                       "initialOrigin": scene.origin.url("/held/600x400/x") });
    let batch = scene.owner.submit(&[held]).expect(201).id();
    scene.origin.wait_for("/held", 1);
    let said = json!({ "mediaType": "image/x-of-ours", "string1": "said",
                       "initialOrigin": scene.origin.image(450, 300) });
    scene.owner.client.patch(&scene.path("map"), &said).expect(205);
    scene.origin.release();
    scene.owner.finished(&batch);
    let map = scene.read("map");
    assert_eq!((map.number("width"), map.text("mediaType")), (600, "image/x-of-ours".into()));
    assert_eq!(map.text("string1"), "said");
    let again = scene.owner.client.put(&scene.path("map"), &json!({})).expect(200);
    assert_eq!(again.number("width"), 450, "the initial origin that was given meanwhile");
    let last = scene.owner.client.put(&scene.path("map"), &json!({})).expect(200);
    assert_eq!(last.number("width"), 300);
}

#[test]
fn a_patch_processes_again_only_where_the_origin_changes() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    let before = scene.read("map");
    let patch = |body| scene.owner.client.patch(&scene.path("map"), &body).expect(205);
    patch(json!({ "string1": "a map", "number1": 5, "tags": ["old"], "maxUnauthorised": 400 }));
    patch(json!({ "origin": scene.origin.image(300, 200) }));
    assert_eq!(scene.origin.asked().len(), 1);
    assert_eq!(scene.read("map").text("finished"), before.text("finished"));
    patch(json!({ "origin": scene.origin.image(450, 300) }));
    let after = scene.read("map");
    assert_eq!((scene.origin.asked().len(), after.number("width")), (2, 450));
    assert_eq!(after.text("string1"), "a map");
    assert_ne!(after.text("finished"), before.text("finished"));
}

#[test]
fn a_check_beside_the_workers_finds_nothing_amiss() {
    let scene = Scene::start();
    let hands = Hands::of(&scene.app);
    let batches: Vec<String> = (0..2)
        .map(|n| {
            let ids: Vec<String> = (0..150).map(|i| format!("{n}-{i}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            scene.submit(&ids, &scene.origin.image(120, 80))
        })
        .collect();
    let mut checks = 0;
    until("both batches", || {
        // Mending locks nothing for long, and mends nothing that is right.
        let found = if checks % 2 == 0 { hands.check() } else { hands.mend() };
        assert!(found.is_empty(), "{found:#?}");
        checks += 1;
        let is_done = |batch: &String| {
            let batch: Answer = scene.owner.client.get(batch).expect(200);
            batch.body.get("finished").is_some()
        };
        batches.iter().all(is_done)
    });
    assert!(checks > 1, "the work was over before it was looked at");
    for batch in &batches {
        assert_eq!(scene.counts(batch), (150, 0));
    }
    scene.agrees();
}

#[test]
fn a_repair_waits_for_no_transaction_that_writes_elsewhere() {
    let scene = Scene::without_workers();
    scene.submit(&["map", "plan"], &scene.origin.image(450, 300));
    let hands = Hands::of(&scene.app);
    let mut writer = hands.connection();
    rows::execute(&mut writer, "BEGIN");
    rows::execute(&mut writer, "UPDATE images SET string1 = 'held' WHERE id = 'map'");
    rows::execute(&mut writer, "UPDATE batches SET superseded = superseded");
    let mut conn = hands.connection();
    rows::execute(&mut conn, "UPDATE tallies SET size = size + 7");
    rows::execute(&mut conn, "UPDATE tally_changes SET size = size + 7");
    rows::execute(&mut conn, "DELETE FROM jobs WHERE image = 'plan'");
    let mended = hands.mend();
    assert!(mended.iter().any(|found| found.contains("totals of space")), "{mended:#?}");
    assert!(mended.iter().any(|found| found.contains("plan waits without a job")), "{mended:#?}");
    rows::execute(&mut writer, "COMMIT");
    scene.agrees();
}

#[test]
fn an_image_that_a_check_sends_again_says_that_it_waits() {
    let scene = Scene::without_workers();
    scene.submit(&["map"], &scene.origin.image(450, 300));
    let hands = Hands::of(&scene.app);
    hands.work_one();
    let done = scene.read("map");
    assert!(done.body.get("finished").is_some() && done.body.get("dequeued").is_some());
    for object in rows::files(&scene.app.data.path().join("objects")) {
        std::fs::remove_file(object).expect("an object");
    }
    assert!(hands.mend().iter().any(|found| found.contains("lost its thumbnails")));
    let waits = scene.read("map");
    assert_eq!(waits.body["ingesting"], json!(true));
    for member in ["finished", "dequeued"] {
        assert!(waits.body.get(member).is_none(), "{member} in {}", waits.body);
    }
    hands.work_one();
    assert!(scene.read("map").body.get("finished").is_some());
}

#[test]
fn an_image_that_alone_meets_a_fault_of_the_service_is_given_up_with_an_error_that_says_so() {
    let scene = Scene::without_workers();
    let limits = GiveUp { attempts: 2, after: Duration::ZERO };
    let url = &scene.app.database_url;
    let hands = Hands::with(url, &scene.app, |settings| settings.give_up = limits);
    let mut conn = scene.app.database();
    for sql in [
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'on purpose'; END $$",
        "CREATE TRIGGER fail BEFORE UPDATE ON images FOR EACH ROW \
         WHEN (NEW.id LIKE 'bad%' AND NEW.width > 0) EXECUTE FUNCTION fail()",
    ] {
        rows::execute(&mut conn, sql);
    }
    let batch = scene.submit(&["bad"], &scene.origin.image(10, 10));
    // However often: all that is known is that nothing comes through.
    for _ in 0..3 {
        assert_eq!(hands.work_next().at.image, "bad");
        assert_eq!(scene.read("bad").body.get("ingesting"), Some(&json!(true)));
    }
    scene.submit(&["good"], &scene.origin.image(10, 10));
    while hands.work_next().at.image != "good" {
        assert_eq!(scene.read("bad").body.get("ingesting"), Some(&json!(true)));
        run_out(&mut conn);
    }
    run_out(&mut conn);
    assert_eq!(hands.work_next().at.image, "bad");
    let bad = scene.read("bad");
    assert_eq!(bad.body["ingesting"], false);
    let error = bad.text("error");
    assert!(error.starts_with("internal fault: ") && error.contains("times"), "{error}");
    assert!(!error.contains("on purpose"), "the cause is for the log: {error}");
    assert_eq!(scene.counts(&batch), (0, 1));
    assert_eq!(scene.read("good").text("error"), "");
    scene.agrees();
}
