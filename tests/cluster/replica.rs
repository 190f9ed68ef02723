//! A replica that answers those who read: whose writes are seen, and when it is left alone.

use hydria::cli::serve::Options;
use serde_json::json;

use super::standby::Pair;
use crate::support::{App, Client, Owner, database, rows, until};

fn app(pair: &Pair, read_url: &str, behind: &str) -> App {
    let settings = [
        ("DATABASE_READ_URL", read_url),
        ("HYDRIA_REPLICA_SECONDS", behind),
        // Nobody works at the queue.
        ("HYDRIA_WAIT_SECONDS", "0"),
    ];
    let options = Options { no_worker: true, ..Options::default() };
    App::start_on(&pair.primary_url(), &settings, options)
}

/// Gives a space another name behind the back of the service, which a process learns only by reading.
fn rename(pair: &Pair, owner: &Owner, space: i64, name: &str) {
    let sql =
        format!("UPDATE spaces SET name = '{name}' WHERE (customer, id) = ({}, {space})", owner.id);
    assert_eq!(rows::execute(&mut pair.connect(), &sql), 1);
}

fn name(client: &Client, owner: &Owner, space: i64) -> String {
    client.get(&owner.path(&format!("/spaces/{space}"))).expect(200).text("name")
}

/// Stops the replica at a moment at which it answers a reader, who then sees `before` where the primary has `after`.
fn stop_while_it_answers(pair: &Pair, owner: &Owner, space: i64) {
    let mut number = 0;
    until("the replica to answer", || {
        number += 1;
        let now = name(&owner.client, owner, space);
        pair.pause();
        rename(pair, owner, space, &format!("renamed {number}"));
        let is_behind = name(&owner.client, owner, space) == now;
        if !is_behind {
            pair.resume();
        }
        is_behind
    });
}

#[test]
fn a_writer_reads_what_it_wrote_at_once_while_a_replica_that_stands_still_answers_others() {
    let pair = Pair::start();
    let app = app(&pair, &pair.standby_url(), "600");
    let (writer, other) = (app.customer("writer"), app.customer("other"));
    let (own, of_other) = (writer.space("maps"), other.space("books"));
    let key = app.administrator.post(&other.path("/keys"), &json!({})).expect(201);
    let (key, secret) = (key.text("key"), key.text("secret"));
    let removed = app.visitor.with_key(Some((&key, &secret)));
    removed.get(&other.path("")).expect(200);
    stop_while_it_answers(&pair, &other, of_other);
    let old = name(&other.client, &other, of_other);

    let path = writer.path(&format!("/spaces/{own}"));
    for number in 0..20 {
        let wanted = format!("own {number}");
        writer.client.patch(&path, &json!({ "name": wanted })).expect(205);
        assert_eq!(writer.client.get(&path).expect(200).text("name"), wanted);
        let listed = writer.client.get(&writer.path("/spaces")).expect(200).each("name");
        assert_eq!(listed, [wanted]);
    }
    let image = format!("{path}/images/a");
    writer
        .client
        .put(&image, &json!({ "origin": "https://example.org/a", "string1": "x" }))
        .expect(201);
    assert_eq!(writer.client.get(&image).expect(200).text("string1"), "x");
    let found = writer.client.get(&format!("{path}/images?string1=x")).expect(200);
    assert_eq!(found.number("totalItems"), 1);
    writer.client.delete(&image).expect(205);
    writer.client.get(&image).expect(404);
    // The administrator sees what was written for others, and they do too.
    let made = app.administrator.post("/customers", &json!({ "name": "late" })).expect(201);
    app.administrator.get(&made.id()).expect(200);
    let late = app.administrator.post(&format!("{}/keys", made.id()), &json!({})).expect(201);
    let late = app.visitor.with_key(Some((&late.text("key"), &late.text("secret"))));
    assert_eq!(late.get(&made.id()).expect(200).text("name"), "late");

    // Another still has the state of the replica, conditions that of the primary, and keys are what they are now.
    assert_eq!(name(&other.client, &other, of_other), old);
    let of_other = other.path(&format!("/spaces/{of_other}"));
    let stale = other.client.get(&of_other).expect(200);
    let request = other.client.request(reqwest::Method::PATCH, &of_other);
    let request = request.header("If-Match", stale.header("etag").expect("a tag"));
    let request = request.header("Content-Type", "application/ld+json").body(r#"{"name":"late"}"#);
    other.client.send(request).expect(412);
    let fresh = other.client.get(&of_other).expect(200);
    assert_ne!(fresh.text("name"), old, "who met a newer state sees it");
    app.administrator.delete(&other.path(&format!("/keys/{key}"))).expect(205);
    removed.get(&other.path("")).expect(401);

    pair.resume();
    stop_while_it_answers(&pair, &writer, own);
}

#[test]
fn a_replica_that_is_too_far_behind_or_away_is_left_alone_until_it_is_there_again() {
    let mut pair = Pair::start();
    let app = app(&pair, &pair.standby_url(), "1");
    let owner = app.customer("library");
    let space = owner.space("maps");
    stop_while_it_answers(&pair, &owner, space);
    let old = name(&owner.client, &owner, space);
    until("the replica to be too far behind", || name(&owner.client, &owner, space) != old);
    pair.resume();
    stop_while_it_answers(&pair, &owner, space);
    pair.resume();
    pair.kill_standby();
    for number in 0..30 {
        let wanted = format!("without {number}");
        rename(&pair, &owner, space, &wanted);
        assert_eq!(name(&owner.client, &owner, space), wanted);
    }
    pair.start_standby();
    stop_while_it_answers(&pair, &owner, space);
    pair.resume();
}

#[test]
fn a_replica_that_stands_still_with_open_connections_keeps_nobody_from_an_answer() {
    let pair = Pair::start();
    let app = app(&pair, &pair.standby_url(), "5");
    let owner = app.customer("library");
    let space = owner.space("maps");
    stop_while_it_answers(&pair, &owner, space);
    pair.resume();
    pair.freeze(true);
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| owner.client.get(&owner.path("/spaces")).expect(200));
        }
    });
    until("the replica to be left alone", || {
        rename(&pair, &owner, space, "while it stands still");
        name(&owner.client, &owner, space) == "while it stands still"
    });
    owner
        .client
        .patch(&owner.path(&format!("/spaces/{space}")), &json!({ "name": "x" }))
        .expect(205);
    pair.freeze(false);
    stop_while_it_answers(&pair, &owner, space);
    pair.resume();
}

#[test]
fn an_address_that_is_no_replica_of_the_database_is_not_read_from() {
    let other = database::fresh();
    let own = database::fresh();
    let objects = tempfile::tempdir_in(database::folder()).expect("a folder");
    for (number, read_url) in [&own, &other, "host=/nowhere dbname=x"].into_iter().enumerate() {
        let settings = [
            ("DATABASE_READ_URL", read_url),
            ("HYDRIA_SECRET", "one secret for all processes"),
            ("HYDRIA_STORAGE", objects.path().to_str().expect("a path in UTF-8")),
        ];
        let options = Options { no_worker: true, ..Options::default() };
        let app = App::start_on(&own, &settings, options);
        let owner = app.customer(&format!("library-{number}"));
        for count in 0..20 {
            let space = owner.space(&format!("maps {count}"));
            assert_eq!(name(&owner.client, &owner, space), format!("maps {count}"));
        }
    }
}
