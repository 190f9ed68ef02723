//! Which changes are written, and as what.

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use super::{close, close_in_vain, served, taken};
use crate::engine::scene::{Hands, Scene};
use crate::support::{rows, until};

const ROLE: &str = "https://elsewhere.example.org/role";

#[test]
fn each_change_of_an_image_that_can_be_served_is_written_once() {
    let scene = Scene::start();
    let mut conn = scene.app.database();
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    assert_eq!(taken(&mut conn), ["map replaced"]);
    scene.put("map", &scene.origin.image(450, 300)).expect(200);
    assert_eq!(taken(&mut conn), ["map replaced"]);
    for (said, change) in [
        (json!({ "maxUnauthorised": 200 }), "closed"),
        (json!({ "maxUnauthorised": 400 }), "opened"),
        (json!({ "maxUnauthorised": 0 }), "closed"),
        (json!({ "maxUnauthorised": -1 }), "opened"),
        (json!({ "roles": [ROLE] }), "closed"),
        (json!({ "maxUnauthorised": 200 }), "opened"),
        // With roles it opens nothing.
        (json!({ "maxUnauthorised": -1 }), "closed"),
        (json!({ "roles": [] }), "closed"),
        (json!({ "roles": [ROLE], "maxUnauthorised": 400, "tags": ["a map"] }), "closed"),
        (json!({ "rights": "https://example.org/by" }), "described"),
        (json!({ "requiredStatement": "From the library" }), "described"),
    ] {
        scene.owner.client.patch(&scene.path("map"), &said).expect(205);
        assert_eq!(taken(&mut conn), [format!("map {change}")], "{said}");
    }
    let said = json!({ "origin": scene.origin.image(300, 200), "maxUnauthorised": 100 });
    scene.owner.client.put(&scene.path("map"), &said).expect(200);
    assert_eq!(taken(&mut conn), ["map closed", "map replaced"]);
    scene.owner.client.delete(&scene.path("map")).expect(205);
    assert_eq!(taken(&mut conn), ["map deleted"]);
}

#[test]
fn what_cannot_be_served_and_what_serving_does_not_show_is_not_written() {
    let scene = Scene::start();
    let mut conn = scene.app.database();
    let missing = scene.origin.url("/missing/x.png");
    scene.put("lost", &missing).expect(201);
    close(&scene, "lost");
    scene.owner.client.delete(&scene.path("lost")).expect(205);
    assert!(taken(&mut conn).is_empty());

    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    assert_eq!(taken(&mut conn), ["map replaced"]);
    let said = json!({ "string1": "shelf", "tags": ["a map"], "maxUnauthorised": -1, "roles": [] });
    scene.owner.client.patch(&scene.path("map"), &said).expect(205);
    let failed = scene.put("map", &missing).expect(200);
    assert!(failed.text("error").contains("404"), "{}", failed.body);
    assert!(taken(&mut conn).is_empty());
}

#[test]
fn a_change_that_is_undone_is_not_written() {
    let scene = served(&["map"]);
    let mut conn = scene.app.database();
    close_in_vain(&scene, "map");
    assert_eq!(scene.read("map").number("maxUnauthorised"), -1);
    assert!(taken(&mut conn).is_empty());
    close(&scene, "map");
    assert_eq!(taken(&mut conn), ["map closed"]);
}

#[test]
fn a_submission_closes_and_a_worker_replaces() {
    let scene = Scene::without_workers();
    let (mut conn, hands) = (scene.app.database(), Hands::of(&scene.app));
    let origin = scene.origin.image(300, 200);
    scene.submit(&["map"], &origin);
    assert!(taken(&mut conn).is_empty());
    hands.work_one();
    assert_eq!(taken(&mut conn), ["map replaced"]);

    let mut closed = scene.image("map", &origin);
    closed["roles"] = json!([ROLE]);
    scene.owner.submit(&[closed.clone(), scene.image("other", &origin)]).expect(201);
    assert_eq!(taken(&mut conn), ["map closed"]);
    hands.work_one();
    hands.work_one();
    let mut both = taken(&mut conn);
    both.sort_unstable();
    assert_eq!(both, ["map replaced", "other replaced"]);
    scene.owner.submit(&[closed]).expect(201);
    assert!(taken(&mut conn).is_empty(), "nothing of it is changed yet");
}

#[test]
fn a_thousand_images_that_are_closed_at_once_are_a_row_each_and_one_notice() {
    let ids: Vec<String> = (0..1000).map(|n| format!("{n}")).collect();
    let scene = served(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut conn, mut listening) = (scene.app.database(), scene.app.database());
    rows::execute(&mut listening, "LISTEN journal");
    let closed: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "id": id, "space": scene.space, "maxUnauthorised": 0 }))
        .collect();
    scene.owner.submit(&closed).expect(201);
    let count = "SELECT count(*) AS n FROM journal WHERE change = 'closed'";
    assert_eq!(rows::number(&mut conn, count), 1000);
    let images = "SELECT count(DISTINCT image) AS n FROM journal";
    assert_eq!(rows::number(&mut conn, images), 1000);
    let transactions = "SELECT count(DISTINCT transaction::text) AS n FROM journal";
    assert_eq!(rows::number(&mut conn, transactions), 1);

    rows::execute(&mut conn, "NOTIFY journal, 'end'");
    let mut heard = Vec::new();
    until("the end", || {
        let notices = listening.notifications_iter();
        heard.extend(notices.map(|notice| notice.expect("a connection").payload));
        heard.last().is_some_and(|last| last == "end")
    });
    assert_eq!(heard, ["", "end"]);
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[test]
fn an_update_of_other_members_calls_nothing() {
    let scene = served(&["map"]);
    let mut conn = scene.app.database();
    let mut called = |set: &str| {
        let explain = format!("EXPLAIN ANALYZE UPDATE images SET {set}");
        let plan: Vec<Plan> = diesel::sql_query(explain).load(&mut conn).expect("a plan");
        assert!(plan.iter().any(|plan| plan.line.starts_with("Update on images")), "{set}");
        plan.iter().any(|plan| plan.line.contains("journal"))
    };
    assert!(!called("string1 = 'shelf', error = 'none'"));
    assert!(!called("string1 = 'page', roles = '{}', max_unauthorised = -1"));
    assert!(called("string1 = 'shelf', roles = '{}', max_unauthorised = 0"));
}
