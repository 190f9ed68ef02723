//! What is not understood: ignored and named, or refused where strict handling is preferred (RFC 7240).

use reqwest::Method;
use serde_json::{Value, json};

use super::families::each_family;
use super::world::{ORIGIN, World};
use crate::support::{Answer, Client};

const STRICT: &str = "handling=strict";

fn asked(client: &Client, method: Method, path: &str, prefer: &str) -> Answer {
    client.send(client.request(method, path).header("Prefer", prefer))
}

fn written(
    client: &Client,
    method: Method,
    path: &str,
    (media_type, body): (&str, &str),
    prefer: Option<&str>,
) -> Answer {
    let request = client.request(method, path).header("Content-Type", media_type);
    let request = prefer.into_iter().fold(request, |r, prefer| r.header("Prefer", prefer));
    client.send(request.body(body.to_owned()))
}

#[test]
fn a_misspelt_filter_is_named_in_a_header_and_refused_where_that_is_preferred() {
    let world = World::new();
    let client = &world.owner.client;
    let images = world.owner.path("/allImages");
    let answer = client.get(&format!("{images}?string9=x&string1=&errors=x&string9=y")).expect(200);
    assert_eq!(answer.header("hydria-ignored"), Some("string9, errors"));
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
    assert!(exposed.contains("Hydria-Ignored"), "{exposed}");
    assert_eq!(answer.header("preference-applied"), None);

    let refused =
        asked(client, Method::GET, &format!("{images}?string9=x&page=b&errors=x"), STRICT);
    let refused = refused.expect(400);
    assert_eq!(refused.faults(), ["string9", "errors", "page"]);
    assert_eq!(refused.header("preference-applied"), Some(STRICT));
    assert_eq!(refused.header("hydria-ignored"), None);

    let known = "page=1&pageSize=5&itemsPerPage=5&orderBy=id&format=json&q=%7B%7D&tags=a";
    let fine = asked(client, Method::GET, &format!("{images}?{known}"), STRICT).expect(200);
    assert_eq!(fine.header("preference-applied"), Some(STRICT));
    assert_eq!(fine.header("hydria-ignored"), None);
    let distinct = world.path("/customers/{customer}/spaces/{space}/metadata/distinct");
    let fields = format!("{distinct}?field=string1&after=a");
    asked(client, Method::GET, &fields, STRICT).expect(200);
    let refused = asked(client, Method::GET, &format!("{fields}&feild=x"), STRICT).expect(400);
    assert_eq!(refused.faults(), ["feild"]);
}

#[test]
fn an_unknown_parameter_is_refused_after_all_else_and_nothing_is_done() {
    let world = World::new();
    let client = &world.owner.client;
    let missing = world.owner.path("/spaces/999?x=1");
    asked(client, Method::GET, &missing, STRICT).expect(404);
    asked(client, Method::DELETE, &missing, STRICT).expect(404);
    let space = world.owner.path(&format!("/spaces/{}", world.space));
    let kept = asked(client, Method::DELETE, &format!("{space}?dry=1"), STRICT).expect(400);
    assert_eq!(kept.faults(), ["dry"]);
    let body = json!({ "name": "another" }).to_string();
    let body = ("application/json", body.as_str());
    let at = format!("{space}?x=1");
    written(client, Method::PATCH, &at, body, Some(STRICT)).expect(400);
    written(client, Method::PUT, &format!("{at}&page=1"), body, Some(STRICT)).expect(400);
    assert_eq!(client.get(&space).expect(200).text("name"), "a space for images");
    let both = ("application/json", "{\"name\":\"\",\"nmae\":\"x\"}");
    let refused = written(client, Method::PATCH, &at, both, Some(STRICT)).expect(400);
    let mut faults = refused.faults();
    faults.sort();
    assert_eq!(faults, ["name", "nmae", "x"]);
    written(client, Method::PATCH, &at, body, None).expect(205);
}

#[test]
fn documents_about_the_api_know_their_parameters_too() {
    let world = World::new();
    let visitor = &world.app.visitor;
    for path in ["/vocab", "/contexts/Space.jsonld", "/openapi.json"] {
        asked(visitor, Method::GET, &format!("{path}?x=1"), STRICT).expect(400);
        asked(visitor, Method::GET, path, STRICT).expect(200);
        visitor.get(&format!("{path}?x=1")).expect(200);
    }
}

#[test]
fn what_get_shows_is_no_unknown_member_of_any_class() {
    let world = World::new();
    each_family(|family| {
        let (path, shown) = world.made(family);
        let writer = world.writer(family);
        let body = String::from_utf8(shown.bytes.clone()).expect("JSON");
        let again = ("application/ld+json", body.as_str());
        written(writer, Method::PUT, &path, again, Some(STRICT)).expect(200);
        for form in ["expanded", "flattened"] {
            let profile =
                format!("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#{form}\"");
            let shown = writer.send(writer.request(Method::GET, &path).header("Accept", profile));
            let body = String::from_utf8(shown.expect(200).bytes).expect("JSON");
            let again = ("application/ld+json", body.as_str());
            written(writer, Method::PATCH, &path, again, Some(STRICT)).expect(205);
        }
        let turtle =
            writer.send(writer.request(Method::GET, &path).header("Accept", "text/turtle"));
        let body = String::from_utf8(turtle.expect(200).bytes).expect("Turtle");
        written(writer, Method::PATCH, &path, ("text/turtle", &body), Some(STRICT)).expect(205);
    });
}

#[test]
fn a_misspelt_member_is_refused_in_every_class_where_that_is_preferred() {
    let world = World::new();
    each_family(|family| {
        let (path, _) = world.made(family);
        let writer = world.writer(family);
        let body = json!({ "strng1": "x", "modelID": null }).to_string();
        let refused =
            written(writer, Method::PATCH, &path, ("application/json", &body), Some(STRICT));
        assert_eq!(refused.expect(400).faults(), ["strng1", "modelID"], "{path}");
        written(writer, Method::PATCH, &path, ("application/json", &body), None).expect(205);
        let mut new = (family.least)(world.number());
        new["strng1"] = "x".into();
        let collection = world.collection(family);
        let body = ("application/json", &*new.to_string());
        let refused = written(writer, Method::POST, &collection, body, Some(STRICT)).expect(400);
        assert_eq!(refused.faults(), ["strng1"], "{collection}");
    });
}

#[test]
fn a_misspelt_member_of_an_image_in_the_queue_is_found_where_it_stands() {
    let world = World::new();
    let client = &world.owner.client;
    let queue = world.owner.path("/queue");
    let image = |id: &str| json!({ "id": id, "space": world.space, "origin": ORIGIN });
    let mut wrong = image("b");
    wrong["strng1"] = "x".into();
    let body = json!({ "member": [image("a"), wrong], "totalItems": 2, "membre": [] }).to_string();
    let refused = written(client, Method::POST, &queue, ("application/json", &body), Some(STRICT));
    let refused = refused.expect(400);
    assert_eq!(refused.faults(), ["membre", "member[1].strng1"], "all faults at once");
    let body = json!({ "member": [image("a"), body_of(&body)] }).to_string();
    let refused = written(client, Method::POST, &queue, ("application/json", &body), Some(STRICT));
    let refused = refused.expect(400);
    assert_eq!(refused.faults(), ["member[1].strng1"]);
    assert_eq!(refused.body["violations"][0]["pointer"], "#/member/1/strng1");
    written(client, Method::POST, &queue, ("application/json", &body), None).expect(201);
}

/// The second member of a submission.
fn body_of(submission: &str) -> Value {
    let submission: Value = serde_json::from_str(submission).expect("JSON");
    submission["member"][1].clone()
}

#[test]
fn what_is_said_in_other_terms_is_held_against_the_vocabulary_as_well() {
    let world = World::new();
    let client = &world.owner.client;
    let base = &world.app.base;
    let at = world.path("/customers/{customer}/spaces/{space}/images/one");
    client.put(&at, &json!({ "origin": ORIGIN })).expect(201);
    let vocabulary = format!("{base}/vocab#");
    for (media_type, body, fault) in [
        (
            "application/ld+json",
            json!({ "@context": { "i": format!("{vocabulary}Image/") }, "i:strng1": "x", "i:string1": "y" })
                .to_string(),
            "Image/strng1",
        ),
        (
            "application/ld+json",
            json!({ "@context": { "s": format!("{vocabulary}Image/string1") }, "s": "y", "strng1": "x" })
                .to_string(),
            "strng1",
        ),
        (
            "text/turtle",
            format!("<> <{vocabulary}Image/string1> \"y\" ; <{vocabulary}Space/name> \"x\" ."),
            "Space/name",
        ),
        (
            "text/turtle",
            format!("<> <{vocabulary}Image/string1> \"y\" ; <http://purl.org/dc/terms/title> \"x\" ."),
            "terms/title",
        ),
    ] {
        let body = (media_type, body.as_str());
        let refused = written(client, Method::PATCH, &at, body, Some(STRICT)).expect(400);
        let faults = refused.faults();
        assert!(faults.len() == 1 && faults[0].ends_with(fault), "{faults:?} {}", body.1);
        written(client, Method::PATCH, &at, body, None).expect(205);
    }
    let queue = world.owner.path("/queue");
    let image = json!({
        "i:space": world.space, "i:origin": ORIGIN, "i:id": "two", "i:strng1": "x",
    });
    let body = json!({
        "@context": { "i": format!("{vocabulary}Image/"), "h": "http://www.w3.org/ns/hydra/core#" },
        "h:member": [image],
    });
    let body = ("application/ld+json", &*body.to_string());
    let refused = written(client, Method::POST, &queue, body, Some(STRICT)).expect(400);
    let faults = refused.faults();
    assert!(faults.len() == 1 && faults[0].starts_with("member[0]."), "{faults:?}");
    assert!(faults[0].ends_with("Image/strng1"), "{faults:?}");
    written(client, Method::POST, &queue, body, None).expect(201);
}

#[test]
fn every_key_that_no_context_defines_is_named_however_many_there_are() {
    let world = World::new();
    let client = &world.owner.client;
    let at = world.path("/customers/{customer}/spaces/{space}/images/many");
    client.put(&at, &json!({ "origin": ORIGIN })).expect(201);
    let term = format!("{}/vocab#Image/string1", world.app.base);
    let mut body = json!({ "@context": { "s": term }, "s": { "@value": "y" } });
    let names: Vec<String> = (0..300).map(|n| format!("strng{n}")).collect();
    for name in &names {
        body[name] = json!({ "within": 1 });
    }
    let patch = |body: &Value| {
        let body = body.to_string();
        let body = ("application/ld+json", body.as_str());
        written(client, Method::PATCH, &at, body, Some(STRICT)).expect(400)
    };
    let mut faults = patch(&body).faults();
    faults.sort();
    let mut wanted = names;
    wanted.sort();
    assert_eq!(faults, wanted);
    // Where a body takes the vocabulary mapping away, too.
    body["@context"] = json!([{ "@vocab": null }, { "s": term }]);
    assert!(patch(&body).faults().len() >= 8);
    // What is too much for one document is counted.
    for n in 0..3000 {
        body[format!("{n}{}", "x".repeat(200))] = json!(1);
    }
    body["@context"] = json!({ "s": term });
    let answer = patch(&body);
    assert!(answer.bytes.len() < 2 << 20, "{} bytes", answer.bytes.len());
    let last = answer.body["violations"].as_array().and_then(|all| all.last()).expect("faults");
    assert!(last["message"].as_str().expect("words").ends_with("more faults"), "{last}");
}

#[test]
fn every_parameter_that_is_not_known_is_named_however_many_there_are() {
    let world = World::new();
    let client = &world.owner.client;
    let names: Vec<String> = (0..1500).map(|n| format!("unknown{n}")).collect();
    let path = world.owner.path(&format!("/allImages?{}", names.join("&")));
    let strict =
        client.send(client.request(Method::GET, &path).header("Prefer", "handling=strict"));
    assert_eq!(strict.expect(400).faults(), names);
    // The header of a lenient answer is bounded.
    let ignored = client.get(&path).expect(200).header("hydria-ignored").expect("names").len();
    assert!(ignored < 8 << 10, "{ignored} bytes");
}
