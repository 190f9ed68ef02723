//! Bodies by their meaning: whatever a body is written in, the same comes of it.

mod bounds;
mod closed;
mod constructs;
mod differ;
mod fuzz;
mod own_terms;
mod refused;
mod spellings;
mod values;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::world::{ORIGIN, World};
use crate::support::{Answer, Client};
use spellings::{SPELLINGS, Sent, Speller};

/// Sends a body in a spelling.
fn send(client: &Client, method: &str, path: &str, sent: Sent) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = client.request(method, path).body(sent.text);
    client.send(match sent.media_type {
        "" => request,
        media_type => request.header("Content-Type", media_type),
    })
}

/// Sends a body as JSON-LD.
fn send_ld(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    send(client, method, path, Sent { media_type: "application/ld+json", text: body.to_string() })
}

fn speller(world: &World, name: &'static str) -> Speller {
    let published = world.app.visitor.get(&format!("/contexts/{name}.jsonld")).expect(200).body;
    let terms: Map<String, Value> = published["@context"].as_object().expect("terms").clone();
    Speller { base: world.app.base.clone(), name, terms }
}

/// What is shown of a resource, without what names it.
fn shown(answer: &Answer, own: &[&str]) -> Value {
    let id = answer.id();
    let mut body = answer.body.clone();
    let members = body.as_object_mut().expect("an object");
    members.retain(|name, value| {
        let links = value.as_str().is_some_and(|link| link.starts_with(&id));
        !links
            && !["@id", "id", "created", "queued", "batch"].contains(&name.as_str())
            && !own.contains(&name.as_str())
    });
    body
}

fn roles(world: &World) -> Value {
    json!([
        format!("{}{}/clickthrough", world.app.base, world.owner.path("/roles")),
        "https://elsewhere.example.org/role",
    ])
}

#[test]
fn a_space_is_the_same_in_every_spelling() {
    let world = World::new();
    let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
    let speller = speller(&world, "Space");
    let document = |name: &str| {
        json!({
            "@type": "Space", "name": name, "defaultTags": ["a", "b c"],
            "defaultMaxUnauthorised": 400, "defaultRoles": [roles(&world)[0]],
            "defaultRequiredStatement": "The \"City\" Library", "defaultRights": "https://example.org/rights",
        })
    };
    let plain = client.post(&spaces, &document("plain")).expect(201);
    for (spelling, spell) in SPELLINGS {
        let sent = spell(&speller, &document(spelling));
        let text = sent.text.clone();
        let made = send(client, "POST", &spaces, sent);
        assert_eq!(made.status, 201, "{spelling}: {}\n{text}", made.body);
        assert_eq!(made.text("name"), *spelling);
        assert_eq!(shown(&made, &["name"]), shown(&plain, &["name"]), "{spelling}: {text}");
        let held = client.get(&format!("{}/defaultRoles", made.id())).expect(200);
        assert_eq!(held.each("id"), ["clickthrough"], "{spelling}");
    }
}

#[test]
fn an_image_is_the_same_in_every_spelling() {
    let world = World::new();
    let (client, images) =
        (&world.owner.client, world.path("/customers/{customer}/spaces/{space}/images"));
    let speller = speller(&world, "Image");
    let document = json!({
        "@type": "Image", "origin": ORIGIN, "maxUnauthorised": 400, "roles": roles(&world),
        "tags": ["map", "größer \"als\""], "string1": "one", "string3": "5", "number1": 1,
        "number3": 9_007_199_254_740_993_i64, "mediaType": "image/x-own",
        "initialOrigin": "https://example.org/first.png", "space": world.space, "label": "Blatt 3, größer",
        "requiredStatement": "The City Library", "rights": "http://example.org/rights#größer",
    });
    let plain = client.put(&format!("{images}/plain"), &document).expect(201);
    for (number, (spelling, spell)) in SPELLINGS.iter().enumerate() {
        let path = format!("{images}/image-{number}");
        let sent = spell(&speller, &document);
        let text = sent.text.clone();
        let made = send(client, "PUT", &path, sent);
        assert_eq!(made.status, 201, "{spelling}: {}\n{text}", made.body);
        assert_eq!(shown(&made, &[]), shown(&plain, &[]), "{spelling}: {text}");
    }
}

#[test]
fn a_batch_is_the_same_in_every_spelling() {
    let world = World::new();
    let (client, queue) = (&world.owner.client, world.owner.path("/queue"));
    let speller = speller(&world, "ImageCollection");
    let image = |id: &str| {
        json!({
            "@type": "Image", "id": id, "space": world.space, "origin": format!("{ORIGIN}?{id}"),
            "tags": ["a"], "roles": roles(&world), "string1": "one", "number2": 7,
        })
    };
    let document = |name: &str| {
        let members = [image(&format!("{name}-2")), image(&format!("{name}-1"))];
        json!({ "@type": "Collection", "member": members })
    };
    let plain = client.post(&queue, &document("plain")).expect(201);
    let images = |batch: &Answer| client.get(&format!("{}/images", batch.id())).expect(200);
    for (number, (spelling, spell)) in SPELLINGS.iter().enumerate() {
        let name = format!("batch-{number}");
        let sent = spell(&speller, &document(&name));
        let text = sent.text.clone();
        let made = send(client, "POST", &queue, sent);
        assert_eq!(made.status, 201, "{spelling}: {}\n{text}", made.body);
        assert_eq!(made.number("count"), 2, "{spelling}");
        let listed = images(&made);
        assert_eq!(
            listed.each("id"),
            [format!("{name}-2"), format!("{name}-1")],
            "{spelling}: {text}"
        );
        let plain = images(&plain).members();
        for (member, plain) in listed.members().into_iter().zip(plain) {
            let as_answer = |body: Value| Answer { body, ..made.clone() };
            let (member, plain) = (as_answer(member), as_answer(plain));
            assert_eq!(
                shown(&member, &["origin"]),
                shown(&plain, &["origin"]),
                "{spelling}: {text}"
            );
        }
    }
}

#[test]
fn what_get_shows_is_accepted_unchanged_in_every_spelling() {
    let world = World::new();
    for family in super::families::FAMILIES {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let context = shown.body["@context"].clone();
        let mut expanded = shown.body.clone();
        expanded["@context"] = json!([context, { "unused": "https://example.org/" }]);
        let mut without = shown.body.clone();
        without.as_object_mut().expect("an object").remove("@context");
        for body in
            [&shown.body, &without, &expanded, &json!([expanded]), &json!({ "@graph": [expanded] })]
        {
            let put = send_ld(writer, "PUT", &path, body).expect(200);
            assert_eq!(put.body, shown.body, "{path} {body}");
            send_ld(writer, "PATCH", &path, body).expect(205);
            assert_eq!(writer.get(&path).expect(200).body, shown.body, "{path} {body}");
        }
    }
}

#[test]
fn nulls_reset_and_empty_arrays_empty_in_our_own_terms() {
    let world = World::new();
    let family = super::families::family("Image");
    let context = format!("{}/contexts/Image.jsonld", world.app.base);
    let hydra = "http://www.w3.org/ns/hydra/context.jsonld";
    let own = json!({ "string1": null, "tags": [], "maxUnauthorised": null });
    let with = |context: Value| {
        let mut body = own.clone();
        body["@context"] = context;
        body
    };
    let forms = [
        own.clone(),
        with(json!(context)),
        with(json!(hydra)),
        with(json!([hydra, context])),
        json!({ "string1": { "@value": null }, "tags": { "@set": [] }, "maxUnauthorised": null }),
        json!({ "@graph": [own] }),
        json!({ "@context": context, "@graph": own }),
        json!({ "@context": [hydra, context], "@graph": [with(json!(context))] }),
    ];
    for form in forms {
        for method in ["PATCH", "PUT"] {
            let (path, shown) = world.made(family);
            let answer = send_ld(&world.owner.client, method, &path, &form);
            assert!(answer.status < 300, "{form}: {}", answer.body);
            let mut wanted = shown.body.clone();
            wanted["string1"] = "".into();
            wanted["tags"] = json!([]);
            wanted["maxUnauthorised"] = json!(-1);
            assert_eq!(world.owner.client.get(&path).expect(200).body, wanted, "{form}");
            let required = send_ld(&world.owner.client, method, &path, &json!({ "origin": null }));
            assert_eq!(required.expect(400).faults(), ["origin"]);
        }
    }
}

#[test]
fn other_terms_empty_by_empty_arrays_and_cannot_say_null() {
    let world = World::new();
    let family = super::families::family("Image");
    let speller = speller(&world, "Image");
    let iri = |term: &str| speller.iri(term);
    let context = format!("{}/contexts/Image.jsonld", world.app.base);
    let vocabulary = format!("{}/vocab#Image/", world.app.base);
    let forms = [
        json!({
            "@context": [context, { "s": iri("string1") }],
            "s": null, "tags": [], "maxUnauthorised": { "@value": null },
        }),
        json!([{ iri("string1"): null, iri("tags"): [], iri("maxUnauthorised"): null }]),
        json!({ "@context": { "v": vocabulary }, "v:string1": null, "v:tags": { "@set": [] }, "v:maxUnauthorised": null }),
        json!({ "@context": { "@vocab": vocabulary }, "string1": null, "tags": { "@list": [] }, "maxUnauthorised": null }),
        json!({
            "@context": [context, { "s": iri("string1") }],
            "@graph": [{ "@type": "Image", "s": null, "tags": [], "maxUnauthorised": null }],
        }),
    ];
    for form in forms {
        for method in ["PATCH", "PUT"] {
            let (path, shown) = world.made(family);
            let answer = send_ld(&world.owner.client, method, &path, &form);
            assert!(answer.status < 300, "{form}: {}", answer.body);
            let mut wanted = shown.body.clone();
            wanted["tags"] = json!([]);
            assert_eq!(world.owner.client.get(&path).expect(200).body, wanted, "{form}");
        }
    }
    for null in [json!([null]), json!(["a", { "@value": null }])] {
        let (path, shown) = world.made(family);
        let mut body = Map::new();
        body.insert(iri("tags"), null.clone());
        send_ld(&world.owner.client, "PATCH", &path, &body.into()).expect(400);
        assert_eq!(world.owner.client.get(&path).expect(200).body, shown.body, "{null}");
    }
    let (path, shown) = world.made(family);
    let turtle = format!("<> <{}> \"other\" .", iri("string1"));
    send(&world.owner.client, "PATCH", &path, Sent { media_type: "text/turtle", text: turtle })
        .expect(205);
    let mut wanted = shown.body;
    wanted["string1"] = "other".into();
    assert_eq!(world.owner.client.get(&path).expect(200).body, wanted, "what is absent is kept");
}
