//! What values mean, where violations point, and bodies that are no plain resource.

use serde_json::{Value, json};

use super::spellings::Sent;
use super::{send, send_ld, speller};
use crate::contract::families::family;
use crate::contract::world::{ORIGIN, World};
use crate::support::Answer;

fn turtle(text: String) -> Sent {
    Sent { media_type: "text/turtle", text }
}

/// Where violations say that they stand: a member with a pointer, or with the node it is about.
fn places(answer: &Answer, by: &str) -> Vec<(String, String)> {
    let violations = answer.body["violations"].as_array().expect("violations").iter();
    let text = |v: &Value, name: &str| v[name].as_str().expect("a text").to_owned();
    let mut found: Vec<_> = violations.map(|v| (text(v, "propertyPath"), text(v, by))).collect();
    found.sort();
    found
}

#[test]
fn violations_point_into_bodies_in_our_own_terms() {
    let world = World::new();
    let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
    for (body, wanted) in [
        (json!({ "name": " ", "defaultTags": 3 }), ["#/name", "#/defaultTags"]),
        (json!([{ "name": " ", "defaultTags": 3 }]), ["#/0/name", "#/0/defaultTags"]),
        (json!({ "name": [" "], "defaultTags": { "@set": [3] } }), ["#/name", "#/defaultTags"]),
        (
            json!({ "@context": [], "@graph": { "name": " ", "defaultTags": 3 } }),
            ["#/@graph/name", "#/@graph/defaultTags"],
        ),
        (
            json!({ "@graph": [{ "name": " ", "defaultTags": 3 }] }),
            ["#/@graph/0/name", "#/@graph/0/defaultTags"],
        ),
    ] {
        let answer = send_ld(client, "POST", &spaces, &body).expect(400);
        let [name, tags] = wanted.map(String::from);
        let wanted = [("defaultTags".to_owned(), tags), ("name".to_owned(), name)];
        assert_eq!(places(&answer, "pointer"), wanted, "{body}: {}", answer.body);
    }
}

#[test]
fn violations_of_bodies_in_other_terms_name_property_and_node() {
    let world = World::new();
    let client = &world.owner.client;
    let path = world.owner.path(&format!("/spaces/{}", world.space));
    let address = format!("{}{path}", world.app.base);
    let vocabulary = format!("{}/vocab#", world.app.base);
    let [name, tags] = ["name", "defaultTags"].map(|term| format!("{vocabulary}Space/{term}"));
    let context = format!("{}/contexts/Space.jsonld", world.app.base);
    for (body, node) in [
        (json!({ &name: " ", &tags: 3 }), address.as_str()),
        (json!([{ "@id": "", &name: [{ "@value": " " }], &tags: [{ "@value": 3 }] }]), &address),
        (
            json!({ "@context": { "v": vocabulary }, "v:Space/name": " ", "v:Space/defaultTags": 3 }),
            &address,
        ),
        (
            json!({
                "@context": [context, { "x": "urn:x:" }],
                "@graph": [{ "@type": "Space", "name": " ", "defaultTags": 3 }],
            }),
            &address,
        ),
        (json!({ "@id": "_:own", &name: " ", &tags: 3 }), &address),
        (json!({ "@id": "urn:x:other", &name: " ", &tags: 3 }), "urn:x:other"),
    ] {
        let answer = send_ld(client, "PATCH", &path, &body).expect(400);
        let found = places(&answer, "node");
        let members: Vec<&str> = found.iter().map(|(member, _)| member.as_str()).collect();
        assert!(members.ends_with(&["defaultTags", "name"]), "{body}: {}", answer.body);
        assert!(found.iter().all(|(_, found)| found == node), "{body}: {}", answer.body);
        let mut violations = answer.body["violations"].as_array().expect("violations").iter();
        assert!(violations.all(|violation| violation.get("pointer").is_none()), "{body}");
    }
    let text = format!("<> <{name}> \" \" ; <{tags}> 3 .");
    let answer = send(client, "PATCH", &path, turtle(text)).expect(400);
    let wanted = ["defaultTags", "name"].map(|member| (member.to_owned(), address.clone()));
    assert_eq!(places(&answer, "node"), wanted);
    let answer = send_ld(client, "POST", &world.owner.path("/spaces"), &json!({ &name: " " }));
    assert_eq!(places(&answer.expect(400), "node"), [("name".to_owned(), "_:b0".to_owned())]);
}

#[test]
fn violations_of_members_name_the_member_they_are_about() {
    let world = World::new();
    let (client, queue) = (&world.owner.client, world.owner.path("/queue"));
    let vocabulary = format!("{}/vocab#Image/", world.app.base);
    let image =
        |id: &str, origin: &str| json!({ "id": id, "space": world.space, "origin": origin });
    let plain = json!({ "member": [image("a", ORIGIN), image("b", "nowhere")] });
    let one = json!({ "member": image("b", "nowhere") });
    for (body, path, pointer) in [
        (plain, "member[1].origin", "#/member/1/origin"),
        (one, "member[0].origin", "#/member/origin"),
    ] {
        let answer = send_ld(client, "POST", &queue, &body).expect(400);
        assert_eq!(places(&answer, "pointer"), [(path.to_owned(), pointer.to_owned())], "{body}");
    }
    let own = json!({
        "@context": { "h": "http://www.w3.org/ns/hydra/core#", "v": vocabulary },
        "h:member": [
            { "v:id": "a", "v:space": world.space, "v:origin": ORIGIN },
            { "v:id": "b", "v:space": world.space, "v:origin": "nowhere" },
        ],
    });
    let flat = json!([
        { "@id": "_:b", &format!("{vocabulary}id"): "b", &format!("{vocabulary}space"): world.space,
          &format!("{vocabulary}origin"): "nowhere" },
        { "http://www.w3.org/ns/hydra/core#member": [{ "@id": "_:b" }] },
    ]);
    for (body, path, node) in
        [(own, "member[1].origin", "member[1]"), (flat, "member[0].origin", "member[0]")]
    {
        let answer = send_ld(client, "POST", &queue, &body).expect(400);
        assert_eq!(places(&answer, "node"), [(path.to_owned(), node.to_owned())], "{body}");
    }
    let roles = world.owner.path(&format!("/spaces/{}/defaultRoles", world.space));
    for (body, by, place) in [
        (json!(["clickthrough", "a/b"]), "pointer", "#/1"),
        (json!({ "member": ["clickthrough", "a/b"] }), "pointer", "#/member/1"),
        (json!({ "@id": "a/b" }), "pointer", "#"),
        (
            json!([{ "@id": "../../roles/clickthrough", "urn:x:y": 1 }, { "@id": "a/b", "hydra:title": "no role" }]),
            "node",
            "member[1]",
        ),
        (
            json!({ "hydra:member": ["../../roles/clickthrough", { "@id": "a/b" }] }),
            "node",
            "member[1]",
        ),
    ] {
        let answer = client.post(&roles, &body).expect(400);
        assert_eq!(places(&answer, by)[0].1, place, "{body}: {}", answer.body);
    }
}

#[test]
fn links_are_read_whole_and_relative_under_any_context_and_as_bare_ids_where_they_are_no_iris() {
    let world = World::new();
    let (client, roles) = (&world.owner.client, world.owner.path("/roles"));
    let link = format!("{}{}/clickthrough", world.app.base, world.owner.path("/authServices"));
    let context =
        json!([format!("{}/contexts/Role.jsonld", world.app.base), { "unused": "urn:x:y" }]);
    for given in [
        json!(link),
        json!({ "@id": link }),
        json!({ "@id": link, "@type": "AuthService", "name": "whole" }),
        json!({ "@value": "clickthrough" }),
        json!("../authServices/clickthrough"),
        json!(world.owner.path("/authServices/clickthrough")),
        json!(format!(
            "https://other.example.org{}",
            world.owner.path("/authServices/clickthrough")
        )),
        json!([{ "@value": "clickthrough" }]),
        json!([link, { "@id": link }]),
    ] {
        let body = json!({ "@context": context, "name": "a role", "authService": given });
        let made = send_ld(client, "PUT", &format!("{roles}/staff"), &body);
        assert_eq!(made.status, 201, "{given}: {}", made.body);
        assert_eq!(made.text("authService"), link, "{given}");
        client.delete(&made.id()).expect(205);
    }
    let service = format!("{}/vocab#Role/authService", world.app.base);
    let name = format!("{}/vocab#Role/name", world.app.base);
    for given in [
        "<../authServices/clickthrough>".to_owned(),
        format!("<{link}>"),
        "\"clickthrough\"".to_owned(),
    ] {
        let text = format!("<> <{service}> {given} ; <{name}> \"a role\"@en .");
        let made = send(client, "PUT", &format!("{roles}/staff"), turtle(text)).expect(201);
        assert_eq!(made.text("authService"), link, "{given}");
        client.delete(&made.id()).expect(205);
    }
    let bare = json!({ "name": "a role", "authService": "clickthrough" });
    send_ld(client, "PUT", &format!("{roles}/staff"), &bare).expect(201);
    client.delete(&format!("{roles}/staff")).expect(205);
    let beside = format!("<> <{service}> <clickthrough> ; <{name}> \"a role\" .");
    send(client, "PUT", &format!("{roles}/staff"), turtle(beside)).expect(400);
    for wrong in [
        json!("clickthrough"),
        json!("nothing"),
        json!([link, { "@value": "logout" }]),
        json!("urn:clickthrough"),
        json!({}),
        json!(7),
    ] {
        let body = json!({ "@context": context, "name": "a role", "authService": wrong });
        let answer = send_ld(client, "PUT", &format!("{roles}/staff"), &body).expect(400);
        assert_eq!(answer.faults(), ["authService"], "{wrong}");
    }
}

#[test]
fn typed_and_tagged_literals_are_the_values_they_stand_for() {
    let world = World::new();
    let (path, _) = world.made(family("Image"));
    let client = &world.owner.client;
    let speller = speller(&world, "Image");
    let xsd = |name: &str| format!("http://www.w3.org/2001/XMLSchema#{name}");
    let typed = |value: Value, name: &str| json!([{ "@value": value, "@type": xsd(name) }]);
    for (term, given, wanted) in [
        ("number1", typed(json!("5"), "integer"), json!(5)),
        ("number1", typed(json!("07"), "nonNegativeInteger"), json!(7)),
        ("number1", typed(json!(8), "long"), json!(8)),
        ("string1", json!([{ "@value": "text", "@language": "de" }]), json!("text")),
        ("string1", typed(json!("plain"), "string"), json!("plain")),
        ("string1", json!([{ "@value": "x" }, { "@value": "x" }]), json!("x")),
        ("tags", json!([{ "@list": [{ "@value": "b" }, { "@value": "a" }] }]), json!(["b", "a"])),
        (
            "origin",
            json!([{ "@id": "https://example.org/by-link.jpg" }]),
            json!("https://example.org/by-link.jpg"),
        ),
    ] {
        let body = json!([{ speller.iri(term): given }]);
        let answer = send_ld(client, "PATCH", &path, &body);
        assert_eq!(answer.status, 205, "{body}: {}", answer.body);
        assert_eq!(client.get(&path).expect(200).body[term], wanted, "{body}");
    }
    for (term, given) in [
        ("number1", typed(json!("many"), "integer")),
        ("number1", json!([{ "@value": "5" }])),
        ("number1", typed(json!("5.5"), "decimal")),
        ("string1", typed(json!("5"), "integer")),
        ("string1", json!([{ "@value": "one" }, { "@value": "two" }])),
        ("string1", json!([])),
        ("maxUnauthorised", json!([{ "@value": 1 }, { "@value": 2 }])),
    ] {
        let body = json!([{ speller.iri(term): given }]);
        let answer = send_ld(client, "PATCH", &path, &body).expect(400);
        assert_eq!(answer.faults(), [term], "{body}");
    }
    let text = format!(
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . <> <{}> 12 ; <{}> (\"a\" \"b\") ; <{}> 'x'@de .",
        speller.iri("number2"),
        speller.iri("tags"),
        speller.iri("string2"),
    );
    send(client, "PATCH", &path, turtle(text)).expect(205);
    let shown = client.get(&path).expect(200).body;
    assert_eq!(
        (&shown["number2"], &shown["tags"], &shown["string2"]),
        (&json!(12), &json!(["a", "b"]), &json!("x"))
    );
}

#[test]
fn names_that_are_only_read_are_read_under_the_published_context_too() {
    let world = World::new();
    let (client, base) = (&world.owner.client, &world.app.base);
    let own = json!({ "unused": "urn:x:y" });
    let context = |name: &str| json!([format!("{base}/contexts/{name}.jsonld"), own]);
    let strategy = json!({
        "@context": context("CustomerOriginStrategy"), "modelId": "others", "regex": "^ftp",
        "strategy": format!("{base}/originStrategies/default"),
    });
    let made =
        send_ld(client, "POST", &world.owner.path("/originStrategies"), &strategy).expect(201);
    assert_eq!(made.text("id"), "others");
    let space = json!({ "@context": context("Space"), "name": "aliased", "maxUnauthorised": 300 });
    let made = send_ld(client, "POST", &world.owner.path("/spaces"), &space).expect(201);
    assert_eq!(made.number("defaultMaxUnauthorised"), 300);
    let both = json!({
        "@context": context("Space"), "name": "both", "maxUnauthorised": 300, "defaultMaxUnauthorised": 400,
    });
    let answer = send_ld(client, "POST", &world.owner.path("/spaces"), &both).expect(400);
    assert_eq!(answer.faults(), ["defaultMaxUnauthorised"]);
    let published = world.app.visitor.get("/contexts/Space.jsonld").expect(200).body;
    assert!(published["@context"].get("maxUnauthorised").is_none(), "it is published");
}

#[test]
fn credentials_are_read_whole_under_any_context() {
    let world = World::new();
    let (client, base) = (&world.owner.client, &world.app.base);
    let strategies = world.owner.path("/originStrategies");
    let given = json!({ "user": "reader", "password": "secret" });
    let class = format!("{base}/vocab#CustomerOriginStrategy/");
    for (id, body) in [
        (
            "plain",
            json!({ "regex": "a", "originStrategy": "basic-http-authentication", "credentials": given }),
        ),
        (
            "own",
            json!({
                "@context": [format!("{base}/contexts/CustomerOriginStrategy.jsonld"), { "x": "urn:x:y" }],
                "regex": "b", "originStrategy": "/originStrategies/basic-http-authentication", "credentials": given,
            }),
        ),
        (
            "expanded",
            json!([{
                format!("{class}regex"): "c",
                format!("{class}originStrategy"): { "@id": format!("{base}/originStrategies/basic-http-authentication") },
                format!("{class}credentials"): { "@type": "@json", "@value": given },
            }]),
        ),
    ] {
        let path = format!("{strategies}/{id}");
        let made = send_ld(client, "PUT", &path, &body);
        assert_eq!(made.status, 201, "{body}: {}", made.body);
        // Credentials that are held already are replaced, and not made.
        let put = client.put(&format!("{path}/credentials"), &given);
        assert_eq!(put.status, 200, "{id}");
    }
}

#[test]
fn roles_of_a_space_are_given_as_a_collection_an_array_or_one_in_any_spelling() {
    let world = World::new();
    let (client, base) = (&world.owner.client, &world.app.base);
    for id in ["one", "two"] {
        client.put(&world.owner.path(&format!("/roles/{id}")), &json!({})).expect(201);
    }
    let path = world.owner.path(&format!("/spaces/{}/defaultRoles", world.space));
    let role = |id: &str| format!("{base}{}/{id}", world.owner.path("/roles"));
    let (hydra, class) = ("http://www.w3.org/ns/hydra/core#", format!("{base}/vocab#Role"));
    for (body, wanted) in [
        (
            json!({ format!("{hydra}member"): [{ "@id": role("one") }, { "@id": role("two") }] }),
            vec!["one", "two"],
        ),
        (json!({ "hydra:member": [{ "@id": role("two") }] }), vec!["two"]),
        (
            json!({ "@context": { "r": "@id", "a": "@type" }, "a": class, "r": role("one") }),
            vec!["one", "two"],
        ),
        (json!([{ "@id": role("one"), "@type": [class], "urn:x:y": 1 }]), vec!["one"]),
        (
            json!([{ "@id": role("two"), "@type": "vocab:Role" }, { "@id": role("clickthrough"), "urn:x:y": 1 }]),
            vec!["clickthrough", "two"],
        ),
        (
            json!({ "@context": "http://www.w3.org/ns/hydra/context.jsonld", "@type": "Collection", "member": ["one"] }),
            vec!["one"],
        ),
        (json!({ "@context": { "h": hydra }, "h:member": [] }), vec![]),
    ] {
        let answer = client.post(&path, &body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
        assert_eq!(answer.each("id"), wanted, "{body}");
    }
    let one = format!("<../../roles/one> a <{class}> .");
    let answer = send(client, "POST", &path, turtle(one)).expect(200);
    assert_eq!(answer.each("id"), ["one"]);
    let set = format!("[] <{hydra}member> <{}>, \"clickthrough\" .", role("two"));
    let answer = send(client, "POST", &path, turtle(set)).expect(200);
    assert_eq!(answer.each("id"), ["clickthrough", "two"]);
    // What JSON-LD drops would be missing from the set.
    for lost in [
        json!(["one", { "@id": role("two"), "urn:x:y": 1 }]),
        json!([{ "@id": role("one") }, { "@id": role("two"), "urn:x:y": 1 }]),
    ] {
        client.post(&path, &lost).expect(400);
    }
    assert_eq!(client.get(&path).expect(200).each("id"), ["clickthrough", "two"]);
}

#[test]
fn the_node_that_is_meant_is_found_among_others() {
    let world = World::new();
    let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
    let context = format!("{}/contexts/Space.jsonld", world.app.base);
    for (name, graph) in [
        (
            "typed among others",
            json!([{ "@id": "urn:x:a", "hydra:title": "x" }, { "@type": "Space", "name": "typed among others" }]),
        ),
        (
            "not led to",
            json!([
                { "@type": "Space", "name": "not led to", "storage": { "@id": "urn:x:b" } },
                { "@id": "urn:x:b", "@type": "CustomerStorage" },
            ]),
        ),
        (
            "the same twice",
            json!([{ "@id": "_:s", "@type": "Space" }, { "@id": "_:s", "name": "the same twice" }]),
        ),
    ] {
        let made =
            send_ld(client, "POST", &spaces, &json!({ "@context": context, "@graph": graph }))
                .expect(201);
        assert_eq!(made.text("name"), name);
    }
    for graph in [
        json!([{ "@type": "Space", "name": "a" }, { "@type": "Space", "name": "b" }]),
        json!([{ "@id": "urn:x:a", "hydra:title": "x" }, { "@id": "urn:x:b", "hydra:title": "y" }]),
    ] {
        let answer = send_ld(client, "POST", &spaces, &json!({ "@graph": graph })).expect(400);
        assert!(answer.text("type").ends_with("#UnreadableRequest"), "{graph}: {}", answer.body);
    }
    for kind in ["vocab:Image", "https://example.org/ns#Space"] {
        let answer =
            send_ld(client, "POST", &spaces, &json!({ "@type": kind, "vocab:Space/name": "x" }));
        assert_eq!(answer.expect(400).faults(), ["@type"], "{kind}");
    }
    let several = json!({ "@type": ["https://example.org/ns#Thing", "vocab:Space"], "vocab:Space/name": "two kinds" });
    send_ld(client, "POST", &spaces, &several).expect(201);
    let own = json!({ "@id": "https://example.org/own", "vocab:Space/name": "named" });
    assert_eq!(send_ld(client, "POST", &spaces, &own).expect(400).faults(), ["@id"]);
    let blank = json!({ "@id": "_:own", "vocab:Space/name": "blank" });
    send_ld(client, "POST", &spaces, &blank).expect(201);
}
