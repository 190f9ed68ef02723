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
fn a_type_counts_where_it_is_of_our_vocabulary_at_whatever_base() {
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
        json!("https://other.example.org/api/vocab#Space"),
        json!(["https://schema.org/Place", "Space"]),
        json!([]),
        Value::Null,
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
