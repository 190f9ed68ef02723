//! Origins that fail for a reason that may pass are asked again, later each time, and hold nobody up.

use std::time::Duration;

use hydria::engine::claim;
use hydria::origins::RetryLimits;
use serde_json::{Value, json};

use super::scene::{Hands, Scene, claim_some, run_out};
use crate::support::{Answer, rows, until};

/// Milliseconds from the first failure to the next try.
const DELAY: &str =
    "SELECT round(extract(epoch FROM next_try - since) * 1000)::bigint AS n FROM retries";

/// Returns the address of an origin that fails so often, and then has an image of 30 x 20 pixels.
fn failing(scene: &Scene, how: &str, times: usize) -> String {
    scene.origin.url(&format!("/failing/{how}/{times}/30x20/x.png"))
}

fn is_ingesting(image: &Answer) -> bool {
    image.body["ingesting"] == json!(true)
}

fn absent(image: &Answer, members: &[&str]) {
    for member in members {
        assert!(image.body.get(*member).is_none(), "{member} in {}", image.body);
    }
}

#[test]
fn an_origin_that_fails_twice_is_asked_a_third_time_and_the_image_says_so_meanwhile() {
    let scene = Scene::without_workers();
    let (hands, mut conn) = (Hands::retrying(&scene.app), scene.app.database());
    let batch = scene.submit(&["map"], &failing(&scene, "503", 2));
    absent(&scene.read("map"), &["attempts", "lastError", "nextTry"]);
    for attempt in 1..=2 {
        hands.work_one();
        let image = scene.read("map");
        assert!(is_ingesting(&image), "{}", image.body);
        assert_eq!((image.number("attempts"), image.text("error")), (attempt, String::new()));
        assert_eq!(image.text("lastError"), "the origin answered 503 Service Unavailable");
        image.text("nextTry");
        absent(&image, &["finished"]);
        assert_eq!((scene.counts(&batch), scene.queue_size()), ((0, 0), 1));
        absent(&scene.owner.client.get(&batch).expect(200), &["finished"]);
        assert!(claim_some(&mut conn, 1, Duration::from_secs(1)).is_empty(), "it waits");
        run_out(&mut conn);
    }
    hands.work_one();
    let image = scene.read("map");
    assert_eq!((image.number("width"), image.text("error")), (30, String::new()));
    absent(&image, &["attempts", "lastError", "nextTry"]);
    assert_eq!(scene.counts(&batch), (1, 0));
    assert_eq!(scene.origin.asked().len(), 3);
    scene.agrees();
}

#[test]
fn the_delay_doubles_and_varies_by_a_quarter_unless_the_origin_says_when() {
    let scene = Scene::without_workers();
    let (hands, mut conn) = (Hands::retrying(&scene.app), scene.app.database());
    scene.submit(&["map"], &failing(&scene, "500", 9));
    hands.work_one();
    let delay = rows::number(&mut conn, DELAY);
    assert!((7_500..=12_500).contains(&delay), "{delay}");
    rows::execute(&mut conn, "UPDATE retries SET since = now()");
    run_out(&mut conn);
    hands.work_one();
    let second =
        "SELECT round(extract(epoch FROM j.available - now()) * 1000)::bigint AS n FROM jobs j";
    let delay = rows::number(&mut conn, second);
    assert!((10_000..=25_000).contains(&delay), "{delay}");
    scene.submit(&["map"], &failing(&scene, "429-7", 9));
    hands.work_one();
    assert_eq!(rows::number(&mut conn, DELAY), 7_000);
    let same = "SELECT count(*) AS n FROM jobs j JOIN retries r ON j.available = r.next_try";
    assert_eq!(rows::number(&mut conn, same), 1, "what is told is when it may be claimed");
}

#[test]
fn an_origin_that_asks_for_more_than_six_hours_settles_the_image_at_once() {
    let scene = Scene::without_workers();
    let hands = Hands::retrying(&scene.app);
    let batch = scene.submit(&["map"], &failing(&scene, "503-21601", 9));
    hands.work_one();
    let image = scene.read("map");
    assert_eq!(image.text("error"), "the origin answered 503 Service Unavailable");
    assert!(!is_ingesting(&image));
    assert_eq!(scene.counts(&batch), (0, 1));
    let within = scene.submit(&["map"], &failing(&scene, "503-21600", 9));
    hands.work_one();
    assert!(is_ingesting(&scene.read("map")));
    assert_eq!(scene.counts(&within), (0, 0));
    // Five hours later, another six are too many.
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "UPDATE retries SET since = now() - interval '5 hours'");
    run_out(&mut conn);
    hands.work_one();
    assert_eq!(scene.counts(&within), (0, 1));
    scene.agrees();
}

#[test]
fn what_a_second_attempt_would_not_mend_is_settled_by_the_first() {
    let scene = Scene::without_workers();
    let hands = Hands::retrying(&scene.app);
    let origins = [
        scene.origin.url("/missing/x.png"),
        failing(&scene, "400", 9),
        failing(&scene, "425", 9),
        failing(&scene, "451", 9),
        scene.origin.url("/text/x.png"),
        scene.origin.url("/empty/x.png"),
        scene.origin.url("/cut/x.png"),
        "http://127.0.0.2:1/x.png".to_owned(),
    ];
    let image = |(number, origin): (usize, &String)| scene.image(&number.to_string(), origin);
    let images: Vec<Value> = origins.iter().enumerate().map(image).collect();
    let batch = scene.owner.submit(&images).expect(201).id();
    for _ in &origins {
        hands.work_one();
    }
    assert_eq!(scene.counts(&batch), (0, 8));
    scene.owner.client.get(&batch).expect(200).text("finished");
}

#[test]
fn what_may_pass_is_tried_again_whatever_it_was_that_failed() {
    let scene = Scene::without_workers();
    let hands = Hands::retrying(&scene.app);
    let origins = [
        ("408", failing(&scene, "408", 9), "408"),
        ("429", failing(&scene, "429", 9), "429"),
        ("504", failing(&scene, "504", 9), "504"),
        ("closed", failing(&scene, "close", 9), "without a proper answer"),
        ("half", scene.origin.url("/truncated/x.jpg"), "broke off"),
        ("refused", "http://127.0.0.1:1/x.png".to_owned(), "out of reach"),
    ];
    let images: Vec<Value> =
        origins.iter().map(|(id, origin, _)| scene.image(id, origin)).collect();
    let batch = scene.owner.submit(&images).expect(201).id();
    for _ in &origins {
        hands.work_one();
    }
    assert_eq!(scene.counts(&batch), (0, 0));
    for (id, _, words) in &origins {
        let image = scene.read(id);
        assert!(image.text("lastError").contains(words), "{id}: {}", image.body);
        assert_eq!(image.number("attempts"), 1);
    }
}

#[test]
fn an_image_is_given_up_after_its_last_attempt_and_begins_anew_when_it_is_sent_again() {
    let scene = Scene::without_workers();
    let limits = RetryLimits { attempts: 3, ..RetryLimits::default() };
    let url = &scene.app.database_url;
    let hands = Hands::with(url, &scene.app, |settings| settings.retries = limits);
    let mut conn = scene.app.database();
    let origin = failing(&scene, "502", 4);
    let batch = scene.submit(&["map"], &origin);
    for _ in 0..3 {
        hands.work_one();
        run_out(&mut conn);
    }
    let image = scene.read("map");
    assert_eq!(image.text("error"), "the origin answered 502 Bad Gateway");
    assert_eq!((image.number("attempts"), is_ingesting(&image)), (3, false));
    absent(&image, &["lastError", "nextTry"]);
    assert_eq!((scene.counts(&batch), scene.queue_size()), ((0, 1), 0));
    scene.agrees();
    scene.submit(&["map"], &origin);
    absent(&scene.read("map"), &["attempts"]);
    hands.work_one();
    assert_eq!(scene.read("map").number("attempts"), 1);
    run_out(&mut conn);
    hands.work_one();
    assert_eq!(scene.read("map").number("width"), 30);
    scene.agrees();
}

#[test]
fn an_image_that_is_tried_again_later_holds_no_other_up_and_is_found_by_when() {
    let scene = Scene::without_workers();
    let hands = Hands::retrying(&scene.app);
    scene.submit(&["a"], &failing(&scene, "503-600", 9));
    scene.submit(&["b"], &failing(&scene, "500-60", 9));
    scene.submit(&["c"], &scene.origin.image(30, 20));
    for image in ["a", "b", "c"] {
        assert_eq!(hands.work_one().at.image, image);
    }
    assert_eq!(scene.read("c").number("width"), 30);
    let found = |order: &str| {
        let path = scene.owner.path(&format!("/allImages?orderBy={order}"));
        scene.owner.client.get(&path).expect(200).each("id").join(" ")
    };
    assert_eq!(found("nextTry"), "b a c");
    assert_eq!(found("lastError"), "b a c");
    assert_eq!(found("attempts"), "a b c");
    let queue = scene.owner.client.get(&scene.owner.path("/queue/images")).expect(200);
    let members = queue.members();
    assert!(members.iter().all(|image| image["attempts"] == json!(1)), "{}", queue.body);
    assert_eq!(members.len(), 2);
}

#[test]
fn a_put_answers_after_its_first_attempt() {
    let scene = Scene::with(&[
        ("HYDRIA_RETRIES", "10"),
        ("HYDRIA_RETRY_SECONDS", "1"),
        ("HYDRIA_WAIT_SECONDS", "600"),
    ]);
    let put = scene.put("map", &failing(&scene, "503-3600", 1)).expect(201);
    assert!(is_ingesting(&put), "{}", put.body);
    assert_eq!((put.number("attempts"), put.text("error")), (1, String::new()));
    assert!(put.text("lastError").contains("503"), "{}", put.body);
    assert!(put.text("nextTry") > put.text("dequeued"), "{}", put.body);
    assert_eq!(put.header("etag"), scene.read("map").header("etag"));
    run_out(&mut scene.app.database());
    until("the second attempt", || scene.read("map").number("width") == 30);
    let origin = json!({ "origin": failing(&scene, "500-3600", 8) });
    scene.owner.client.patch(&scene.path("map"), &origin).expect(205);
    let patched = scene.read("map");
    assert_eq!((patched.number("attempts"), patched.number("width")), (1, 30));
    scene.agrees();
}

#[test]
fn a_retry_that_is_due_comes_without_being_called() {
    let scene = Scene::with(&[("HYDRIA_RETRIES", "2"), ("HYDRIA_RETRY_SECONDS", "1")]);
    let images = [
        scene.image("mended", &failing(&scene, "503", 1)),
        scene.image("failed", &failing(&scene, "502", 9)),
    ];
    let batch = scene.owner.submit(&images).expect(201).id();
    scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (1, 1));
    assert_eq!(scene.read("failed").number("attempts"), 2);
    scene.agrees();
}

#[test]
fn an_image_that_is_deleted_between_two_attempts_is_not_asked_for_again() {
    let scene = Scene::without_workers();
    let hands = Hands::retrying(&scene.app);
    let batch = scene.submit(&["map"], &failing(&scene, "503", 9));
    hands.work_one();
    scene.owner.client.delete(&scene.path("map")).expect(205);
    let mut conn = scene.app.database();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM retries"), 0);
    assert_eq!((scene.counts(&batch), scene.queue_size()), ((0, 1), 0));
    scene.agrees();
}

#[test]
fn an_attempt_that_fails_after_its_job_was_taken_over_says_nothing() {
    let scene = Scene::with(&[("HYDRIA_RETRIES", "10")]);
    let held = scene.origin.url("/held-then-broken/x.png");
    let first = scene.submit(&["map"], &held);
    scene.origin.wait_for("/held-then-broken", 1);
    let second = scene.submit(&["map"], &scene.origin.image(30, 20));
    scene.origin.release();
    scene.owner.finished(&second);
    scene.owner.finished(&first);
    let image = scene.read("map");
    assert_eq!((image.number("width"), image.text("error")), (30, String::new()));
    absent(&image, &["attempts", "lastError", "nextTry"]);
    scene.agrees();
}

#[test]
fn a_check_removes_retries_that_nothing_comes_of() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    scene.submit(&["map"], &scene.origin.image(30, 20));
    hands.work_one();
    rows::execute(
        &mut scene.app.database(),
        "INSERT INTO retries SELECT customer, space, id || suffix, 1, now(), 'x', now() \
         FROM images, unnest(ARRAY['', '-gone']) AS suffix",
    );
    let found = hands.check();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| line.contains("is not tried again")), "{found:?}");
    assert_eq!(hands.mend(), found);
    scene.agrees();
}

#[test]
fn nothing_of_a_claim_that_was_postponed_changes_when_the_image_is_tried_again() {
    let scene = Scene::without_workers();
    let mut conn = scene.app.database();
    scene.submit(&["map"], &scene.origin.image(30, 20));
    let job = claim_some(&mut conn, 1, Duration::from_secs(30)).pop().expect("a job");
    assert!(claim::postpone(&mut conn, &job, Duration::from_hours(1)).expect("it answers"));
    let left = "SELECT round(extract(epoch FROM available - now()))::bigint AS n FROM jobs";
    let is_in_an_hour = |conn: &mut _| (3_590..=3_600).contains(&rows::number(conn, left));
    assert!(is_in_an_hour(&mut conn));
    let held = [(job.id, job.attempt)];
    let renewed = claim::renew(&mut conn, &held, Duration::from_secs(30)).expect("it answers");
    assert_eq!(renewed.lost, [job.id]);
    claim::break_off(&mut conn, &job).expect("it answers");
    assert!(!claim::postpone(&mut conn, &job, Duration::ZERO).expect("it answers"), "only once");
    assert!(is_in_an_hour(&mut conn));
    let deaths = rows::number(&mut conn, "SELECT (attempts - returns)::bigint AS n FROM jobs");
    assert_eq!(deaths, 0);
}

#[test]
fn an_image_that_a_request_waits_for_is_fetched_though_its_host_holds_others_up() {
    let scene = Scene::start();
    let ids: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    scene.submit(&ids, &scene.origin.url("/held/30x20/x.png"));
    scene.origin.wait_for("/held/", 6);
    let put = scene.put("now", &scene.origin.image(40, 30)).expect(201);
    assert_eq!(put.number("width"), 40);
    scene.origin.release();
}
