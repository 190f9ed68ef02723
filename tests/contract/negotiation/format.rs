//! The parameter `format`, which names a representation where a client cannot set `Accept`.

use reqwest::Method;
use serde_json::json;

use crate::contract::world::World;
use crate::support::Answer;

const FORMATS: [(&str, &str); 6] = [
    ("jsonld", "application/ld+json"),
    ("json", "application/json"),
    ("ttl", "text/turtle"),
    ("nq", "application/n-quads"),
    ("nt", "application/n-triples"),
    ("html", "text/html"),
];

fn media_type(answer: &Answer) -> &str {
    answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default()
}

#[test]
fn a_format_is_stronger_than_accept_at_every_address() {
    let world = World::new();
    let client = &world.owner.client;
    let addresses = [
        "/".to_owned(),
        "/vocab".to_owned(),
        world.owner.path(""),
        world.owner.path("/spaces"),
        world.owner.path(&format!("/spaces/{}", world.space)),
        world.owner.path("/queue"),
    ];
    for path in &addresses {
        for (format, wanted) in FORMATS {
            let request = client.request(Method::GET, &format!("{path}?format={format}"));
            let answer = client.send(request.header("Accept", "text/turtle;q=0.5, text/html"));
            assert_eq!(media_type(&answer.clone().expect(200)), wanted, "{path} {format}");
            let impossible = client.request(Method::GET, &format!("{path}?format={format}"));
            let answer = client.send(impossible.header("Accept", "image/png")).expect(200);
            assert_eq!(media_type(&answer), wanted, "{path} {format}");
        }
        for wrong in ["xml", "JSON", "", "%FF"] {
            let answer = client.get(&format!("{path}?format={wrong}")).expect(400);
            assert_eq!(answer.faults(), ["format"], "{path} {wrong}");
        }
    }
    // What has one media type only keeps it, but a name that is none is refused there too.
    for path in ["/openapi.json", "/contexts/Space.jsonld"] {
        client.get(&format!("{path}?format=ttl")).expect(200);
        client.get(&format!("{path}?format=xml")).expect(400);
    }
}

#[test]
fn problems_and_what_was_written_come_in_the_format_too() {
    let world = World::new();
    let client = &world.owner.client;
    let missing = client.get(&world.owner.path("/spaces/999?format=ttl")).expect(404);
    assert_eq!(media_type(&missing), "text/turtle");
    let missing = client.get(&world.owner.path("/spaces/999?format=json")).expect(404);
    assert_eq!(media_type(&missing), "application/problem+json");
    let spaces = world.owner.path("/spaces");
    let made = client.post(&format!("{spaces}?format=nt"), &json!({ "name": "maps" })).expect(201);
    assert_eq!(media_type(&made), "application/n-triples");
    assert!(!made.header("location").unwrap_or_default().contains('?'));
    let count = client.get(&spaces).expect(200).number("totalItems");
    client.post(&format!("{spaces}?format=xml"), &json!({ "name": "prints" })).expect(400);
    assert_eq!(client.get(&spaces).expect(200).number("totalItems"), count, "nothing was made");
}

#[test]
fn a_format_stands_in_no_address_but_that_of_the_view() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.owner.space(name);
    }
    let asked = world.owner.path("/spaces?format=jsonld&pageSize=2&page=1&orderBy=name");
    let answer = world.owner.client.get(&asked).expect(200);
    assert_eq!(answer.body["view"]["@id"], format!("{}{asked}", world.app.base));
    let mut rest = answer.body.clone();
    rest["view"]["@id"] = "".into();
    assert!(!rest.to_string().contains("format="), "{rest}");
    let next = answer.body["view"]["next"].as_str().expect("a next page");
    assert_eq!(media_type(&world.owner.client.get(next).expect(200)), "application/ld+json");
}

#[test]
fn a_format_means_nothing_on_the_iiif_side() {
    let world = World::new();
    let at = format!("/thumbs/{}/{}/none/info.json", world.owner.id, world.space);
    let answer = world.app.visitor.get(&format!("{at}?format=ttl")).expect(404);
    assert_eq!(media_type(&answer), "application/problem+json");
    world.app.visitor.get(&format!("{at}?format=xml")).expect(404);
}
