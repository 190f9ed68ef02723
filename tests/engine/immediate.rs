//! What is written is processed at once, and the answer waits for it, but not for ever.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::until;

#[test]
fn a_put_answers_with_what_came_of_it() {
    let scene = Scene::start();
    let made = scene.put("map", &scene.origin.image(300, 200)).expect(201);
    assert_eq!((made.number("width"), made.number("height")), (300, 200));
    assert_eq!(made.body.get("ingesting"), Some(&json!(false)));
    made.text("finished");
    assert!(made.body.get("batch").is_none() && made.body.get("queued").is_none());
    let failed = scene.put("lost", &scene.origin.url("/missing/x.png")).expect(201);
    assert!(failed.text("error").contains("404"), "{}", failed.body);
    assert_eq!(failed.header("location"), Some(failed.id().as_str()));
}

#[test]
fn a_post_to_a_space_is_immediate_too_and_mints_an_id() {
    let scene = Scene::start();
    let path = scene.owner.path(&format!("/spaces/{}/images", scene.space));
    let made = scene.owner.client.post(&path, &json!({ "origin": scene.origin.image(300, 200) }));
    let made = made.expect(201);
    assert_eq!(made.number("width"), 300);
    assert_eq!(made.text("id").len(), 36, "a UUID");
    assert_eq!(made.header("location"), Some(made.id().as_str()));
    let failed = json!({ "id": "lost", "origin": scene.origin.url("/missing/x.png") });
    let failed = scene.owner.client.post(&path, &failed).expect(201);
    assert!(failed.text("error").contains("404"), "{}", failed.body);
}

#[test]
fn an_answer_that_would_take_too_long_says_that_work_goes_on() {
    let scene = Scene::with(&[("HYDRIA_WAIT_SECONDS", "1")]);
    let began = Instant::now();
    let made = scene.put("slow", &scene.origin.url("/held/300x200/x.png")).expect(201);
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(5), "{took:?}");
    assert_eq!(made.body.get("ingesting"), Some(&json!(true)));
    assert!(made.body.get("finished").is_none());
    assert_eq!((made.number("width"), made.text("error")), (0, String::new()));
    scene.origin.release();
    until("the image", || scene.read("slow").number("width") == 300);
    assert_eq!(scene.origin.asked().len(), 1);
}

#[test]
fn a_queue_of_ten_thousand_does_not_delay_a_put() {
    let scene = Scene::with(&[("HYDRIA_FETCHES", "2")]);
    let held = scene.origin.url("/held/10x10/x.png");
    for n in 0..10 {
        let images: Vec<Value> =
            (0..1000).map(|i| scene.image(&format!("{n}-{i}"), &held)).collect();
        scene.owner.submit(&images).expect(201);
    }
    scene.origin.wait_for("/held", 2);
    assert_eq!(scene.queue_size(), 10_000);
    for id in ["a", "b", "c"] {
        let began = Instant::now();
        let put = scene.put(id, &scene.origin.image(300, 200)).expect(201);
        assert_eq!(put.number("width"), 300);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    let one = scene.put("5-500", &scene.origin.image(300, 200)).expect(200);
    assert_eq!(one.number("width"), 300, "one of the queue itself comes to its head");
    assert_eq!(scene.queue_size(), 9_999);
}

#[test]
fn requests_that_wait_for_slow_origins_keep_no_others_waiting() {
    let scene = Scene::with(&[("HYDRIA_WAIT_SECONDS", "30")]);
    std::thread::scope(|threads| {
        let (scene, held) = (&scene, scene.origin.url("/held/30x20/x.png"));
        let waiting: Vec<_> = (0..40)
            .map(|n| {
                let held = held.clone();
                threads.spawn(move || scene.put(&format!("{n}"), &held).expect(201))
            })
            .collect();
        until("all to wait", || scene.queue_size() == 40);
        let began = Instant::now();
        for _ in 0..20 {
            scene.owner.client.get(&scene.owner.path("/spaces")).expect(200);
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        scene.origin.release();
        for put in waiting {
            assert_eq!(put.join().expect("no panic").number("width"), 30);
        }
    });
}

#[test]
fn a_put_that_another_overtakes_waits_for_the_end_of_both() {
    let scene = Scene::start();
    std::thread::scope(|threads| {
        let (scene, held) = (&scene, scene.origin.url("/held/30x20/x.png"));
        let first = threads.spawn(move || scene.put("map", &held).expect(201));
        scene.origin.wait_for("/held", 1);
        let second = scene.put("map", &scene.origin.image(300, 200)).expect(200);
        let first = first.join().expect("no panic");
        for answer in [&first, &second] {
            assert_eq!(answer.body.get("ingesting"), Some(&Value::Bool(false)));
            assert_eq!((answer.number("width"), answer.text("error")), (300, String::new()));
        }
        let shown = scene.read("map");
        assert_eq!(first.header("etag"), shown.header("etag"), "it shows what there is");
        assert_eq!(second.header("etag"), shown.header("etag"));
        scene.origin.release();
    });
}
