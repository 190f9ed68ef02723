//! Every representation says the same, by the word of processors that are not ours.

use std::collections::{BTreeMap, BTreeSet};

use oxrdf::dataset::CanonicalizationAlgorithm;
use oxrdf::{Graph, TermRef, Triple};
use reqwest::Method;
use serde_json::{Value, json};

use super::{TURTLE, get, profile};
use crate::contract::linked_data::crawl::Crawl;
use crate::contract::linked_data::judge::{Judge, walk, with_a_large_stack};
use crate::contract::world::{ORIGIN, World};
use crate::support::{Answer, Client, Library};

/// What is accepted, and the type of what is sent for it.
fn representations() -> Vec<(String, String)> {
    let same = |name: String| (name.clone(), name);
    vec![
        ("text/turtle".into(), TURTLE.into()),
        same("application/n-triples".into()),
        same("application/n-quads".into()),
        same(profile("expanded")),
        same(profile("flattened")),
        same(profile("compacted")),
        same("application/json".into()),
    ]
}

/// What differs from answer to answer: the number of a request, the moment when storage was looked at.
const FLEETING: [&str; 2] = ["Error/requestId", "CustomerStorage/lastCalculated"];

/// A graph that can be compared: with blank nodes named by what is said of them.
fn canonical(graph: &Graph) -> BTreeSet<String> {
    let stays = |predicate: &str| !FLEETING.iter().any(|property| predicate.ends_with(property));
    let mut graph: Graph = graph.iter().filter(|t| stays(t.predicate.as_str())).collect();
    graph.canonicalize(CanonicalizationAlgorithm::Unstable);
    graph.iter().map(|triple| triple.to_string()).collect()
}

/// What an answer says.
fn graph(answer: &Answer, judge: &Judge) -> Graph {
    let media_type = answer.header("content-type").expect("a type");
    let bytes = answer.bytes.as_slice();
    match media_type.split(';').next().expect("a type") {
        "text/turtle" => oxttl::TurtleParser::new()
            .for_slice(bytes)
            .collect::<Result<Graph, _>>()
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(bytes))),
        "application/n-triples" => oxttl::NTriplesParser::new()
            .for_slice(bytes)
            .collect::<Result<Graph, _>>()
            .expect("N-Triples"),
        "application/n-quads" => oxttl::NQuadsParser::new()
            .for_slice(bytes)
            .map(|quad| Triple::from(quad.expect("N-Quads")))
            .collect(),
        _ => judge.graph(&answer.body),
    }
}

/// Where a resource says something else in another representation.
fn differences(client: &Client, address: &str, judge: &Judge) -> Vec<String> {
    let plain = client.get(address).expect(200);
    let expected = canonical(&judge.graph(&plain.body));
    assert!(expected.len() > 2, "{address} says nothing: {expected:?}");
    let mut wrong = Vec::new();
    for (accept, media_type) in representations() {
        let answer = get(client, address, &[&accept]).expect(200);
        assert_eq!(answer.header("content-type"), Some(media_type.as_str()), "{address}");
        let said = canonical(&graph(&answer, judge));
        let (lost, added): (Vec<_>, Vec<_>) =
            (expected.difference(&said).collect(), said.difference(&expected).collect());
        if !lost.is_empty() || !added.is_empty() {
            wrong.push(format!("{address} as {accept} lost {lost:#?}, added {added:#?}"));
        }
        if accept.ends_with("expanded\"") || accept.ends_with("flattened\"") {
            wrong.extend(bare(&answer.body).map(|what| format!("{address} as {accept}: {what}")));
        }
    }
    wrong
}

/// What is no expanded JSON-LD in a document: a context, a key that is no IRI, a bare value.
fn bare(document: &Value) -> Option<String> {
    let nodes = document.as_array()?;
    let mut found = None;
    walk(document, &mut |node| {
        for (key, value) in node {
            let is_fine = match key.as_str() {
                "@id" | "@value" => !value.is_array() && !value.is_object(),
                "@type" => value.is_array() || node.contains_key("@value"),
                key => {
                    key.contains("://")
                        && value.as_array().is_some_and(|v| v.iter().all(Value::is_object))
                }
            };
            if !is_fine {
                found = Some(format!("{key}: {value}"));
            }
        }
    });
    found.or_else(|| nodes.iter().any(|node| !node.is_object()).then(|| document.to_string()))
}

/// Nodes within nodes, or nodes that stand twice: what is not flat.
fn is_flat(document: &Value) -> bool {
    let nodes: Vec<&Value> = document.as_array().expect("an array").iter().collect();
    let names: BTreeSet<&str> = nodes.iter().filter_map(|node| node["@id"].as_str()).collect();
    let values = nodes.iter().flat_map(|node| node.as_object().expect("a node").values());
    let mut objects = values.filter_map(Value::as_array).flatten().filter_map(Value::as_object);
    names.len() == nodes.len()
        && objects.all(|o| o.contains_key("@value") || (o.len() == 1 && o.contains_key("@id")))
}

#[test]
fn a_resource_of_every_class_says_the_same_in_every_representation() {
    with_a_large_stack(|| {
        let library = Library::new();
        let judge = Judge::of(&library.app);
        let client = &library.app.administrator;
        let mut crawl = Crawl::new(client, &judge);
        crawl.run();
        assert!(crawl.faults.is_empty(), "{}", crawl.faults.join("\n"));
        // Two of each class are enough, and a collection in pages is one that differs.
        let mut of_class: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for (address, body) in &crawl.seen {
            let context = body["@context"].as_str().unwrap_or_default();
            // Thumbnails describe themselves in other words.
            if context.starts_with(&client.base) && body["@type"] != "Error" {
                let class = body["rdf:type"]["@id"].as_str().or(body["@type"].as_str());
                let paged = if address.contains('?') { "?" } else { "" };
                let class = format!("{}{paged}", class.expect("a class"));
                let addresses = of_class.entry(class).or_default();
                if addresses.len() < 2 {
                    addresses.push(address);
                }
            }
        }
        assert!(of_class.len() > 60, "{:?}", of_class.keys());
        let ranges = ranges(client);
        let mut wrong = Vec::new();
        for address in of_class.values().flatten() {
            wrong.extend(differences(client, address, &judge));
            let turtle = get(client, address, &["text/turtle"]);
            wrong.extend(misfits(&graph(&turtle, &judge), &ranges));
            assert_eq!(lasting(&turtle), lasting(&get(client, address, &["text/turtle"])));
            assert!(is_flat(&get(client, address, &[&profile("flattened")]).body), "{address}");
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// The lines of an answer that are the same whenever it is asked for.
fn lasting(answer: &Answer) -> Vec<String> {
    let text = String::from_utf8(answer.bytes.clone()).expect("text");
    text.lines().filter(|line| !line.contains("lastCalculated")).map(ToOwned::to_owned).collect()
}

/// The XML Schema type that the vocabulary gives to each property that is a literal.
fn ranges(client: &Client) -> BTreeMap<String, String> {
    let vocabulary = client.get("/vocab").expect(200).body;
    let mut ranges = BTreeMap::new();
    walk(&vocabulary, &mut |node| {
        let text = |key: &str| node.get(key).and_then(Value::as_str);
        let range = node.get("range").and_then(|range| range[0].as_str());
        if let (Some(id), Some(range)) = (text("@id"), range)
            && let Some(property) = id.strip_prefix("vocab:")
            && let Some(datatype) = range.strip_prefix("xsd:")
        {
            ranges.insert(
                format!("{}/vocab#{property}", client.base),
                format!("http://www.w3.org/2001/XMLSchema#{datatype}"),
            );
        }
    });
    assert!(ranges.len() > 60, "{ranges:?}");
    ranges
}

/// Literals of another datatype than the vocabulary says.
fn misfits(graph: &Graph, ranges: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for triple in graph {
        let range = ranges.get(triple.predicate.as_str());
        let fits = match (triple.object, range) {
            (TermRef::Literal(literal), Some(range)) => literal.datatype().as_str() == range,
            (TermRef::Literal(literal), None) => !literal.datatype().as_str().ends_with("double"),
            (_, range) => range.is_none(),
        };
        if !fits {
            wrong.push(format!("{triple} is not of {range:?}"));
        }
    }
    wrong
}

#[test]
fn the_documentation_and_the_root_say_the_same_in_every_representation() {
    with_a_large_stack(|| {
        let world = World::new();
        let judge = Judge::of(&world.app);
        let visitor = &world.app.visitor;
        for address in ["/", "/vocab"] {
            let wrong = differences(visitor, address, &judge);
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            assert!(is_flat(&get(visitor, address, &[&profile("flattened")]).body), "{address}");
            let turtle = get(visitor, address, &["text/turtle"]);
            let text = String::from_utf8(turtle.bytes).expect("text");
            for prefix in ["hydra", "vocab", "rdf", "rdfs", "owl", "xsd", "schema"] {
                assert!(text.contains(&format!("@prefix {prefix}: <")), "{address}: {text}");
            }
        }
    });
}

#[test]
fn what_is_large_says_the_same_too() {
    with_a_large_stack(|| {
        let world = World::new();
        let judge = Judge::of(&world.app);
        let image = |n: usize| {
            json!({
                "id": format!("page-{n}"), "space": world.space, "origin": ORIGIN, "number1": n,
                "string1": "“quoted” \\ \"plain\"\r\n\t\u{1}é\u{10348}", "tags": ["same", "same"],
            })
        };
        let images: Vec<Value> = (0..60).map(image).collect();
        world.owner.submit(&images).expect(201);
        let address = world.owner.path(&format!("/spaces/{}/images?pageSize=50", world.space));
        let bytes = world.owner.client.get(&address).bytes.len();
        assert!(bytes > 30_000, "{bytes} bytes are not large");
        let wrong = differences(&world.owner.client, &address, &judge);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn what_a_client_sends_in_a_query_makes_no_document_that_cannot_be_read() {
    let world = World::new();
    let judge = Judge::of(&world.app);
    let spaces = world.owner.path("/spaces");
    // As browsers and Admin send them.
    for query in ["order[id]=asc&x={a|b}", "name=%22a%20b%22&x=%zz", "x='`^\\"] {
        let answer = get(&world.owner.client, &format!("{spaces}?{query}"), &["text/turtle"]);
        let said = graph(&answer.expect(200), &judge);
        let first = "http://www.w3.org/ns/hydra/core#first";
        assert!(said.iter().any(|triple| triple.predicate.as_str() == first), "{query}");
    }
}

#[test]
fn what_was_written_is_shown_as_it_was_asked_for() {
    let world = World::new();
    let judge = Judge::of(&world.app);
    let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
    let send = |method: Method, path: &str, accept: &str| {
        let request = client.request(method, path).header("Accept", accept);
        let request = request.header("Prefer", "return=representation");
        client.send(request.body(json!({ "name": format!("as {accept}") }).to_string()))
    };
    for (accept, media_type) in representations() {
        let made = send(Method::POST, &spaces, &accept).expect(201);
        let address = made.header("location").expect("an address").to_owned();
        let updated = send(Method::PATCH, &address, &accept).expect(200);
        let replaced = send(Method::PUT, &address, &accept).expect(200);
        for answer in [made, updated, replaced] {
            assert_eq!(answer.header("content-type"), Some(media_type.as_str()));
            assert_eq!(answer.header("content-location"), Some(address.as_str()));
            let shown = get(client, &address, &[&accept]).expect(200);
            assert_eq!(
                canonical(&graph(&answer, &judge)),
                canonical(&graph(&shown, &judge)),
                "{accept}"
            );
        }
    }
}

#[test]
fn problems_say_the_same_in_every_representation() {
    with_a_large_stack(|| {
        let world = World::new();
        let judge = Judge::of(&world.app);
        let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
        let wrong = json!({ "defaultMaxUnauthorised": "x", "defaultTags": [1] }).to_string();
        let (visitor, stranger) = (&world.app.visitor, &world.stranger.client);
        let missing = format!("{spaces}/999999");
        for (client, method, path, body, status) in [
            (visitor, Method::GET, spaces.as_str(), "", 401),
            (stranger, Method::GET, &spaces, "", 403),
            (client, Method::GET, &missing, "", 404),
            (client, Method::GET, "/nowhere", "", 404),
            (client, Method::DELETE, &spaces, "", 405),
            (client, Method::POST, &spaces, "{", 400),
            (client, Method::POST, &spaces, &wrong, 400),
        ] {
            let ask = |accept: &str| {
                let request = client.request(method.clone(), path).header("Accept", accept);
                client.send(request.body(body.to_owned())).expect(status)
            };
            let said = |answer: &Answer| canonical(&graph(answer, &judge));
            let plain = ask("*/*");
            let expected = said(&plain);
            assert!(expected.len() > 6, "{expected:?}");
            for (accept, media_type) in representations() {
                let answer = ask(&accept);
                let own = ["expanded", "flattened", "turtle", "application/n-"]
                    .iter()
                    .any(|n| accept.contains(n));
                let media_type = if own { &media_type } else { "application/problem+json" };
                assert_eq!(answer.header("content-type"), Some(media_type), "{accept}");
                assert_eq!(said(&answer), expected, "{status} as {accept}");
                for name in ["www-authenticate", "allow", "vary", "access-control-allow-origin"] {
                    assert_eq!(answer.header(name), plain.header(name), "{name} of {status}");
                }
                // The link to the context misleads those who do not read JSON.
                let links = answer.headers.get_all("link").iter().count();
                assert_eq!(links, if own { 1 } else { 2 }, "{status} as {accept}");
            }
        }
    });
}
