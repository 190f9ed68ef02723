//! What a reader has already is not sent again.

use serde_json::json;

use super::{change, changeable, now, sent, tag};
use crate::contract::families::{FAMILIES, each_family};
use crate::contract::world::World;
use crate::support::{Answer, Client};

/// A tag that nothing has.
const OLD: &str = "\"00000000000000000000000000000000\"";

/// Paths at which something is shown, and to whom.
fn shown(world: &World) -> Vec<(String, Client)> {
    let mut paths: Vec<(String, Client)> = FAMILIES
        .iter()
        .flat_map(|family| {
            let client = world.writer(family);
            [world.made(family).0, world.collection(family)].map(|path| (path, client.clone()))
        })
        .collect();
    let space = world.path("/customers/{customer}/spaces/{space}");
    let batch = world.batch();
    for path in [
        "/".to_owned(),
        "/customers".to_owned(),
        "/originStrategies/default".to_owned(),
        world.owner.path(""),
        world.owner.path("/queue"),
        world.owner.path("/queue/batches"),
        world.owner.path("/queue/images"),
        world.owner.path("/storage"),
        world.owner.path("/allImages?orderBy=id&pageSize=2"),
        world.owner.path(&format!("/keys/{}", world.owner.key)),
        format!("{space}/storage"),
        format!("{space}/metadata"),
        format!("{space}/metadata/distinct?field=string1"),
        format!("{space}/defaultRoles"),
        format!("{batch}/images"),
        batch,
    ] {
        paths.push((path, world.owner.client.clone()));
    }
    paths
}

/// Headers that a 304 repeats.
const REPEATED: [&str; 6] = [
    "etag",
    "vary",
    "cache-control",
    "link",
    "access-control-allow-origin",
    "access-control-expose-headers",
];

#[track_caller]
fn assert_unchanged(unchanged: &Answer, whole: &Answer, path: &str) {
    assert_eq!(unchanged.status, 304, "{path}");
    assert!(unchanged.bytes.is_empty(), "{path}");
    for absent in ["content-type", "content-length", "content-location"] {
        assert_eq!(unchanged.header(absent), None, "{path}: {absent}");
    }
    for name in REPEATED {
        assert_eq!(unchanged.header(name), whole.header(name), "{path}: {name}");
    }
}

#[test]
fn what_is_held_already_is_answered_304_at_every_address() {
    let world = World::new();
    for (path, client) in shown(&world) {
        let whole = client.get(&path).expect(200);
        let own = tag(&whole);
        assert_eq!(tag(&client.get(&path).expect(200)), own, "{path} is another each time");
        let (weak, list) = (format!("W/{own}"), format!("{OLD}, {own}"));
        for held in [own.as_str(), &weak, &list, "*"] {
            for method in ["GET", "HEAD"] {
                let answer = sent(&client, method, &path, &[("If-None-Match", held)], None);
                assert_unchanged(&answer, &whole, &path);
            }
        }
        let lines = [("If-None-Match", OLD), ("If-None-Match", own.as_str())];
        assert_unchanged(&sent(&client, "GET", &path, &lines, None), &whole, &path);
        let turtle = format!("{}-ttl\"", own.trim_end_matches('"'));
        for other in [OLD, turtle.as_str(), "garbage", own.trim_matches('"'), ""] {
            let answer = sent(&client, "GET", &path, &[("If-None-Match", other)], None);
            assert_eq!(answer.expect(200).bytes, whole.bytes, "{path}: {other}");
        }
    }
}

#[test]
fn a_reader_who_names_another_state_is_told_so() {
    let world = World::new();
    for (path, client) in shown(&world) {
        let own = now(&client, &path);
        let turtle = format!("{}-ttl\"", own.trim_end_matches('"'));
        for (matches, status) in [
            (own.as_str(), 200),
            (turtle.as_str(), 200),
            ("*", 200),
            (OLD, 412),
            (&format!("W/{own}"), 412),
            ("garbage", 412),
        ] {
            let answer = sent(&client, "GET", &path, &[("If-Match", matches)], None).expect(status);
            if status == 412 {
                assert!(answer.text("type").ends_with("#PreconditionFailed"), "{}", answer.body);
            }
        }
        let both = [("If-Match", own.as_str()), ("If-None-Match", own.as_str())];
        assert_eq!(sent(&client, "GET", &path, &both, None).status, 304, "{path}");
    }
    let nothing = world.owner.path("/roles/nothing");
    sent(&world.owner.client, "GET", &nothing, &[("If-Match", OLD)], None).expect(404);
    sent(&world.owner.client, "GET", &nothing, &[("If-None-Match", "*")], None).expect(404);
    sent(&world.app.visitor, "GET", &nothing, &[("If-None-Match", "*")], None).expect(401);
}

#[test]
fn what_a_writer_is_told_is_what_the_next_reader_is_shown() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let posted = writer.post(&world.collection(family), &(family.least)(world.number()));
        let posted = posted.expect(201);
        assert_eq!(tag(&posted), now(writer, &posted.id()), "POST of {}", family.class);
        let path = world.item(family, world.number());
        let made = writer.put(&path, &change(&world, family)).expect(201);
        assert_eq!(tag(&made), now(writer, &path), "PUT of a new {}", family.class);
        let again = writer.put(&path, &change(&world, family)).expect(200);
        assert_eq!(tag(&again), now(writer, &path), "PUT of {}", family.class);
        assert_ne!(tag(&again), tag(&made), "{}", family.class);
    });
    for (path, client, change) in changeable(&world) {
        let before = now(&client, &path);
        let patched = client.patch(&path, &change(&world)).expect(205);
        assert_eq!(tag(&patched), now(&client, &path), "PATCH of {path}");
        assert_ne!(tag(&patched), before, "{path}");
        let prefer = [("Prefer", "return=representation")];
        let patched = sent(&client, "PATCH", &path, &prefer, Some(&change(&world))).expect(200);
        assert_eq!(tag(&patched), now(&client, &path), "PATCH of {path}");
    }
    let keys = world.owner.path("/keys");
    let key = world.owner.client.post(&keys, &json!({})).expect(201);
    assert!(key.body.get("secret").is_some());
    assert_eq!(tag(&key), now(&world.owner.client, &key.id()), "which has no secret");
    let image = json!({ "id": "one", "space": world.space, "origin": "https://example.org/a.png" });
    let batch = world.owner.submit(&[image]).expect(201);
    assert_eq!(tag(&batch), now(&world.owner.client, &batch.id()));
    let roles = world.path("/customers/{customer}/spaces/{space}/defaultRoles");
    let set = world.owner.client.post(&roles, &json!([{ "@id": "clickthrough" }])).expect(200);
    assert_eq!(tag(&set), now(&world.owner.client, &roles));
}

#[test]
fn a_state_is_another_for_those_who_may_do_more_to_it() {
    let world = World::new();
    let storage = world.owner.path("/storage");
    let (own, theirs) =
        (now(&world.owner.client, &storage), now(&world.app.administrator, &storage));
    assert_ne!(own, theirs, "an administrator is shown an operation more");
}

#[test]
fn a_collection_has_another_tag_when_members_totals_or_the_page_change() {
    let world = World::new();
    each_family(|family| {
        let (writer, collection) = (world.writer(family), world.collection(family));
        let (path, _) = world.made(family);
        let first = now(writer, &collection);
        writer.patch(&path, &change(&world, family)).expect(205);
        let changed = now(writer, &collection);
        assert_ne!(changed, first, "a member of {collection} changed");
        let added = world.made(family).0;
        let grown = now(writer, &collection);
        assert_ne!(grown, changed, "{collection} has one more");
        let (one, two) =
            (format!("{collection}?pageSize=1"), format!("{collection}?page=2&pageSize=1"));
        let (first_page, second_page) = (now(writer, &one), now(writer, &two));
        assert_ne!(first_page, second_page, "{collection}");
        world.made(family);
        assert_ne!(now(writer, &one), first_page, "the total of {collection} is another");
        writer.delete(&added).expect(205);
        assert_ne!(now(writer, &collection), grown, "{collection}");
    });
}

#[test]
fn what_is_not_a_matter_of_the_table_has_no_last_modified_that_would_lie() {
    let world = World::new();
    for (path, client) in shown(&world) {
        let since = [("If-Modified-Since", "Fri, 31 Dec 2100 00:00:00 GMT")];
        let answer = sent(&client, "GET", &path, &since, None).expect(200);
        assert_eq!(answer.header("last-modified"), None, "{path}");
    }
}
