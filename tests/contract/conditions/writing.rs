//! Whoever writes may say on which state; on another, nothing is done.

use serde_json::{Value, json};

use super::{change, changeable, now, sent, tag};
use crate::contract::families::{FAMILIES, each_family, family};
use crate::contract::world::World;

const OLD: &str = "\"00000000000000000000000000000000\"";

/// Whether something at an address is replaced: a customer and its storage are there from the beginning.
fn is_replaced(path: &str) -> bool {
    let of_customer = path.starts_with("/customers/") && path.matches('/').count() == 2;
    !of_customer && !path.ends_with("/storage")
}

#[test]
fn a_change_is_made_on_the_state_that_it_names_and_on_no_other() {
    let world = World::new();
    for (path, client, change) in changeable(&world) {
        let methods = if is_replaced(&path) { &["PUT", "PATCH"][..] } else { &["PATCH"] };
        for method in methods {
            let done = if *method == "PUT" { 200 } else { 205 };
            let send = |name: &str, value: &str| {
                sent(&client, method, &path, &[(name, value)], Some(&change(&world)))
            };
            let before = client.get(&path).expect(200);
            let own = tag(&before);
            let weak = format!("W/{own}");
            let invented = format!("{}-zzz\"", own.trim_end_matches('"'));
            for wrong in [OLD, weak.as_str(), &invented, "garbage", "", own.trim_matches('"')] {
                let answer = send("If-Match", wrong).expect(412);
                assert!(answer.text("type").ends_with("#PreconditionFailed"), "{}", answer.body);
                assert_eq!(answer.body["status"], 412);
            }
            for excluded in ["*", own.as_str(), weak.as_str()] {
                send("If-None-Match", excluded).expect(412);
            }
            let after = client.get(&path).expect(200);
            assert_eq!(
                (after.bytes, after.headers["etag"].clone()),
                (before.bytes, before.headers["etag"].clone()),
                "{method} {path}"
            );

            let written = send("If-Match", &own).expect(done);
            assert_eq!(tag(&written), now(&client, &path), "{method} {path}");
            send("If-Match", &own).expect(412);
            let turtle = format!("{}-ttl\"", tag(&written).trim_end_matches('"'));
            send("If-Match", &format!("{OLD}, {turtle}")).expect(done);
            send("If-Match", "*").expect(done);
            send("If-None-Match", OLD).expect(done);
            send("If-None-Match", "garbage").expect(done);
        }
    }
}

#[test]
fn a_removal_is_made_on_the_state_that_it_names_and_on_no_other() {
    let world = World::new();
    let key = world.owner.client.post(&world.owner.path("/keys"), &json!({})).expect(201).id();
    let key = (key, world.owner.client.clone());
    let provider = world.owner.path("/authServices/clickthrough/roleProvider");
    world.owner.client.put(&provider, &json!({})).expect(201);
    let provider = (provider, world.owner.client.clone());
    let made = FAMILIES.iter().map(|f| (world.made(f).0, world.writer(f).clone()));
    for (path, client) in made.chain([key, provider]) {
        let own = now(&client, &path);
        let delete =
            |name: &str, value: &str| sent(&client, "DELETE", &path, &[(name, value)], None);
        for (name, wrong) in [
            ("If-Match", OLD),
            ("If-Match", &format!("W/{own}")),
            ("If-None-Match", "*"),
            ("If-None-Match", &own),
        ] {
            delete(name, wrong).expect(412);
            assert_eq!(now(&client, &path), own, "{path}");
        }
        delete("If-Match", &own).expect(205);
        delete("If-Match", &own).expect(404);
        delete("If-Match", "*").expect(404);
        client.get(&path).expect(404);
    }
}

#[test]
fn a_put_makes_only_or_changes_only_where_it_says_so() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let path = world.item(family, world.number());
        let put = |name: &str, value: &str| {
            sent(writer, "PUT", &path, &[(name, value)], Some(&change(&world, family)))
        };
        put("If-Match", "*").expect(412);
        put("If-Match", OLD).expect(412);
        writer.get(&path).expect(404);
        let made = put("If-None-Match", "*").expect(201);
        assert_eq!(tag(&made), now(writer, &path), "{path}");
        put("If-None-Match", "*").expect(412);
        assert_eq!(now(writer, &path), tag(&made), "{path}");
        put("If-Match", &tag(&made)).expect(200);
        writer.delete(&path).expect(205);
        put("If-None-Match", OLD).expect(201);
    });
}

#[test]
fn requests_are_refused_in_the_order_of_the_rules() {
    let world = World::new();
    let stale: &[(&str, &str)] = &[("If-Match", OLD)];
    each_family(|family| {
        let writer = world.writer(family);
        let (path, _) = world.made(family);
        let missing = format!("{}/{}", world.collection(family), family.unknown());
        let wrong = (family.wrong)(&world);
        for method in ["PUT", "PATCH"] {
            sent(writer, method, &path, stale, Some(&wrong)).expect(412);
            sent(writer, method, &path, stale, Some(&json!(["no", "object"]))).expect(400);
            let typed = [stale, &[("Content-Type", "text/plain")]].concat();
            let media_type = writer.request(method.parse().expect("a method"), &path);
            let media_type =
                typed.iter().fold(media_type, |r, (name, value)| r.header(*name, *value));
            writer.send(media_type.body("{}")).expect(415);
            if family.collection.starts_with("/customers/") {
                sent(&world.app.visitor, method, &path, stale, Some(&wrong)).expect(401);
                sent(&world.stranger.client, method, &path, stale, Some(&wrong)).expect(403);
            }
        }
        sent(writer, "PATCH", &missing, stale, Some(&wrong)).expect(404);
        sent(writer, "PATCH", &missing, stale, Some(&json!(1))).expect(400);
        sent(writer, "DELETE", &missing, stale, None).expect(404);
        sent(writer, "PUT", &missing, stale, Some(&wrong)).expect(412);
    });
    let nowhere = world.owner.path("/spaces/999999/images/one");
    let body = (family("Image").least)(1);
    sent(&world.owner.client, "PUT", &nowhere, stale, Some(&body)).expect(412);
    sent(&world.owner.client, "PUT", &nowhere, &[], Some(&body)).expect(400);
    let provider = world.owner.path("/authServices/nothing/roleProvider");
    sent(&world.owner.client, "PUT", &provider, stale, Some(&json!({}))).expect(404);
    world.made(family("Image"));
    let space = world.path("/customers/{customer}/spaces/{space}");
    sent(&world.owner.client, "DELETE", &space, stale, None).expect(412);
    let own = now(&world.owner.client, &space);
    sent(&world.owner.client, "DELETE", &space, &[("If-Match", &own)], None).expect(409);
}

#[test]
fn a_change_of_what_is_never_shown_is_a_change() {
    let world = World::new();
    let credentials: fn(usize) -> Value =
        |n| json!({ "credentials": { "user": "u", "password": format!("p{n}") } });
    let provider = world.owner.path("/authServices/clickthrough/roleProvider");
    world.owner.client.put(&provider, &credentials(0)).expect(201);
    let cases: [(String, fn(usize) -> Value); 4] = [
        (world.made(family("PortalUser")).0, |n| json!({ "password": format!("long enough {n}") })),
        (world.made(family("CustomerOriginStrategy")).0, credentials),
        (provider, credentials),
        (
            world.made(family("Image")).0,
            |n| json!({ "initialOrigin": format!("https://example.org/{n}.png") }),
        ),
    ];
    for (path, change) in cases {
        let client = &world.owner.client;
        let before = client.get(&path).expect(200);
        let own = tag(&before);
        let patch = |n| sent(client, "PATCH", &path, &[("If-Match", &own)], Some(&change(n)));
        assert_eq!(tag(&patch(1).expect(205)), now(client, &path), "{path}");
        assert_eq!(client.get(&path).expect(200).bytes, before.bytes, "{path}");
        patch(2).expect(412);
    }
}

#[test]
fn credentials_that_have_no_tag_are_stored_once_or_replaced_only_as_asked() {
    let world = World::new();
    let strategy = json!({ "regex": "x", "originStrategy": "basic-http-authentication" });
    let strategies = world.owner.path("/originStrategies");
    let strategy = world.owner.client.post(&strategies, &strategy).expect(201);
    let path = format!("{}/credentials", strategy.id());
    let own = now(&world.owner.client, &strategy.id());
    let put = |name, value| {
        let body = json!({ "user": "u", "password": "p" });
        sent(&world.owner.client, "PUT", &path, &[(name, value)], Some(&body))
    };
    put("If-Match", "*").expect(412);
    put("If-None-Match", "*").expect(201);
    put("If-None-Match", "*").expect(412);
    put("If-Match", "*").expect(200);
    put("If-Match", own.as_str()).expect(412);
    assert_ne!(now(&world.owner.client, &strategy.id()), own, "the strategy has changed by that");
}

#[test]
fn a_post_is_judged_by_what_stands_where_it_is_sent() {
    let world = World::new();
    let client = &world.owner.client;
    let user = world.made(family("PortalUser")).0;
    for (path, one, another) in [
        (world.path("/customers/{customer}/spaces/{space}/defaultRoles"), "clickthrough", None),
        (format!("{user}/roles"), "admin", None),
        (world.owner.path("/roles"), "first", Some("second")),
    ] {
        let body = |id: &str| match another {
            Some(_) => json!({ "id": id, "name": id }),
            None => json!([{ "@id": id }]),
        };
        let own = now(client, &path);
        let post = |tag: &str, id: &str| {
            sent(client, "POST", &path, &[("If-Match", tag)], Some(&body(id)))
        };
        post(OLD, one).expect(412);
        assert_eq!(now(client, &path), own, "{path}");
        let done = post(&own, one);
        assert!([200, 201].contains(&done.status), "{}", done.body);
        assert_ne!(now(client, &path), own, "{path}");
        post(&own, another.unwrap_or(one)).expect(412);
        sent(client, "POST", &path, &[("If-None-Match", "*")], Some(&body("x"))).expect(412);
    }
    let image = json!({ "id": "q", "space": world.space, "origin": "https://example.org/q.png" });
    let (queue, batch) = (world.owner.path("/queue"), json!({ "member": [image] }));
    sent(client, "POST", &queue, &[("If-Match", OLD)], Some(&batch)).expect(412);
    let own = now(client, &queue);
    sent(client, "POST", &queue, &[("If-Match", &own)], Some(&batch)).expect(201);
    sent(client, "POST", &queue, &[("If-Match", &own)], Some(&batch)).expect(412);
}

#[test]
fn the_vocabulary_says_that_conditions_are_judged() {
    let world = World::new();
    let vocabulary = world.app.visitor.get("/vocab").expect(200).body;
    let mut seen = 0;
    for class in vocabulary["supportedClass"].as_array().expect("classes") {
        for operation in class["supportedOperation"].as_array().into_iter().flatten() {
            let statuses = operation["possibleStatus"].as_array().expect("statuses");
            let has = |code: i64| statuses.iter().any(|status| status["statusCode"] == code);
            assert!(has(412), "{operation}");
            assert_eq!(has(304), operation["method"] == "GET", "{operation}");
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen}");
    let kinds = vocabulary["supportedClass"].as_array().expect("classes").iter();
    assert_eq!(kinds.filter(|class| class["title"] == "PreconditionFailed").count(), 1);
}
