//! Streams of events: what is told as it happens, to whom, and where a stream goes on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{App, Events, Owner, rows, until};

const ORIGIN: &str = "https://example.org/page.jpg";

fn image(space: i64, id: &str) -> Value {
    json!({ "id": id, "space": space, "origin": ORIGIN })
}

/// Returns a customer, the number of its space, and where its events are.
fn library(app: &App) -> (Owner, i64, String) {
    let owner = app.customer("library");
    let space = owner.space("maps");
    let events = owner.client.get(&owner.path("")).expect(200).text("events");
    (owner, space, events)
}

#[test]
fn a_stream_tells_what_happens_and_another_goes_on_after_the_last_event() {
    let mut app = App::without_workers();
    let (owner, space, path) = library(&app);
    let mut events = Events::open(&owner.client, &path, None);
    owner.submit(&[image(space, "a"), image(space, "b")]).expect(201);
    // Kinds that nobody is told of as they happen.
    owner.client.put(&owner.path("/roles/staff"), &json!({})).expect(201);
    let (first, second) = (events.next().expect("one"), events.next().expect("another"));
    assert_eq!([first.words(), second.words()], ["imageCreated a", "imageCreated b"]);
    assert!(second.id > first.id);
    let address = format!("{}{}", app.base, owner.path(&format!("/spaces/{space}/images/a")));
    let told = json!({ "kind": "imageCreated", "address": address, "version": first.id });
    assert_eq!((first.data, first.name.as_str()), (told, ""));
    drop(events);

    let a = owner.path(&format!("/spaces/{space}/images/a"));
    owner.client.patch(&a, &json!({ "tags": ["x"] })).expect(205);
    owner.client.delete(&a).expect(205);
    let mut again = Events::open(&owner.client, &path, Some(&first.id.to_string()));
    assert_eq!(again.take(3), ["imageCreated b", "imageChanged a", "imageDeleted a"]);
    let mut all = Events::open(&owner.client, &path, Some("0"));
    assert_eq!(all.take(4)[0], "imageCreated a");
    // What happens from now on is told to both.
    owner.client.patch(&a.replace("/a", "/b"), &json!({ "tags": ["x"] })).expect(205);
    assert_eq!([again.take(1), all.take(1)], [["imageChanged b"], ["imageChanged b"]]);

    let head = owner.client.request(Method::HEAD, &path);
    let head = owner.client.send(head).expect(200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    app.stop();
    assert_eq!([again.next(), all.next()], [None, None], "streams end with the service");
}

#[test]
fn more_events_than_go_at_once_are_told_one_after_another() {
    let app = App::without_workers();
    let (owner, space, path) = library(&app);
    let mut events = Events::open(&owner.client, &path, None);
    let images: Vec<Value> = (0..350).map(|n| image(space, &format!("{n:03}"))).collect();
    owner.submit(&images).expect(201);
    let found = events.take(350);
    let wanted: Vec<String> = (0..350).map(|n| format!("imageCreated {n:03}")).collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_reader_that_has_missed_what_is_not_kept_is_told_so_once() {
    let app = App::without_workers();
    let (owner, space, path) = library(&app);
    owner.submit(&[image(space, "a"), image(space, "b")]).expect(201);
    let mut conn = app.database();
    rows::execute(&mut conn, "DELETE FROM changes WHERE id < (SELECT max(id) FROM changes)");
    let newest = rows::number(&mut conn, "SELECT max(id) AS n FROM changes");
    // Of what was, and of what never was.
    for last in [1, newest + 1000] {
        let mut events = Events::open(&owner.client, &path, Some(&last.to_string()));
        let reset = events.next().expect("an event");
        assert_eq!((reset.name.as_str(), reset.data), ("reset", json!({})));
        assert_eq!(reset.id, newest);
        let b = owner.path(&format!("/spaces/{space}/images/b"));
        owner.client.patch(&b, &json!({ "tags": [last.to_string()] })).expect(205);
        assert_eq!(events.take(1), ["imageChanged b"]);
        rows::execute(&mut conn, &format!("DELETE FROM changes WHERE id > {newest}"));
        rows::execute(&mut conn, &format!("SELECT setval('changes_id', {newest})"));
        drop(events);
    }
    let mut kept = Events::open(&owner.client, &path, Some(&(newest - 1).to_string()));
    assert_eq!(kept.take(1), ["imageCreated b"]);
    for malformed in ["x", "-1", "1.5"] {
        let request = owner.client.request(Method::GET, &path);
        let answer = owner.client.send(request.header("Last-Event-ID", malformed)).expect(400);
        assert_eq!(answer.faults(), ["Last-Event-ID"]);
    }
}

#[test]
fn nobody_is_told_of_another_customer_and_whose_key_is_removed_is_told_nothing_more() {
    let app = App::without_workers();
    let (owner, space, path) = library(&app);
    let other = app.customer("other");
    let theirs = other.space("theirs");
    other.client.get(&path).expect(403);
    app.visitor.get(&path).expect(401);
    owner.client.post(&path, &json!({})).expect(405);
    other.client.post(&path, &json!({})).expect(403);
    app.administrator.get("/customers/999/events").expect(404);
    app.administrator.get("/customers/007/events").expect(404);

    let second = owner.client.post(&owner.path("/keys"), &json!({})).expect(201);
    let client = app.visitor.with_key(Some((&second.text("key"), &second.text("secret"))));
    let mut events = Events::open(&client, &path, None);
    let mut seen = Events::open(&app.administrator, &path, None);
    other.submit(&[image(theirs, "hidden")]).expect(201);
    owner.submit(&[image(space, "a")]).expect(201);
    assert_eq!([events.take(1), seen.take(1)], [["imageCreated a"], ["imageCreated a"]]);
    owner.client.delete(&second.id()).expect(205);
    assert_eq!(events.next(), None, "the stream ends");
    owner.submit(&[image(space, "b")]).expect(201);
    assert_eq!(seen.take(1), ["imageCreated b"]);
}

#[test]
fn a_customer_has_twenty_streams_and_others_have_theirs() {
    let app = App::without_workers();
    let (owner, space, path) = library(&app);
    let other = app.customer("other");
    let mut held: Vec<Events> = (0..20).map(|_| Events::open(&owner.client, &path, None)).collect();
    let refused = owner.client.get(&path).expect(503);
    assert!(refused.header("retry-after").is_some());
    drop(Events::open(&other.client, &other.path("/events"), None));
    // However many there are, one connection follows the changes, and none is held for each.
    let connections = "SELECT count(*) AS n FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE '%changes_id%' AND pid <> pg_backend_pid()";
    let followers = rows::number(&mut app.database(), connections);
    assert!(followers <= 2, "{followers}");
    owner.submit(&[image(space, "a")]).expect(201);
    for events in &mut held {
        assert_eq!(events.take(1), ["imageCreated a"]);
    }
    held.truncate(10);
    let freed = || {
        let request = owner.client.request(Method::GET, &path);
        request.send().expect("an answer").status().as_u16() == 200
    };
    until("a place for another", freed);
}
