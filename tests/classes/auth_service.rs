use reqwest::Method;
use serde_json::json;

use crate::support::{App, rows, until};

#[test]
fn nested_services_stand_in_their_parent_and_among_all() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let services = owner.path("/authServices");
    owner.client.put(&format!("{services}/login"), &json!({ "label": "Log in" })).expect(201);
    let nested = format!("{services}/login/nestedServices");
    let token = json!({ "name": "token", "id": "token", "timeToLive": 600 });
    let made = owner.client.post(&nested, &token).expect(201);
    assert!(made.id().ends_with("/authServices/token"), "{}", made.id());
    assert_eq!(owner.client.get(&nested).expect(200).each("id"), ["token"]);
    // The id in every spelling of an address (rules 2.3): of the service, and of the collection posted to.
    let base = made.id().split("/customers/").next().expect("a base").to_owned();
    for (id, name) in [
        (made.id().replace("/token", "/by-address"), "by-address"),
        (format!("{base}{nested}/by-list"), "by-list"),
    ] {
        let body = json!({ "name": name, "id": id });
        let made = owner.client.post(&nested, &body).expect(201);
        assert!(made.id().ends_with(&format!("/authServices/{name}")), "{}", made.id());
        owner.client.delete(&made.id()).expect(205);
    }
    let other = format!("{base}/customers/1/authServices/elsewhere");
    owner.client.post(&nested, &json!({ "name": "elsewhere", "id": other })).expect(400);
    let all = owner.client.get(&services).expect(200).each("id");
    assert_eq!(all, ["clickthrough", "login", "logout", "token"]);
    owner.client.post(&format!("{services}/none/nestedServices"), &token).expect(404);
    owner.client.delete(&format!("{services}/login")).expect(205);
    owner.client.get(&made.id()).expect(404);
}

#[test]
fn a_role_provider_is_linked_while_it_is_there_and_hides_its_credentials() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let service = owner.path("/authServices/clickthrough");
    let provider = format!("{service}/roleProvider");
    owner.client.get(&provider).expect(404);
    assert!(owner.client.get(&service).expect(200).body.get("roleProvider").is_none());
    let body = json!({
        "configuration": "{\"config\": \"cas\", \"target\": \"https://example.org/login\"}",
        "credentials": { "user": "us", "password": "hush" },
    });
    let made = owner.client.put(&provider, &body).expect(201);
    assert!(!String::from_utf8_lossy(&made.bytes).contains("hush"));
    let linked = owner.client.get(&service).expect(200);
    assert_eq!(linked.text("roleProvider"), made.id());
    owner.client.put(&provider, &json!({})).expect(200);
    let kept = owner.client.get(&provider).expect(200);
    assert_eq!(kept.body["configuration"], body["configuration"]);
    owner.client.patch(&provider, &json!({ "configuration": "no JSON" })).expect(400);
    owner.client.put(&owner.path("/authServices/none/roleProvider"), &json!({})).expect(404);
    owner.client.delete(&provider).expect(205);
    owner.client.delete(&provider).expect(404);
}

#[test]
fn a_service_that_a_role_names_is_in_use() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let services = owner.path("/authServices");
    owner.client.put(&format!("{services}/login"), &json!({})).expect(201);
    let role = owner.path("/roles/staff");
    owner.client.put(&role, &json!({ "authService": "login" })).expect(201);
    owner.client.delete(&format!("{services}/login")).expect(409);
    owner.client.patch(&role, &json!({ "authService": null })).expect(205);
    assert!(owner.client.get(&role).expect(200).body.get("authService").is_none());
    owner.client.delete(&format!("{services}/login")).expect(205);
}

#[test]
fn names_that_stand_in_public_addresses_are_segments() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for kind in ["/authServices", "/namedQueries"] {
        let body = json!({ "name": "two words", "template": "space=p1" });
        let answer = owner.client.post(&owner.path(kind), &body).expect(400);
        assert_eq!(answer.faults(), ["name"]);
    }
}

#[test]
fn a_deletion_is_judged_by_the_provider_that_is_there_once_the_service_is_locked() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let service = owner.path("/authServices/login");
    owner.client.put(&service, &json!({})).expect(201);
    let shown = owner.client.get(&service).expect(200);
    let tag = shown.header("ETag").expect("a tag").to_owned();
    // Another request makes a provider, and has not committed yet.
    let mut other = app.database();
    let at = format!("customer = {} AND id = 'login'", owner.id);
    rows::execute(&mut other, "BEGIN");
    rows::execute(
        &mut other,
        &format!("SELECT id FROM auth_services WHERE {at} FOR NO KEY UPDATE"),
    );
    let made = format!("INSERT INTO role_providers VALUES ({}, 'login', '{{}}', NULL)", owner.id);
    rows::execute(&mut other, &made);
    let mut watch = app.database();
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    std::thread::scope(|threads| {
        let deletion = threads.spawn(|| {
            let request = owner.client.request(Method::DELETE, &service).header("If-Match", tag);
            owner.client.send(request).status
        });
        until("the deletion to wait", || rows::number(&mut watch, waiting) == 1);
        rows::execute(&mut other, "COMMIT");
        assert_eq!(deletion.join().expect("no panic"), 412);
    });
    owner.client.get(&format!("{service}/roleProvider")).expect(200);
}
