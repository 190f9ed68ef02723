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

#[test]
fn a_read_only_key_reads_all_that_another_reads_and_writes_nothing() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let made = owner.client.post(&owner.path("/keys"), &json!({ "readOnly": true })).expect(201);
    assert_eq!((&made.body["readOnly"], made.body.get("expires")), (&json!(true), None));
    let (key, secret) = (made.text("key"), made.text("secret"));
    let reader = app.visitor.with_key(Some((&key, &secret)));
    for path in ["", "/spaces", "/keys", "/webhooks", "/allImages", "/changes"] {
        reader.get(&owner.path(path)).expect(200);
    }
    let shown = reader.get(&owner.path(&format!("/spaces/{space}"))).expect(200);
    assert!(shown.body.get("hydra:operation").is_none(), "{}", shown.body);
    assert!(reader.get(&owner.path("/spaces")).expect(200).body.get("hydra:operation").is_none());
    let space = owner.path(&format!("/spaces/{space}"));
    let name = json!({ "name": "other" });
    let all = format!("{space}/images?all=true&dryRun=true");
    for refused in [
        reader.post(&owner.path("/spaces"), &name),
        reader.put(&owner.path("/spaces/77"), &name),
        reader.patch(&space, &name),
        reader.delete(&space),
        reader.post(&owner.path("/keys"), &json!({})),
        reader.delete(&made.id()),
        reader.post(&owner.path("/allImages"), &json!({ "member": [{ "id": "1/1/a" }] })),
        // What would be done is asked with the method that does it.
        reader.delete(&all),
    ] {
        let refused = refused.expect(403);
        assert!(refused.text("detail").contains("only reads"), "{}", refused.body);
    }
    // What is no address for that method is refused as ever, and so is another customer's.
    reader.patch(&made.id(), &json!({})).expect(405);
    reader.get("/customers/1").expect(403);
    let named = reader.request(reqwest::Method::POST, &owner.path("/spaces"));
    let named =
        named.header("Idempotency-Key", "\"one\"").header("Content-Type", "application/json");
    reader.send(named.body(name.to_string())).expect(403);
    // Another key may use the same name; nothing was kept of the refusal.
    let named = owner.client.request(reqwest::Method::POST, &owner.path("/spaces"));
    let named =
        named.header("Idempotency-Key", "\"one\"").header("Content-Type", "application/json");
    owner.client.send(named.body(name.to_string())).expect(201);
}

#[test]
fn a_read_only_key_of_an_administrator_reads_everywhere_and_writes_nowhere() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let made = app.administrator.post("/customers/1/keys", &json!({ "readOnly": true }));
    let made = made.expect(201);
    let reader = app.visitor.with_key(Some((&made.text("key"), &made.text("secret"))));
    reader.get(&owner.path("/spaces")).expect(200);
    assert_eq!(reader.get("/customers").expect(200).number("totalItems"), 2);
    reader.post("/customers", &json!({ "name": "other" })).expect(403);
    reader.post(&owner.path("/keys"), &json!({})).expect(403);
}

#[test]
fn a_key_stops_working_when_it_expires_however_often_it_was_used_before() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let ends = chrono::Utc::now() + chrono::Duration::seconds(4);
    let made = owner.client.post(&owner.path("/keys"), &json!({ "expires": ends.to_rfc3339() }));
    let made = made.expect(201);
    assert!(!made.text("expires").is_empty());
    let program = app.visitor.with_key(Some((&made.text("key"), &made.text("secret"))));
    loop {
        let asked = chrono::Utc::now();
        let answer = program.get(&owner.path("/spaces"));
        match answer.status {
            200 => assert!(asked <= ends, "it worked {} after its end", asked - ends),
            status => {
                assert_eq!(status, 401, "{}", answer.body);
                assert!(chrono::Utc::now() >= ends, "it ended before its end");
                break;
            }
        }
    }
    // It is still there to be seen and removed.
    owner.client.get(&made.id()).expect(200);
    owner.client.delete(&made.id()).expect(205);
}

#[test]
fn limits_of_a_key_are_judged_when_it_is_made() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let keys = owner.path("/keys");
    for (body, faulty) in [
        (json!({ "expires": "2020-01-01T00:00:00Z" }), vec!["expires"]),
        (json!({ "expires": "tomorrow", "readOnly": "yes" }), vec!["readOnly", "expires"]),
        (json!({ "id": "mine" }), vec!["id"]),
        (json!({ "@type": "Space" }), vec!["@type"]),
    ] {
        let refused = owner.client.post(&keys, &body).expect(400);
        assert_eq!(refused.faults(), faulty, "{}", refused.body);
    }
    owner.client.post(&keys, &json!([1])).expect(400);
    let whole =
        json!({ "@type": "Key", "readOnly": false, "expires": null, "key": "mine", "more": 1 });
    let made = owner.client.post(&keys, &whole).expect(201);
    assert!(made.text("key") != "mine" && made.body.get("expires").is_none(), "{}", made.body);
    let turtle = owner.client.request(reqwest::Method::POST, &keys);
    let turtle = turtle.header("Content-Type", "text/turtle");
    let body = format!("[] <{}/vocab#Key/readOnly> true .", app.base);
    assert_eq!(owner.client.send(turtle.body(body)).expect(201).body["readOnly"], true);
}

#[test]
fn keys_with_limits_do_not_count_as_the_last_of_an_administrator() {
    let app = App::without_workers();
    let keys = "/customers/1/keys";
    let limits = [json!({ "readOnly": true }), json!({ "expires": "2099-01-01T00:00:00Z" })];
    let limited: Vec<String> =
        limits.iter().map(|limits| app.administrator.post(keys, limits).expect(201).id()).collect();
    let refused = app.administrator.delete("/customers/1/keys/administrator").expect(400);
    assert!(refused.text("detail").contains("last key"), "{}", refused.body);
    for limited in limited {
        app.administrator.delete(&limited).expect(205);
    }
}
