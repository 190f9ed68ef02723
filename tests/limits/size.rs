//! The texts of one resource are bounded together, in every form of body.

use hydria::cli::serve::Options;
use serde_json::{Value, json};

use crate::support::{Answer, App, Owner, rows};

/// A service in which nobody waits for the processing of images.
fn start() -> App {
    let options = Options { no_worker: true, ..Options::default() };
    App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options)
}

/// Tags of `bytes` bytes together, none longer than is allowed.
fn tags(bytes: usize) -> Vec<String> {
    // Different ones, for triples say a thing once.
    let whole = (0..bytes / 1000).map(|n| format!("{n:04}{}", "t".repeat(996)));
    let rest = Some(bytes % 1000).filter(|rest| *rest > 0).map(|rest| "r".repeat(rest));
    whole.chain(rest).collect()
}

fn image(tags: &[String]) -> Value {
    json!({ "origin": "http://127.0.0.1:1/x.png", "tags": tags })
}

/// Asserts that a body is refused for its size, by a fault that names members and sum.
#[track_caller]
fn refused(answer: &Answer, member: &str) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let violations = answer.body["violations"].as_array().expect("violations");
    let fault = violations.iter().find(|fault| fault["propertyPath"] == member);
    let message = fault.unwrap_or_else(|| panic!("{}", answer.body))["message"].to_string();
    assert!(message.contains("at most 16384 are allowed"), "{message}");
    assert!(message.contains("(tags ") && message.contains("origin "), "{message}");
}

fn held(owner: &Owner, path: &str) -> usize {
    owner.client.get(path).expect(200).body["tags"].as_array().expect("tags").len()
}

#[test]
fn an_image_holds_16_kib_of_texts_whatever_form_the_body_has() {
    let app = start();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = |id: &str| owner.path(&format!("/spaces/{space}/images/{id}"));
    let (fits, large) = (tags(16_000), tags(16_384));

    owner.client.put(&path("a"), &image(&fits)).expect(201);
    refused(&owner.client.put(&path("b"), &image(&large)), "tags");
    refused(&owner.client.put(&path("a"), &image(&large)), "tags");
    refused(&owner.client.patch(&path("a"), &json!({ "tags": large })), "tags");
    let images = owner.path(&format!("/spaces/{space}/images"));
    refused(&owner.client.post(&images, &image(&large)), "tags");
    let mut member = image(&large);
    member["space"] = json!(space);
    refused(&owner.submit(&[member]), "member[0].tags");
    // A member that fits alone, and not with what is held.
    refused(&owner.client.patch(&path("a"), &json!({ "string1": "s".repeat(500) })), "tags");

    let turtle = format!(
        "<> <{base}/vocab#Image/tags> {} .",
        large.iter().map(|tag| format!("{tag:?}")).collect::<Vec<_>>().join(", "),
        base = app.base
    );
    let request = owner.client.request(reqwest::Method::PATCH, &path("a"));
    let answer = owner.client.send(request.header("Content-Type", "text/turtle").body(turtle));
    refused(&answer, "tags");
    // What JSON writes longer counts as long.
    let escaped = json!({ "tags": (0..3).map(|n| format!("{n}{}", "\u{1}".repeat(950))).collect::<Vec<_>>() });
    refused(&owner.client.patch(&path("a"), &escaped), "tags");
    assert_eq!(held(&owner, &path("a")), fits.len());
}

#[test]
fn defaults_of_a_space_count_for_the_images_that_take_them() {
    let app = start();
    let owner = app.customer("library");
    let body = json!({ "name": "maps", "defaultTags": tags(16_000) });
    let space = owner.client.post(&owner.path("/spaces"), &body).expect(201).number("id");
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let mut body = json!({ "origin": "http://127.0.0.1:1/x.png", "string1": "s".repeat(800) });
    let answer = owner.client.put(&path, &body);
    refused(&answer, "tags");
    assert!(answer.text("detail").contains("defaults included"), "{}", answer.body);
    body["tags"] = json!(["own"]);
    owner.client.put(&path, &body).expect(201);
    let body = json!({ "defaultTags": tags(33_000) });
    let answer = owner.client.patch(&owner.path(&format!("/spaces/{space}")), &body).expect(400);
    assert!(answer.text("detail").contains("at most 16384 are allowed"), "{}", answer.body);
}

#[test]
fn what_is_larger_from_before_is_read_and_changed_as_long_as_it_does_not_grow() {
    let app = start();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    owner.client.put(&path, &image(&[])).expect(201);
    let old = "UPDATE images SET tags = array_fill(repeat('t', 1000), ARRAY[40])";
    assert_eq!(rows::execute(&mut app.database(), old), 1);

    assert_eq!(held(&owner, &path), 40);
    let images = owner.path(&format!("/spaces/{space}/images"));
    assert_eq!(owner.client.get(&images).expect(200).members().len(), 1);
    owner.client.patch(&path, &json!({ "number1": 7 })).expect(205);
    owner.client.patch(&path, &json!({ "tags": tags(39_000) })).expect(205);
    refused(&owner.client.patch(&path, &json!({ "string1": "more" })), "tags");
    owner.client.patch(&path, &json!({ "tags": ["few"], "string1": "more" })).expect(205);
}
