//! What a body may hold: a whole batch, in any form; and what its contexts may cost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hydria::cli::serve::Options;
use hydria::hydra::linked::{Format, Linked};
use hydria::web::described::described;
use serde_json::{Value, json};

use super::fuzz::seeds::{self, BASE};
use super::spellings::Sent;
use super::{send, send_ld, speller};
use crate::contract::world::{ORIGIN, World};
use crate::support::{App, until};

/// Largest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 16 << 20;

/// An image with all members that a body usually gives.
fn image(number: usize) -> Value {
    json!({
        "id": format!("{number:05}"), "space": 1, "origin": format!("http://a.example/{number:05}"),
        "string1": "a", "string2": "b", "string3": "c", "number1": 1, "number2": 2, "number3": 3,
        "tags": ["x", "y"], "roles": ["urn:x:r"], "maxUnauthorised": 400, "mediaType": "image/jpeg",
        "label": "d", "requiredStatement": "e", "rights": "http://a.example/",
    })
}

#[test]
fn a_batch_of_the_largest_size_is_read_whatever_that_is() {
    let described = described();
    let operation = seeds::operation(&described, "/customers/{customer}/queue", "POST");
    for limit in [1_000, 50_000] {
        let linked = Linked::new(&described.classes, &described.collections, BASE, limit);
        let linked = linked.expect("threads");
        let shape = linked.shape(&operation, false);
        let images: Vec<Value> = (0..limit).map(image).collect();
        let text = json!({ "member": images }).to_string();
        assert!(text.len() <= MAX_BODY_BYTES, "{}", text.len());
        let read = linked.read(text.into(), Format::Json, &shape, ("/customers/1/queue", None));
        let meaning = pollster::block_on(read).expect("it is read");
        assert_eq!(meaning.document["member"].as_array().map(Vec::len), Some(limit));
    }
}

#[test]
fn a_batch_over_a_thousand_is_read_in_other_terms_too() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_BATCH_LIMIT", "2500")], options);
    let owner = app.customer("library");
    let space = owner.space("maps");
    let term = |name: &str| format!("{}/vocab#Image/{name}", app.base);
    let images: Vec<Value> = (0..2_500)
        .map(|number| {
            let mut image = image(number);
            image["space"] = space.into();
            let members = image.as_object().expect("an object").iter();
            members.map(|(name, value)| (term(name), value.clone())).collect::<Value>()
        })
        .collect();
    let body = json!({ "http://www.w3.org/ns/hydra/core#member": images });
    let made = send_ld(&owner.client, "POST", &owner.path("/queue"), &body).expect(201);
    assert_eq!(made.number("count"), 2_500);
}

#[test]
fn a_context_that_every_member_names_is_worked_through_once() {
    let world = World::new();
    let (client, queue) = (&world.owner.client, world.owner.path("/queue"));
    let speller = speller(&world, "Image");
    let published = format!("{}/contexts/Image.jsonld", world.app.base);
    let member = |number: usize, context: &Value| {
        json!({
            "@context": context, "id": format!("many-{number}"), "space": world.space,
            "origin": ORIGIN, speller.iri("string1"): "x",
        })
    };
    for context in [json!("http://www.w3.org/ns/hydra/context.jsonld"), json!(published)] {
        let members: Vec<Value> = (0..880).map(|number| member(number, &context)).collect();
        let body = json!({ "member": members });
        let made = client.post(&queue, &body).expect(201);
        assert_eq!(made.number("count"), 880, "{context}");
    }
    // Others are worked through each time, so that there may be fewer.
    let other = json!([published, { "x": "urn:x:y" }]);
    let members: Vec<Value> = (0..100).map(|number| member(number, &other)).collect();
    client.post(&queue, &json!({ "member": members })).expect(201);
    let many = json!([{ "y": "urn:x:y" }, published, { "x": "urn:x:y" }]);
    let members: Vec<Value> = (0..880).map(|number| member(number, &many)).collect();
    let answer = client.post(&queue, &json!({ "member": members })).expect(400);
    assert!(answer.text("detail").contains("define 1760 terms"), "{}", answer.body);
}

#[test]
fn bodies_of_one_customer_do_not_keep_those_of_another_waiting() {
    /// Clients of one customer that send bodies which are expanded, one after the other.
    const HOSTILE: usize = 40;
    let world = World::new();
    let member = json!({ "@context": "http://www.w3.org/ns/hydra/context.jsonld", "a:b": 1 });
    let hostile = json!({ "http://www.w3.org/ns/hydra/core#member": vec![member; 880] });
    assert!(hostile.to_string().len() <= 64 << 10);
    let (other, stop, answered) = (&world.stranger, AtomicBool::new(false), AtomicUsize::new(0));
    let space = other.space("of the other");
    let image = |id: usize| json!({ "id": format!("i{id}"), "space": space, "origin": ORIGIN });
    other.submit(&[image(0)]).expect(201);
    let path = other.path(&format!("/spaces/{space}/images/i0"));
    std::thread::scope(|scope| {
        for _ in 0..HOSTILE {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let queue = world.owner.path("/queue");
                    let answer = send_ld(&world.owner.client, "POST", &queue, &hostile);
                    assert!([400, 503].contains(&answer.status), "{}", answer.status);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        until("the first of the bodies", || answered.load(Ordering::SeqCst) > 0);
        // All that while, others are under way: each client sends the next at once.
        for number in 1..=20 {
            let triple = format!("<> <{}/vocab#Image/number1> {number} .", world.app.base);
            let sent = Sent { media_type: "text/turtle", text: triple };
            let patched = send(&other.client, "PATCH", &path, sent);
            let batch = other.submit(&[image(number)]);
            if (patched.status, batch.status) != (205, 201) {
                stop.store(true, Ordering::SeqCst);
            }
            patched.expect(205);
            batch.expect(201);
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(other.client.get(&path).expect(200).number("number1"), 20);
}
