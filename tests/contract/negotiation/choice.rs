//! Which representation is sent, and with which headers.

use reqwest::Method;
use serde_json::{Value, json};

use super::{BROWSER, HTML, TURTLE, get, profile};
use crate::contract::world::World;

/// The headers that must not depend on the method.
const HEADERS: [&str; 7] = [
    "content-type",
    "content-length",
    "link",
    "vary",
    "cache-control",
    "content-security-policy",
    "allow",
];

#[test]
fn the_same_choice_is_made_for_everything() {
    let world = World::new();
    let (client, visitor) = (&world.owner.client, &world.app.visitor);
    let (space, _) = world.made(crate::contract::families::family("Space"));
    let spaces = world.owner.path("/spaces");
    let known = profile("expanded");
    let spelled = known.replace('"', "");
    for (accept, expected) in [
        (&[][..], "application/ld+json"),
        (&["*/*"], "application/ld+json"),
        (&["application/*;q=0.3"], "application/ld+json"),
        (&["nonsense"], "application/ld+json"),
        (&[""], "application/ld+json"),
        (&["application/json"], "application/json"),
        (&["text/turtle, application/json;q=0.9"], TURTLE),
        (&["application/n-triples;q=0.5", "application/n-quads;q=0.6"], "application/n-quads"),
        (&["application/n-quads, text/turtle, application/ld+json"], "application/ld+json"),
        (&["*/*, application/ld+json;q=0, application/json;q=0"], TURTLE),
        (&[known.as_str()], known.as_str()),
        (&[spelled.as_str()], known.as_str()),
        (
            &["application/ld+json;profile=\"http://www.w3.org/ns/json-ld#context\""],
            "application/ld+json",
        ),
        (&["application/ld+json;profile=\"https://example.org/\""], "application/ld+json"),
        (&["application/xhtml+xml, */*;q=0.1"], "application/ld+json"),
        (&[BROWSER], HTML),
    ] {
        for (client, address) in
            [(visitor, "/"), (visitor, "/vocab"), (client, space.as_str()), (client, &spaces)]
        {
            let answer = get(client, address, accept).expect(200);
            assert_eq!(answer.header("content-type"), Some(expected), "{address}, {accept:?}");
            let vary = answer.header("vary").expect("Vary");
            assert!(vary.split(", ").any(|name| name == "Accept"), "{address}: {vary}");
            let lines =
                accept.iter().fold(client.request(Method::HEAD, address), |request, line| {
                    request.header("Accept", *line)
                });
            let head = client.send(lines).expect(200);
            assert!(head.bytes.is_empty());
            for name in HEADERS {
                assert_eq!(head.header(name), answer.header(name), "{name} of {address}");
            }
        }
    }
}

#[test]
fn the_context_is_linked_from_plain_json_only() {
    let world = World::new();
    let spaces = world.owner.path("/spaces");
    let context = format!(
        "<{}/contexts/SpaceCollection.jsonld>; rel=\"http://www.w3.org/ns/json-ld#context\"; \
         type=\"application/ld+json\"",
        world.app.base
    );
    for (accept, is_linked) in [
        ("application/json", true),
        ("application/ld+json", false),
        ("text/turtle", false),
        (&profile("expanded"), false),
        (&profile("compacted"), false),
        ("text/html", false),
    ] {
        let answer = get(&world.owner.client, &spaces, &[accept]).expect(200);
        let links = answer.headers.get_all("link").iter().map(|l| l.to_str().expect("text"));
        let links: Vec<&str> = links.collect();
        assert!(links[0].ends_with("rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\""));
        assert_eq!(links[1..].contains(&context.as_str()), is_linked, "{accept}: {links:?}");
        assert_eq!(links.len(), if is_linked { 2 } else { 1 }, "{accept}: {links:?}");
    }
}

#[test]
fn json_has_the_bytes_of_json_ld() {
    let world = World::new();
    let spaces = world.owner.path("/spaces");
    let plain = world.owner.client.get(&spaces).expect(200).bytes;
    for accept in ["application/json", &profile("compacted")] {
        assert_eq!(get(&world.owner.client, &spaces, &[accept]).bytes, plain, "{accept}");
    }
}

#[test]
fn what_is_read_and_accepted_in_no_form_is_406_and_what_is_written_stays_written() {
    let world = World::new();
    let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
    for address in [spaces.as_str(), "/", "/vocab"] {
        for method in [Method::GET, Method::HEAD] {
            let request = client.request(method.clone(), address).header("Accept", "image/png");
            let answer = client.send(request).expect(406);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            if method == Method::GET {
                let kind = format!("{}/vocab#NotAcceptable", world.app.base);
                assert_eq!(answer.text("type"), kind);
                for offered in ["application/ld+json", "text/turtle", "application/n-quads"] {
                    assert!(answer.text("detail").contains(offered), "{}", answer.body);
                }
            }
        }
    }
    // What is wrong besides is told first, and in JSON.
    let answer = get(client, &format!("{spaces}/999999"), &["image/png"]).expect(404);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    get(client, &format!("{spaces}?page=abc"), &["image/png"]).expect(400);
    get(&world.app.visitor, &spaces, &["image/png"]).expect(401);

    let post = client.request(Method::POST, &spaces).header("Accept", "image/png");
    let made = client.send(post.body(json!({ "name": "kept" }).to_string())).expect(201);
    assert_eq!(made.header("content-type"), Some("application/ld+json"));
    let delete = client.request(Method::DELETE, &made.id()).header("Accept", "image/png");
    client.send(delete).expect(205);

    let vocabulary = client.get("/vocab").expect(200).body;
    let told = vocabulary["possibleStatus"].as_array().expect("statuses");
    assert!(told.iter().any(|status| status["statusCode"] == 406), "{told:?}");
}

#[test]
fn contexts_are_json_ld_whatever_is_accepted() {
    let world = World::new();
    for accept in [
        BROWSER,
        "text/html",
        "image/png",
        "text/turtle",
        &profile("context"),
        &profile("expanded"),
    ] {
        let answer = get(&world.app.visitor, "/contexts/Space.jsonld", &[accept]).expect(200);
        assert_eq!(answer.header("content-type"), Some("application/ld+json"), "{accept}");
        assert!(answer.body["@context"].is_object(), "{accept}");
    }
}

#[test]
fn distinct_values_are_plain_json_whatever_is_accepted() {
    let world = World::new();
    let space = world.owner.path(&format!("/spaces/{}", world.space));
    let image = json!({ "origin": crate::contract::world::ORIGIN, "string1": "shelf" });
    world.owner.client.put(&format!("{space}/images/one"), &image).expect(201);
    let address = format!("{space}/metadata/distinct?field=string1");
    for accept in [BROWSER, "image/png", "text/turtle", "application/ld+json"] {
        let answer = get(&world.owner.client, &address, &[accept]).expect(200);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{accept}");
        assert_eq!(answer.body, json!(["shelf"]), "{accept}");
    }
}

#[test]
fn a_205_has_no_type_whatever_is_accepted() {
    let world = World::new();
    let (role, _) = world.made(crate::contract::families::family("Role"));
    for accept in ["text/turtle", "text/html", "image/png"] {
        let client = &world.owner.client;
        let request = client.request(Method::PATCH, &role).header("Accept", accept);
        let answer = client.send(request.body("{}")).expect(205);
        assert_eq!(answer.header("content-type"), None);
        assert_eq!((answer.bytes.len(), answer.body), (0, Value::Null));
    }
}
