//! Bodies in our own terms, under our own context or none: they mean what they mean under any other.

use serde_json::{Value, json};

use super::send_ld;
use crate::contract::families::family;
use crate::contract::world::{ORIGIN, World};

/// A body without a context, under the published one, and under one that is not ours.
fn under_any_context(world: &World, class: &str, body: &Value) -> [Value; 3] {
    let published = json!(format!("{}/contexts/{class}.jsonld", world.app.base));
    let with = |context: Value| {
        let mut body = body.clone();
        body["@context"] = context;
        body
    };
    [body.clone(), with(published.clone()), with(json!([published, { "unused": "urn:x:y" }]))]
}

#[test]
fn a_number_without_a_fraction_is_a_whole_number() {
    let world = World::new();
    let (path, _) = world.made(family("Image"));
    let client = &world.owner.client;
    for (term, given, wanted) in [
        ("number1", json!(3.0), json!(3)),
        ("number2", json!(4e2), json!(400)),
        ("number3", json!(9_007_199_254_740_992.0), json!(9_007_199_254_740_992_i64)),
        ("maxUnauthorised", json!(-1.0), json!(-1)),
        (
            "space",
            json!(format!("{}.0", world.space).parse::<f64>().expect("a number")),
            json!(world.space),
        ),
    ] {
        for body in under_any_context(&world, "Image", &json!({ term: given })) {
            let answer = send_ld(client, "PATCH", &path, &body);
            assert_eq!(answer.status, 205, "{body}: {}", answer.body);
            assert_eq!(client.get(&path).expect(200).body[term], wanted, "{body}");
        }
    }
    for (term, given) in [
        ("number1", json!(3.5)),
        ("number1", json!(1e16)),
        ("maxUnauthorised", json!(3e9)),
        ("number1", json!(u64::MAX)),
    ] {
        for body in under_any_context(&world, "Image", &json!({ term: given })) {
            let answer = send_ld(client, "PATCH", &path, &body).expect(400);
            assert_eq!(answer.faults(), [term], "{body}");
        }
    }
}

#[test]
fn a_type_counts_where_it_is_of_our_vocabulary() {
    let world = World::new();
    let (client, base) = (&world.owner.client, &world.app.base);
    let (spaces, queue) = (world.owner.path("/spaces"), world.owner.path("/queue"));
    let own = format!("{base}/vocab#Space");
    let space =
        |kind: &Value| json!({ "@type": kind, "name": format!("space {}", world.number()) });
    for kind in [
        json!("Space"),
        json!("vocab:Space"),
        json!(own),
        json!(["https://schema.org/Place", "Space"]),
        json!([]),
    ] {
        for body in under_any_context(&world, "Space", &space(&kind)) {
            let made = send_ld(client, "POST", &spaces, &body);
            assert_eq!(made.status, 201, "{body}: {}", made.body);
            client.delete(&made.id()).expect(205);
        }
    }
    for kind in [
        json!("https://schema.org/Space"),
        json!("schema:Space"),
        json!("foo:Space"),
        json!("hydra:Space"),
        json!("http://www.w3.org/ns/hydra/core#Space"),
        json!("a/Space"),
        json!("#Space"),
        json!(format!("{own}/name")),
        json!("Image"),
        json!(["https://schema.org/Space"]),
    ] {
        for body in under_any_context(&world, "Space", &space(&kind)) {
            let answer = send_ld(client, "POST", &spaces, &body).expect(400);
            assert_eq!(answer.faults(), ["@type"], "{body}");
        }
    }
    let elsewhere = "https://other.example.org/api/vocab#Space";
    for body in under_any_context(&world, "Space", &space(&json!(elsewhere))) {
        send_ld(client, "POST", &spaces, &body).expect(400);
    }
    let hydra = "http://www.w3.org/ns/hydra/core#Collection";
    for (kind, status) in [
        ("Collection", 201),
        ("hydra:Collection", 201),
        (hydra, 201),
        ("ImageCollection", 201),
        ("vocab:ImageCollection", 201),
        ("https://schema.org/Collection", 400),
        ("hydra:ImageCollection", 400),
    ] {
        let image = json!({ "@type": "Image", "space": world.space, "origin": ORIGIN });
        let body = json!({ "@type": kind, "member": [image] });
        for body in under_any_context(&world, "ImageCollection", &body) {
            let answer = client.post(&queue, &body);
            assert_eq!(answer.status, status, "{body}: {}", answer.body);
        }
    }
}

#[test]
fn values_count_in_every_form_that_means_the_same() {
    let world = World::new();
    let client = &world.owner.client;
    let (image, _) = world.made(family("Image"));
    for (term, given, wanted) in [
        ("string1", json!(["one"]), json!("one")),
        ("string1", json!({ "@value": "two" }), json!("two")),
        ("string1", json!([{ "@value": "three" }]), json!("three")),
        ("string1", json!(["four", "four"]), json!("four")),
        ("string1", json!([""]), json!("")),
        ("number1", json!([5]), json!(5)),
        ("maxUnauthorised", json!([{ "@value": 400 }]), json!(400)),
        (
            "origin",
            json!({ "@id": "https://example.org/x.jpg" }),
            json!("https://example.org/x.jpg"),
        ),
        ("space", json!([world.space]), json!(world.space)),
        ("tags", json!([["a"], { "@list": ["b"] }]), json!(["a", "b"])),
        ("tags", json!({ "@value": "c" }), json!(["c"])),
        ("tags", json!({ "@set": [] }), json!([])),
        ("tags", json!("d"), json!(["d"])),
        ("tags", json!([]), json!([])),
        ("roles", json!([["urn:x:role"]]), json!(["urn:x:role"])),
    ] {
        for body in under_any_context(&world, "Image", &json!({ term: given })) {
            let answer = send_ld(client, "PATCH", &image, &body);
            assert_eq!(answer.status, 205, "{body}: {}", answer.body);
            assert_eq!(client.get(&image).expect(200).body[term], wanted, "{body}");
        }
    }
    for (term, given) in [
        ("string1", json!(["one", "two"])),
        ("string1", json!([])),
        ("string1", json!([["one"], "two"])),
        ("number1", json!(["5"])),
        ("tags", json!([3])),
    ] {
        for body in under_any_context(&world, "Image", &json!({ term: given })) {
            assert_eq!(
                send_ld(client, "PATCH", &image, &body).expect(400).faults(),
                [term],
                "{body}"
            );
        }
    }
    let link = format!("{}{}/clickthrough", world.app.base, world.owner.path("/authServices"));
    let role = world.owner.path("/roles/staff");
    for given in [
        json!([link]),
        json!([{ "@id": link }]),
        json!({ "@id": link }),
        json!(["../authServices/clickthrough"]),
    ] {
        for body in under_any_context(&world, "Role", &json!({ "authService": given })) {
            let made = client.put(&role, &body);
            assert_eq!(made.status, 201, "{body}: {}", made.body);
            assert_eq!(made.text("authService"), link, "{body}");
            client.delete(&role).expect(205);
        }
    }
    let spaces = world.owner.path("/spaces");
    let roles = json!([[{ "@id": "clickthrough" }]]);
    let body = json!({ "name": ["nested"], "maxUnauthorised": [300], "defaultRoles": roles });
    let made = client.post(&spaces, &body).expect(201);
    assert_eq!(
        (made.text("name").as_str(), made.number("defaultMaxUnauthorised")),
        ("nested", 300)
    );
    let held = client.get(&format!("{}/defaultRoles", made.id())).expect(200);
    assert_eq!(held.each("id"), ["clickthrough"]);
}

#[test]
fn the_address_of_a_body_may_be_relative_or_blank() {
    let world = World::new();
    let client = &world.owner.client;
    let path = world.owner.path("/spaces/50");
    let whole = format!("{}{path}", world.app.base);
    for (name, id) in
        [&whole, &path, "50", "./50", "../spaces/50", "", "_:b0"].into_iter().enumerate()
    {
        let body = json!({ "@id": id, "name": format!("name {name}") });
        for body in under_any_context(&world, "Space", &body) {
            let put = client.put(&path, &body);
            assert!(put.status < 300, "{body}: {}", put.body);
            assert_eq!(put.id(), whole);
            client.patch(&path, &body).expect(205);
        }
    }
    for id in ["51", "./51", "50/", "/50", "urn:50"] {
        for body in under_any_context(&world, "Space", &json!({ "@id": id, "name": "another" })) {
            assert_eq!(client.put(&path, &body).expect(400).faults(), ["@id"], "{body}");
        }
    }
    let [bare, published, other] = under_any_context(&world, "Space", &json!({ "@id": "51" }));
    for body in [bare, published] {
        assert_eq!(client.patch(&path, &body).expect(400).faults(), ["@id"], "{body}");
    }
    // A name alone says nothing in JSON-LD.
    let answer = client.patch(&path, &other).expect(400);
    assert!(answer.text("type").ends_with("#UnreadableRequest"), "{}", answer.body);
    let images = world.owner.path(&format!("/spaces/{}/images", world.space));
    let image = |id: &str| json!({ "@id": id, "origin": ORIGIN });
    let beside =
        image(&format!("../customers/{}/spaces/{}/images/beside", world.owner.id, world.space));
    // Relative to the queue, /customers/{c}/queue.
    let below = image(&format!("spaces/{}/images/below", world.space));
    let body = json!({ "member": [below] });
    client.post(&world.owner.path("/queue"), &body).expect(201);
    client.get(&format!("{images}/below")).expect(200);
    let answer = client.post(&world.owner.path("/queue"), &json!({ "member": [beside] }));
    assert_eq!(answer.expect(400).faults(), ["member[0].@id"]);
}
