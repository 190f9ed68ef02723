use serde_json::{Value, json};

use super::{Form, Terms, write};

fn terms() -> Terms {
    Terms::of(&json!({ "@context": {
        "hydra": "http://www.w3.org/ns/hydra/core#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "vocab": "https://h/vocab#",
        "Space": "vocab:Space",
        "name": "vocab:Space/name",
        "wide": { "@id": "vocab:Space/wide", "@type": "xsd:nonNegativeInteger" },
        "images": { "@id": "vocab:Space/images", "@type": "@id" },
        "property": { "@id": "hydra:property", "@type": "@vocab" },
        "member": { "@id": "hydra:member", "@container": "@set" },
    } }))
}

fn written(document: &Value, form: Form) -> String {
    String::from_utf8(write(document, &terms(), form).expect("a buffer")).expect("text")
}

fn lines(document: &Value) -> Vec<String> {
    written(document, Form::NTriples).lines().map(ToOwned::to_owned).collect()
}

#[test]
fn terms_prefixes_and_coercions_mean_what_the_context_says() {
    let document = json!({
        "@context": "https://h/contexts/Space.jsonld", "@id": "https://h/1", "@type": "Space",
        "rdf:type": { "@id": "vocab:Other" }, "name": "a \"b\"\n", "wide": 5, "vocab:flag": true,
        "vocab:count": -7, "images": "https://h/1/images", "property": "name", "unknown": 1,
        "nothing": null,
    });
    let vocab = |name: &str| format!("<https://h/vocab#{name}>");
    let type_of = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
    let xsd = "^^<http://www.w3.org/2001/XMLSchema#";
    assert_eq!(
        lines(&document),
        [
            format!("<https://h/1> {type_of} {} .", vocab("Space")),
            format!("<https://h/1> {type_of} {} .", vocab("Other")),
            format!("<https://h/1> {} \"a \\\"b\\\"\\n\" .", vocab("Space/name")),
            format!("<https://h/1> {} \"5\"{xsd}nonNegativeInteger> .", vocab("Space/wide")),
            format!("<https://h/1> {} \"true\"{xsd}boolean> .", vocab("flag")),
            format!("<https://h/1> {} \"-7\"{xsd}integer> .", vocab("count")),
            format!("<https://h/1> {} <https://h/1/images> .", vocab("Space/images")),
            format!(
                "<https://h/1> <http://www.w3.org/ns/hydra/core#property> {} .",
                vocab("Space/name")
            ),
        ]
    );
}

#[test]
fn expanded_keeps_nodes_where_they_stand_and_flattened_has_each_once() {
    let document = json!({
        "@id": "https://h/1", "@type": "Space",
        "member": [{ "@id": "https://h/2", "name": "two" }, { "name": "none" }, { "@id": "https://h/1", "wide": 1 }],
        "vocab:tags": [],
    });
    let hydra = "http://www.w3.org/ns/hydra/core#member";
    let (name, wide) = ("https://h/vocab#Space/name", "https://h/vocab#Space/wide");
    let one =
        json!({ "@type": "http://www.w3.org/2001/XMLSchema#nonNegativeInteger", "@value": 1 });
    let read = |form| serde_json::from_str::<Value>(&written(&document, form)).expect("JSON");
    assert_eq!(
        read(Form::Expanded),
        json!([{
            "@id": "https://h/1", "@type": ["https://h/vocab#Space"],
            hydra: [
                { "@id": "https://h/2", name: [{ "@value": "two" }] },
                { name: [{ "@value": "none" }] },
                { "@id": "https://h/1", wide: [one] },
            ],
            "https://h/vocab#tags": [],
        }])
    );
    assert_eq!(
        read(Form::Flattened),
        json!([
            {
                "@id": "https://h/1", "@type": ["https://h/vocab#Space"],
                hydra: [{ "@id": "https://h/2" }, { "@id": "_:b0" }, { "@id": "https://h/1" }],
                wide: [one],
            },
            { "@id": "https://h/2", name: [{ "@value": "two" }] },
            { "@id": "_:b0", name: [{ "@value": "none" }] },
        ])
    );
}

#[test]
fn what_is_said_twice_is_one_triple() {
    let document = json!({ "@id": "https://h/1", "name": ["a", "a", "b"] });
    assert_eq!(lines(&document).len(), 2);
}

#[test]
fn turtle_is_short_where_it_can_be() {
    let document = json!({ "@id": "https://h/1", "@type": "Space", "wide": 5, "vocab:count": 7, "hydra:title": "t" });
    let turtle = written(&document, Form::Turtle);
    assert!(turtle.contains("@prefix hydra: <http://www.w3.org/ns/hydra/core#> ."), "{turtle}");
    assert!(turtle.contains("<https://h/1> a vocab:Space ;"), "{turtle}");
    assert!(turtle.contains("vocab:Space\\/wide \"5\"^^xsd:nonNegativeInteger"), "{turtle}");
    assert!(
        turtle.contains("vocab:count 7 ;") && turtle.contains("hydra:title \"t\" ."),
        "{turtle}"
    );
}

#[test]
fn addresses_are_escaped_where_clients_sent_what_no_iri_has() {
    for (address, iri) in [
        ("https://h/1?q={\"a\":\"b c\"}", "https://h/1?q=%7B%22a%22:%22b%20c%22%7D"),
        ("https://h/1?order[id]=asc&x=%zz%4", "https://h/1?order%5Bid%5D=asc&x=%25zz%254"),
        ("https://[::1]:80/1?x=%41", "https://[::1]:80/1?x=%41"),
        ("https://h/1?ü=|", "https://h/1?ü=%7C"),
    ] {
        let document = json!({ "@id": address, "images": address });
        assert_eq!(lines(&document), [format!("<{iri}> <https://h/vocab#Space/images> <{iri}> .")]);
    }
    // What is no IRI even so is nobody's name, as for every JSON-LD processor.
    assert_eq!(lines(&json!({ "@id": "https://h/1", "images": "http://[/" })), [""; 0]);
}
