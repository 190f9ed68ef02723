use serde_json::json;

use crate::support::{App, Origin};

#[test]
fn order_and_regex_choose_the_strategy_and_a_put_of_the_regex_keeps_the_credentials() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let space = owner.space("maps");
    let strategies = owner.path("/originStrategies");
    let locked = |name: &str| origin.url(&format!("/basic/anna/hush/40x30/{name}.png"));
    let image = |id: &str| {
        let path = owner.path(&format!("/spaces/{space}/images/{id}"));
        owner.client.put(&path, &json!({ "origin": locked(id) })).expect(201).text("error")
    };
    assert!(image("a").contains("credentials"), "fetched without credentials");

    let strategy = json!({
        "regex": "/BASIC/", "strategy": "basic-http-authentication", "order": 5,
        "credentials": "{\"user\": \"anna\", \"password\": \"hush\"}",
    });
    let made = owner.client.put(&format!("{strategies}/locked"), &strategy).expect(201);
    assert!(!String::from_utf8_lossy(&made.bytes).contains("hush"), "credentials are shown");
    assert_eq!(image("b"), "", "regexes are found anywhere, ignoring case");

    let regex = json!({ "regex": "^http://127.*/basic/" });
    owner.client.put(&format!("{strategies}/locked"), &regex).expect(200);
    assert_eq!(image("c"), "", "the credentials are gone");

    let first = json!({ "regex": "basic", "originStrategy": "default", "order": 1 });
    owner.client.put(&format!("{strategies}/first"), &first).expect(201);
    assert!(image("d").contains("credentials"), "the order does not decide");
    let listed = owner.client.get(&strategies).expect(200);
    assert_eq!(listed.each("id"), ["first", "locked"]);
}

#[test]
fn credentials_follow_by_put_and_are_never_shown() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let space = owner.space("maps");
    let strategy = owner.path("/originStrategies/locked");
    let body = json!({ "regex": "basic", "originStrategy": "basic_https" });
    let made = owner.client.put(&strategy, &body).expect(201);
    assert!(made.text("originStrategy").ends_with("/originStrategies/basic-http-authentication"));
    let fetch = |id: &str| {
        let path = owner.path(&format!("/spaces/{space}/images/{id}"));
        let origin = origin.url("/basic/anna/hush/40x30/a.png");
        owner.client.put(&path, &json!({ "origin": origin })).expect(201).text("error")
    };
    let error = fetch("a");
    assert!(error.contains("needs a user and a password"), "{error}");
    let credentials = format!("{strategy}/credentials");
    owner.client.get(&credentials).expect(405);
    let wrong = json!({ "user": "anna", "password": "wrong" });
    let stored = owner.client.put(&credentials, &wrong).expect(201);
    assert!(stored.bytes.is_empty());
    let right = json!({ "user": "anna", "password": "hush" });
    owner.client.put(&credentials, &right).expect(200);
    assert_eq!(fetch("b"), "");
    owner.client.put(&credentials, &json!({ "user": "anna" })).expect(400);
    owner.client.put(&owner.path("/originStrategies/none/credentials"), &right).expect(404);
    assert_eq!(fetch("c"), "");
}

#[test]
fn what_cannot_work_is_refused_when_it_is_written() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let post = |body: serde_json::Value| {
        owner.client.post(&owner.path("/originStrategies"), &body).expect(400).faults()
    };
    assert_eq!(post(json!({})), ["regex", "originStrategy"]);
    assert_eq!(post(json!({ "regex": "*", "strategy": "gopher" })), ["regex", "originStrategy"]);
    assert_eq!(
        post(json!({ "regex": "a", "strategy": "default",
                     "credentials": { "user": "a", "password": "b" } })),
        ["credentials"]
    );
    assert_eq!(
        post(json!({ "regex": "a", "strategy": "default", "credentials": "no JSON" })),
        ["credentials"]
    );
    let body = json!({ "regex": r"(?<!\.tif|\.tiff)$", "strategy": "default" });
    owner.client.post(&owner.path("/originStrategies"), &body).expect(201);
    assert_eq!(post(body), ["regex"], "the same pattern twice");
}

#[test]
fn a_strategy_without_an_order_is_tried_after_the_others() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let strategies = owner.path("/originStrategies");
    let order = |id: &str, body: serde_json::Value| {
        let mut body = body;
        body["regex"] = id.into();
        body["originStrategy"] = "default".into();
        let answer = owner.client.put(&format!("{strategies}/{id}"), &body);
        assert!(answer.status < 300, "{}", answer.body);
        answer.number("order")
    };
    assert_eq!(order("first", json!({})), 0);
    assert_eq!(order("second", json!({ "order": 7 })), 7);
    assert_eq!(order("third", json!({})), 8);
    assert_eq!(order("fourth", json!({ "order": null })), 9);
    assert_eq!(order("first", json!({})), 0, "what is left out stays");
    assert_eq!(order("first", json!({ "order": null })), 10, "null puts it after the others");
    assert_eq!(order("first", json!({ "order": null })), 10, "itself is no other");
    owner.client.patch(&format!("{strategies}/second"), &json!({ "order": null })).expect(205);
    let listed = owner.client.get(&strategies).expect(200);
    assert_eq!(listed.each("id"), ["third", "fourth", "first", "second"]);
}

#[test]
fn a_customer_has_a_hundred_strategies_at_most() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let strategies = owner.path("/originStrategies");
    let strategy = |n: usize| json!({ "regex": format!("/{n}/"), "originStrategy": "default" });
    for n in 0..100 {
        owner.client.post(&strategies, &strategy(n)).expect(201);
    }
    for refused in [
        owner.client.post(&strategies, &strategy(100)).expect(400),
        owner.client.put(&format!("{strategies}/more"), &strategy(100)).expect(400),
    ] {
        assert!(refused.text("detail").contains("100 at most"), "{}", refused.body);
    }
    let listed = owner.client.get(&strategies).expect(200);
    let first = &listed.members()[0];
    let path = first["@id"].as_str().expect("an address").to_owned();
    owner.client.put(&path, &json!({ "regex": "/changed/" })).expect(200);
    owner.client.delete(&path).expect(205);
    owner.client.post(&strategies, &strategy(100)).expect(201);
    let other = app.customer("another");
    other.client.post(&other.path("/originStrategies"), &strategy(0)).expect(201);
}
