//! What is not read: contexts from elsewhere, and bodies that would be too much work. The service lives on.

use serde_json::{Value, json};

use super::spellings::Sent;
use super::{send, send_ld};
use crate::contract::world::World;

fn spaces(world: &World) -> String {
    world.owner.path("/spaces")
}

/// The service still makes a space of a body that has to be expanded.
#[track_caller]
fn lives_on(world: &World) {
    let name = format!("space {}", world.number());
    let body = json!([{ format!("{}/vocab#Space/name", world.app.base): name }]);
    send_ld(&world.owner.client, "POST", &spaces(world), &body).expect(201);
}

#[test]
fn contexts_from_elsewhere_are_refused_by_name_wherever_they_stand() {
    let world = World::new();
    let foreign = "https://example.org/context.jsonld";
    let published = format!("{}/contexts/Space.jsonld", world.app.base);
    for context in [
        json!(foreign),
        json!([published, foreign]),
        json!({ "@import": foreign }),
        json!({ "term": { "@id": "urn:x:y", "@context": foreign } }),
        json!({ "Kind": { "@id": "urn:x:y", "@context": [{ "@propagate": true }, foreign] } }),
        json!({ "a": { "@id": "urn:x:a", "@context": { "b": { "@id": "urn:x:b", "@context": foreign } } } }),
    ] {
        let body = json!({ "@context": context, "name": "refused" });
        let answer = send_ld(&world.owner.client, "POST", &spaces(&world), &body).expect(400);
        assert!(answer.text("type").ends_with("#UnreadableRequest"), "{}", answer.body);
        assert!(answer.text("detail").contains(foreign), "{context}: {}", answer.body);
    }
    let two = json!({
        "@context": ["https://example.org/one", "//example.org/two", "three.jsonld", "http://["],
        "name": "refused", "extra": { "@context": "http://localhost/contexts/Space.jsonld" },
    });
    let detail =
        send_ld(&world.owner.client, "POST", &spaces(&world), &two).expect(400).text("detail");
    for name in [
        "https://example.org/one",
        "//example.org/two",
        "three.jsonld",
        "http://[",
        "http://localhost/contexts",
    ] {
        assert!(detail.contains(name), "{name}: {detail}");
    }
    lives_on(&world);
}

#[test]
fn bodies_that_make_no_sense_as_linked_data_are_bad_requests() {
    let world = World::new();
    for body in [
        json!({ "@context": 5 }),
        json!({ "@context": { "@vocab": 5 } }),
        json!({ "@context": { "a": "b:c", "b": "a:d" } }),
        json!({ "@context": { "foo": { "@id": null, "@prefix": true } } }),
        json!({ "@context": { "@type": "urn:x:y" } }),
        json!({ "@context": {}, "@id": 5 }),
        json!({ "@context": {}, "@type": { "a": 1 } }),
        json!({ "@context": {}, "urn:x:y": { "@value": { "a": 1 } } }),
        json!({ "@context": {}, "urn:x:y": { "@value": 1, "@language": "en" } }),
        json!({ "@reverse": 1 }),
        json!({ "@context": { "n": "@nest" }, "n": 5 }),
        json!({ "@context": { "@base": "http://[" } }),
        json!({ "@context": {}, "@set": [], "urn:x:y": 1 }),
    ] {
        let answer = send_ld(&world.owner.client, "POST", &spaces(&world), &body);
        assert_eq!(answer.status, 400, "{body}");
    }
    for (media_type, text) in [
        ("text/turtle", "<a> <b> ."),
        ("text/turtle", "{\"name\": \"x\"}"),
        ("application/n-triples", "<a> <b> <c> ."),
        ("application/n-quads", "nonsense"),
        ("text/turtle", "\u{0}"),
    ] {
        let sent = Sent { media_type, text: text.to_owned() };
        let answer = send(&world.owner.client, "POST", &spaces(&world), sent).expect(400);
        assert!(answer.text("type").ends_with("#UnreadableRequest"), "{}", answer.body);
    }
    lives_on(&world);
}

/// Something within itself, so many times.
fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn bodies_that_are_too_deep_or_too_wide_are_bad_requests_and_the_service_lives_on() {
    let world = World::new();
    let chain: serde_json::Map<String, Value> =
        (0..1000).map(|n| (format!("t{n}"), format!("t{}:x", n + 1).into())).collect();
    let terms: serde_json::Map<String, Value> =
        (0..300).map(|n| (format!("t{n}"), "urn:x:y".into())).collect();
    let scoped: serde_json::Map<String, Value> =
        (0..100).map(|n| (format!("t{n}"), "urn:x:y".into())).collect();
    let uses: Vec<Value> = (0..20_000).map(|_| json!({})).collect();
    let wide: Vec<Value> = (0..250_000).map(|n| json!(n)).collect();
    let contexts: Vec<Value> =
        (0..3000).map(|_| json!({ "@context": { "x": "urn:x:y" } })).collect();
    for body in [
        nested("[", "", "]", 33),
        nested("[", "", "]", 100_000),
        nested("{\"a\":", "1", "}", 40),
        nested("{\"urn:x:y\":", "1", "}", 117),
        nested("{\"@context\":{},\"urn:x:y\":", "1", "}", 5_000),
        nested("{\"@graph\":[", "", "]}", 60),
        format!(
            "{{\"@context\":{}}}",
            nested("{\"a\":{\"@id\":\"urn:x:y\",\"@context\":", "{}", "}}", 50)
        ),
        json!({ "@context": chain }).to_string(),
        json!({ "@context": terms }).to_string(),
        json!({ "@context": [terms.clone(), null, terms] }).to_string(),
        json!({ "@context": { "p": { "@id": "urn:x:p", "@context": scoped } }, "p": uses })
            .to_string(),
        json!({ "urn:x:y": contexts }).to_string(),
        json!({ "name": "x", "defaultTags": wide }).to_string(),
    ] {
        let sent = Sent { media_type: "application/ld+json", text: body.clone() };
        let answer = send(&world.owner.client, "POST", &spaces(&world), sent);
        let start: String = body.chars().take(60).collect();
        assert_eq!(answer.status, 400, "{start}: {}", answer.body);
        assert!(answer.text("type").ends_with("#UnreadableRequest"), "{start}: {}", answer.body);
    }
    for (open, inner, close) in [("[ <urn:x:p> ", "1", "]"), ("( ", "1", ") ")] {
        let text = format!(
            "<urn:x:s> <{}/vocab#Space/name> {} .",
            world.app.base,
            nested(open, inner, close, 50_000)
        );
        let sent = Sent { media_type: "text/turtle", text };
        let answer = send(&world.owner.client, "POST", &spaces(&world), sent);
        assert_eq!(answer.status, 400, "{open}: {}", answer.body);
    }
    lives_on(&world);
}

/// So many of something, all different.
fn each(count: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

#[test]
fn what_would_take_more_memory_than_it_is_worth_is_a_bad_request() {
    let world = World::new();
    let iri = |term: &str| format!("{}/vocab#Space/{term}", world.app.base);
    let long = "x".repeat(5_000);
    for (body, reason) in [
        (json!({ "@graph": each(20_001, |n| json!({ iri("name"): n })) }), "nodes"),
        (
            json!({ iri("defaultRoles"): each(20_001, |n| json!({ "@id": format!("x{n}") })) }),
            "nodes",
        ),
        (
            json!({ "@context": { "@base": null }, "@id": format!("urn:x:{long}"), iri("name"): 1 }),
            "longer than 4096",
        ),
        (json!({ "name": "x", "extra": each(60_000, |_| json!({})) }), "objects"),
    ] {
        let answer = send_ld(&world.owner.client, "POST", &spaces(&world), &body).expect(400);
        assert!(answer.text("detail").contains(reason), "{reason}: {}", answer.text("detail"));
    }
    let name = iri("name");
    let triples: Vec<String> = (0..20_001).map(|n| format!("<s{n}> <urn:x:p> \"\" .\n")).collect();
    for (text, reason) in
        [(triples.concat(), "nodes"), (format!("<> <{name}> <{long}> ."), "longer than 4096")]
    {
        let sent = Sent { media_type: "text/turtle", text };
        let answer = send(&world.owner.client, "POST", &spaces(&world), sent).expect(400);
        assert!(answer.text("detail").contains(reason), "{reason}: {}", answer.text("detail"));
    }
    lives_on(&world);
}

#[test]
fn short_names_that_stand_for_long_ones_are_a_bad_request() {
    let world = World::new();
    let long = |bytes: usize| format!("http://a/{}/", "x".repeat(bytes));
    let uses = |count: usize| (0..count).map(|n| (format!("p:{n}"), json!(n)));
    let chain = |n: usize| (format!("t{n}"), json!(format!("t{}:{}", n + 1, "x".repeat(100))));
    let chained: serde_json::Map<String, Value> = (0..150).map(chain).collect();
    let round =
        json!([{ "p": "q:x", "q": long(3_000) }, { "q": format!("p:{}", "x".repeat(2_000)) }]);
    let mut wide: serde_json::Map<String, Value> = uses(30_000).collect();
    wide.insert("@context".into(), json!({ "p": long(1_000) }));
    for (body, reason) in [
        (json!({ "@context": { "p": long(50_000) }, "name": "x" }), "longer than 4096"),
        (json!({ "@context": { "@vocab": long(50_000) }, "name": "x" }), "longer than 4096"),
        (json!({ "@context": { "@base": long(50_000) }, "name": "x" }), "longer than 4096"),
        (json!({ "@context": chained, "name": "x" }), "longer than 4096"),
        (json!({ "@context": round, "name": "x" }), "longer than 4096"),
        (
            json!({ "@context": each(40, |n| json!({ format!("p{n}"): long(2_000) })), "name": "x" }),
            "bytes of IRIs",
        ),
        (Value::Object(wide), "too much text"),
    ] {
        let answer = send_ld(&world.owner.client, "POST", &spaces(&world), &body).expect(400);
        assert!(answer.text("detail").contains(reason), "{reason}: {}", answer.text("detail"));
    }
    let lines = |count: usize, line: fn(usize) -> String| -> String {
        (0..count).map(line).collect::<Vec<_>>().concat()
    };
    // A context that holds for a property holds within it again, and what it adds is added again.
    let mut nested = json!({ "q": 1 });
    for _ in 0..25 {
        nested = json!({ "p": nested });
    }
    let relative = json!({ "@vocab": format!("{}/", "x".repeat(300)) });
    nested["@context"] =
        json!({ "@vocab": "http://a/", "p": { "@id": "urn:x:p", "@context": relative } });
    let answer = send_ld(&world.owner.client, "POST", &spaces(&world), &nested).expect(400);
    assert!(answer.text("detail").contains("longer than 4096"), "{}", answer.body);
    let triples = |count| lines(count, |n| format!("p:{n} p:q p:o{n} .\n"));
    let prefix = |bytes: usize| format!("@prefix p: <{}> .\n", long(bytes));
    let relative = lines(10_000, |n| format!("<s{n}> <p> <o{n}> .\n"));
    for (text, reason) in [
        (prefix(50_000) + &triples(10), "longer than 4096"),
        (format!("@base <{}> .\n<> <p> <o> .", long(50_000)), "longer than 4096"),
        (prefix(3_000) + &triples(9_000), "too much text"),
        (format!("@base <{}> .\n{relative}", long(1_000)), "too much text"),
    ] {
        let sent = Sent { media_type: "text/turtle", text };
        let answer = send(&world.owner.client, "POST", &spaces(&world), sent).expect(400);
        assert!(answer.text("detail").contains(reason), "{reason}: {}", answer.text("detail"));
    }
    // What is asked for is a base as well, but not one that makes a small body large.
    let path = format!("{}/spaces/{}/images/x", world.owner.path(""), "a".repeat(30_000));
    let kinds: Vec<String> = (0..200).map(|n| format!("kind{n}")).collect();
    let body = json!({ "@context": {}, "@type": kinds });
    let answer = send_ld(&world.owner.client, "PUT", &path, &body).expect(400);
    assert_eq!(answer.faults(), ["address"], "{}", answer.text("detail"));
    lives_on(&world);
}

#[test]
fn what_is_as_deep_and_as_wide_as_allowed_is_read() {
    let world = World::new();
    let terms: serde_json::Map<String, Value> =
        (0..199).map(|n| (format!("t{n}"), format!("t{}:x", n + 1).into())).collect();
    let deep: Value = serde_json::from_str(&nested("{\"urn:x:y\":", "1", "}", 31)).expect("JSON");
    let lists: Value = serde_json::from_str(&nested("[", "1", "]", 31)).expect("JSON");
    for extra in
        [json!({ "@context": terms }), json!({ "urn:x:y": deep }), json!({ "urn:x:y": lists })]
    {
        let mut body = json!({ format!("{}/vocab#Space/name", world.app.base): format!("space {}", world.number()) });
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("one").clone());
        let answer = send_ld(&world.owner.client, "POST", &spaces(&world), &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
}

#[test]
fn a_batch_of_a_thousand_is_read_at_its_wordiest() {
    let world = World::new();
    let speller = super::speller(&world, "ImageCollection");
    let shown = world.made(crate::contract::families::family("Image")).1.body;
    let members: Vec<Value> = (0..1000)
        .map(|n| {
            let mut image = shown.clone();
            let members = image.as_object_mut().expect("an object");
            members.retain(|name, _| !name.starts_with('@') && name != "hydra:operation");
            members.insert("@type".into(), "Image".into());
            members.insert("id".into(), format!("wordy-{n:04}").into());
            image
        })
        .collect();
    let document = speller.expanded(&json!({ "@type": "Collection", "member": members }));
    let text = document.to_string();
    assert!(text.len() > 1_800_000, "{}", text.len());
    let sent = Sent { media_type: "application/ld+json", text };
    let made = send(&world.owner.client, "POST", &world.owner.path("/queue"), sent).expect(201);
    assert_eq!(made.number("count"), 1000);
}
