//! `hydria reingest --missing`, beside a service that runs.

use diesel::PgConnection;
use serde_json::{Value, json};

use super::home::{Home, Running};
use crate::support::{Client, Origin, rows, until};

/// Makes what was made of images as a version before made it: without tiles.
fn forget_tiles(conn: &mut PgConnection) {
    rows::execute(conn, "UPDATE derivatives SET index = NULL");
    rows::execute(conn, "UPDATE images SET has_tiles = FALSE");
}

fn queue_size(client: &Client, customer: i64) -> i64 {
    client.get(&format!("/customers/{customer}/queue")).expect(200).number("size")
}

#[test]
fn images_without_tiles_are_processed_again_beside_a_running_service() {
    let (home, origin) = (Home::new(), Origin::start());
    let service = home.serve(&[]);
    let client = service.administrator();
    let space = "/customers/1/spaces/1";
    client.put(space, &json!({ "name": "maps" })).expect(201);
    let image = |id: &str, path: &str| json!({ "id": id, "space": 1, "origin": origin.url(path) });
    let images = ["a", "b", "c"].map(|id| image(id, "/image/300x200/x.png"));
    let members: Vec<Value> =
        images.into_iter().chain([image("failed", "/missing/x.png")]).collect();
    let body = json!({ "@type": "Collection", "member": members });
    let batch = client.post("/customers/1/queue", &body).expect(201).id();
    until("the batch to be finished", || {
        client.get(&batch).expect(200).body["finished"].is_string()
    });
    let finished = client.get(&batch).expect(200).body;

    forget_tiles(&mut home.connect());
    // One that was made by this version has its tiles.
    let put = json!({ "origin": origin.image(120, 80) });
    client.put(&format!("{space}/images/new"), &put).expect(201);
    let asked = origin.asked().len();

    let output = home.run(&["reingest", "--missing"]);
    assert!(output.status.success());
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("3 images were sent again"), "{out}");
    assert!(err.contains("3 of 3 images sent"), "{err}");
    until("all to be processed", || queue_size(&client, 1) == 0);
    for id in ["a", "b", "c"] {
        let shown = client.get(&format!("{space}/images/{id}")).expect(200);
        assert_eq!((shown.text("error"), shown.text("batch")), (String::new(), batch.clone()));
        assert!(shown.body["infoJson"].is_string(), "{}", shown.body);
        assert!(shown.text("dequeued") > shown.text("queued"), "{}", shown.body);
    }
    assert_eq!(origin.asked().len(), asked + 3, "nothing else is fetched");
    assert_eq!(client.get(&batch).expect(200).body, finished, "no batch knows of it");
    let batches = client.get("/customers/1/queue/batches").expect(200);
    assert_eq!(batches.number("totalItems"), 1);

    assert!(home.says(&["reingest", "--missing"]).contains("no image"));

    // One whose origin was away when it was sent again is sent by the next run.
    let failed = "UPDATE images SET has_tiles = FALSE, error = 'the origin is away' WHERE id = 'a'";
    rows::execute(&mut home.connect(), failed);
    assert!(home.says(&["reingest", "--missing"]).contains("1 image"));
    let path = format!("{space}/images/a");
    until("its tiles", || client.get(&path).expect(200).body["infoJson"].is_string());
    assert!(client.get(&path).expect(200).text("error").is_empty());
    assert!(home.says(&["check"]).contains("agree"));
    service.stop();
}

/// Makes images of a customer as a version before left them, in two spaces.
fn of_before(home: &Home, client: &Client, customer: i64, count: u32) {
    for space in [1, 2] {
        let named = json!({ "name": format!("space {space}") });
        client.put(&format!("/customers/{customer}/spaces/{space}"), &named).expect(201);
    }
    let made = rows::execute(
        &mut home.connect(),
        &format!(
            "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
             media_type, ingesting, finished, width, height, thumbnails) \
             SELECT {customer}, 1 + n % 2, n::text, now(), 'https://example.org/' || n, -1, '{{}}', '{{}}', \
             'image/png', FALSE, now(), 300, 200, '{{200,133,5000}}' FROM generate_series(1, {count}) AS n"
        ),
    );
    assert_eq!(made, usize::try_from(count).expect("few"));
}

fn without_workers(home: &Home) -> Running {
    Running::start(home.command(&["serve", "--no-worker"]), "ready at ")
}

/// Keys of the queue, in the order in which workers take them.
fn queue(conn: &mut PgConnection) -> Vec<String> {
    let found: Vec<Line> = diesel::RunQueryDsl::load(
        diesel::sql_query("SELECT image || ' ' || id AS text FROM jobs ORDER BY available, id"),
        conn,
    )
    .expect("the jobs");
    found.into_iter().map(|line| line.text).collect()
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

#[test]
fn few_wait_at_a_time_and_a_run_that_was_stopped_goes_on_where_it_was() {
    let home = Home::new();
    let service = without_workers(&home);
    let client = service.administrator();
    of_before(&home, &client, 1, 5);

    let arguments = ["reingest", "--missing", "--portion", "2"];
    let mut run = Running::start(home.command(&arguments), "2 of 5 images sent");
    run.wait_for("more are sent as workers process those in the queue");
    run.tell_to_stop();
    assert!(run.ended().success());
    assert!(run.printed().contains("stopped; the same command goes on"), "{}", run.said());
    assert_eq!(queue_size(&client, 1), 2);
    let first = queue(&mut home.connect());

    // An image of the customer's own comes before all that are still to be sent.
    let own = json!({ "id": "own", "space": 1, "origin": "https://example.org/own.jpg" });
    let own = json!({ "@type": "Collection", "member": [own] });
    client.post("/customers/1/queue", &own).expect(201);
    assert!(home.says(&["reingest", "--missing"]).contains("3 images were sent again"));
    let all = queue(&mut home.connect());
    assert_eq!(all[..2], first, "those in the queue are not sent twice");
    assert!(all[2].starts_with("own "), "{all:?}");
    assert_eq!(all.len(), 6);
    let immediate = "SELECT count(*) AS n FROM jobs WHERE immediate";
    assert_eq!(rows::number(&mut home.connect(), immediate), 0);
    let shown = client.get("/customers/1/spaces/1/images/2").expect(200);
    assert_eq!(shown.body["ingesting"], true);
    assert!(shown.body["thumbnailInfoJson"].is_string(), "thumbnails are kept: {}", shown.body);
    service.stop();
}

#[test]
fn images_of_one_customer_are_sent_by_its_number_or_name() {
    let home = Home::new();
    let service = without_workers(&home);
    let client = service.administrator();
    for name in ["library", "museum"] {
        client.post("/customers", &json!({ "name": name })).expect(201);
    }
    of_before(&home, &client, 2, 4);
    of_before(&home, &client, 3, 3);
    let sizes = || (queue_size(&client, 2), queue_size(&client, 3));
    let said = home.says(&["reingest", "--missing", "--customer", "Museum"]);
    assert!(said.contains("3 images were sent again"), "{said}");
    assert_eq!(sizes(), (0, 3));
    home.says(&["reingest", "--missing", "--customer", "2"]);
    assert_eq!(sizes(), (4, 3));
    for nobody in ["99", "nobody"] {
        let output = home.run(&["reingest", "--missing", "--customer", nobody]);
        assert_eq!(output.status.code(), Some(1));
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(&format!("there is no customer {nobody}")), "{words}");
    }
    for wrong in [["reingest"].as_slice(), &["reingest", "--missing", "--portion", "0"]] {
        assert_eq!(home.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    service.stop();
}
