//! Origins in buckets of S3, with the customer's own keys, and what nobody may fetch from there.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::s3::{ACCESS_KEY, REGION, S3, SECRET_KEY};
use crate::support::{App, pictures};

/// A bucket with a picture under each of these keys.
fn bucket(keys: &[&str]) -> S3 {
    let s3 = S3::start();
    s3.make_bucket("maps");
    let picture = pictures::smooth("40x30");
    for key in keys {
        s3.write("maps", key, &picture);
    }
    s3
}

fn keys(s3: &S3) -> Value {
    json!({
        "accessKeyId": ACCESS_KEY, "secretAccessKey": SECRET_KEY,
        "region": REGION, "endpoint": s3.endpoint(),
    })
}

fn strategy(credentials: &Value) -> Value {
    json!({ "regex": "^s3:|/maps/", "originStrategy": "s3", "credentials": credentials })
}

#[test]
fn an_object_is_fetched_with_the_keys_of_the_customer() {
    let key = "scans/b (1)+=é&~.png";
    let (scene, s3) = (Scene::start(), bucket(&["scans/a.png", key]));
    let client = &scene.owner.client;
    client.post(&scene.owner.path("/originStrategies"), &strategy(&keys(&s3))).expect(201);
    let by_path = format!("{}/maps/scans/a.png", s3.endpoint());
    for (id, origin) in [
        ("plain", "s3://maps/scans/a.png"),
        ("odd", "s3://maps/scans/b (1)+=é&~.png"),
        ("encoded", "s3://maps/scans/b%20(1)%2B=%C3%A9&~.png"),
        ("path", &by_path),
    ] {
        let answer = scene.put(id, origin).expect(201);
        assert_eq!((answer.text("error").as_str(), answer.number("width")), ("", 40), "{origin}");
    }
    let batch = scene.submit(&["one", "two"], "s3://maps/scans/a.png");
    scene.owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (2, 0));
    let missing = scene.put("missing", "s3://maps/scans/none.png").expect(201).text("error");
    assert!(missing.contains("no such file"), "{missing}");
}

#[test]
fn wrong_keys_are_a_lasting_error_and_what_they_are_is_never_shown() {
    let (scene, s3) = (Scene::start(), bucket(&["a.png"]));
    let client = &scene.owner.client;
    let path = scene.owner.path("/originStrategies/bucket");
    let mut wrong = keys(&s3);
    wrong["secretAccessKey"] = "another secret".into();
    client.put(&path, &strategy(&wrong)).expect(201);
    let error = scene.put("a", "s3://maps/a.png").expect(201).text("error");
    assert!(error.contains("403"), "{error}");
    let shown = client.get(&path).expect(200);
    assert!(shown.body.get("credentials").is_none());
    assert!(!String::from_utf8_lossy(&shown.bytes).contains("another secret"));
    client.put(&format!("{path}/credentials"), &keys(&s3)).expect(200);
    assert_eq!(scene.put("b", "s3://maps/a.png").expect(201).text("error"), "");
}

#[test]
fn the_server_of_a_bucket_passes_the_check_of_addresses() {
    let s3 = bucket(&["a.png"]);
    let scene = Scene::with(&[("HYDRIA_ORIGIN_ALLOW", "192.168.1.1")]);
    let body = strategy(&keys(&s3));
    scene.owner.client.post(&scene.owner.path("/originStrategies"), &body).expect(201);
    for (id, origin) in
        [("s3", "s3://maps/a.png".to_owned()), ("http", format!("{}/maps/a.png", s3.endpoint()))]
    {
        let error = scene.put(id, &origin).expect(201).text("error");
        assert!(error.contains("no public address"), "{error}");
    }
    assert_eq!(s3.asked().iter().filter(|asked| asked.starts_with("GET")).count(), 0);
}

#[test]
fn keys_that_cannot_be_right_are_refused_member_by_member() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let path = owner.path("/originStrategies/bucket");
    let body = json!({ "regex": "^s3:", "originStrategy": "s3" });
    owner.client.put(&path, &body).expect(201);
    let put = |body: &Value| owner.client.put(&format!("{path}/credentials"), body).expect(400);
    assert_eq!(put(&json!({})).faults(), ["accessKeyId", "secretAccessKey"]);
    let with = |member: &str, value: Value| {
        let mut body = json!({ "accessKeyId": "AKIA", "secretAccessKey": "x" });
        body[member] = value;
        put(&body).faults()
    };
    assert_eq!(with("accessKeyId", "a/b".into()), ["accessKeyId"]);
    assert_eq!(with("secretAccessKey", 1.into()), ["secretAccessKey"]);
    assert_eq!(with("region", "eu.example.org".into()), ["region"]);
    for endpoint in ["ftp://s3.example.org", "https://u:p@s3.example.org", "https://s3.org/maps"] {
        assert_eq!(with("endpoint", endpoint.into()), ["endpoint"], "{endpoint}");
    }
    let whole = json!({ "credentials": { "accessKeyId": "AKIA" } });
    let refused = owner.client.patch(&path, &whole).expect(400);
    assert_eq!(refused.faults(), ["credentials"]);
    assert!(refused.text("detail").contains("secretAccessKey"), "{}", refused.body);
}

#[test]
fn credentials_of_another_kind_of_strategy_are_not_kept() {
    let (scene, s3) = (Scene::start(), bucket(&["a.png"]));
    let client = &scene.owner.client;
    let path = scene.owner.path("/originStrategies/all");
    client.put(&path, &strategy(&keys(&s3))).expect(201);
    client.patch(&path, &json!({ "order": 3 })).expect(205);
    assert_eq!(scene.put("a", "s3://maps/a.png").expect(201).text("error"), "", "they stay");
    client.patch(&path, &json!({ "strategy": "basic-http-authentication" })).expect(205);
    client.patch(&path, &json!({ "strategy": "s3" })).expect(205);
    let error = scene.put("b", "s3://maps/a.png").expect(201).text("error");
    assert!(error.contains("needs an access key and its secret"), "{error}");
}

#[test]
fn an_origin_that_no_strategy_of_the_customer_fetches_is_refused_when_it_is_written() {
    let scene = Scene::without_workers();
    let client = &scene.owner.client;
    let refused = scene.put("a", "s3://maps/a.png").expect(400);
    assert_eq!(refused.faults(), ["origin"]);
    assert!(refused.text("detail").contains("does not fetch s3://"), "{}", refused.body);
    let member = |id: &str, origin: &str| scene.image(id, origin);
    let members = [member("a", "https://example.org/a.jpg"), member("b", "s3://maps/b.jpg")];
    assert_eq!(scene.owner.submit(&members).expect(400).faults(), ["member[1].origin"]);
    let body = json!({ "regex": "^s3://maps/", "originStrategy": "s3" });
    let path = scene.owner.path("/originStrategies/maps");
    client.put(&path, &body).expect(201);
    scene.owner.submit(&members).expect(201);
    assert_eq!(scene.put("c", "s3://others/a.png").expect(400).faults(), ["origin"]);
    assert_eq!(scene.put("c", "s3://maps").expect(400).faults(), ["origin"]);
    let body = json!({ "regex": "^s3://maps/", "originStrategy": "s3-ambient" });
    let refused = client.put(&scene.owner.path("/originStrategies/own"), &body).expect(400);
    assert!(refused.text("detail").contains("HYDRIA_S3_AMBIENT"), "{}", refused.body);
    client.delete(&path).expect(205);
    client.patch(&scene.path("b"), &json!({ "string1": "x" })).expect(205);
}
