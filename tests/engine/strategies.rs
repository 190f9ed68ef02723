//! Origin strategies: order and regex choose, credentials go along, and outlive a PUT without them.

use serde_json::json;

use super::scene::Scene;

#[test]
fn order_and_regex_choose_how_an_origin_is_asked() {
    let scene = Scene::start();
    let client = &scene.owner.client;
    let path = scene.owner.path("/originStrategies");
    let strategy = |id: &str, regex: &str, order: i64, password: &str| {
        let credentials = json!({ "user": "reader", "password": password }).to_string();
        let body = json!({ "regex": regex, "originStrategy": "basic-http-authentication",
                           "order": order, "credentials": credentials });
        client.put(&format!("{path}/{id}"), &body).expect(201);
    };
    strategy("any", "/basic/", 2, "wrong");
    strategy("scans", "/BASIC/reader/right", 1, "right");
    let origin = |password| scene.origin.url(&format!("/basic/reader/{password}/30x20/x.png"));
    let error = |id: &str, origin: &str| scene.put(id, origin).expect(201).text("error");
    assert_eq!(error("first", &origin("right")), "", "the regex ignores case");
    assert_eq!(error("second", &origin("wrong")), "");
    assert!(error("neither", &origin("other")).contains("401"));
    client.patch(&format!("{path}/any"), &json!({ "order": 0 })).expect(205);
    assert!(error("overruled", &origin("right")).contains("401"), "the other comes first now");
    assert_eq!(error("open", &scene.origin.image(30, 20)), "", "none matches: no credentials");
}

#[test]
fn a_put_of_the_regex_alone_still_authenticates_afterwards() {
    let scene = Scene::start();
    let client = &scene.owner.client;
    let path = format!("{}/scans", scene.owner.path("/originStrategies"));
    let origin = scene.origin.url("/basic/reader/secret/30x20/x.png");
    let put = |id: &str| scene.put(id, &origin).expect(201).text("error");
    let body = json!({ "regex": "/basic/", "originStrategy": "basic-http-authentication" });
    client.put(&path, &body).expect(201);
    let missing = put("missing");
    assert!(missing.contains("needs a user and a password"), "{missing}");
    assert_eq!(scene.origin.asked().len(), 0, "without credentials it is not even asked");
    let credentials = json!({ "user": "reader", "password": "secret" });
    client.put(&format!("{path}/credentials"), &credentials).expect(201);
    assert_eq!(put("given"), "");
    client.put(&path, &json!({ "regex": "reader" })).expect(200);
    assert_eq!(put("kept"), "");
    client.patch(&path, &json!({ "order": 7 })).expect(205);
    assert_eq!(put("patched"), "");
    let wrong = json!({ "user": "reader", "password": "another" });
    client.put(&format!("{path}/credentials"), &wrong).expect(200);
    assert!(put("replaced").contains("401"));
    assert!(client.get(&path).expect(200).body.get("credentials").is_none());
}

#[test]
fn another_customers_strategy_opens_nothing_here() {
    let scene = Scene::start();
    let stranger = scene.app.customer("stranger");
    let body = json!({ "regex": "basic", "originStrategy": "basic-http-authentication",
                       "credentials": "{\"user\":\"u\",\"password\":\"p\"}" });
    stranger.client.post(&stranger.path("/originStrategies"), &body).expect(201);
    let answer = scene.put("map", &scene.origin.url("/basic/u/p/30x20/x.png")).expect(201);
    assert!(answer.text("error").contains("401"), "{}", answer.body);
}
