//! What a writer prefers to get back (RFC 7240).

use hydria::cli::serve::Options;
use serde_json::json;

use super::{change, now, sent, tag};
use crate::contract::families::{each_family, family};
use crate::contract::world::World;
use crate::support::{Answer, App};

#[track_caller]
fn assert_silent(answer: &Answer) {
    assert!(answer.bytes.is_empty(), "{:?}", answer.headers);
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("preference-applied"), Some("return=minimal"));
    assert!(answer.header("vary").unwrap_or_default().contains("Prefer"));
}

#[test]
fn a_post_and_a_put_are_silent_where_that_is_preferred() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let minimal = &[("Prefer", "return=minimal")];
        let body = (family.least)(world.number());
        let posted = sent(writer, "POST", &world.collection(family), minimal, Some(&body));
        let posted = posted.expect(201);
        assert_silent(&posted);
        let at = posted.header("location").expect("a location").to_owned();
        assert_eq!(tag(&posted), now(writer, &at), "{at}");
        assert_eq!(posted.header("content-location"), None, "there is no content");

        let path = world.item(family, world.number());
        let made = sent(writer, "PUT", &path, minimal, Some(&change(&world, family))).expect(201);
        assert_silent(&made);
        assert_eq!(made.header("location"), Some(format!("{}{path}", world.app.base).as_str()));
        assert_eq!(tag(&made), now(writer, &path), "{path}");
        let again = sent(writer, "PUT", &path, minimal, Some(&change(&world, family))).expect(200);
        assert_silent(&again);
        assert_eq!((again.header("location"), tag(&again)), (None, now(writer, &path)), "{path}");

        let whole = &[("Prefer", "return=representation")];
        let shown = sent(writer, "PUT", &path, whole, Some(&change(&world, family))).expect(200);
        assert_eq!(shown.header("preference-applied"), Some("return=representation"));
        assert_eq!(shown.bytes, writer.get(&path).expect(200).bytes, "{path}");
        let plain = writer.put(&path, &change(&world, family)).expect(200);
        assert_eq!(plain.header("preference-applied"), None);
    });
    let image = json!({ "id": "one", "space": world.space, "origin": "https://example.org/a.png" });
    let batch = json!({ "member": [image] });
    let queue = world.owner.path("/queue");
    let posted =
        sent(&world.owner.client, "POST", &queue, &[("Prefer", "return=minimal")], Some(&batch));
    assert_silent(&posted.clone().expect(201));
    let at = posted.header("location").expect("a location");
    assert_eq!(world.owner.client.get(at).expect(200).number("count"), 1);
}

#[test]
fn what_get_does_not_show_is_shown_whatever_is_preferred() {
    let world = World::new();
    let minimal = &[("Prefer", "return=minimal")];
    let key = sent(&world.owner.client, "POST", &world.owner.path("/keys"), minimal, None);
    let key = key.expect(201);
    assert!(!key.text("secret").is_empty());
    assert_eq!(key.header("preference-applied"), None);
    let test = format!("{}/test", world.batch());
    let told = sent(&world.owner.client, "POST", &test, minimal, None).expect(200);
    assert_eq!((&told.body["success"], told.header("preference-applied")), (&json!(false), None));
    assert_eq!(told.header("etag"), None, "what it tells is no state of anything");
}

#[test]
fn preferences_are_read_as_their_specification_writes_them() {
    let world = World::new();
    let (path, _) = world.made(family("Role"));
    for (lines, status, applied) in [
        (vec!["return=representation"], 200, Some("return=representation")),
        (vec!["respond-async, Return = \"representation\""], 200, Some("return=representation")),
        (vec!["wait=10", "return=representation; x=1"], 200, Some("return=representation")),
        (vec!["x=\", return=representation\""], 205, None),
        (vec!["return=minimal, return=representation"], 205, Some("return=minimal")),
        (vec!["handling=strict"], 205, Some("handling=strict")),
        (vec!["handling=strict, return=minimal"], 205, Some("return=minimal, handling=strict")),
        (vec!["return=everything"], 205, None),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| ("Prefer", *line)).collect();
        let answer = sent(&world.owner.client, "PATCH", &path, &headers, Some(&json!({})));
        let answer = answer.expect(status);
        assert_eq!(answer.header("preference-applied"), applied, "{lines:?}");
    }
    let read = sent(&world.owner.client, "GET", &path, &[("Prefer", "return=minimal")], None);
    let read = read.expect(200);
    assert!(!read.bytes.is_empty() && read.header("preference-applied").is_none());
}

#[test]
fn a_service_may_be_set_to_show_what_was_patched() {
    let settings = [("HYDRIA_PATCH_RETURNS", "representation")];
    let app = App::start_with(&settings, Options { no_worker: true, ..Options::default() });
    let path = app.customer("library").path("");
    let plain = app.administrator.patch(&path, &json!({ "displayName": "One" })).expect(200);
    assert_eq!(plain.text("displayName"), "One");
    assert_eq!(tag(&plain), now(&app.administrator, &path));
    let minimal = &[("Prefer", "return=minimal")];
    let silent = sent(&app.administrator, "PATCH", &path, minimal, Some(&json!({}))).expect(205);
    assert_silent(&silent);
}
