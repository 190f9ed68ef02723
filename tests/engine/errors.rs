//! Each way to fail is told apart, in words that say what to do.

use std::collections::HashSet;

use serde_json::json;

use super::scene::Scene;
use crate::support::{rows, until};

#[test]
fn every_error_has_words_of_its_own() {
    let scene = Scene::start();
    let origin = &scene.origin;
    let at = |path: &str| origin.url(path);
    let cases = [
        ("missing", at("/missing/x.jpg"), "404"),
        ("broken", at("/broken/x.jpg"), "500"),
        ("closed", at("/basic/user/secret/10x10/x.jpg"), "credentials"),
        ("text", at("/text/x.jpg"), "not a JPEG"),
        ("empty", at("/empty/x.jpg"), "empty"),
        ("truncated", at("/truncated/x.jpg"), "broke off"),
        ("cut", at("/cut/x.jpg"), "incomplete"),
        ("refused", "http://127.0.0.2:1/x.jpg".to_owned(), "HYDRIA_ORIGIN_ALLOW"),
        ("unreachable", "http://127.0.0.1:1/x.jpg".to_owned(), "out of reach"),
    ];
    let images: Vec<_> = cases.iter().map(|(id, origin, _)| scene.image(id, origin)).collect();
    let batch = scene.owner.submit(&images).expect(201).id();
    scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (0, 9));
    let mut words = HashSet::new();
    for (id, _, part) in &cases {
        let image = scene.read(id);
        let error = image.text("error");
        assert!(error.contains(part), "{id}: {error}");
        assert!(!error.contains(&scene.app.data.path().display().to_string()), "{error}");
        assert_eq!(image.body.get("ingesting"), Some(&json!(false)));
        assert_eq!(image.number("width"), 0);
        image.text("finished");
        words.insert(error);
    }
    assert_eq!(words.len(), cases.len(), "not told apart: {words:#?}");
    assert_eq!(scene.objects(), Vec::<String>::new());
    scene.agrees();
}

#[test]
fn an_origin_that_is_slow_is_told_from_one_that_falls_silent() {
    let scene =
        Scene::with(&[("HYDRIA_ORIGIN_IDLE_SECONDS", "1"), ("HYDRIA_ORIGIN_CONNECT_SECONDS", "1")]);
    let images = [
        scene.image("slow", &scene.origin.url("/held/10x10/x.png")),
        scene.image("silent", &scene.origin.url("/stalled/x.jpg")),
    ];
    scene.owner.finished(&scene.owner.submit(&images).expect(201).id());
    let (slow, silent) = (scene.read("slow").text("error"), scene.read("silent").text("error"));
    assert!(slow.contains("did not answer within"), "{slow}");
    assert!(silent.contains("silent") && silent.contains("1 second"), "{silent}");
    scene.origin.release();
}

#[test]
fn what_is_too_large_is_refused_before_it_is_decoded() {
    let scene =
        Scene::with(&[("HYDRIA_MAX_PIXELS", "10000"), ("HYDRIA_ORIGIN_MAX_BYTES", "50000")]);
    let photo = scene.put("bytes", &scene.origin.url("/photo/x.jpg")).expect(201);
    assert!(photo.text("error").contains("larger than 50000 bytes"), "{}", photo.body);
    let pixels = scene.put("pixels", &scene.origin.image(101, 100)).expect(201);
    assert!(pixels.text("error").contains("10100 pixels"), "{}", pixels.body);
    let within = scene.put("within", &scene.origin.image(100, 100)).expect(201);
    assert_eq!((within.text("error"), within.number("width")), (String::new(), 100));
}

#[test]
fn an_image_beyond_the_memory_is_refused_with_the_memory_in_words() {
    let scene = Scene::with(&[("HYDRIA_INGEST_MEMORY_MB", "100")]);
    let large = scene.origin.url("/format/webp/3000x3000/page");
    let answer = scene.put("large", &large).expect(201);
    assert!(answer.text("error").contains("MB of memory"), "{}", answer.body);
    scene.put("small", &scene.origin.image(300, 200)).expect(201).text("thumbnailInfoJson");
}

#[test]
fn an_image_that_exceeds_the_storage_policy_says_so() {
    let scene = Scene::start();
    let policy = json!({ "id": "tiny", "maximumNumberOfStoredImages": 10,
                         "maximumTotalSizeOfStoredImages": 1000 });
    scene.app.administrator.post("/storagePolicies", &policy).expect(201);
    let assigned = json!({ "storagePolicy": "tiny" });
    scene.app.administrator.patch(&scene.owner.path("/storage"), &assigned).expect(205);
    let answer = scene.put("photo", &scene.origin.url("/photo/x.jpg")).expect(201);
    assert!(answer.text("error").contains("storage policy"), "{}", answer.body);
    assert_eq!(scene.objects(), Vec::<String>::new());
}

#[test]
fn credentials_that_do_not_open_any_more_are_missed_and_nothing_waits_for_ever() {
    let scene = Scene::start();
    let strategy = json!({ "regex": "basic", "originStrategy": "basic-http-authentication",
                           "credentials": "{\"user\":\"u\",\"password\":\"p\"}" });
    let path = scene.owner.path("/originStrategies");
    scene.owner.client.post(&path, &strategy).expect(201);
    // As if they had been sealed with another HYDRIA_SECRET.
    let spoilt = "UPDATE customer_origin_strategies SET credentials = sha256(credentials)";
    assert_eq!(rows::execute(&mut scene.app.database(), spoilt), 1);
    let closed = scene.put("closed", &scene.origin.url("/basic/u/p/10x10/x.png")).expect(201);
    let error = closed.text("error");
    assert!(error.contains("needs a user and a password"), "{error}");
    let open = scene.put("open", &scene.origin.image(10, 10)).expect(201);
    assert_eq!((open.text("error"), open.number("width")), (String::new(), 10));
}

#[test]
fn a_store_that_takes_nothing_is_no_error_of_the_image_which_is_tried_again() {
    let scene = Scene::with(&[("HYDRIA_WAIT_SECONDS", "1")]);
    let objects = scene.app.data.path().join("objects");
    std::fs::write(objects.join("thumbnails"), b"in the way").expect("a file");
    let batch = scene.submit(&["queued"], &scene.origin.image(120, 80));
    let waits = scene.put("map", &scene.origin.image(120, 80)).expect(201);
    assert_eq!((waits.text("error"), &waits.body["ingesting"]), (String::new(), &json!(true)));
    scene.origin.wait_for("/image", 3);
    let queued = scene.read("queued");
    assert_eq!((queued.text("error"), scene.counts(&batch)), (String::new(), (0, 0)));
    std::fs::remove_file(objects.join("thumbnails")).expect("a file");
    scene.owner.finished(&batch);
    until("the other", || scene.read("map").body["ingesting"] == false);
    assert_eq!((scene.read("map").text("error"), scene.objects().len()), (String::new(), 2));
    assert_eq!(scene.counts(&batch), (1, 0));
    scene.agrees();
}

#[test]
fn a_folder_for_originals_that_takes_nothing_is_no_error_of_the_image_either() {
    let scene = Scene::with(&[("HYDRIA_WAIT_SECONDS", "1")]);
    let folder = scene.app.data.path().join("originals");
    std::fs::remove_dir_all(&folder).expect("a folder");
    std::fs::write(&folder, b"in the way").expect("a file");
    let waits = scene.put("map", &scene.origin.image(120, 80)).expect(201);
    assert_eq!((waits.text("error"), &waits.body["ingesting"]), (String::new(), &json!(true)));
    std::fs::remove_file(&folder).expect("a file");
    until("it to be tried again", || scene.read("map").number("width") == 120);
    scene.agrees();
}
