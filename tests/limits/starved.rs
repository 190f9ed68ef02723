//! No connection, no room on the disk: 503, nothing half written, and the next try finds all well.

use serde_json::json;

use crate::support::{App, rows, until};

/// Makes every write to a table fail as on a full disk, until it is told otherwise.
fn fill_disk(app: &App, table: &str) {
    let mut conn = app.database();
    for sql in [
        "CREATE FUNCTION fail_as_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'could not extend file \"base/1/1\": No space left on device' \
         USING ERRCODE = 'disk_full'; END $$",
        &format!(
            "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION fail_as_full()"
        ),
    ] {
        rows::execute(&mut conn, sql);
    }
}

fn free_disk(app: &App) {
    rows::execute(&mut app.database(), "DROP FUNCTION fail_as_full() CASCADE");
}

#[test]
fn a_full_disk_leaves_nothing_half_written_and_is_over_when_it_is_over() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = || json!({ "space": space, "id": "a", "origin": "http://127.0.0.1:1/x.png" });
    // The job is the last that a submission writes.
    fill_disk(&app, "jobs");
    let answer = owner.submit(&[image()]);
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let answer = owner.client.put(&path, &image());
    assert_eq!(answer.status, 503, "{}", answer.body);
    let mut conn = app.database();
    for table in ["images", "batches", "members", "jobs"] {
        let count = rows::number(&mut conn, &format!("SELECT count(*) AS n FROM {table}"));
        assert_eq!(count, 0, "{table}");
    }
    owner.client.get(&path).expect(404);
    free_disk(&app);
    owner.submit(&[image()]).expect(201);
    assert_eq!(owner.client.get(&path).expect(200).text("id"), "a");
}

#[test]
fn without_a_free_connection_requests_are_refused_and_find_one_later() {
    let app = App::without_workers();
    let owner = app.customer("library");
    owner.space("maps");
    let mut holder = app.database();
    rows::execute(&mut holder, "BEGIN");
    rows::execute(&mut holder, "LOCK TABLE named_queries IN ACCESS EXCLUSIVE MODE");
    let path = owner.path("/namedQueries");
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let (client, path) = (owner.client.clone(), path.clone());
            std::thread::spawn(move || client.get(&path))
        })
        .collect();
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("requests to hold connections", || rows::number(&mut holder, waiting) > 0);
    // Look-ups and keys have connections of their own.
    owner.client.get(&owner.path("")).expect(200);
    rows::execute(&mut holder, "COMMIT");
    for slow in slow {
        let answer = slow.join().expect("no panic");
        assert!(answer.status == 200 || answer.status == 503, "{}", answer.body);
        assert!(answer.status == 200 || answer.header("retry-after").is_some());
    }
    owner.client.get(&path).expect(200);
    owner.client.post(&owner.path("/spaces"), &json!({ "name": "prints" })).expect(201);
}
