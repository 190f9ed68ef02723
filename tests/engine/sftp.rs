//! Origins on servers of SFTP, and the keys by which those are known.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::file_server::Folders;
use crate::support::{App, pictures};

fn folders() -> Folders {
    let picture = pictures::smooth("40x30");
    Folders::of(&[("scans/b é.png", &picture), ("a.png", &picture), ("empty.png", b"")])
}

fn strategy(credentials: &Value) -> Value {
    json!({ "regex": "^sftp:", "originStrategy": "sftp", "credentials": credentials })
}

fn password() -> Value {
    json!({ "user": "reader", "password": "secret" })
}

#[test]
fn a_file_is_fetched_with_a_password_or_a_private_key() {
    let (scene, folders) = (Scene::start(), folders());
    let server = folders.sftp(0);
    let client = &scene.owner.client;
    let path = scene.owner.path("/originStrategies/scans");
    client.put(&path, &strategy(&password())).expect(201);
    let at = |path: &str| format!("sftp://127.0.0.1:{}{path}", server.port);
    let put = |id: &str, path: &str| {
        let answer = scene.put(id, &at(path)).expect(201);
        (answer.text("error"), answer.number("width"))
    };
    assert_eq!(put("a", "/scans/b%20%C3%A9.png"), (String::new(), 40));
    assert_eq!(put("home", "/~/a.png"), (String::new(), 40));
    assert!(put("missing", "/none.png").0.contains("no such file"));
    assert!(put("empty", "/empty.png").0.contains("empty"));
    assert!(!put("folder", "/scans").0.is_empty());
    let batch = scene.submit(&["one", "two", "three"], &at("/a.png"));
    scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (3, 0));

    let key = std::fs::read_to_string(folders.key("client")).expect("a key");
    let credentials = format!("{path}/credentials");
    client.put(&credentials, &json!({ "user": "reader", "privateKey": key })).expect(200);
    let before = server.said().len();
    assert_eq!(put("b", "/a.png"), (String::new(), 40));
    assert_eq!(server.said().len(), before, "a password was told");
    client.put(&credentials, &json!({ "user": "reader", "password": "wrong" })).expect(200);
    assert!(put("c", "/a.png").0.contains("refuses the user"));
}

#[test]
fn a_host_is_known_by_the_key_of_the_first_fetch_and_is_told_nothing_when_it_changes() {
    let scene = Scene::with(&[("HYDRIA_RETRIES", "5")]);
    let folders = folders();
    let server = folders.sftp(0);
    let port = server.port;
    let origin = format!("sftp://127.0.0.1:{port}/a.png");
    let client = &scene.owner.client;
    let path = scene.owner.path("/originStrategies/scans");
    client.put(&path, &strategy(&password())).expect(201);
    assert_eq!(scene.put("a", &origin).expect(201).text("error"), "");
    let known = server.key.clone();
    drop(server);
    std::fs::remove_file(folders.key("host")).expect("a key");
    let other = folders.sftp(port);
    assert_ne!(other.key, known);
    let refused = scene.put("b", &origin).expect(201);
    let error = refused.text("error");
    assert!(error.contains(&other.key) && error.contains(&known), "{error}");
    assert_eq!(refused.body.get("ingesting"), Some(&json!(false)), "it is a lasting error");
    assert_eq!(other.said(), [""; 0], "a password was told");
    client.patch(&path, &json!({ "order": 3 })).expect(205);
    assert!(!scene.put("c", &origin).expect(201).text("error").is_empty(), "still");
    client.put(&format!("{path}/credentials"), &password()).expect(200);
    assert_eq!(scene.put("d", &origin).expect(201).text("error"), "", "credentials are new");
    assert_eq!(other.said(), ["password reader secret"]);
}

#[test]
fn a_key_that_the_credentials_name_is_the_only_one() {
    let (scene, folders) = (Scene::start(), folders());
    let server = folders.sftp(0);
    let origin = format!("sftp://127.0.0.1:{}/a.png", server.port);
    let path = scene.owner.path("/originStrategies/scans");
    let with = |key: &str| json!({ "user": "reader", "password": "secret", "hostKey": key });
    let other = "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDvQfBl8BsaBUSsTbk";
    scene.owner.client.put(&path, &strategy(&with(other))).expect(201);
    let error = scene.put("a", &origin).expect(201).text("error");
    assert!(error.contains(other), "{error}");
    assert_eq!(server.said(), [""; 0], "a password was told");
    let credentials = format!("{path}/credentials");
    scene.owner.client.put(&credentials, &with(&server.key)).expect(200);
    assert_eq!(scene.put("b", &origin).expect(201).text("error"), "");
}

#[test]
fn a_server_of_sftp_passes_the_check_of_addresses() {
    let folders = folders();
    let server = folders.sftp(0);
    let scene = Scene::with(&[("HYDRIA_ORIGIN_ALLOW", "192.168.1.1")]);
    let path = scene.owner.path("/originStrategies/scans");
    scene.owner.client.put(&path, &strategy(&password())).expect(201);
    for (id, host) in [("address", "127.0.0.1"), ("name", "localhost"), ("six", "[::1]")] {
        let origin = format!("sftp://{host}:{}/a.png", server.port);
        let error = scene.put(id, &origin).expect(201).text("error");
        assert!(error.contains("no public address"), "{host}: {error}");
    }
    assert_eq!(server.said(), [""; 0]);
}

#[test]
fn what_no_server_of_sftp_could_be_told_is_refused_when_it_is_written() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let path = owner.path("/originStrategies/scans");
    owner.client.put(&path, &json!({ "regex": "^sftp:", "originStrategy": "sftp" })).expect(201);
    let put =
        |body: Value| owner.client.put(&format!("{path}/credentials"), &body).expect(400).faults();
    assert_eq!(put(json!({})), ["user"]);
    assert_eq!(put(json!({ "user": "reader" })), ["password"]);
    assert_eq!(put(json!({ "user": "reader", "privateKey": "no key" })), ["privateKey"]);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBvTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(put(json!({ "user": "reader", "privateKey": encrypted })), ["privateKey"]);
    let key = json!({ "user": "reader", "password": "x", "hostKey": "MD5:00:11" });
    assert_eq!(put(key), ["hostKey"]);
    let space = owner.space("maps");
    let image = owner.path(&format!("/spaces/{space}/images/a"));
    for origin in ["sftp://example.org/", "sftp://example.org/scans/", "sftp://a:b@example.org/x"] {
        let refused = owner.client.put(&image, &json!({ "origin": origin })).expect(400);
        assert_eq!(refused.faults(), ["origin"], "{origin}");
    }
}
