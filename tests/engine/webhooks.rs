//! Webhooks: what is sent, to whom, how it is signed, and what comes of attempts that fail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hydria::cli::serve::Options;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::scene::Scene;
use crate::support::receiver::Received;
use crate::support::{Answer, App, Receiver, rows, until};

/// Computes HMAC-SHA-256 as RFC 2104 defines it, by hand.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64, "a longer key is hashed first");
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::digest([&pad(0x36), text].concat());
    Sha256::digest([&pad(0x5c)[..], &inner].concat()).to_vec()
}

/// Makes a webhook of the scene's customer.
#[track_caller]
fn webhook(scene: &Scene, body: &Value) -> Answer {
    scene.owner.client.post(&scene.owner.path("/webhooks"), body).expect(201)
}

/// Statuses of the attempts to send something to a webhook, newest first; nothing where there was no answer.
fn statuses(scene: &Scene, webhook: &Answer) -> Vec<Value> {
    let deliveries = scene.owner.client.get(&webhook.text("deliveries")).expect(200);
    deliveries.members().iter().map(|delivery| delivery["status"].clone()).collect()
}

/// Lets what is to be tried again be tried at once.
fn hurry(scene: &Scene) {
    rows::execute(&mut scene.app.database(), "UPDATE webhooks SET due = now()");
}

#[test]
fn changes_are_sent_in_their_order_signed_and_to_nobody_else() {
    let (scene, receiver) = (Scene::start(), Receiver::start());
    let other = scene.app.customer("other");
    let theirs = other.space("theirs");
    let made = webhook(&scene, &json!({ "url": receiver.url("/changes") }));
    let secret = made.text("secret");
    let shown = scene.owner.client.get(&made.id()).expect(200);
    assert!(shown.body.get("secret").is_none(), "it is shown once");
    let image = json!({ "id": "theirs", "space": theirs, "origin": scene.origin.image(60, 40) });
    other.submit(&[image]).expect(201);
    scene.put("map", &scene.origin.image(60, 40)).expect(201);
    scene.put("lost", &scene.origin.url("/missing/x")).expect(201);
    scene.owner.client.delete(&scene.path("map")).expect(205);
    let mut words = Vec::new();
    until("all changes", || {
        words = receiver.received().iter().flat_map(Received::words).collect();
        words.len() >= 5
    });
    let wanted = [
        "imageCreated map",
        "imageChanged map",
        "imageCreated lost",
        "imageFailed lost",
        "imageDeleted map",
    ];
    assert_eq!(words, wanted);
    for message in receiver.received() {
        assert_eq!(message.path, "/changes");
        assert_eq!(message.headers["content-type"], "application/json");
        assert!(
            message.id().starts_with("msg_") && !message.id().contains('.'),
            "{}",
            message.id()
        );
        let key =
            STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
        let time = &message.headers["webhook-timestamp"];
        let signed = format!("{}.{time}.{}", message.id(), message.body);
        let signature = format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes())));
        assert_eq!(message.headers["webhook-signature"], signature);
        let sent: i64 = time.parse().expect("seconds");
        assert!((chrono::Utc::now().timestamp() - sent).abs() < 300, "{sent}");
        assert_eq!(message.json()["type"], "changes");
    }
    let count = receiver.received().len();
    until("the log", || statuses(&scene, &made).len() == count);
    assert_eq!(statuses(&scene, &made), vec![json!(204); count]);
    other.client.get(&made.id()).expect(403);
}

#[test]
fn a_message_that_is_not_received_is_sent_again_unchanged_and_then_the_next() {
    let (scene, receiver) = (Scene::start(), Receiver::start());
    let made = webhook(&scene, &json!({ "url": receiver.url("/"), "kinds": "imageCreated" }));
    receiver.answers(&["500 Broken", "302 Found\r\nLocation: /elsewhere"]);
    scene.submit(&["a", "b"], &scene.origin.image(60, 40));
    receiver.wait_for(1);
    until("the first attempt", || statuses(&scene, &made) == [json!(500)]);
    scene.submit(&["c"], &scene.origin.image(60, 40));
    hurry(&scene);
    until("the second attempt", || statuses(&scene, &made).len() == 2);
    hurry(&scene);
    until("all attempts", || statuses(&scene, &made).len() == 4);
    assert_eq!(statuses(&scene, &made), [json!(204), json!(204), json!(302), json!(500)]);
    let messages = receiver.received();
    let ids: Vec<&str> = messages.iter().map(Received::id).collect();
    assert_eq!([ids[1], ids[2]], [ids[0], ids[0]]);
    assert_ne!(ids[3], ids[0]);
    assert!(messages[..3].iter().all(|message| message.body == messages[0].body));
    assert_eq!(messages[0].words(), ["imageCreated a", "imageCreated b"]);
    assert_eq!(messages[3].words(), ["imageCreated c"]);
    assert!(messages.iter().all(|message| message.path == "/"), "no redirect is followed");
}

#[test]
fn after_twenty_failures_in_a_row_it_is_switched_off_until_it_is_switched_on() {
    let (scene, receiver) = (Scene::start(), Receiver::start());
    let made = webhook(&scene, &json!({ "url": receiver.url("/"), "kinds": ["imageDeleted"] }));
    scene.put("map", &scene.origin.image(60, 40)).expect(201);
    rows::execute(&mut scene.app.database(), "UPDATE webhooks SET failures = 19");
    receiver.answers(&["503 Busy"]);
    scene.owner.client.delete(&scene.path("map")).expect(205);
    let read = || scene.owner.client.get(&made.id()).expect(200);
    until("the end of its patience", || read().body["enabled"] == false);
    let error = read().text("error");
    assert_eq!(error, "20 attempts in a row failed; the last: the answer was 503");
    hurry(&scene);
    scene.put("plan", &scene.origin.image(60, 40)).expect(201);
    scene.owner.client.delete(&scene.path("plan")).expect(205);
    scene.owner.client.patch(&made.id(), &json!({ "enabled": true })).expect(205);
    let read = read();
    assert!(read.body.get("error").is_none() && read.body["enabled"] == true, "{}", read.body);
    let messages = receiver.wait_for(3);
    assert_eq!(messages[1].id(), messages[0].id());
    assert_eq!(
        [messages[1].words(), messages[2].words()],
        [["imageDeleted map"], ["imageDeleted plan"]]
    );
}

#[test]
fn nothing_is_sent_to_addresses_that_are_not_allowed() {
    let receiver = Receiver::start();
    let port = receiver.address.port();
    let allow = format!("127.0.0.1:{}", if port == 9 { 10 } else { 9 });
    let scene = Scene::with(&[("HYDRIA_WEBHOOK_ALLOW", &allow)]);
    let path = scene.owner.path("/webhooks");
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://[::1]:{port}/"),
        "http://192.0.2.1/".to_owned(),
        "https://169.254.169.254/".to_owned(),
        "http://93.184.216.34/".to_owned(),
        "ftp://example.org/".to_owned(),
        "https://user:password@example.org/".to_owned(),
        "nonsense".to_owned(),
    ] {
        let answer = scene.owner.client.post(&path, &json!({ "url": url })).expect(400);
        assert_eq!(answer.faults(), ["url"], "{url}");
    }
    // A name says nothing of where it leads until it is looked up.
    let names = ["http", "https"]
        .map(|scheme| webhook(&scene, &json!({ "url": format!("{scheme}://localhost:{port}/") })));
    scene.put("map", &scene.origin.image(60, 40)).expect(201);
    for made in names {
        let attempts = || scene.owner.client.get(&made.text("deliveries")).expect(200);
        until("an attempt", || !attempts().members().is_empty());
        let error = attempts().each("error").remove(0);
        assert_eq!(error, "the host has no address that messages may be sent to");
    }
    assert_eq!(receiver.received(), []);
}

#[test]
fn what_is_wrong_with_a_webhook_is_told_at_once_and_a_customer_has_twenty() {
    let scene = Scene::without_workers();
    let path = scene.owner.path("/webhooks");
    let wrong = json!({ "url": "http://example.com:70000/", "kinds": ["imageCreated", "imagePainted"], "enabled": 1 });
    let answer = scene.owner.client.post(&path, &wrong).expect(400);
    assert_eq!(answer.faults(), ["kinds", "enabled", "url"]);
    let none = json!({ "url": "https://example.org/", "kinds": [] });
    assert_eq!(scene.owner.client.post(&path, &none).expect(400).faults(), ["kinds"]);
    for n in 0..20 {
        webhook(&scene, &json!({ "id": n.to_string(), "url": "https://example.org/" }));
    }
    let full =
        scene.owner.client.post(&path, &json!({ "url": "https://example.org/" })).expect(400);
    assert_eq!(full.faults(), ["webhooks"]);
    let all = scene.owner.client.get(&path).expect(200);
    assert_eq!(all.number("totalItems"), 20);
    assert!(all.members().iter().all(|webhook| webhook.get("secret").is_none()));
    let first = all.each("@id").remove(0);
    scene.owner.client.delete(&first).expect(205);
    scene.owner.client.get(&format!("{first}/deliveries")).expect(404);
    webhook(&scene, &json!({ "url": "https://example.org/" }));
}

#[test]
fn a_webhook_that_has_missed_what_is_not_kept_is_sent_a_reset_and_goes_on() {
    let (scene, receiver) = (Scene::start(), Receiver::start());
    let kinds = ["imageCreated"];
    let off = json!({ "url": receiver.url("/"), "kinds": kinds, "enabled": false });
    let made = webhook(&scene, &off);
    let batch = scene.submit(&["missed"], &scene.origin.image(60, 40));
    scene.owner.finished(&batch);
    rows::execute(&mut scene.app.database(), "DELETE FROM changes");
    scene.submit(&["kept"], &scene.origin.image(60, 40));
    scene.owner.client.patch(&made.id(), &json!({ "enabled": true })).expect(205);
    let messages = receiver.wait_for(2);
    assert_eq!(messages[0].json(), json!({ "type": "reset", "data": [] }));
    assert_eq!(messages[1].words(), ["imageCreated kept"]);
}

#[test]
fn a_webhook_with_nothing_to_send_does_not_stay_at_changes_that_are_dropped() {
    let (scene, receiver) = (Scene::without_workers(), Receiver::start());
    webhook(&scene, &json!({ "url": receiver.url("/") }));
    scene.app.customer("other").space("theirs");
    let stays = "SELECT count(*) AS n FROM webhooks WHERE position < (SELECT max(id) FROM changes)";
    assert_eq!(rows::number(&mut scene.app.database(), stays), 1);
    // Positions are moved on as workers begin, and each hour.
    let data = scene.app.data.path().to_str().expect("a path in UTF-8");
    let settings = [("HYDRIA_DATA", data)];
    let _workers = App::start_on(&scene.app.database_url, &settings, Options::default());
    until("it to be moved on", || rows::number(&mut scene.app.database(), stays) == 0);
    assert_eq!(receiver.received(), []);
}
