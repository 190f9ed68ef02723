//! Jobs: changes and deletions of more images than a request does at once.

use hydria::engine::bulk::Turn;
use serde_json::{Value, json};

use super::scene::{Hands, Scene};
use crate::support::{Answer, Owner, rows, until};

/// More than a request does at once, and no multiple of what a chunk does.
const MANY: i64 = 2_250;

fn images(owner: &Owner, space: i64, query: &str) -> String {
    owner.path(&format!("/spaces/{space}/images{query}"))
}

fn count(owner: &Owner, space: i64, query: &str) -> i64 {
    owner.client.get(&images(owner, space, query)).expect(200).number("totalItems")
}

/// A space of many images, and a job that was begun on it.
fn begun(scene: &Scene, body: Option<&Value>, query: &str) -> Answer {
    rows::fill(&mut scene.app.database(), scene.owner.id, scene.space, MANY);
    let path = images(&scene.owner, scene.space, query);
    let answer = match body {
        Some(body) => scene.owner.client.patch(&path, body),
        None => scene.owner.client.delete(&path),
    };
    let answer = answer.expect(202);
    assert_eq!(answer.header("location"), Some(answer.id().as_str()));
    answer
}

fn read(scene: &Scene, job: &Answer) -> Answer {
    scene.owner.client.get(&job.id()).expect(200)
}

/// Works the job whose turn it is to its end, a chunk at a time.
fn work_all(hands: &Hands) -> usize {
    let mut turns = 0;
    while hands.bulk_turn() == Turn::Worked {
        turns += 1;
        assert!(turns < 100, "it does not end");
    }
    turns
}

#[test]
fn a_deletion_of_many_is_a_job_whose_counts_are_exact_after_each_chunk() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let batch = scene.submit(&["waits", "waits-too"], &scene.origin.image(30, 20));
    let job = begun(&scene, None, "?all=true");
    assert_eq!((job.text("@type"), job.text("action")), ("Job".into(), "delete".into()));
    assert_eq!((job.number("count"), job.number("completed")), (MANY + 2, 0));
    let late = scene.image("later", &scene.origin.image(30, 20));
    scene.owner.submit(&[late]).expect(201);
    let mut seen = 0;
    while hands.bulk_turn() == Turn::Worked {
        let now = read(&scene, &job).number("completed");
        assert!(now > seen || now == MANY + 2, "{now} after {seen}");
        assert_eq!(count(&scene.owner, scene.space, ""), MANY + 3 - now);
        seen = now;
    }
    let done = read(&scene, &job);
    assert_eq!((done.number("completed"), done.number("errors")), (MANY + 2, 0));
    done.text("finished");
    assert!(done.body.get("cancel").is_none(), "{}", done.body);
    let left = scene.owner.client.get(&images(&scene.owner, scene.space, "")).expect(200);
    assert_eq!(left.each("id"), ["later"], "what was registered after it was asked for stays");
    assert_eq!(scene.counts(&batch), (0, 2));
    scene.owner.client.get(&batch).expect(200).text("finished");
    assert_eq!(scene.queue_size(), 1);
    let changes = scene.owner.client.get(&scene.owner.path("/changes?pageSize=500")).expect(200);
    let by = format!("/keys/{}", scene.owner.key);
    assert!(changes.each("actor").iter().all(|actor| actor.ends_with(&by)), "{}", changes.body);
    scene.agrees();
}

#[test]
fn a_change_of_many_tells_which_images_it_could_not_change() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let mut conn = scene.app.database();
    let job = begun(
        &scene,
        Some(&json!({ "string2": "x".repeat(900), "width": 7, "nonsense": 1 })),
        "?number1=1",
    );
    assert_eq!(job.number("count"), MANY / 2);
    // With the new text, those of two images take more than may be.
    let tags = "ARRAY(SELECT repeat('t', 900) FROM generate_series(1, 18))";
    let sql = format!("UPDATE images SET tags = {tags} WHERE id IN ('filled-1', 'filled-1001')");
    rows::execute(&mut conn, &sql);
    rows::execute(&mut conn, "UPDATE images SET number1 = 0 WHERE id = 'filled-3'");
    work_all(&hands);
    let done = read(&scene, &job);
    assert_eq!(
        (done.number("completed"), done.number("errors")),
        (MANY / 2 - 3, 2),
        "{}",
        done.body
    );
    let messages = done.body["messages"].as_array().expect("messages");
    assert!(messages[0].as_str().is_some_and(|m| m.starts_with("filled-1: tags")), "{messages:?}");
    assert_eq!(messages.len(), 2);
    assert_eq!(count(&scene.owner, scene.space, "?string2Prefix=xx"), MANY / 2 - 3);
    assert_eq!((done.number("space"), done.text("query")), (scene.space, "number1=1".into()));
}

#[test]
fn a_role_that_goes_while_a_job_is_under_way_is_an_error_of_each_image_that_is_left() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    scene.owner.client.put(&scene.owner.path("/roles/staff"), &json!({})).expect(201);
    let job = begun(&scene, Some(&json!({ "roles": ["staff"] })), "?string1=filled");
    scene.owner.client.delete(&scene.owner.path("/roles/staff")).expect(205);
    work_all(&hands);
    let done = read(&scene, &job);
    assert_eq!((done.number("completed"), done.number("errors")), (0, MANY));
    assert_eq!(done.body["messages"].as_array().map(Vec::len), Some(20));
    assert_eq!(count(&scene.owner, scene.space, "?roles=staff"), 0);
}

#[test]
fn a_job_is_checked_before_it_begins_and_so_are_its_counts() {
    let scene = Scene::without_workers();
    rows::fill(&mut scene.app.database(), scene.owner.id, scene.space, MANY);
    let client = &scene.owner.client;
    let path = |query: &str| images(&scene.owner, scene.space, query);
    let wrong = json!({ "number1": "x", "roles": ["nothing"] });
    assert_eq!(client.patch(&path("?all=true"), &wrong).expect(400).faults(), ["number1", "roles"]);
    client.delete(&path("?all=true&expect=2249")).expect(412);
    let counted = client.delete(&path("?string1=filled&dryRun=true")).expect(200);
    assert_eq!(counted.number("totalItems"), MANY);
    assert!(counted.body.get("totalItemsEstimated").is_none());
    assert_eq!(client.get(&scene.owner.path("/jobs")).expect(200).number("totalItems"), 0);
    let job = client.delete(&path("?all=true&expect=2250")).expect(202);
    let jobs = client.get(&scene.owner.path("/jobs")).expect(200);
    assert_eq!(jobs.each("@id"), [job.id()]);
    let stranger = scene.app.customer("stranger");
    stranger.client.get(&job.id()).expect(403);
    let number = job.number("id");
    stranger.client.get(&stranger.path(&format!("/jobs/{number}"))).expect(404);
    stranger.client.delete(&stranger.path(&format!("/jobs/{number}/cancel"))).expect(404);
    let mut conn = scene.app.database();
    rows::execute(
        &mut conn,
        "INSERT INTO bulk_jobs (customer, space, action, query, count) \
         SELECT customer, space, action, query, count FROM bulk_jobs, generate_series(1, 99)",
    );
    let full = client.delete(&path("?all=true")).expect(400);
    assert_eq!(full.faults(), ["jobs"]);
}

#[test]
fn a_job_that_is_cancelled_keeps_what_is_done_and_does_no_more() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let job = begun(&scene, None, "?all=true");
    assert_eq!(hands.bulk_turn(), Turn::Worked);
    let cancel = job.text("cancel");
    scene.owner.client.get(&cancel).expect(405);
    scene.owner.client.delete(&cancel).expect(205);
    assert_eq!(hands.bulk_turn(), Turn::Nothing);
    let done = read(&scene, &job);
    assert_eq!(done.body["cancelled"], json!(true));
    let (completed, finished) = (done.number("completed"), done.text("finished"));
    assert_eq!(count(&scene.owner, scene.space, ""), MANY - completed);
    scene.owner.client.delete(&cancel).expect(205);
    assert_eq!(read(&scene, &job).text("finished"), finished);
    scene.agrees();
}

#[test]
fn customers_have_their_turns_however_many_jobs_one_of_them_has() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let (first, second) = (
        begun(&scene, None, "?number1=0"),
        scene
            .owner
            .client
            .delete(&images(&scene.owner, scene.space, "?string1=filled"))
            .expect(202),
    );
    let other = scene.app.customer("neighbour");
    let space = other.space("maps");
    rows::fill(&mut scene.app.database(), other.id, space, MANY);
    let theirs = other.client.delete(&images(&other, space, "?all=true")).expect(202);
    let completed =
        |owner: &Owner, job: &Answer| owner.client.get(&job.id()).expect(200).number("completed");
    for round in 1..=3 {
        hands.bulk_turn();
        hands.bulk_turn();
        assert_eq!(completed(&scene.owner, &first), 200 * round);
        assert_eq!(completed(&other, &theirs), 200 * round);
        assert_eq!(completed(&scene.owner, &second), 0, "of one customer, one after another");
    }
    work_all(&hands);
    assert_eq!(completed(&other, &theirs), MANY);
    let of_both = completed(&scene.owner, &first) + completed(&scene.owner, &second);
    assert_eq!((of_both, count(&scene.owner, scene.space, "")), (MANY, 0));
    scene.agrees();
}

#[test]
fn a_job_at_which_the_service_fails_goes_on_later_and_keeps_nobody_waiting() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let job = begun(&scene, None, "?all=true");
    assert_eq!(hands.bulk_turn(), Turn::Worked);
    let mut conn = scene.app.database();
    rows::execute(
        &mut conn,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'on purpose'; END $$",
    );
    rows::execute(
        &mut conn,
        "CREATE TRIGGER refuse BEFORE DELETE ON images FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    assert_eq!(hands.bulk_turn(), Turn::Worked, "it was tried");
    assert_eq!(hands.bulk_turn(), Turn::Nothing, "it waits");
    let before = read(&scene, &job).number("completed");
    assert_eq!(count(&scene.owner, scene.space, ""), MANY - before, "half a chunk is none");
    rows::execute(&mut conn, "DROP TRIGGER refuse ON images");
    rows::execute(&mut conn, "UPDATE bulk_jobs SET turn = now()");
    work_all(&hands);
    assert_eq!(read(&scene, &job).number("completed"), MANY);
    scene.agrees();
}

#[test]
fn a_job_is_done_by_the_workers_while_images_are_processed_and_registered() {
    let mut scene = Scene::start();
    let ids: Vec<String> = (0..40).map(|n| format!("busy-{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let batch = scene.submit(&ids, &scene.origin.image(60, 40));
    let job = begun(&scene, None, "?all=true");
    let later = scene.submit(&["later"], &scene.origin.image(60, 40));
    until("the job to be done", || read(&scene, &job).body.get("finished").is_some());
    let done = scene.owner.finished(&batch);
    assert_eq!(done.number("completed") + done.number("errors"), 40);
    assert_eq!(scene.owner.finished(&later).number("completed"), 1);
    assert_eq!(read(&scene, &job).number("completed"), MANY + 40);
    assert_eq!(count(&scene.owner, scene.space, ""), 1);
    scene.app.stop();
    scene.agrees();
}

#[test]
fn jobs_that_were_finished_long_ago_are_removed() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    begun(&scene, None, "?all=true");
    work_all(&hands);
    hands.tidy();
    let mut conn = scene.app.database();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM bulk_jobs"), 1);
    rows::execute(&mut conn, "UPDATE bulk_jobs SET finished = now() - interval '91 days'");
    hands.tidy();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM bulk_jobs"), 0);
}
