//! Leases: a job whose worker is not heard of any more comes back, and the late one is too late.

use std::time::Duration;

use hydria::cli::serve::Options;
use hydria::engine::claim::{claim, give_back, renew};
use hydria::engine::finish::{Ingested, Settled, settle};

use super::scene::{Hands, Scene, claim_one, run_out};
use crate::support::{App, rows};

#[test]
fn a_job_whose_worker_vanished_comes_back_when_its_lease_is_over() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    let lost = claim(&mut conn, false, 1, Duration::from_secs(1)).expect("the database answers");
    assert_eq!(lost.len(), 1);
    let other = claim(&mut conn, false, 1, Duration::from_secs(1)).expect("the database answers");
    assert!(other.is_empty(), "it is held");
    let data = scene.app.data.path().to_str().expect("a path in UTF-8");
    let settings = [("HYDRIA_DATA", data), ("HYDRIA_LEASE_SECONDS", "1")];
    let _workers = App::start_on(&scene.app.database_url, &settings, Options::default());
    scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (1, 0));
    assert_eq!(scene.read("map").number("width"), 300);
    scene.agrees();
}

#[test]
fn a_lease_is_renewed_while_the_work_goes_on() {
    let scene = Scene::with(&[("HYDRIA_LEASE_SECONDS", "1")]);
    scene.submit(&["map"], &scene.origin.url("/held/30x20/x.png"));
    scene.origin.wait_for("/held", 1);
    let mut conn = scene.app.database();
    let due = "SELECT (extract(epoch FROM available) * 1000)::bigint AS n FROM jobs";
    let first = rows::number(&mut conn, due);
    // Thrice the lease: an attempt more would have been seen at the origin by then.
    crate::support::until("renewals", || rows::number(&mut conn, due) > first + 3000);
    assert_eq!(rows::number(&mut conn, "SELECT attempts::bigint AS n FROM jobs"), 1);
    scene.origin.release();
    crate::support::until("the image", || scene.read("map").number("width") == 30);
    assert_eq!(scene.origin.asked().len(), 1);
}

#[test]
fn an_image_whose_workers_died_three_times_is_given_up() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    for death in 1..=3 {
        let claimed = claim_one(&mut conn);
        assert_eq!((claimed.attempt, claimed.is_hopeless), (death, false));
        run_out(&mut conn);
    }
    Hands::of(&scene.app).work_one();
    let image = scene.read("map");
    assert!(image.text("error").starts_with("given up"), "{}", image.body);
    image.text("finished");
    assert_eq!(scene.counts(&batch), (0, 1));
    assert_eq!(scene.origin.asked().len(), 0, "it is not even fetched");
    let again = scene.submit(&["map"], &scene.origin.image(300, 200));
    Hands::of(&scene.app).work_one();
    assert_eq!(scene.counts(&again), (1, 0), "sent again, it begins anew");
    scene.agrees();
}

#[test]
fn what_a_worker_gives_back_is_no_death() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    for _ in 0..5 {
        let claimed = claim_one(&mut conn);
        give_back(&mut conn, &claimed).expect("the database answers");
    }
    Hands::of(&scene.app).work_one();
    assert_eq!(scene.counts(&batch), (1, 0));
}

#[test]
fn a_claim_that_is_lost_can_neither_renew_nor_settle() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    let late = claim_one(&mut conn);
    run_out(&mut conn);
    let holder = claim_one(&mut conn);
    assert_eq!((late.id, late.attempt + 1), (holder.id, holder.attempt));
    let done = |width| {
        Settled::Done(Ingested {
            width,
            height: 1,
            size: 1,
            derivative: None,
            thumbnails: Vec::new(),
            thumbnail_size: 0,
            media_type: "image/png",
            initial_origin: None,
        })
    };
    assert!(!renew(&mut conn, &late, Duration::from_secs(1)).expect("the database answers"));
    assert!(!settle(&mut conn, &late, &done(1)).expect("the database answers"));
    assert_eq!((scene.read("map").number("width"), scene.counts(&batch)), (0, (0, 0)));
    give_back(&mut conn, &late).expect("the database answers");
    let free = claim(&mut conn, false, 1, Duration::from_secs(1)).expect("the database answers");
    assert!(free.is_empty(), "the late one gives nothing back that is another's");
    assert!(settle(&mut conn, &holder, &done(2)).expect("the database answers"));
    assert!(!settle(&mut conn, &holder, &done(3)).expect("once"));
    assert_eq!((scene.read("map").number("width"), scene.counts(&batch)), (2, (1, 0)));
    scene.agrees();
}

#[test]
fn what_a_dead_worker_had_stored_goes_once_another_has_settled() {
    let scene = Scene::without_workers();
    scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    let dead = claim_one(&mut conn);
    let key = hydria::classes::job::object(dead.id, dead.attempt);
    let file = scene.app.data.path().join("objects").join(key);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(&file, b"stored, and never settled").expect("an object");
    run_out(&mut conn);
    let hands = Hands::of(&scene.app);
    hands.work_one();
    hands.tidy();
    assert!(!file.exists());
    assert_eq!(scene.objects().len(), 1);
    scene.agrees();
}

#[test]
fn immediate_work_is_claimed_before_what_has_waited_longer() {
    let scene = Scene::without_workers();
    scene.submit(&["queued"], &scene.origin.image(30, 20));
    let now = "UPDATE jobs SET immediate = image = 'urgent'";
    scene.submit(&["urgent"], &scene.origin.image(30, 20));
    let mut conn = scene.app.database();
    rows::execute(&mut conn, now);
    let lease = Duration::from_mins(10);
    let urgent = claim(&mut conn, true, 10, lease).expect("the database answers");
    assert_eq!(urgent.iter().map(|job| job.at.image.as_str()).collect::<Vec<_>>(), ["urgent"]);
    rows::execute(&mut conn, "UPDATE jobs SET available = now()");
    assert_eq!(claim_one(&mut conn).at.image, "urgent");
    assert_eq!(claim_one(&mut conn).at.image, "queued");
}
