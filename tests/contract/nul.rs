//! U+0000, which PostgreSQL has no text for, wherever a client can write one: refused, and never a fault of ours.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::families::each_family;
use super::world::{ORIGIN, World};
use crate::support::Answer;

/// The answer, if the service failed or took it.
fn wrong(what: &str, answer: &Answer, allowed: &[u16]) -> Option<String> {
    (!allowed.contains(&answer.status))
        .then(|| format!("{what}: {} {}", answer.status, answer.body))
}

#[test]
fn no_spelling_of_an_id_in_the_queue_brings_one_to_the_database() {
    let world = World::new();
    let (client, queue) = (&world.owner.client, world.owner.path("/queue"));
    let (customer, space, base) = (world.owner.id, world.space, &world.app.base);
    let image = |members: Value| {
        let mut image = json!({ "space": space, "origin": ORIGIN });
        image
            .as_object_mut()
            .expect("an object")
            .extend(members.as_object().cloned().expect("one"));
        json!({ "member": [image] })
    };
    let at = format!("/customers/{customer}/spaces/{space}/images");
    let vocabulary = format!("{base}/vocab#Image/");
    let foreign = json!({
        "@context": { "i": vocabulary, "member": "http://www.w3.org/ns/hydra/core#member" },
        "member": [{ "i:space": space, "i:origin": ORIGIN, "i:id": "a\u{0}b" }],
    });
    for body in [
        image(json!({ "id": "a\u{0}b" })),
        image(json!({ "modelId": "a\u{0}b" })),
        image(json!({ "id": format!("{customer}/{space}/a\u{0}b") })),
        image(json!({ "id": format!("{base}{at}/a\u{0}b") })),
        image(json!({ "@id": format!("{base}{at}/a\u{0}b") })),
        image(json!({ "@id": format!("{base}{at}/a%00b") })),
        image(json!({ "@id": format!("{at}/a%00b") })),
        foreign,
    ] {
        let answer = client.post(&queue, &body);
        assert_eq!(answer.status, 400, "{body} {}", answer.body);
    }
}

#[test]
fn no_member_of_any_class_takes_one() {
    let world = World::new();
    let mut found = Vec::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, _) = world.made(family);
        let whole = (family.whole)(&world, world.number());
        for member in whole.as_object().expect("an object").keys() {
            for value in [
                json!("\u{0}"),
                json!("a\u{0}b"),
                json!("a%00b"),
                json!(["a\u{0}b"]),
                json!(["/customers/1/roles/a%00b", "a%00b"]),
                json!({ "@id": "a\u{0}b" }),
                json!({ "@id": "/x/a%00b" }),
                json!([{ "@id": format!("{}/roles/a%00b", world.owner.path("")) }]),
            ] {
                let answer = writer.patch(&path, &json!({ member: value }));
                // An escape is no U+0000 where texts are kept as they are.
                let is_plain = value.to_string().contains("%00");
                let allowed: &[u16] = if is_plain { &[400, 205] } else { &[400] };
                let what = format!("PATCH {path} {member} {value}");
                found.extend(wrong(&what, &answer, allowed));
            }
        }
        for id in ["a\u{0}b", "a%00b"] {
            let mut new = (family.least)(world.number());
            new["id"] = id.into();
            let answer = writer.post(&world.collection(family), &new);
            found.extend(wrong(&format!("POST {} {id:?}", family.class), &answer, &[400]));
        }
        let at = format!("{}/a%00b", world.collection(family));
        found.extend(wrong(&format!("GET {at}"), &writer.get(&at), &[404]));
        let put = writer.put(&at, &(family.least)(world.number()));
        found.extend(wrong(&format!("PUT {at}"), &put, &[400]));
        found.extend(wrong(&format!("DELETE {at}"), &writer.delete(&at), &[404]));
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_reference_and_no_query_brings_one_to_the_database() {
    let world = World::new();
    let client = &world.owner.client;
    let mut found = Vec::new();
    let roles = world.path("/customers/{customer}/spaces/{space}/defaultRoles");
    let own = world.owner.path("/roles/a%00b");
    for body in [
        json!({ "@id": own }),
        json!({ "@id": "a\u{0}b" }),
        json!({ "id": "a\u{0}b" }),
        json!([own]),
        json!({ "member": ["a\u{0}b", { "@id": own }] }),
    ] {
        found.extend(wrong(&format!("{roles} {body}"), &client.post(&roles, &body), &[400]));
    }
    let images = world.path("/customers/{customer}/spaces/{space}/images");
    let distinct = world.path("/customers/{customer}/spaces/{space}/metadata/distinct");
    for name in ["string1", "number1", "id", "space", "tags", "roles", "orderBy", "page", "q"] {
        for value in ["%00", "a%00b"] {
            let at = format!("{images}?{name}={value}");
            found.extend(wrong(&at, &client.get(&at), &[200, 400]));
        }
        let condition = json!({ name: "a\u{0}b" }).to_string();
        let several = json!({ name: ["a\u{0}b", "/customers/1/roles/a%00b"] }).to_string();
        for q in [condition, several] {
            let at = format!("{images}?q={}", utf8_percent_encode(&q, NON_ALPHANUMERIC));
            found.extend(wrong(&format!("q={q}"), &client.get(&at), &[200, 400]));
        }
    }
    for path in ["spaces?name=", "portalUsers?email=", "roles?name=", "queue/batches?orderBy="] {
        let at = world.owner.path(&format!("/{path}a%00b"));
        found.extend(wrong(&at, &client.get(&at), &[200, 400]));
    }
    for query in ["field=a%00b", "field=string1&after=a%00b"] {
        let at = format!("{distinct}?{query}");
        found.extend(wrong(&at, &client.get(&at), &[400]));
    }
    let thumbs = format!("/thumbs/{}/{}/a%00b/info.json", world.owner.id, world.space);
    found.extend(wrong(&thumbs, &client.get(&thumbs), &[404]));
    let at = world.owner.path("/%00");
    found.extend(wrong(&at, &client.get(&at), &[404]));
    assert!(found.is_empty(), "{}", found.join("\n"));
}
