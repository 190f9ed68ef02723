//! Those who settle the same things at the same time.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use hydria::engine::finish::{JobResult, complete_job};
use hydria::hydra::Problem;

use super::scene::{Hands, Scene, claim_some};
use crate::support::{rows, until};

/// Counts how often `finished` is set, whichever process sets it.
const WATCH: [&str; 3] = [
    "CREATE TABLE finishes (batch BIGINT)",
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN INSERT INTO finishes VALUES (NEW.id); RETURN NULL; END $$",
    "CREATE TRIGGER note AFTER UPDATE OF finished ON batches FOR EACH ROW EXECUTE FUNCTION note()",
];

#[test]
fn two_who_settle_the_last_two_members_at_once_finish_the_batch_once() {
    const BATCHES: usize = 40;
    let scene = Scene::without_workers();
    let mut conn = scene.app.database();
    for sql in WATCH {
        rows::execute(&mut conn, sql);
    }
    for n in 0..BATCHES {
        let ids = [format!("{n}-left"), format!("{n}-right")];
        scene.submit(&ids.each_ref().map(String::as_str), &scene.origin.image(10, 10));
    }
    let lease = Duration::from_mins(10);
    let mut claimed = claim_some(&mut conn, 2 * BATCHES, lease);
    claimed.sort_by_key(|job| job.id);
    assert_eq!(claimed.len(), 2 * BATCHES);
    let barrier = Arc::new(Barrier::new(2));
    let settlers: Vec<_> = (0..2)
        .map(|hand| {
            let own: Vec<_> = claimed.iter().skip(hand).step_by(2).cloned().collect();
            let (barrier, mut conn) = (Arc::clone(&barrier), scene.app.database());
            std::thread::spawn(move || {
                for job in own {
                    barrier.wait();
                    let failed = JobResult::Failed("settled by hand".into());
                    let act = |conn: &mut _| complete_job(conn, &job, &failed);
                    let done = conn.build_transaction().run::<_, Problem, _>(act);
                    assert!(done.expect("settled").is_some(), "{job:?}");
                }
            })
        })
        .collect();
    for settler in settlers {
        settler.join().expect("no panic");
    }
    let all = i64::try_from(BATCHES).expect("few");
    let count =
        |conn: &mut _, what: &str| rows::number(conn, &format!("SELECT count(*) AS n {what}"));
    assert_eq!(count(&mut conn, "FROM batches WHERE finished IS NOT NULL"), all);
    assert_eq!(count(&mut conn, "FROM finishes"), all, "each once");
    assert_eq!(count(&mut conn, "FROM members WHERE outcome = 'failed'"), 2 * all);
    scene.agrees();
}

#[test]
fn many_small_batches_are_all_finished_by_the_workers() {
    let scene = Scene::start();
    let batches: Vec<String> = (0..40)
        .map(|n| {
            let ids = [format!("{n}-left"), format!("{n}-right")];
            scene.submit(&ids.each_ref().map(String::as_str), &scene.origin.image(10, 10))
        })
        .collect();
    for batch in &batches {
        scene.owner.finished(batch);
        assert_eq!(scene.counts(batch), (2, 0));
    }
    assert_eq!(scene.origin.asked().len(), 80, "each was fetched once");
    scene.agrees();
}

#[test]
fn an_image_that_is_deleted_while_it_is_fetched_stays_deleted() {
    let scene = Scene::start();
    let batch = scene.submit(&["gone", "there"], &scene.origin.url("/held/450x300/x.png"));
    scene.origin.wait_for("/held", 2);
    scene.owner.client.delete(&scene.path("gone")).expect(205);
    assert_eq!(scene.counts(&batch), (0, 1));
    scene.origin.release();
    scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (1, 1));
    scene.owner.client.get(&scene.path("gone")).expect(404);
    until("the object of the deleted image to go", || scene.objects().len() == 1);
    assert_eq!(scene.queue_size(), 0);
    scene.agrees();
}

#[test]
fn an_attempt_that_a_put_has_overtaken_counts_for_nothing() {
    let scene = Scene::start();
    let batch = scene.submit(&["map"], &scene.origin.url("/held/900x600/x.png"));
    scene.origin.wait_for("/held", 1);
    let put = scene.put("map", &scene.origin.image(300, 200)).expect(200);
    assert_eq!((put.number("width"), put.text("error")), (300, String::new()));
    assert_eq!(put.text("batch"), batch);
    let done = scene.owner.client.get(&batch).expect(200);
    done.text("finished");
    assert_eq!(scene.counts(&batch), (1, 0));
    scene.origin.release();
    until("the overtaken object to go", || scene.objects().len() == 1);
    assert_eq!(scene.read("map").number("width"), 300);
    assert_eq!(scene.counts(&batch), (1, 0));
    Hands::of(&scene.app).tidy();
    scene.app.visitor.get(&put.text("thumbnailInfoJson")).expect(200);
    scene.agrees();
}

#[test]
fn a_service_that_has_stopped_leaves_no_connection() {
    let mut scene = Scene::start();
    scene.put("map", &scene.origin.image(120, 80)).expect(201);
    let mut conn = scene.app.database();
    let others = "SELECT count(*) AS n FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(rows::number(&mut conn, others) > 0);
    scene.app.stop();
    until("its connections to end", || rows::number(&mut conn, others) == 0);
}
