//! POSTs that name an `Idempotency-Key`.

use std::collections::BTreeMap;

use diesel::Connection as _;
use hydria::cli::serve::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Client, Origin, Owner, rows, until};

/// POSTs with a key as the header gives it.
fn post(client: &Client, path: &str, header: &str, body: &Value) -> Answer {
    let request = client.request(Method::POST, path).header("Content-Type", "application/json");
    client.send(request.header("Idempotency-Key", header).body(body.to_string()))
}

/// Submits one image with a key.
fn submit(owner: &Owner, header: &str, id: &str, space: i64) -> Answer {
    let image = json!({ "id": id, "space": space, "origin": "https://example.org/a" });
    post(&owner.client, &owner.path("/queue"), header, &json!({ "member": [image] }))
}

fn batches(owner: &Owner) -> i64 {
    owner.client.get(&owner.path("/queue/batches")).expect(200).number("totalItems")
}

/// All of an answer but what is of each request alone.
fn essence(answer: &Answer) -> (u16, BTreeMap<String, String>, &[u8]) {
    let own = ["date", "x-request-id"];
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("a text").to_owned()));
    let headers = headers.filter(|(name, _)| !own.contains(&name.as_str())).collect();
    (answer.status, headers, &answer.bytes)
}

#[test]
fn a_repetition_is_answered_alike_and_does_nothing() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let first = submit(&owner, "\"a\"", "one", space).expect(201);
    assert!(first.header("location").is_some() && first.header("etag").is_some());
    // The batch is another by now; the answer is not.
    owner.client.delete(&format!("{}/cancel", first.id())).expect(205);
    let again = submit(&owner, "\"a\"", "one", space);
    assert_eq!(essence(&again), essence(&first));
    assert_eq!(batches(&owner), 1);
    submit(&owner, "\"b\"", "one", space).expect(201);
    assert_eq!(batches(&owner), 2, "another key");

    let spaces = owner.path("/spaces");
    let made = post(&owner.client, &spaces, "\"a space\"", &json!({ "name": "prints" }));
    let again = post(&owner.client, &spaces, "\"a space\"", &json!({ "name": "prints" }));
    assert_eq!(essence(&again), essence(&made.expect(201)));
    let roles = owner.path(&format!("/spaces/{space}/defaultRoles"));
    for _ in 0..2 {
        let body = json!({ "member": ["clickthrough"] });
        post(&owner.client, &roles, "\"roles\"", &body).expect(200);
    }
    // As it was asked for at first, whatever a repetition asks for.
    let asked = |accept: &str| {
        let request = owner.client.request(Method::POST, &spaces);
        let request = request.header("Accept", accept).header("Prefer", "return=minimal");
        owner.client.send(request.header("Idempotency-Key", "\"t\"").body("{\"name\": \"t\"}"))
    };
    let minimal = asked("text/turtle").expect(201);
    assert!(minimal.bytes.is_empty() && minimal.header("preference-applied").is_some());
    assert_eq!(essence(&asked("application/json")), essence(&minimal));
    let turtle = |accept: &str| {
        let request = owner.client.request(Method::POST, &spaces).header("Accept", accept);
        owner.client.send(request.header("Idempotency-Key", "\"u\"").body("{\"name\": \"u\"}"))
    };
    let first = turtle("text/turtle").expect(201);
    assert_eq!(first.header("content-type"), Some("text/turtle;charset=utf-8"));
    assert_eq!(essence(&turtle("application/json")), essence(&first));
}

#[test]
fn a_key_is_of_one_caller_and_of_one_request() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let other = app.customer("other");
    let (space, others) = (owner.space("maps"), other.space("maps"));
    submit(&owner, "\"a\"", "one", space).expect(201);
    let refused = submit(&owner, "\"a\"", "two", space).expect(400);
    assert_eq!(refused.faults(), ["Idempotency-Key"]);
    let image = json!({ "id": "one", "space": space, "origin": "https://example.org/a" });
    let body = json!({ "member": [image] });
    for path in ["/queue/priority", "/queue?format=json"] {
        let refused = post(&owner.client, &owner.path(path), "\"a\"", &body).expect(400);
        assert_eq!(refused.faults(), ["Idempotency-Key"], "{path}");
    }
    assert_eq!(batches(&owner), 1);
    submit(&other, "\"a\"", "two", others).expect(201);
    let key = owner.client.post(&owner.path("/keys"), &json!({})).expect(201);
    let second = owner.client.with_key(Some((&key.text("key"), &key.text("secret"))));
    post(&second, &owner.path("/queue"), "\"a\"", &body).expect(201);
    assert_eq!(batches(&owner), 2, "another caller");
}

#[test]
fn a_refusal_is_kept_and_a_failure_is_not() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = owner.path("/spaces");
    owner.client.post(&spaces, &json!({ "name": "maps" })).expect(201);
    let taken = post(&owner.client, &spaces, "\"a\"", &json!({ "name": "maps" })).expect(400);
    assert_eq!(taken.faults(), ["name"]);
    let held = owner.client.get(&spaces).expect(200).members()[0].clone();
    owner.client.delete(held["@id"].as_str().expect("an address")).expect(205);
    let again = post(&owner.client, &spaces, "\"a\"", &json!({ "name": "maps" }));
    assert_eq!(essence(&again), essence(&taken));
    post(&owner.client, &spaces, "\"b\"", &json!({ "name": "maps" })).expect(201);
    let unreadable = |header: &str| {
        let request = owner.client.request(Method::POST, &spaces);
        owner.client.send(request.header("Idempotency-Key", header).body("{"))
    };
    let first = unreadable("\"c\"").expect(400);
    assert_eq!(essence(&unreadable("\"c\"")), essence(&first));
    post(&owner.client, &spaces, "\"c\"", &json!({ "name": "c" })).expect(400);
    let missing = owner.path("/spaces/99/images");
    post(&owner.client, &missing, "\"d\"", &json!({ "origin": "https://example.org" })).expect(404);

    let policy = json!({ "maximumNumberOfStoredImages": 0 });
    app.administrator.put("/storagePolicies/small", &policy).expect(201);
    let storage = owner.path("/storage");
    app.administrator.patch(&storage, &json!({ "storagePolicy": "small" })).expect(205);
    let space = owner.space("prints");
    submit(&owner, "\"e\"", "one", space).expect(507);
    app.administrator.patch(&storage, &json!({ "storagePolicy": "default" })).expect(205);
    submit(&owner, "\"e\"", "one", space).expect(201);
}

#[test]
fn a_key_that_is_no_quoted_text_and_one_for_a_secret_are_refused() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let long = format!("\"{}\"", "x".repeat(256));
    for header in ["a", "\"\"", "\"a", "\"a\", \"b\"", "\"a\";b=1", &long] {
        let refused = post(&owner.client, &owner.path("/spaces"), header, &json!({ "name": "" }));
        assert_eq!(refused.expect(400).faults(), ["Idempotency-Key", "name"], "{header}");
    }
    let hook = json!({ "url": "https://example.org/" });
    for (path, body) in [("/keys", json!({})), ("/webhooks", hook)] {
        let refused = post(&owner.client, &owner.path(path), "\"a\"", &body).expect(400);
        assert_eq!(refused.faults(), ["Idempotency-Key"], "{path}");
        let one = i64::from(path == "/keys");
        let held = owner.client.get(&owner.path(path)).expect(200);
        assert_eq!(held.number("totalItems"), one, "{path}");
    }
    let mut conn = app.database();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM kept_answers"), 0);
    // Methods that may be sent again anyway take no key.
    let request = owner.client.request(Method::PUT, &owner.path("/spaces/7"));
    let put = request.header("Idempotency-Key", "no text").body("{\"name\": \"x\"}");
    owner.client.send(put).expect(201);
}

/// Sends the same request at the same time, while something that it needs is held; answers all.
fn at_once(app: &App, owner: &Owner, requests: usize, meanwhile: impl FnOnce()) -> Vec<Answer> {
    let space = owner.space("maps");
    let (mut holder, mut looker) = (app.database(), app.database());
    std::thread::scope(|scope| {
        let mut sent = Vec::new();
        let held: diesel::QueryResult<()> = holder.transaction(|holder| {
            rows::execute(holder, "SELECT FROM spaces FOR UPDATE");
            for _ in 0..requests {
                sent.push(scope.spawn(|| submit(owner, "\"a\"", "one", space)));
            }
            let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
                WHERE wait_event_type = 'Lock' AND datname = current_database()";
            until("the first of them", || rows::number(&mut looker, waiting) == 1);
            meanwhile();
            assert_eq!(rows::number(&mut looker, waiting), 1, "the others wait without one");
            Err(diesel::result::Error::RollbackTransaction)
        });
        assert!(held.is_err());
        sent.into_iter().map(|sent| sent.join().expect("no panic")).collect()
    })
}

#[test]
fn repetitions_wait_for_the_first_without_a_connection() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let answers = at_once(&app, &owner, 40, || {
        for _ in 0..50 {
            owner.client.get(&owner.path("/queue")).expect(200);
        }
    });
    for answer in &answers {
        assert_eq!(essence(answer), essence(&answers[0]));
    }
    assert_eq!((answers[0].status, batches(&owner)), (201, 1));
}

#[test]
fn who_waits_for_an_image_gets_the_answer_of_the_first() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let images = owner.path(&format!("/spaces/{}/images", owner.space("maps")));
    let body = json!({ "id": "one", "origin": origin.url("/held/120x80/x.png") });
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = || post(&owner.client, &images, "\"a\"", &body);
        let first = scope.spawn(send);
        origin.wait_for("/held", 1);
        let others = [scope.spawn(send), scope.spawn(send)];
        let mut conn = app.database();
        let kept = "SELECT count(*) AS n FROM kept_answers WHERE provisional_until IS NOT NULL";
        assert_eq!(rows::number(&mut conn, kept), 1);
        origin.release();
        [first].into_iter().chain(others).map(|sent| sent.join().expect("no panic")).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, answer.number("width")), (201, 120));
        assert_eq!(essence(answer), essence(&answers[0]));
    }
    assert_eq!(origin.asked().len(), 1);
}

#[test]
fn what_is_removed_while_its_request_waits_is_answered_alike_each_time() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let images = owner.path(&format!("/spaces/{}/images", owner.space("maps")));
    let body = json!({ "id": "one", "origin": origin.url("/held/120x80/x.png") });
    let first = std::thread::scope(|scope| {
        let first = scope.spawn(|| post(&owner.client, &images, "\"a\"", &body));
        origin.wait_for("/held", 1);
        owner.client.delete(&format!("{images}/one")).expect(205);
        origin.release();
        first.join().expect("no panic").expect(404)
    });
    assert_eq!(essence(&post(&owner.client, &images, "\"a\"", &body)), essence(&first));
}

#[test]
fn answers_are_kept_within_bounds() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let mut conn = app.database();
    let wrong: Vec<Value> = (0..500).map(|_| json!({ "space": space })).collect();
    let refused = |wrong: &[Value]| {
        post(&owner.client, &owner.path("/queue"), "\"a\"", &json!({ "member": wrong })).expect(400)
    };
    assert!(refused(&wrong).bytes.len() > 16 << 10);
    let kept = "SELECT count(*) AS n FROM kept_answers";
    assert_eq!(rows::number(&mut conn, kept), 0);
    refused(&wrong[..2]);
    assert_eq!(rows::number(&mut conn, kept), 1);
    let many = format!(
        "INSERT INTO kept_answers (customer, actor, key, fingerprint, status, headers, body) \
         SELECT {}, 'x', n::text, '', 200, '', '' FROM generate_series(1, 99999) AS n",
        owner.id
    );
    rows::execute(&mut conn, &many);
    let full = submit(&owner, "\"b\"", "one", space).expect(503);
    assert!(full.header("retry-after").is_some() && full.text("detail").contains("100000"));
    assert_eq!(batches(&owner), 0);
    let image = json!({ "id": "one", "space": space, "origin": "https://example.org/a" });
    owner.submit(&[image]).expect(201);
}

#[test]
fn what_a_dead_process_waited_for_is_answered_as_it_was_when_it_was_made() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
    let owner = app.customer("library");
    let images = owner.path(&format!("/spaces/{}/images", owner.space("maps")));
    let body = json!({ "id": "one", "origin": "https://example.org/a" });
    let first = post(&owner.client, &images, "\"a\"", &body).expect(201);
    let mut conn = app.database();
    // As a process leaves it that dies before its answer.
    let left = "UPDATE kept_answers SET provisional_until = now() - interval '1 second'";
    rows::execute(&mut conn, left);
    let again = post(&owner.client, &images, "\"a\"", &body);
    assert_eq!(essence(&again), essence(&first));
    let open = "SELECT count(*) AS n FROM kept_answers WHERE provisional_until IS NOT NULL";
    assert_eq!(rows::number(&mut conn, open), 0, "it is final from now on");
}

#[test]
fn a_key_is_free_again_a_day_later() {
    let app = App::start();
    let owner = app.customer("library");
    let space = owner.space("maps");
    submit(&owner, "\"a\"", "one", space).expect(201);
    submit(&owner, "\"b\"", "two", space).expect(201);
    let mut conn = app.database();
    let older = "UPDATE kept_answers SET created = created - interval '24 hours'";
    rows::execute(&mut conn, older);
    submit(&owner, "\"a\"", "three", space).expect(201);
    assert_eq!(batches(&owner), 3);
    let kept = "SELECT count(*) AS n FROM kept_answers";
    until("maintenance", || rows::number(&mut conn, kept) == 1);
    submit(&owner, "\"a\"", "one", space).expect(400);
}
