use hydria::cli::serve::Options;
use serde_json::json;

use crate::support::App;

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = json!({
        "id": "a", "space": space, "origin": "https://example.org/a.tif", "roles": ["clickthrough"],
        "tags": ["x", "y"], "string1": "one", "string2": "two", "number3": 9_007_199_254_740_993_i64,
    });
    owner.submit(&[image]).expect(201);
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let before = owner.client.get(&path).expect(200).body;
    assert_eq!(before["mediaType"], "image/tiff");
    assert_eq!(before["number3"], 9_007_199_254_740_993_i64);
    owner.client.patch(&path, &json!({ "string1": "changed" })).expect(205);
    let mut wanted = before.clone();
    wanted["string1"] = "changed".into();
    assert_eq!(owner.client.get(&path).expect(200).body, wanted);
    owner.client.patch(&path, &json!({ "tags": [], "string2": null, "roles": null })).expect(205);
    let after = owner.client.get(&path).expect(200).body;
    assert_eq!(
        (&after["tags"], &after["string2"], &after["roles"]),
        (&json!([]), &json!(""), &json!([]))
    );
    let request = owner
        .client
        .request(reqwest::Method::PATCH, &path)
        .header("Content-Type", "application/merge-patch+json")
        .body(json!({ "string3": "merged" }).to_string());
    owner.client.send(request).expect(205);
    assert_eq!(owner.client.get(&path).expect(200).text("string3"), "merged");
}

#[test]
fn what_the_server_owns_is_ignored_and_identity_is_not() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = json!({ "id": "a", "space": space, "origin": "https://example.org/a" });
    owner.submit(&[image]).expect(201);
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let before = owner.client.get(&path).expect(200).body;
    let stale = json!({
        "width": 12, "error": "no", "finished": "2001-01-01T00:00:00Z", "batch": 7, "family": "F",
        "created": "yesterday", "unknown": { "a": 1 }, "thumbnail400": "x", "storage": [],
    });
    owner.client.patch(&path, &stale).expect(205);
    assert_eq!(owner.client.get(&path).expect(200).body, before);
    for (member, value) in [
        ("@id", json!("https://example.org/elsewhere")),
        ("@type", json!("Space")),
        ("id", json!("b")),
        ("space", json!(space + 1)),
    ] {
        let answer = owner.client.patch(&path, &json!({ member: value })).expect(400);
        assert_eq!(answer.faults(), [member]);
    }
    let same = json!({
        "@id": format!("{}{path}", app.base), "@type": ["vocab:Image"], "space": space.to_string(),
        "id": format!("{}/{space}/a", owner.id),
    });
    owner.client.patch(&path, &same).expect(205);
}

#[test]
fn texts_that_an_index_cannot_hold_are_refused_and_not_a_fault_of_ours() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = json!({
        "space": space, "origin": "https://example.org/a", "string1": "x".repeat(1001),
        "string2": "a\u{0}b", "tags": ["y".repeat(1001)], "mediaType": "z".repeat(1001),
    });
    let faults = owner.submit(&[image]).expect(400).faults();
    assert_eq!(
        faults,
        ["member[0].tags", "member[0].string1", "member[0].string2", "member[0].mediaType"]
    );
    let fits = json!({
        "space": space, "origin": "https://example.org/a", "id": "i".repeat(200),
        "string1": "é".repeat(500), "string2": "a".repeat(1000), "string3": "ß".repeat(500),
    });
    owner.submit(&[fits]).expect(201);
}

#[test]
fn a_space_that_is_not_there_is_a_bad_request_to_put_and_missing_otherwise() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let images = owner.path("/spaces/99/images");
    let body = json!({ "origin": "https://example.org/a" });
    owner.client.put(&format!("{images}/a"), &body).expect(400);
    owner.client.post(&images, &body).expect(404);
    owner.client.get(&images).expect(404);
    owner.client.get(&format!("{images}/a")).expect(404);
    owner.client.patch(&format!("{images}/a"), &body).expect(404);
    owner.client.delete(&format!("{images}/a")).expect(404);
    owner.client.get(&format!("{images}?orderBy=nonsense")).expect(404);
}

#[test]
fn ids_are_case_sensitive_segments_and_escapes_mean_the_same() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = |id: &str| json!({ "id": id, "space": space, "origin": "https://example.org/a" });
    owner.submit(&[image("Page:1"), image("page:1"), image("a@b!c;d=e,f'(g)*+$&~")]).expect(201);
    let images = owner.path(&format!("/spaces/{space}/images"));
    let found = owner.client.get(&format!("{images}/Page%3A1")).expect(200);
    assert_eq!(found.text("id"), "Page:1");
    assert!(found.id().ends_with("/images/Page:1"));
    owner.client.get(&format!("{images}/a@b!c;d=e,f'(g)*+$&~")).expect(200);
    for wrong in ["a%2Fb", "a%20b", "%FF", "a%25b"] {
        owner.client.get(&format!("{images}/{wrong}")).expect(404);
        owner.client.put(&format!("{images}/{wrong}"), &image("a")).expect(400);
    }
}

#[test]
fn a_post_takes_the_id_in_every_spelling_of_the_address_and_of_the_space() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
    let owner = app.customer("library");
    let (space, other) = (owner.space("maps"), owner.space("prints"));
    let images = owner.path(&format!("/spaces/{space}/images"));
    let customer = images.split('/').nth(2).expect("a customer").to_owned();
    // A space of one digit, with its escape.
    let escaped = images.replace(&format!("/spaces/{space}/"), &format!("/spaces/%3{space}/"));
    for (at, id) in [
        (&images, "one".to_owned()),
        (&images, format!("{customer}/{space}/two")),
        (&images, format!("{images}/three")),
        (&escaped, format!("{customer}/{space}/four")),
    ] {
        let body = json!({ "id": id, "origin": "http://127.0.0.1:1/x.png" });
        let made = owner.client.post(at, &body).expect(201);
        assert_eq!(made.text("id"), id.rsplit('/').next().expect("an id"), "{at}: {id}");
    }
    for id in [format!("{customer}/{other}/five"), format!("1/{space}/six"), "a/b".into()] {
        let body = json!({ "id": id, "origin": "http://127.0.0.1:1/x.png" });
        owner.client.post(&images, &body).expect(400);
    }
}

#[test]
fn a_media_type_that_the_origin_told_follows_it_and_one_that_was_given_stays() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}/images/a", owner.space("maps")));
    let origin = |name: &str| format!("https://example.org/{name}");
    let media_type = || owner.client.get(&path).expect(200).text("mediaType");
    owner.client.put(&path, &json!({ "origin": origin("coffee.png") })).expect(201);
    assert_eq!(media_type(), "image/png");
    owner.client.put(&path, &json!({ "string1": "no other origin" })).expect(200);
    assert_eq!(media_type(), "image/png");
    owner.client.put(&path, &json!({ "origin": origin("rocket.jpg") })).expect(200);
    assert_eq!(media_type(), "image/jpeg");
    owner.client.patch(&path, &json!({ "origin": origin("map.tif") })).expect(205);
    assert_eq!(media_type(), "image/tiff");
    let given = json!({ "origin": origin("moon.gif"), "mediaType": "image/x-own" });
    owner.client.patch(&path, &given).expect(205);
    owner.client.put(&path, &json!({ "origin": origin("rocket.jpg") })).expect(200);
    assert_eq!(media_type(), "image/x-own");
    owner.client.patch(&path, &json!({ "mediaType": null })).expect(205);
    assert_eq!(media_type(), "image/jpeg");
}

#[test]
fn an_origin_with_a_blank_at_its_end_or_without_a_host_says_so() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let put = |origin: &str| {
        let refused = owner.client.put(&path, &json!({ "origin": origin })).expect(400);
        assert_eq!(refused.faults(), ["origin"]);
        refused.text("detail")
    };
    for origin in ["https://example.org/a.jpg ", "\thttps://example.org/a.jpg"] {
        assert!(put(origin).contains("blank"), "{origin:?}: {}", put(origin));
    }
    assert!(put("http:///example.org/a.jpg").contains("absolute URL"));
}
