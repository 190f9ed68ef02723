//! Everything that is served, as a stranger with a JSON-LD processor finds it.

pub mod crawl;
pub mod judge;
mod vocabulary;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

pub use self::crawl::Crawl;
pub use self::judge::{Judge, walk, with_a_large_stack};
use crate::contract::families::FAMILIES;
use crate::contract::world::World;
use crate::support::{Answer, Client, Library};

/// Classes that no link leads to: what a POST answers, and problems.
fn is_met_elsewhere(class: &Value) -> bool {
    let parent = class["subClassOf"].as_str().unwrap_or_default();
    parent.ends_with("Error")
        || class["title"] == "ConstraintViolation"
        || class["title"] == "BatchTest"
        // Written and never shown.
        || class["title"] == "Credentials"
}

/// What a client meets that follows every link; the test fails where a link or a document is wrong.
fn crawled(client: &Client, judge: &Judge) -> (BTreeSet<String>, usize) {
    let mut crawl = Crawl::new(client, judge);
    crawl.run();
    assert!(crawl.faults.is_empty(), "{}", crawl.faults.join("\n"));
    (crawl.met, crawl.seen.len())
}

#[test]
fn every_link_from_the_root_leads_to_linked_data_that_the_vocabulary_explains() {
    with_a_large_stack(|| {
        let library = Library::new();
        let app = &library.app;
        let judge = Judge::of(app);
        let limits = json!({ "expires": "2099-12-31T23:59:59Z" });
        library.owner.client.post(&library.owner.path("/keys"), &limits).expect(201);
        let (met, customer) = crawled(&library.owner.client, &judge);
        let (_, administrator) = crawled(&app.administrator, &judge);
        assert!(administrator > customer && customer > 100, "{administrator}, {customer}");

        let vocabulary = app.visitor.get("/vocab").expect(200).body;
        let mut missed = Vec::new();
        for class in vocabulary["supportedClass"].as_array().expect("classes") {
            if is_met_elsewhere(class) {
                continue;
            }
            let name = class["title"].as_str().expect("a title");
            if !met.contains(name) {
                missed.push(name.to_owned());
            }
            for property in class["supportedProperty"].as_array().expect("properties") {
                let term = format!("{name}/{}", property["title"].as_str().expect("a title"));
                let hydra = property["property"]["@id"].as_str().expect("an IRI");
                // The secret of a key or a webhook is shown once, when it is made.
                if property["readable"] == true
                    && hydra.starts_with("vocab:")
                    && !["Key/secret", "Webhook/secret"].contains(&term.as_str())
                    // Shown to people who log in.
                    && term != "Error/customers"
                    // Shown of more than 100,000 that match.
                    && !term.ends_with("/totalItemsEstimated")
                    && !met.contains(&term)
                {
                    missed.push(term);
                }
            }
        }
        assert!(missed.is_empty(), "nowhere shown: {missed:?}");
    });
}

#[test]
fn what_only_writing_answers_is_linked_data_as_well() {
    with_a_large_stack(|| {
        let world = World::new();
        let judge = Judge::of(&world.app);
        let (owner, mut wrong) = (&world.owner, Vec::new());
        let mut answers: Vec<(&str, Answer)> = FAMILIES
            .iter()
            .map(|f| {
                let body = (f.least)(world.number());
                (f.class, world.writer(f).post(&world.collection(f), &body).expect(201))
            })
            .collect();
        answers.push(("Key", owner.client.post(&owner.path("/keys"), &json!({})).expect(201)));
        let test = format!("{}/test", world.batch());
        answers.push(("BatchTest", owner.client.post(&test, &json!({})).expect(200)));
        for (class, answer) in answers {
            assert_eq!(answer.body["@type"], class);
            wrong.extend(judge.faults(&answer.body).into_iter().map(|f| format!("{class}: {f}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// One problem of each kind that a request can bring about.
fn problems(world: &World) -> Vec<Answer> {
    let (owner, visitor) = (&world.owner, &world.app.visitor);
    let (client, spaces) = (&owner.client, owner.path("/spaces"));
    let typed = |media_type: &str, body: &str| {
        let request = client.request(Method::POST, &spaces).header("Content-Type", media_type);
        client.send(request.body(body.to_owned()))
    };
    let space = format!("{spaces}/{}", world.space);
    world.batch();
    vec![
        visitor.get(&spaces).expect(401),
        world.stranger.client.get(&spaces).expect(403),
        client.get(&format!("{spaces}/999999")).expect(404),
        client.send(client.request(Method::GET, &spaces).header("Accept", "image/png")).expect(406),
        client.get("/nowhere").expect(404),
        client.delete(&spaces).expect(405),
        typed("text/plain", "{}").expect(415),
        typed("application/json", "{").expect(400),
        typed("application/json", "{}").expect(400),
        client.post(&spaces, &json!({ "name": "a space for images" })).expect(400),
        client.get(&owner.path("/allImages?page=abc&number1=x")).expect(400),
        client.delete(&space).expect(409),
    ]
}

#[test]
fn problems_are_linked_data_in_the_shape_that_clients_read() {
    with_a_large_stack(|| {
        let world = World::new();
        let judge = Judge::of(&world.app);
        let base = &world.app.base;
        let documentation =
            format!("<{base}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\"");
        let context = format!(
            "<{base}/contexts/Error.jsonld>; rel=\"http://www.w3.org/ns/json-ld#context\"; \
             type=\"application/ld+json\""
        );
        for answer in problems(&world) {
            let body = &answer.body;
            let faults = judge.faults(body);
            assert!(faults.is_empty(), "{body}: {faults:#?}");
            let links = answer.headers.get_all("link").iter().map(|l| l.to_str().expect("text"));
            assert_eq!(links.collect::<Vec<_>>(), [documentation.as_str(), context.as_str()]);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert_eq!(body["@context"], format!("{base}/contexts/Error.jsonld"));
            assert_eq!(body["@type"], "Error");
            assert_eq!(body["status"], answer.status);
            assert_eq!(body["requestId"].as_str(), answer.header("x-request-id"));
            assert_eq!(body["hydra:title"], body["title"]);
            assert_eq!(body["hydra:description"], body["detail"]);
            let kind = body["type"].as_str().expect("a kind");
            assert!(kind.starts_with(&format!("{base}/vocab#")), "{kind}");
            assert!(judge.defined.contains(kind), "{kind}");
            let instance = body["instance"].as_str().expect("an address");
            assert!(instance.starts_with(base.as_str()), "{instance}");
            if kind.ends_with("#ValidationError") || kind.ends_with("#AlreadyTaken") {
                let violations = body["violations"].as_array().expect("violations");
                assert!(!violations.is_empty(), "{body}");
                for violation in violations {
                    let text = |name: &str| violation[name].as_str().expect("a text");
                    assert_eq!(text("@type"), "ConstraintViolation");
                    assert!(text("message").starts_with(text("propertyPath")), "{violation}");
                    // What a query says stands in no body.
                    match instance.ends_with("/allImages") {
                        true => assert!(violation.get("pointer").is_none(), "{violation}"),
                        false => assert!(text("pointer").starts_with("#/"), "{violation}"),
                    }
                }
            }
        }
    });
}

#[test]
fn the_judge_is_not_content_with_what_loses_meaning() {
    with_a_large_stack(|| {
        let world = World::new();
        let judge = Judge::of(&world.app);
        let (_, shown) = world.made(crate::contract::families::family("Space"));
        assert!(judge.faults(&shown.body).is_empty());
        for (member, value) in [
            ("nonsense", json!(1)),
            ("https://example.org/term", json!("a term of somebody's")),
            ("vocab:Space/nonsense", json!("not described")),
            ("@type", json!("vocab:Nonsense")),
            ("@type", json!(["Space"])),
            ("name", Value::Null),
            ("defaultTags", json!("one, without its array")),
            ("images", json!({ "@id": shown.id() })),
        ] {
            let mut document = shown.body.clone();
            document[member] = value;
            assert!(!judge.faults(&document).is_empty(), "{document}");
        }
    });
}
