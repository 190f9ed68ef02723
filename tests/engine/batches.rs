//! Batches: counted from their members, finished once, whatever becomes of the images.

use serde_json::{Value, json};

use super::scene::{Hands, Scene};
use crate::support::rows;

#[test]
fn a_finished_batch_stays_as_it_is_whatever_becomes_of_its_images() {
    let scene = Scene::start();
    let images = [
        scene.image("good", &scene.origin.image(120, 80)),
        scene.image("bad", &scene.origin.url("/missing/x.png")),
    ];
    let batch = scene.owner.submit(&images).expect(201).id();
    let done = scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (1, 1));
    let test = scene.owner.client.post(&format!("{batch}/test"), &json!({})).expect(200);
    assert_eq!(test.body.get("success"), Some(&json!(false)));
    let again = scene.put("bad", &scene.origin.image(120, 80)).expect(200);
    assert_eq!(again.text("batch"), batch, "immediate work does not change it");
    scene.owner.client.delete(&scene.path("good")).expect(205);
    let after = scene.owner.client.get(&batch).expect(200);
    assert_eq!((after.number("count"), scene.counts(&batch)), (2, (1, 1)));
    assert_eq!(after.text("finished"), done.text("finished"));
    scene.agrees();
}

#[test]
fn images_sent_again_while_they_wait_settle_every_batch_they_wait_in() {
    let scene = Scene::without_workers();
    let origin = scene.origin.image(120, 80);
    let first = scene.submit(&["a", "b"], &origin);
    let second = scene.submit(&["b", "c"], &origin);
    assert_eq!(scene.queue_size(), 3, "one job an image");
    assert_eq!(scene.read("b").text("batch"), second);
    assert_eq!(ids(&scene, &format!("{first}/images")), ["a"]);
    let hands = Hands::of(&scene.app);
    for _ in 0..3 {
        hands.work_one();
    }
    for batch in [&first, &second] {
        assert_eq!(scene.counts(batch), (2, 0));
        scene.owner.client.get(batch).expect(200).text("finished");
    }
    assert_eq!(scene.origin.asked().len(), 3);
    assert_eq!(ids(&scene, &format!("{second}/completedImages")), ["b", "c"]);
    assert_eq!(scene.queue_size(), 0);
    scene.agrees();
}

#[test]
fn deleting_an_image_that_waits_settles_its_member_and_finishes_the_batch() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["a", "b"], &scene.origin.image(120, 80));
    scene.owner.client.delete(&scene.path("a")).expect(205);
    assert_eq!(scene.counts(&batch), (0, 1));
    assert!(scene.owner.client.get(&batch).expect(200).body.get("finished").is_none());
    assert_eq!(scene.queue_size(), 1);
    scene.owner.client.delete(&scene.path("b")).expect(205);
    let done = scene.owner.client.get(&batch).expect(200);
    done.text("finished");
    assert_eq!((done.number("count"), scene.counts(&batch)), (2, (0, 2)));
    assert_eq!(ids(&scene, &format!("{batch}/errorImages")), Vec::<String>::new());
    assert_eq!(scene.queue_size(), 0);
    scene.agrees();
}

#[test]
fn a_test_supersedes_a_batch_whose_images_were_all_sent_again() {
    let scene = Scene::without_workers();
    let origin = scene.origin.image(120, 80);
    let first = scene.submit(&["a"], &origin);
    let second = scene.submit(&["a"], &origin);
    let success = |batch: &str| {
        let test = scene.owner.client.post(&format!("{batch}/test"), &json!({})).expect(200);
        test.body.get("success").and_then(Value::as_bool).expect("a boolean")
    };
    assert_eq!(listed(&scene, "active"), [second.clone(), first.clone()]);
    assert!(success(&first), "it is superseded now");
    assert!(!success(&first), "and was so already");
    assert!(!success(&second));
    let held = scene.owner.client.get(&first).expect(200);
    assert_eq!(held.body.get("superseded"), Some(&json!(true)));
    assert_eq!(listed(&scene, "active"), [second.as_str()]);
    Hands::of(&scene.app).work_one();
    assert_eq!(listed(&scene, "active"), Vec::<String>::new());
    assert_eq!(listed(&scene, "recent"), [second], "superseded ones are not among them");
    assert_eq!(scene.counts(&first), (1, 0));
    let path = scene.owner.path("/queue/batches/999999/test");
    scene.owner.client.post(&path, &json!({})).expect(404);
}

#[test]
fn a_test_finishes_a_batch_that_has_nothing_left_to_wait_for() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["a"], &scene.origin.image(120, 80));
    Hands::of(&scene.app).work_one();
    rows::execute(&mut scene.app.database(), "UPDATE batches SET finished = NULL");
    let request = scene.owner.client.request(reqwest::Method::POST, &format!("{batch}/test"));
    let test = scene.owner.client.send(request).expect(200);
    assert_eq!(test.body.get("success"), Some(&json!(true)), "no body is needed");
    scene.owner.client.get(&batch).expect(200).text("finished");
}

#[test]
fn batches_are_listed_newest_first_and_recent_ones_by_their_end() {
    let scene = Scene::without_workers();
    let origin = scene.origin.image(120, 80);
    let [a, b, c] = ["a", "b", "c"].map(|id| scene.submit(&[id], &origin));
    assert_eq!(listed(&scene, "batches"), [c.clone(), b.clone(), a.clone()]);
    let images = scene.owner.client.get(&scene.owner.path("/queue/images")).expect(200);
    assert_eq!(images.number("totalItems"), 3);
    scene.owner.client.delete(&scene.path("b")).expect(205);
    Hands::of(&scene.app).work_one();
    assert_eq!(listed(&scene, "active"), [c]);
    assert_eq!(listed(&scene, "recent"), [a, b]);
    let queue = scene.owner.client.get(&scene.owner.path("/queue")).expect(200);
    assert_eq!((queue.number("size"), queue.number("batchesWaiting")), (1, 1));
    assert_eq!(ids(&scene, &scene.owner.path("/queue/images")), ["c"]);
}

#[test]
fn batches_are_ordered_by_their_counts_which_a_check_compares_with_the_members() {
    let scene = Scene::without_workers();
    let [few, many] =
        [&["a"][..], &["b", "c", "d"]].map(|ids| scene.submit(ids, &scene.origin.image(120, 80)));
    let hands = Hands::of(&scene.app);
    for _ in 0..4 {
        hands.work_one();
    }
    scene.owner.client.delete(&scene.path("a")).expect(205);
    let by = |order: &str| {
        let path = scene.owner.path(&format!("/queue/batches?{order}"));
        scene.owner.client.get(&path).expect(200).each("@id")
    };
    assert_eq!(by("orderByDescending=completed"), [many.clone(), few.clone()]);
    assert_eq!(by("orderBy=completed"), [few.clone(), many.clone()]);
    assert_eq!(by("orderBy=errors"), [few.clone(), many.clone()], "equal, and so by number");
    rows::execute(&mut scene.app.database(), "UPDATE batches SET errors = 7 WHERE count = 1");
    let found = hands.check();
    assert!(found.len() == 1 && found[0].contains("came out otherwise"), "{found:?}");
    assert_eq!(hands.mend(), found);
    assert_eq!(scene.counts(&few), (1, 0));
    scene.agrees();
}

#[test]
fn who_registers_far_from_the_limit_waits_for_no_other_who_does() {
    let scene = Scene::without_workers();
    let mut other = scene.app.database();
    rows::execute(&mut other, "BEGIN");
    // As one does that registers images at the same time.
    let held = "SELECT customer FROM customer_storages FOR SHARE";
    rows::execute(&mut other, held);
    scene.submit(&["a"], &scene.origin.image(120, 80));
    rows::execute(&mut other, "ROLLBACK");
}

#[test]
fn a_quota_is_not_exceeded_by_those_who_register_at_once() {
    let scene = Scene::without_workers();
    let policy = json!({ "id": "ten", "maximumNumberOfStoredImages": 10,
                         "maximumTotalSizeOfStoredImages": 1_000_000 });
    scene.app.administrator.post("/storagePolicies", &policy).expect(201);
    let assigned = json!({ "storagePolicy": "ten" });
    scene.app.administrator.patch(&scene.owner.path("/storage"), &assigned).expect(205);
    let statuses: Vec<u16> = std::thread::scope(|threads| {
        let submit = |n: usize| {
            let image = scene.image(&n.to_string(), &scene.origin.image(120, 80));
            scene.owner.submit(&[image]).status
        };
        let all: Vec<_> = (0..24).map(|n| threads.spawn(move || submit(n))).collect();
        all.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(507)), (10, 14), "{statuses:?}");
}

fn ids(scene: &Scene, collection: &str) -> Vec<String> {
    scene.owner.client.get(collection).expect(200).each("id")
}

fn listed(scene: &Scene, which: &str) -> Vec<String> {
    let path = scene.owner.path(&format!("/queue/{which}"));
    scene.owner.client.get(&path).expect(200).each("@id")
}
