//! Whatever one customer does, another does not wait for it.

use std::time::Duration;

use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};
use hydria::engine::claim::{Wanted, claim, last_turn};
use serde_json::{Value, json};

use super::scene::{Hands, Scene, run_out};
use crate::support::{Owner, rows, until};

/// Another customer, with a space.
fn neighbour(scene: &Scene, name: &str) -> (Owner, i64) {
    let owner = scene.app.customer(name);
    let space = owner.space("maps");
    (owner, space)
}

fn submit(owner: &Owner, space: i64, ids: &[String], origin: &str) -> String {
    let image = |id: &String| json!({ "id": id, "space": space, "origin": origin });
    let images: Vec<Value> = ids.iter().map(image).collect();
    owner.submit(&images).expect(201).id()
}

fn named(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

#[test]
fn customers_are_served_in_turn_however_much_one_of_them_has() {
    let scene = Scene::without_workers();
    let origin = scene.origin.image(30, 20);
    let mut customers = Vec::new();
    for (name, count) in [("first", 40), ("second", 2), ("third", 1)] {
        let (owner, space) = neighbour(&scene, name);
        submit(&owner, space, &named(count), &origin);
        customers.push(i32::try_from(owner.id).expect("a number"));
    }
    let [a, b, c] = customers.as_slice() else { panic!("three: {customers:?}") };
    let mut conn = scene.app.database();
    let lease = Duration::from_mins(10);
    let take = |conn: &mut PgConnection, most: usize, after: i32, except: &[i32]| {
        let wanted = Wanted { immediate: false, priority_first: true, most, after, except, lease };
        let claimed = claim(conn, &wanted).expect("the database answers");
        let mut whose: Vec<i32> = claimed.iter().map(|job| job.at.customer).collect();
        whose.sort_unstable();
        (whose, last_turn(after, &claimed))
    };
    assert_eq!(take(&mut conn, 2, 0, &[]), (vec![*a, *b], *b));
    assert_eq!(take(&mut conn, 2, *b, &[]), (vec![*a, *c], *a), "the turn goes on, and around");
    assert_eq!(take(&mut conn, 8, *a, &[]), (vec![*a, *b], *a), "one of each at a time");
    assert_eq!(take(&mut conn, 8, *a, &[*a]), (Vec::new(), *a));
    assert_eq!(take(&mut conn, 8, *c, &[]).0, [*a]);
    run_out(&mut conn);
    assert_eq!(take(&mut conn, 8, *b, &[*a]), (vec![*b, *c], *b));
}

#[test]
fn a_claim_that_was_planned_for_an_empty_queue_looks_jobs_up_by_index_for_ever() {
    let scene = Scene::without_workers();
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "VACUUM (ANALYZE) jobs");
    let lease = Duration::from_mins(10);
    let (immediate, except): (_, &[i32]) = (false, &[]);
    let wanted = Wanted { immediate, priority_first: true, most: 8, after: 0, except, lease };
    for _ in 0..10 {
        let claimed = conn.transaction(|conn| claim(conn, &wanted));
        assert_eq!(claimed.expect("the database answers").len(), 0);
    }
    let statements = "SELECT name || '(' || (SELECT string_agg(CASE kind WHEN 'boolean'::regtype THEN 'false' \
        WHEN 'integer[]'::regtype THEN '''{}''' ELSE '1' END, ', ') FROM unnest(parameter_types) AS kind) \
        || ')' AS text FROM pg_prepared_statements WHERE statement LIKE '%UPDATE jobs%' AND generic_plans > 0";
    let statements = rows::texts(&mut conn, statements);
    let [statement] = statements.as_slice() else { panic!("one: {statements:?}") };
    // The plan that was made once, as claims have it.
    rows::execute(&mut conn, "SET plan_cache_mode = force_generic_plan");
    let plan = plan(&mut conn, &format!("EXPLAIN EXECUTE {statement}"));
    assert!(plan.contains("jobs_turn") && !plan.contains("Seq Scan on jobs"), "{plan}");
}

/// Returns what EXPLAIN says, line by line.
fn plan(conn: &mut PgConnection, explain: &str) -> String {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let lines: Vec<Line> = diesel::sql_query(explain).load(conn).expect("a plan");
    lines.into_iter().map(|line| line.line + "\n").collect()
}

#[test]
fn slow_origins_of_several_customers_hold_up_nobody_elses_images() {
    let scene = Scene::with(&[("HYDRIA_FETCHES", "2")]);
    let held = scene.origin.url("/held/30x20/x.png");
    std::thread::scope(|threads| {
        let mut puts = Vec::new();
        for name in ["slow", "slower"] {
            let (owner, space) = neighbour(&scene, name);
            submit(&owner, space, &named(10), &held);
            for n in 0..4 {
                let path = owner.path(&format!("/spaces/{space}/images/put-{n}"));
                let (client, body) = (owner.client.clone(), json!({ "origin": held }));
                puts.push(threads.spawn(move || client.put(&path, &body).expect(201)));
            }
        }
        // Two for the queue and four for what is waited for: all that there is for all.
        scene.origin.wait_for("/held", 6);
        for n in 0..3 {
            let put = scene.put(&format!("put-{n}"), &scene.origin.image(120, 80)).expect(201);
            assert_eq!(put.number("width"), 120);
        }
        let batch = scene.submit(&["a", "b", "c"], &scene.origin.image(120, 80));
        scene.owner.finished(&batch);
        assert_eq!(scene.counts(&batch), (3, 0));
        scene.origin.release();
        for put in puts {
            put.join().expect("no panic");
        }
    });
}

#[test]
fn a_customer_alone_leaves_slots_for_those_who_come() {
    let scene = Scene::with(&[("HYDRIA_FETCHES", "8")]);
    scene.owner.finished(&scene.submit(&["first"], &scene.origin.image(30, 20)));
    let ids = named(20);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    scene.submit(&ids, &scene.origin.url("/held/30x20/x.png"));
    scene.origin.wait_for("/held", 6);
    let (owner, space) = neighbour(&scene, "another");
    submit(&owner, space, &named(2), &scene.origin.url("/held/30x20/y.png"));
    until("the two of the other", || {
        scene.origin.asked().iter().filter(|path| path.ends_with("y.png")).count() == 2
    });
    let first = scene.origin.asked().iter().filter(|path| path.ends_with("x.png")).count();
    assert_eq!(first, 6, "of the eight");
    scene.origin.release();
}

#[test]
fn only_what_is_waited_for_is_told_to_all_processes() {
    let scene = Scene::without_workers();
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "LISTEN hydria_settled");
    let batch = scene.submit(&["queued", "deleted"], &scene.origin.image(30, 20));
    scene.owner.client.delete(&scene.path("deleted")).expect(205);
    let hands = Hands::of(&scene.app);
    hands.work_one();
    assert_eq!(scene.counts(&batch), (1, 1));
    scene.submit(&["urgent"], &scene.origin.image(30, 20));
    rows::execute(&mut scene.app.database(), "UPDATE jobs SET immediate = TRUE");
    let urgent = hands.work_one();
    let mut told = Vec::new();
    until("the notice", || {
        rows::execute(&mut conn, "SELECT 1");
        told.extend(conn.notifications_iter().map(|notice| notice.expect("a notice").payload));
        !told.is_empty()
    });
    assert_eq!(told, [urgent.id.to_string()]);
}

#[test]
fn requests_that_wait_for_a_lock_take_no_connection_that_others_need() {
    let scene = Scene::without_workers();
    let (other, space) = neighbour(&scene, "another");
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "BEGIN");
    let lock = format!("SELECT id FROM spaces WHERE customer = {} FOR UPDATE", scene.owner.id);
    rows::execute(&mut conn, &lock);
    let mut looking = scene.app.database();
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = i64::try_from(((2 * cores).clamp(4, 16) * 2).div_ceil(3)).expect("few");
    std::thread::scope(|threads| {
        let submissions: Vec<_> = (0..40)
            .map(|n| {
                let image = scene.image(&n.to_string(), "https://example.org/1.jpg");
                let owner = &scene.owner;
                threads.spawn(move || owner.submit(&[image]).expect(201))
            })
            .collect();
        until("all that may to wait", || rows::number(&mut looking, waiting) >= share);
        for n in 0..5 {
            submit(&other, space, &[format!("{n}")], "https://example.org/1.jpg");
            other.client.get(&other.path("/spaces")).expect(200);
        }
        assert_eq!(rows::number(&mut looking, waiting), share, "two thirds of what is shared");
        rows::execute(&mut conn, "ROLLBACK");
        for submission in submissions {
            submission.join().expect("no panic");
        }
    });
    assert_eq!(scene.queue_size(), 40);
}

#[test]
fn one_host_is_asked_for_as_many_images_as_is_set_and_others_meanwhile() {
    let scene = Scene::with(&[("HYDRIA_HOST_FETCHES", "1")]);
    let held = scene.submit(&["a", "b", "c"], &scene.origin.url("/held/30x20/x.png"));
    scene.origin.wait_for("/held", 1);
    let elsewhere = scene.origin.image(30, 20).replace("127.0.0.1", "localhost");
    let others = scene.submit(&["d", "e"], &elsewhere);
    scene.owner.finished(&others);
    assert_eq!(scene.counts(&others), (2, 0));
    let asked = scene.origin.asked();
    assert_eq!(asked.iter().filter(|path| path.starts_with("/held")).count(), 1, "{asked:?}");
    scene.origin.release();
    scene.owner.finished(&held);
    assert_eq!(scene.counts(&held), (3, 0));
}
