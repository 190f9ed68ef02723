//! Batches whose waiting members are cancelled: each is settled once, and nothing else is lost.

use hydria::cli::serve::Options;
use hydria::engine::finish::{JobResult, complete_job};
use serde_json::{Value, json};

use super::scene::{Hands, Scene, claim_one};
use crate::support::{Answer, App, rows, until};

fn cancel(scene: &Scene, batch: &str) {
    let link = scene.owner.client.get(batch).expect(200).text("cancel");
    scene.owner.client.delete(&link).expect(205);
}

fn is_ingesting(image: &Answer) -> bool {
    image.body["ingesting"] == json!(true)
}

#[test]
fn what_waits_is_settled_as_an_error_and_what_was_sent_again_since_goes_on() {
    let settings = [("HYDRIA_WAIT_SECONDS", "0")];
    let options = Options { no_worker: true, ..Options::default() };
    let scene = Scene::of(App::start_with(&settings, options));
    let hands = Hands::of(&scene.app);
    scene.submit(&["old"], &scene.origin.image(300, 200));
    hands.work_one();
    let before = scene.read("old");
    let batch = scene.submit(&["old", "new", "later", "now"], &scene.origin.image(40, 30));
    let later = scene.submit(&["later"], &scene.origin.image(50, 40));
    scene.put("now", &scene.origin.image(60, 50)).expect(200);
    cancel(&scene, &batch);
    let finished = scene.owner.client.get(&batch).expect(200);
    finished.text("finished");
    assert_eq!((finished.number("count"), scene.counts(&batch)), (4, (0, 4)));
    let old = scene.read("old");
    assert_eq!((old.number("width"), old.text("error")), (300, String::new()));
    assert_eq!(old.text("finished"), before.text("finished"), "it has what it had");
    let new = scene.read("new");
    assert_eq!((new.number("width"), new.text("error")), (0, "cancelled".into()));
    assert!(!is_ingesting(&old) && !is_ingesting(&new));
    assert!(is_ingesting(&scene.read("later")) && is_ingesting(&scene.read("now")));
    assert_eq!((scene.counts(&later), scene.queue_size()), ((0, 0), 2));
    cancel(&scene, &batch);
    assert_eq!(scene.owner.client.get(&batch).expect(200).body, finished.body, "nothing is left");
    hands.work_one();
    hands.work_one();
    assert_eq!((scene.counts(&batch), scene.counts(&later)), ((0, 4), (1, 0)));
    assert_eq!(scene.read("now").number("width"), 60);
    scene.agrees();
    let again = scene.owner.client.post(&format!("{batch}/reingestErrors"), &json!({})).expect(201);
    let images = scene.owner.client.get(&format!("{}/images", again.id())).expect(200);
    assert_eq!(images.each("id"), ["old", "new"], "what came through since is left out");
    scene.agrees();
}

#[test]
fn an_image_that_waits_in_two_batches_belongs_to_the_later() {
    let scene = Scene::without_workers();
    let submit = || scene.submit(&["map"], &scene.origin.image(30, 20));
    let (first, second) = (submit(), submit());
    cancel(&scene, &first);
    assert_eq!((scene.counts(&first), scene.counts(&second)), ((0, 1), (0, 0)));
    assert!(is_ingesting(&scene.read("map")));
    cancel(&scene, &second);
    assert_eq!((scene.counts(&second), scene.queue_size()), ((0, 1), 0));
    assert_eq!(scene.read("map").text("error"), "cancelled");
    let (first, second) = (submit(), submit());
    cancel(&scene, &second);
    assert_eq!((scene.counts(&first), scene.counts(&second)), ((0, 1), (0, 1)));
    scene.owner.client.get(&first).expect(200).text("finished");
    scene.agrees();
}

#[test]
fn an_image_whose_last_attempt_failed_is_no_success_when_it_is_cancelled() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    scene.submit(&["map"], &scene.origin.image(30, 20));
    hands.work_one();
    let failed = scene.submit(&["map"], &scene.origin.url("/missing/x.png"));
    hands.work_one();
    let cancelled = scene.submit(&["map"], &scene.origin.image(30, 20));
    cancel(&scene, &cancelled);
    assert_eq!(scene.read("map").text("error"), "cancelled");
    for batch in [&failed, &cancelled] {
        let path = format!("{batch}/reingestErrors");
        let again = scene.owner.client.post(&path, &json!({})).expect(201);
        assert_eq!(again.number("count"), 1);
        cancel(&scene, &again.id());
    }
    scene.agrees();
}

#[test]
fn what_was_cancelled_through_a_later_batch_is_sent_again_by_the_earlier_one() {
    let scene = Scene::without_workers();
    scene.submit(&["map"], &scene.origin.image(30, 20));
    Hands::of(&scene.app).work_one();
    let submit = || scene.submit(&["map"], &scene.origin.image(30, 20));
    let (first, second) = (submit(), submit());
    cancel(&scene, &second);
    let path = format!("{first}/reingestErrors");
    let again = scene.owner.client.post(&path, &json!({})).expect(201);
    assert_eq!(again.number("count"), 1);
    scene.agrees();
}

#[test]
fn a_job_that_a_request_waits_for_is_not_cancelled_with_a_batch_that_names_its_image() {
    let settings = [("HYDRIA_WAIT_SECONDS", "0")];
    let options = Options { no_worker: true, ..Options::default() };
    let scene = Scene::of(App::start_with(&settings, options));
    scene.put("map", &scene.origin.image(60, 50)).expect(201);
    let batch = scene.submit(&["map"], &scene.origin.image(60, 50));
    cancel(&scene, &batch);
    assert!(is_ingesting(&scene.read("map")));
    Hands::of(&scene.app).work_one();
    assert_eq!(scene.read("map").number("width"), 60);
    scene.agrees();
}

#[test]
fn a_job_for_which_a_request_waits_no_more_is_cancelled_with_the_batch() {
    let settings = [("HYDRIA_WAIT_SECONDS", "0")];
    let options = Options { no_worker: true, ..Options::default() };
    let scene = Scene::of(App::start_with(&settings, options));
    let failing = scene.origin.url("/failing/503/9/30x20/x.png");
    scene.put("map", &failing).expect(201);
    let batch = scene.submit(&["map"], &failing);
    Hands::retrying(&scene.app).work_one();
    assert!(is_ingesting(&scene.read("map")), "it is tried again later");
    cancel(&scene, &batch);
    assert_eq!(scene.read("map").text("error"), "cancelled");
    assert_eq!(scene.queue_size(), 0);
    scene.agrees();
}

#[test]
fn an_attempt_under_way_is_too_late_once_its_batch_is_cancelled() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(30, 20));
    let mut conn = scene.app.database();
    let late = claim_one(&mut conn);
    cancel(&scene, &batch);
    let failed = JobResult::Failed("too late".into());
    assert!(complete_job(&mut conn, &late, &failed).expect("the database answers").is_none());
    assert_eq!(scene.read("map").text("error"), "cancelled");
    assert_eq!((scene.counts(&batch), scene.queue_size()), ((0, 1), 0));
    scene.agrees();
}

#[test]
fn an_image_that_is_tried_again_later_is_cancelled_as_any_other() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.url("/failing/503/9/30x20/x.png"));
    Hands::retrying(&scene.app).work_one();
    cancel(&scene, &batch);
    let image = scene.read("map");
    assert_eq!(image.text("error"), "cancelled");
    for member in ["attempts", "lastError", "nextTry"] {
        assert!(image.body.get(member).is_none(), "{member} in {}", image.body);
    }
    assert_eq!(rows::number(&mut scene.app.database(), "SELECT count(*) AS n FROM retries"), 0);
    scene.agrees();
}

#[test]
fn a_batch_that_is_cancelled_while_workers_finish_it_counts_each_member_once() {
    let mut scene = Scene::start();
    let held = scene.origin.url("/held/30x20/x.png");
    let quick = scene.origin.image(120, 80);
    let image = |n: usize| scene.image(&n.to_string(), if n < 40 { &quick } else { &held });
    let images: Vec<Value> = (0..60).map(image).collect();
    let batch = scene.owner.submit(&images).expect(201).id();
    until("some to come through", || scene.counts(&batch).0 > 5);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| cancel(&scene, &batch));
        }
    });
    let done = scene.owner.finished(&batch);
    let (completed, errors) = scene.counts(&batch);
    assert_eq!(completed + errors, 60, "{}", done.body);
    assert!(errors >= 20, "{}", done.body);
    assert_eq!(scene.queue_size(), 0);
    scene.origin.release();
    // Attempts under way end with the service.
    scene.app.stop();
    scene.agrees();
}

#[test]
fn a_batch_that_is_not_there_cannot_be_cancelled() {
    let scene = Scene::without_workers();
    let path = scene.owner.path("/queue/batches/999999/cancel");
    scene.owner.client.delete(&path).expect(404);
    let batch = scene.submit(&["map"], &scene.origin.image(30, 20));
    let answer = scene.owner.client.get(&format!("{batch}/cancel")).expect(405);
    assert_eq!(answer.header("allow"), Some("DELETE, OPTIONS"));
    let request = scene.owner.client.request(reqwest::Method::DELETE, &format!("{batch}/cancel"));
    scene.owner.client.send(request.header("If-Match", "*")).expect(412);
    assert_eq!(scene.queue_size(), 1);
}
