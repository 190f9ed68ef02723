//! Leases: a job whose worker is not heard of any more comes back, and the late one is too late.

use std::time::Duration;

use hydria::cli::serve::Options;
use hydria::engine::claim::{Renewed, Wanted, claim, release, renew};
use hydria::engine::finish::{Ingested, JobResult, complete_job};
use hydria::queue::job::object;

use super::scene::{Hands, Scene, claim_one, claim_some, run_out};
use crate::support::{App, rows};

#[test]
fn a_job_whose_worker_vanished_comes_back_when_its_lease_is_over() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    let lost = claim_some(&mut conn, 1, Duration::from_secs(1));
    assert_eq!(lost.len(), 1);
    let other = claim_some(&mut conn, 1, Duration::from_secs(1));
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
        assert_eq!((claimed.attempt, claimed.attempts_exhausted), (death, false));
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
        release(&mut conn, &claimed, Duration::ZERO).expect("the database answers");
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
    let object = object(holder.id, holder.attempt);
    let path = scene.app.data.path().join("objects").join(&object);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, b"").expect("an object");
    let done = |width| {
        JobResult::Done(Ingested {
            width,
            height: 1,
            size: 1,
            object: object.clone(),
            index: Vec::new(),
            thumbnails: Vec::new(),
            derived_size: 0,
            media_type: "image/png",
            initial_origin: None,
        })
    };
    let held = [(late.id, late.attempt)];
    let kept = renew(&mut conn, &held, Duration::from_secs(1)).expect("the database answers");
    assert_eq!(kept, Renewed { lost: vec![late.id], skipped: Vec::new() });
    assert!(complete_job(&mut conn, &late, &done(1)).expect("the database answers").is_none());
    assert_eq!((scene.read("map").number("width"), scene.counts(&batch)), (0, (0, 0)));
    release(&mut conn, &late, Duration::ZERO).expect("the database answers");
    let free = claim_some(&mut conn, 1, Duration::from_secs(1));
    assert!(free.is_empty(), "the late one gives nothing back that is another's");
    assert!(complete_job(&mut conn, &holder, &done(2)).expect("the database answers").is_some());
    assert!(complete_job(&mut conn, &holder, &done(3)).expect("once").is_none());
    assert_eq!((scene.read("map").number("width"), scene.counts(&batch)), (2, (1, 0)));
    // The object of this test has no index.
    rows::execute(&mut conn, "UPDATE derivatives SET index = NULL");
    rows::execute(&mut conn, "UPDATE images SET has_tiles = FALSE");
    scene.agrees();
}

#[test]
fn what_a_dead_worker_had_stored_goes_once_another_has_settled() {
    let scene = Scene::without_workers();
    scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    let dead = claim_one(&mut conn);
    let key = object(dead.id, dead.attempt);
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
    let wanted =
        Wanted { immediate: true, priority_first: true, most: 10, after: 0, except: &[], lease };
    let urgent = claim(&mut conn, &wanted).expect("the database answers");
    assert_eq!(urgent.iter().map(|job| job.at.image.as_str()).collect::<Vec<_>>(), ["urgent"]);
    rows::execute(&mut conn, "UPDATE jobs SET available = now()");
    assert_eq!(claim_one(&mut conn).at.image, "urgent");
    assert_eq!(claim_one(&mut conn).at.image, "queued");
}

#[test]
fn one_statement_renews_all_leases_and_waits_for_no_row_that_another_holds() {
    let scene = Scene::without_workers();
    scene.submit(&["free", "held", "gone"], &scene.origin.image(30, 20));
    let mut conn = scene.app.database();
    let mut claimed = claim_some(&mut conn, 3, Duration::from_secs(1));
    claimed.sort_by(|a, b| a.at.image.cmp(&b.at.image));
    let [free, gone, held] = claimed.as_slice() else { panic!("three jobs: {claimed:?}") };
    scene.owner.client.delete(&scene.path("gone")).expect(205);
    let mut other = scene.app.database();
    rows::execute(&mut other, "BEGIN");
    rows::execute(
        &mut other,
        &format!("UPDATE jobs SET attempts = attempts WHERE id = {}", held.id),
    );
    let jobs: Vec<(i64, i32)> = claimed.iter().map(|job| (job.id, job.attempt)).collect();
    let kept = renew(&mut conn, &jobs, Duration::from_hours(1)).expect("the database answers");
    assert_eq!(kept, Renewed { lost: vec![gone.id], skipped: vec![held.id] });
    rows::execute(&mut other, "ROLLBACK");
    let long = "SELECT count(*) AS n FROM jobs WHERE available > now() + interval '50 minutes'";
    assert_eq!(rows::number(&mut conn, long), 1);
    let kept = renew(&mut conn, &[(held.id, held.attempt)], Duration::from_hours(1));
    assert_eq!(kept.expect("the database answers"), Renewed::default());
    assert_eq!(rows::number(&mut conn, long), 2, "and that of {}", free.at.image);
}

#[test]
fn an_image_on_which_the_service_breaks_off_goes_on_at_once_and_is_given_up_after_three() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let (mut conn, hands) = (scene.app.database(), Hands::of(&scene.app));
    for attempt in 1..=3 {
        let claimed = claim_one(&mut conn);
        assert_eq!(claimed.attempt, attempt, "it was free at once");
        hands.break_off(&claimed);
    }
    hands.work_one();
    let image = scene.read("map");
    assert!(image.text("error").starts_with("given up"), "{}", image.body);
    assert_eq!(scene.counts(&batch), (0, 1));
    scene.agrees();
}

#[test]
fn an_attempt_that_could_not_be_given_back_in_time_is_no_death_in_the_end() {
    let scene = Scene::without_workers();
    let batch = scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    for _ in 0..5 {
        let late = claim_one(&mut conn);
        run_out(&mut conn);
        let holder = claim_one(&mut conn);
        release(&mut conn, &late, Duration::ZERO).expect("the database answers");
        let free = claim_some(&mut conn, 1, Duration::from_secs(1));
        assert!(free.is_empty(), "the claim of the other stays");
        release(&mut conn, &holder, Duration::ZERO).expect("the database answers");
    }
    Hands::of(&scene.app).work_one();
    assert_eq!(scene.counts(&batch), (1, 0));
}

#[test]
fn a_job_that_is_given_back_for_later_is_left_alone_until_then() {
    let scene = Scene::without_workers();
    scene.submit(&["map"], &scene.origin.image(300, 200));
    let mut conn = scene.app.database();
    let claimed = claim_one(&mut conn);
    release(&mut conn, &claimed, Duration::from_hours(1)).expect("the database answers");
    assert!(claim_some(&mut conn, 1, Duration::from_secs(1)).is_empty());
    run_out(&mut conn);
    let again = claim_one(&mut conn);
    assert_eq!((again.attempt, again.returns), (2, 1));
}
