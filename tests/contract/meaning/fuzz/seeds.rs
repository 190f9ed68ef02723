//! What mutants are made of: documents in every spelling, and bodies that are nasty already.

use hydria::hydra::linked::{Format, Syntax};
use hydria::hydra::{ClassDoc, OperationDoc, context};
use hydria::web::described::Described;
use serde_json::{Map, Value, json};

use crate::contract::meaning::spellings::{SPELLINGS, Sent, Speller};

/// Address of the service that mutants are sent to.
pub const BASE: &str = "http://localhost:8080";

/// A body, and what it is sent to.
#[derive(Clone)]
pub struct Seed {
    pub operation: OperationDoc,
    pub path: &'static str,
    pub format: Format,
    pub text: Vec<u8>,
}

/// The operation of an address.
pub fn operation(described: &Described, template: &str, method: &str) -> OperationDoc {
    let route = described.routes.iter().find(|route| route.template == template);
    let mut mounted = route.expect("an address").operations.iter();
    mounted.find(|mounted| mounted.doc.method == method).expect("an operation").doc
}

fn class<'a>(described: &'a Described, name: &str) -> &'a ClassDoc {
    described.classes.iter().find(|class| class.name == name).expect("a class")
}

fn speller(name: &'static str, context: &Value) -> Speller {
    let terms: Map<String, Value> = context["@context"].as_object().expect("terms").clone();
    Speller { base: BASE.into(), name, terms }
}

fn format(media_type: &str) -> Format {
    match media_type {
        "text/turtle" => Format::Rdf(Syntax::Turtle),
        "application/n-triples" => Format::Rdf(Syntax::NTriples),
        "application/n-quads" => Format::Rdf(Syntax::NQuads),
        _ => Format::Json,
    }
}

/// Documents in every spelling.
pub fn spelled(described: &Described) -> Vec<Seed> {
    let roles = json!([format!("{BASE}/customers/1/roles/staff"), "https://example.org/role"]);
    let space = json!({
        "@type": "Space", "name": "maps", "defaultTags": ["a", "b c"],
        "defaultMaxUnauthorised": 400, "defaultRoles": [roles[0]],
        "defaultRights": "https://example.org/rights",
    });
    let image = json!({
        "@type": "Image", "id": "one", "space": 1, "origin": "https://example.org/1.jpg",
        "roles": roles, "tags": ["map", "größer \"als\""], "string1": "one", "number3": 5,
        "label": "a label", "rights": "https://example.org/rights",
    });
    let batch = json!({ "@type": "Collection", "member": [image, image] });
    let references = json!({
        "@type": "Collection",
        "member": [{ "@id": roles[0] }, { "@id": roles[1], "@type": "Role" }],
    });
    let of_class = |name: &str| context::of_class(class(described, name), BASE);
    let of_collection = |name: &str| {
        let collection = described.collections.iter().find(|c| c.name == name);
        let collection = collection.expect("a collection");
        context::of_collection(collection, class(described, collection.member), BASE)
    };
    let mut seeds = Vec::new();
    for (speller, document, operation, path) in [
        (
            speller("Space", &of_class("Space")),
            &space,
            operation(described, "/customers/{customer}/spaces", "POST"),
            "/customers/1/spaces",
        ),
        (
            speller("Image", &of_class("Image")),
            &image,
            operation(described, "/customers/{customer}/spaces/{space}/images/{image}", "PUT"),
            "/customers/1/spaces/1/images/one",
        ),
        (
            speller("ImageCollection", &of_collection("ImageCollection")),
            &batch,
            operation(described, "/customers/{customer}/queue", "POST"),
            "/customers/1/queue",
        ),
        (
            speller("RoleCollection", &of_collection("RoleCollection")),
            &references,
            operation(described, "/customers/{customer}/spaces/{space}/defaultRoles", "POST"),
            "/customers/1/spaces/1/defaultRoles",
        ),
    ] {
        for (_, spell) in SPELLINGS {
            let Sent { media_type, text } = spell(&speller, document);
            seeds.push(Seed { operation, path, format: format(media_type), text: text.into() });
        }
    }
    seeds
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Terms of a context, each by its number.
fn terms(count: usize, definition: impl Fn(usize) -> Value) -> Map<String, Value> {
    (0..count).map(|n| (format!("t{n}"), definition(n))).collect()
}

/// An array of what is made of each number.
fn each(count: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..count).map(item).collect::<Vec<_>>().join(","))
}

/// Lines of what is made of each number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}

/// A map of the kind that a container makes of an object.
fn map_of(container: &str) -> String {
    let member = "http://www.w3.org/ns/hydra/core#member";
    let context = json!({ "m": { "@id": member, "@container": container } });
    let entries = each(60_000, |n| format!("\"en-{n}\":{{\"name\":{n}}}"));
    let entries = if container == "@language" {
        entries.replace("{\"name\":", "\"").replace('}', "\"")
    } else {
        entries
    };
    format!("{{\"@context\":{context},\"m\":{{{}}}}}", entries.trim_matches(['[', ']']))
}

/// Bodies of JSON that go to a limit or beyond it.
pub fn nasty_json() -> Vec<String> {
    let wide = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
    let long = "x".repeat(15 << 20);
    let objects = json!({ "@id": "http://example.org/x", "http://example.org/y": [1, "2"] });
    let batch = |member: &str, count| {
        format!(
            "{{\"@context\":{{}},\"http://www.w3.org/ns/hydra/core#member\":{}}}",
            wide(member, count)
        )
    };
    vec![
        wide(&nested("[", "", "]", 30), 6_500),
        wide(&nested("{\"a\":", "1", "}", 30), 1_900),
        wide(&nested("{\"a\":", "1", "}", 30), 6_500),
        wide("{\"a\":1}", 59_000),
        wide("[1]", 95_000) + "nonsense",
        nested("[", "", "]", 32),
        nested("[", "", "]", 100_000),
        nested("{\"a:b\":", "1", "}", 31),
        nested("{\"@graph\":[", "", "]}", 16),
        nested("{\"@context\":{},\"urn:x:y\":", "1", "}", 31),
        nested("{\"http://www.w3.org/ns/hydra/core#member\":[", "", "]}", 16),
        nested("{\"@context\":{\"a\":{\"@id\":\"urn:x:y\",\"@context\":", "{}", "}}}", 10),
        nested("{\"@reverse\":{\"urn:x:y\":", "{\"@id\":\"urn:x:z\"}", "}}", 15),
        nested("{\"@list\":[", "1", "]}", 15),
        nested("{\"@included\":[", "{\"urn:x:y\":1}", "]}", 15),
        format!("{{\"http://localhost:8080/vocab#Space/name\":\"{long}\"}}"),
        format!("{{\"name\":\"{long}\"}}"),
        format!("{{\"{long}\":\"http://example.org/\"}}"),
        format!("{{\"@context\":{{\"{}\":\"http://example.org/\"}}}}", "y".repeat(1 << 20)),
        format!("{{\"a:b\":\"{}\"}}", "\\u0000".repeat(1 << 20)),
        format!("{{\"a:b\":{}}}", "9".repeat(1 << 20)),
        format!("{{\"a:b\":1e{}}}", "9".repeat(1000)),
        format!("{{\"@context\":{{}},\"defaultTags\":{}}}", wide("\"\"", 190_000)),
        format!("{{\"@context\":{{}},\"urn:x:y\":{}}}", wide("1", 190_000)),
        format!("{{\"@context\":{{}},\"urn:x:y\":{}}}", wide("{}", 190_000)),
        format!("{{\"@context\":{{}},\"urn:x:y\":{}}}", wide("[]", 190_000)),
        format!("{{\"@context\":{{}},\"urn:x:y\":{}}}", wide("null", 190_000)),
        format!("{{\"@graph\":{}}}", wide("{}", 190_000)),
        format!("{{\"@graph\":{}}}", wide("{\"name\":1}", 90_000)),
        format!("{{\"@graph\":{}}}", wide(&objects.to_string(), 40_000)),
        batch("{}", 190_000),
        batch("{\"@id\":\"a\"}", 90_000),
        batch("{\"@id\":\"_:b\",\"urn:x:y\":{\"@id\":\"_:b\"}}", 40_000),
        batch("{\"@context\":{}}", 1_900),
        batch(&objects.to_string(), 40_000),
        wide("\"x\"", 190_000),
        wide("{\"@id\":\"x\"}", 90_000),
        json!({ "@context": terms(200, |n| format!("t{}:x", n + 1).into()), "t0": 1 }).to_string(),
        json!({ "@context": terms(200, |n| format!("t{n}:x").into()) }).to_string(),
        json!({ "@context": terms(150_000, |n| format!("t{}", n + 1).into()), "t0": 1 }).to_string(),
        json!({ "@context": terms(50_000, |_| json!({ "@id": "urn:x:y", "@container": "@list" })),
            "t0": vec![json!({ "t1": 1 }); 40_000] })
        .to_string(),
        json!({ "@context": [terms(100, |_| "urn:x:y".into()), null, terms(100, |_| Value::Null)] })
            .to_string(),
        json!({ "@context": terms(200, |n| json!({ "@id": "urn:x:y", "@container": "@list",
            "@type": format!("t{}", (n + 1) % 200) })), "t0": [1], "t1": [[2]] })
        .to_string(),
        json!({ "@context": { "@import": "http://localhost:8080/contexts/Space.jsonld" }, "name": 1 })
            .to_string(),
        json!({ "@context": { "p": { "@id": "urn:x:p", "@context": terms(150, |_| "urn:x:y".into()) } },
            "p": vec![json!({}); 4_000] })
        .to_string(),
        json!({ "@context": { "p": { "@id": "urn:x:p", "@context":
            "http://localhost:8080/contexts/Image.jsonld" } }, "p": vec![json!({}); 8_000] })
        .to_string(),
        format!("{{\"@context\":{{}},\"@type\":{}}}", each(190_000, |n| format!("\"urn:x:t{n}\""))),
        format!("{{\"@context\":{{}},\"roles\":{}}}", each(190_000, |n| format!("\"x{n}\""))),
        format!("{{\"@context\":{{}},\"defaultRoles\":{}}}", each(190_000, |n| format!("\"x{n}\""))),
        format!("{{\"@context\":{{}},\"roles\":{}}}", each(60_000, |n| format!("{{\"@id\":\"x{n}\"}}"))),
        format!("{{\"@context\":{{}},\"roles\":{}}}", each(60_000, |n| format!("{{\"urn:x:y\":{n}}}"))),
        format!("{{\"@included\":{}}}", each(60_000, |n| format!("{{\"@id\":\"x{n}\",\"name\":1}}"))),
        format!("{{\"@reverse\":{{\"urn:x:y\":{}}}}}", each(60_000, |n| format!("{{\"@id\":\"x{n}\"}}"))),
        format!("{{{}}}", each(190_000, |n| format!("\"urn:x:y{n}\":1")).trim_matches(['[', ']'])),
        format!("{{{}}}", each(190_000, |n| format!("\"y{n}\":1")).trim_matches(['[', ']'])),
        format!("{{\"@context\":{{}},\"@nest\":{}}}", each(60_000, |n| format!("{{\"urn:x:y{n}\":1}}"))),
        map_of("@index"), map_of("@language"), map_of("@id"), map_of("@type"), map_of("@graph"),
        "{\"name\":\"\\ud800\"}".into(),
        "{\"name\":\"\\udc00\\ud800\"}".into(),
        "\u{feff}{\"a:b\":-0.0}".into(),
        "{\"a:b\":1,\"a:b\":2,\"@type\":3}".into(),
    ]
}

/// Bodies of Turtle that go to a limit or beyond it.
pub fn nasty_turtle() -> Vec<String> {
    let name = "<http://localhost:8080/vocab#Space/name>";
    let long = "x".repeat(15 << 20);
    let rest = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest>";
    let first = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#first>";
    let chain = lines(60_000, |n| format!("_:b{n} {first} {n} ; {rest} _:b{} .\n", n + 1));
    let triples = lines(190_000, |n| format!("<s{n}> <urn:x:p> <o{n}> .\n"));
    let named = lines(190_000, |n| format!("<s{n}> {name} \"{n}\" .\n"));
    vec![
        format!("<> {name} \"{long}\" ."),
        format!("<> {name} <{long}> ."),
        format!("<> {name} {} .", nested("[ <urn:x:p> ", "1", "]", 30)),
        format!("<> {name} {} .", nested("[ <urn:x:p> ", "1", "]", 50_000)),
        format!("<> {name} {} .", nested("( ", "1", ") ", 50_000)),
        format!("<> {name} {} .", nested("<< ", "1", " >>", 50_000)),
        format!("<> {name} ({}) .", "1 ".repeat(60_000)),
        format!("<> {name} _:b0 .\n{chain}_:b60000 {rest} _:b0 ."),
        format!("<> {name} {} .", vec!["\"\""; 190_000].join(",")),
        format!("<> <urn:x:p> {} .", vec!["[]"; 190_000].join(",")),
        format!("<> {name} _:a . _:a {name} _:b . _:b {name} _:a ."),
        format!("@base <{long}> . <a> {name} <b> ."),
        lines(5000, |n| format!("@prefix p{n}: <urn:x:{n}> .\n")),
        "@base <a/> .\n".repeat(20_000),
        triples,
        named,
        format!("<> a {} .", each(190_000, |n| format!("<t{n}>")).trim_matches(['[', ']'])),
        format!("<> {name} {} .", each(190_000, |n| format!("<t{n}>")).trim_matches(['[', ']'])),
        format!("<> {name} \"\"\"{}", "\"\"\\\"".repeat(10_000)),
        format!("<> {name} \"{}\" .", "\\U0010FFFF".repeat(10_000)),
        format!("<> {name} 1e{} .", "9".repeat(100_000)),
        format!("<> {name} \"x\"@{} .", "a-".repeat(100_000)),
    ]
}
