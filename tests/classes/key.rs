use serde_json::json;

use crate::support::App;

#[test]
fn a_secret_is_shown_once_and_the_key_stops_working_at_once_when_removed() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let keys = owner.path("/keys");
    let made = owner.client.post(&keys, &json!(null)).expect(201);
    let (key, secret) = (made.text("key"), made.text("secret"));
    assert_eq!(made.header("location"), Some(made.id().as_str()));
    let program = app.visitor.with_key(Some((&key, &secret)));
    program.get(&owner.path("/spaces")).expect(200);
    let listed = owner.client.get(&keys).expect(200);
    assert_eq!(listed.number("totalItems"), 2);
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(&secret));
    assert!(owner.client.get(&made.id()).expect(200).body.get("secret").is_none());
    owner.client.delete(&made.id()).expect(205);
    program.get(&owner.path("/spaces")).expect(401);
    owner.client.delete(&made.id()).expect(404);
}

#[test]
fn a_key_is_made_without_a_body_and_without_a_type() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let request = owner.client.request(reqwest::Method::POST, &owner.path("/keys"));
    owner.client.send(request).expect(201);
}

#[test]
fn the_last_key_of_an_administrator_stays() {
    let app = App::without_workers();
    let answer = app.administrator.delete("/customers/1/keys/administrator").expect(400);
    assert!(answer.text("detail").contains("last key"));
    app.administrator.get("/customers/1/keys/administrator").expect(200);
    app.administrator.post("/customers/1/keys", &json!({})).expect(201);
    app.administrator.delete("/customers/1/keys/administrator").expect(205);
    app.administrator.get("/customers").expect(401);
}

#[test]
fn wrong_credentials_are_refused_wherever_they_come() {
    let app = App::without_workers();
    for (key, secret) in [("administrator", "wrong"), ("nobody", "its-secret"), ("", "")] {
        let stranger = app.visitor.with_key(Some((key, secret)));
        for path in ["/", "/vocab", "/customers", "/customers/1", "/nothing"] {
            let answer = stranger.get(path);
            if path != "/vocab" {
                assert_eq!(answer.status, 401, "{path}");
                assert!(answer.header("www-authenticate").is_some_and(|v| v.starts_with("Basic ")));
            }
        }
    }
    let bearer = app.visitor.request(reqwest::Method::GET, "/").header("Authorization", "Bearer x");
    app.visitor.send(bearer).expect(401);
}
