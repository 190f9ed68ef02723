//! The priority queue goes first within a customer, lets the others go on, and says nothing between customers; and when
//! what waits will be done.

use std::time::Duration;

use diesel::PgConnection;
use hydria::engine::claim::{Wanted, claim};
use serde_json::{Value, json};

use super::scene::{Hands, Scene, run_out};
use crate::support::{Answer, rows};

/// Submits images to the priority queue.
fn submit_first(scene: &Scene, ids: &[&str]) -> Answer {
    let queue = scene.owner.client.get(&scene.owner.path("/queue")).expect(200);
    let origin = scene.origin.image(30, 20);
    let images: Vec<Value> = ids.iter().map(|id| scene.image(id, &origin)).collect();
    let body = json!({ "@type": "Collection", "member": images });
    scene.owner.client.post(&queue.text("priority"), &body)
}

/// Claims a job of each customer, and answers the ids of the images.
fn take(conn: &mut PgConnection, priority_first: bool) -> String {
    let lease = Duration::from_mins(10);
    let wanted = Wanted { immediate: false, priority_first, most: 8, after: 0, except: &[], lease };
    let claimed = claim(conn, &wanted).expect("the database answers");
    let mut ids: Vec<String> = claimed.into_iter().map(|job| job.at.image).collect();
    ids.sort();
    ids.join(" ")
}

#[test]
fn what_is_submitted_first_of_all_goes_first_and_the_others_go_on() {
    let scene = Scene::without_workers();
    scene.submit(&["a1", "a2", "a3"], &scene.origin.image(30, 20));
    let batch = submit_first(&scene, &["p1", "p2", "p3"]).expect(201);
    assert_eq!((batch.text("@type"), batch.number("count")), ("Batch".into(), 3));
    let of_queue =
        |path: &str| scene.owner.client.get(&scene.owner.path(path)).expect(200).number("size");
    assert_eq!((of_queue("/queue"), of_queue("/queue/priority")), (6, 3));
    let batches = scene.owner.client.get(&scene.owner.path("/queue/batches")).expect(200);
    assert_eq!(batches.number("totalItems"), 2);
    let other = scene.app.customer("other");
    let image = json!({ "id": "o1", "space": other.space("maps"),
                        "origin": scene.origin.image(30, 20) });
    other.submit(&[image]).expect(201);
    let mut conn = scene.app.database();
    assert_eq!(take(&mut conn, true), "o1 p1", "one of each customer");
    assert_eq!(take(&mut conn, false), "a1");
    assert_eq!(take(&mut conn, true), "p2");
    assert_eq!(take(&mut conn, false), "a2");
    assert_eq!(take(&mut conn, false), "a3");
    assert_eq!(take(&mut conn, false), "p3", "where there are no others");
    assert_eq!(take(&mut conn, false), "");
    let later = "UPDATE jobs SET available = now() + interval '1 hour' WHERE NOT priority";
    run_out(&mut conn);
    rows::execute(&mut conn, later);
    assert_eq!(take(&mut conn, false), "p1", "what is for later hides it from nobody");
}

#[test]
fn an_image_that_is_sent_first_of_all_stays_so_when_it_is_tried_again() {
    let scene = Scene::without_workers();
    let hands = Hands::retrying(&scene.app);
    let failing = scene.image("map", &scene.origin.url("/failing/503/1/30x20/x.png"));
    let body = json!({ "@type": "Collection", "member": [failing] });
    scene.owner.client.post(&scene.owner.path("/queue/priority"), &body).expect(201);
    hands.work_one();
    scene.submit(&["other"], &scene.origin.image(30, 20));
    let mut conn = scene.app.database();
    run_out(&mut conn);
    assert_eq!(take(&mut conn, true), "map");
}

#[test]
fn what_waits_is_done_in_the_order_of_batches_as_fast_as_it_went_so_far() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let origin = scene.origin.image(30, 20);
    let first = scene.submit(&["a", "b", "c", "d"], &origin);
    let second = scene.submit(&["e", "f"], &origin);
    let read = |address: &str| scene.owner.client.get(address).expect(200);
    let queue = scene.owner.path("/queue");
    hands.tidy();
    for address in [&first, &second, &queue] {
        assert!(read(address).body.get("estCompletion").is_none(), "nothing is known yet");
    }
    hands.work_one();
    hands.work_one();
    hands.tidy();
    let mut conn = scene.app.database();
    let rate = "SELECT (rate * 1000)::bigint AS n FROM job_tallies";
    assert!(rows::number(&mut conn, rate) > 0, "two were settled");
    rows::execute(&mut conn, "UPDATE job_tallies SET rate = 0.01");
    let estimates = [&first, &second, &queue].map(|address| read(address).text("estCompletion"));
    assert!(estimates.is_sorted(), "{estimates:?}");
    assert!(estimates[0] > read(&first).text("submitted"), "{estimates:?}");
    let listed = scene.owner.path("/queue/batches?orderBy=estCompletion");
    assert_eq!(read(&listed).each("@id"), [first.clone(), second]);
    hands.work_one();
    hands.work_one();
    assert!(read(&first).body.get("estCompletion").is_none(), "it is done");
    // Where nothing is settled any more, the rate of before says nothing.
    let long_ago = "UPDATE job_tallies SET measured = measured - interval '11 minutes'";
    rows::execute(&mut conn, long_ago);
    assert!(read(&queue).body.get("estCompletion").is_none());
    scene.agrees();
}
