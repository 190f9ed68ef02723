//! Ways to write one document down, all of which mean the same.

use serde_json::{Map, Value, json};

const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";
const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// A way to write documents of one class, or of a collection of it.
pub struct Speller {
    pub base: String,
    /// Name of the published context.
    pub name: &'static str,
    /// The terms of the published context.
    pub terms: Map<String, Value>,
}

/// A body as it is sent.
pub struct Sent {
    pub media_type: &'static str,
    pub text: String,
}

pub type Spell = fn(&Speller, &Value) -> Sent;

fn sent(media_type: &'static str, body: &Value) -> Sent {
    Sent { media_type, text: body.to_string() }
}

fn ld(body: &Value) -> Sent {
    sent("application/ld+json", body)
}

/// A document with something before its members.
fn with(first: &Value, document: &Value) -> Value {
    let mut all = first.as_object().expect("an object").clone();
    all.extend(document.as_object().expect("an object").clone());
    all.into()
}

impl Speller {
    fn context(&self) -> String {
        format!("{}/contexts/{}.jsonld", self.base, self.name)
    }

    fn definition(&self, term: &str) -> &Value {
        self.terms.get(term).unwrap_or_else(|| panic!("{term} is no term of {}", self.name))
    }

    /// The IRI of a term.
    pub fn iri(&self, term: &str) -> String {
        let definition = self.definition(term);
        let compact = definition["@id"].as_str().or(definition.as_str()).expect("an IRI");
        let (prefix, rest) = compact.split_once(':').expect("a prefix");
        match self.terms.get(prefix).and_then(Value::as_str) {
            Some(start) => format!("{start}{rest}"),
            None => compact.to_owned(),
        }
    }

    /// The terms that are no prefix and have none.
    fn own_terms(&self) -> Vec<&String> {
        let prefixes = ["hydra", "rdf", "rdfs", "xsd", "owl", "schema", "vocab"];
        let is_own = |term: &&String| !term.contains(':') && !prefixes.contains(&term.as_str());
        self.terms.keys().filter(is_own).collect()
    }

    /// Every key, at every depth, by another name; `@type` and its values too.
    fn renamed(&self, document: &Value, name: &dyn Fn(&str) -> String) -> Value {
        match document {
            Value::Array(items) => items.iter().map(|item| self.renamed(item, name)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| match key.as_str() {
                    "@type" => (key.clone(), name(value.as_str().expect("one type")).into()),
                    key if key.starts_with('@') => (key.to_owned(), value.clone()),
                    key => (name(key), self.linked(key, self.renamed(value, name))),
                })
                .collect(),
            other => other.clone(),
        }
    }

    /// The values of a link as objects, for where no context says that they are IRIs.
    fn linked(&self, term: &str, value: Value) -> Value {
        let is_link = self.definition(term)["@type"] == "@id";
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.linked(term, item)).collect(),
            Value::String(iri) if is_link => json!({ "@id": iri }),
            other => other,
        }
    }

    /// The document in expanded form.
    pub fn expanded(&self, document: &Value) -> Value {
        json!([self.expanded_node(document)])
    }

    fn expanded_node(&self, document: &Value) -> Value {
        let members = document.as_object().expect("an object");
        let expanded = members.iter().map(|(key, value)| match key.as_str() {
            "@type" => (key.clone(), json!([self.iri(value.as_str().expect("one type"))])),
            key if key.starts_with('@') => (key.to_owned(), value.clone()),
            key => {
                let one = std::slice::from_ref(value);
                let values = value.as_array().map_or(one, Vec::as_slice).iter();
                let values: Vec<Value> = values.map(|v| self.expanded_value(key, v)).collect();
                (self.iri(key), values.into())
            }
        });
        expanded.collect::<Map<String, Value>>().into()
    }

    fn expanded_value(&self, term: &str, value: &Value) -> Value {
        match (value, self.definition(term)["@type"].as_str()) {
            (Value::Object(_), _) => self.expanded_node(value),
            (Value::String(iri), Some("@id")) => json!({ "@id": iri }),
            (value, Some(datatype)) => {
                let (prefix, name) = datatype.split_once(':').expect("a prefix");
                let start = self.terms[prefix].as_str().expect("an IRI");
                json!({ "@value": value, "@type": format!("{start}{name}") })
            }
            (value, None) => json!({ "@value": value }),
        }
    }

    /// The document as nodes that refer to one another.
    fn flattened(&self, document: &Value) -> Vec<Value> {
        let expanded = self.expanded(document);
        let mut nodes = vec![expanded[0].clone()];
        let mut next = 0;
        while next < nodes.len() {
            let label = format!("_:n{next}");
            let mut node = nodes[next].as_object().expect("a node").clone();
            node.entry("@id").or_insert(label.into());
            for (_, values) in node.iter_mut().filter(|(key, _)| !key.starts_with('@')) {
                for value in values.as_array_mut().expect("an array") {
                    let embeds = value.get("@value").is_none()
                        && value.as_object().is_some_and(|v| v.keys().any(|k| k != "@id"));
                    if embeds {
                        let label = format!("_:n{}", nodes.len());
                        nodes.push(std::mem::replace(value, json!({ "@id": label })));
                    }
                }
            }
            nodes[next] = node.into();
            next += 1;
        }
        nodes
    }

    /// The document as triples, each on a line.
    fn triples(&self, document: &Value) -> String {
        let mut lines = Vec::new();
        for node in self.flattened(document) {
            let subject = resource(&node["@id"]);
            for (key, values) in node.as_object().expect("a node") {
                let values = match key.as_str() {
                    "@id" => continue,
                    _ => values.as_array().expect("an array"),
                };
                for value in values {
                    let (property, object) = match key.as_str() {
                        "@type" => (RDF_TYPE, resource(value)),
                        key => (key, object(value)),
                    };
                    lines.push(format!("{subject} <{property}> {object} .\n"));
                }
            }
        }
        lines.concat()
    }
}

fn resource(name: &Value) -> String {
    let name = name.as_str().expect("a name");
    if name.starts_with("_:") { name.to_owned() } else { format!("<{name}>") }
}

fn object(value: &Value) -> String {
    const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
    match (&value["@value"], value["@type"].as_str()) {
        (Value::Null, _) => resource(&value["@id"]),
        (Value::String(text), None) => format!("{text:?}"),
        (Value::String(text), Some(datatype)) => format!("{text:?}^^<{datatype}>"),
        (Value::Number(number), _) => format!("\"{number}\"^^<{XSD}integer>"),
        (flag, _) => format!("\"{flag}\"^^<{XSD}boolean>"),
    }
}

/// Every spelling, by name.
pub const SPELLINGS: &[(&str, Spell)] = &[
    ("no context, as JSON-LD", |_, document| ld(document)),
    ("no context, as JSON", |_, document| sent("application/json", document)),
    ("no media type at all", |_, document| sent("", document)),
    ("the published context", |s, document| {
        ld(&with(&json!({ "@context": s.context() }), document))
    }),
    ("the published context, relative", |s, document| {
        ld(&with(&json!({ "@context": format!("/contexts/{}.jsonld", s.name) }), document))
    }),
    ("the published context, alone in an array", |s, document| {
        ld(&with(&json!({ "@context": [s.context()] }), document))
    }),
    ("the published context and an own one", |s, document| {
        let context = json!([s.context(), { "shelfmark": "https://example.org/shelfmark" }]);
        ld(&with(&json!({ "@context": context, "shelfmark": "MS 7" }), document))
    }),
    ("the published context, its path and an own one", |s, document| {
        let own = json!({ "kind": "@type", "ignored": null });
        ld(&with(&json!({ "@context": [format!("/contexts/{}.jsonld", s.name), own] }), document))
    }),
    ("the Hydra context with bare keys", |_, document| {
        let context = "http://www.w3.org/ns/hydra/context.jsonld";
        ld(&with(&json!({ "@context": context }), document))
    }),
    ("the Hydra context, by its other address, and an own one", |_, document| {
        let context = json!(["https://www.w3.org/ns/hydra/core", { "@language": "en" }]);
        ld(&with(&json!({ "@context": context }), document))
    }),
    ("absolute IRIs as keys", |s, document| ld(&s.renamed(document, &|term| s.iri(term)))),
    ("expanded", |s, document| ld(&s.expanded(document))),
    ("expanded, without its array", |s, document| ld(&s.expanded(document)[0])),
    ("prefixes of the published context, without it", |s, document| {
        let vocabulary = format!("{}/vocab#", s.base);
        let name = |term: &str| match s.iri(term) {
            iri if iri.starts_with(HYDRA) => iri.replace(HYDRA, "hydra:"),
            iri => iri.replace(&vocabulary, "vocab:"),
        };
        ld(&s.renamed(document, &name))
    }),
    ("other prefixes", |s, document| {
        let vocabulary = format!("{}/vocab#", s.base);
        let name = |term: &str| match s.iri(term) {
            iri if iri.starts_with(HYDRA) => iri.replace(HYDRA, "h:"),
            iri => iri.replace(&vocabulary, "v:"),
        };
        let context = json!({ "v": vocabulary, "h": { "@id": HYDRA, "@prefix": true } });
        ld(&with(&json!({ "@context": context }), &s.renamed(document, &name)))
    }),
    ("other terms", |s, document| {
        // Each term means what the term before it would.
        let own = s.own_terms();
        let other = |term: &str| {
            let at = own.iter().position(|own| *own == term).expect("a term");
            own[(at + 1) % own.len()].clone()
        };
        let context: Map<String, Value> = own.iter().map(|t| (other(t), s.iri(t).into())).collect();
        ld(&with(&json!({ "@context": context }), &s.renamed(document, &other)))
    }),
    ("terms of no likeness, in sets", |s, document| {
        let own = s.own_terms();
        let other =
            |term: &str| format!("x{}", own.iter().position(|own| *own == term).expect("a term"));
        let set = |t: &&String| json!({ "@id": s.iri(t), "@container": "@set" });
        let context: Map<String, Value> = own.iter().map(|t| (other(t), set(t))).collect();
        ld(&with(&json!({ "@context": context }), &s.renamed(document, &other)))
    }),
    ("@vocab", |s, document| {
        let vocabulary = format!("{}/vocab#", s.base);
        let name = |term: &str| s.iri(term).replace(&vocabulary, "");
        ld(&with(&json!({ "@context": { "@vocab": vocabulary } }), &s.renamed(document, &name)))
    }),
    ("@vocab, relative", |s, document| {
        let vocabulary = format!("{}/vocab#", s.base);
        let name = |term: &str| s.iri(term).replace(&vocabulary, "");
        ld(&with(&json!({ "@context": { "@vocab": "/vocab#" } }), &s.renamed(document, &name)))
    }),
    ("an aliased @type", |s, document| {
        let mut document = document.clone();
        let kind = document.as_object_mut().expect("an object").remove("@type").expect("a type");
        let context = json!([s.context(), { "kind": "@type" }]);
        ld(&with(&json!({ "@context": context, "kind": kind }), &document))
    }),
    ("no @type at all", |_, document| {
        let mut document = document.clone();
        document.as_object_mut().expect("an object").remove("@type");
        ld(&document)
    }),
    ("flattened", |s, document| ld(&s.flattened(document).into())),
    ("flattened under @graph, the last first", |s, document| {
        let nodes: Value = s.flattened(document).into_iter().rev().collect();
        ld(&json!({ "@context": { "unused": "https://example.org/" }, "@graph": nodes }))
    }),
    ("compact under @graph", |s, document| {
        ld(&json!({ "@context": s.context(), "@graph": [document] }))
    }),
    ("sets and values spelled out", |s, document| {
        let spelled = |value: &Value| match value {
            Value::Array(items) if items.iter().all(|v| !v.is_object()) => json!({ "@set": items }),
            Value::Number(number) => json!({ "@value": number }),
            other => other.clone(),
        };
        let members = document.as_object().expect("an object").iter();
        let document: Map<String, Value> = members.map(|(k, v)| (k.clone(), spelled(v))).collect();
        ld(&with(&json!({ "@context": s.context() }), &document.into()))
    }),
    ("contexts that hold for a type only", |s, document| {
        let mut terms = s.terms.clone();
        let kind = document["@type"].as_str().expect("one type");
        terms.retain(|term, _| {
            document.get(term).is_some() || ["vocab", "hydra", "xsd"].contains(&term.as_str())
        });
        let kinds = json!({ kind: { "@id": s.iri(kind), "@context": terms } });
        ld(&with(&json!({ "@context": [null, kinds, nested(s, document)] }), document))
    }),
    ("N-Triples", |s, document| Sent {
        media_type: "application/n-triples",
        text: s.triples(document),
    }),
    ("N-Quads", |s, document| {
        let other = format!(
            "_:x <{}> \"elsewhere\" <https://example.org/graph> .\n",
            s.iri("hydra:operation")
        );
        Sent { media_type: "application/n-quads", text: s.triples(document) + &other }
    }),
    ("Turtle", |s, document| {
        let vocabulary = format!("{}/vocab#", s.base);
        let start = format!("@base <{vocabulary}> .\n@prefix h: <{HYDRA}> .\n");
        let triples = s
            .triples(document)
            .replace(&vocabulary, "#")
            .replace(&format!("<{HYDRA}member>"), "h:member");
        Sent { media_type: "text/turtle", text: start + &triples }
    }),
];

/// What type-scoped contexts do not reach: the terms of what stands within.
fn nested(s: &Speller, document: &Value) -> Value {
    let inner = document.as_object().into_iter().flatten().flat_map(|(_, value)| match value {
        Value::Array(items) => {
            items.iter().filter_map(Value::as_object).flat_map(Map::keys).collect()
        }
        _ => Vec::new(),
    });
    let mut terms: Map<String, Value> = inner
        .filter(|key| !key.starts_with('@'))
        .map(|key| (key.clone(), s.definition(key).clone()))
        .collect();
    for prefix in ["vocab", "xsd"] {
        terms.insert(prefix.into(), s.terms[prefix].clone());
    }
    if document["@type"] != "Image" && s.terms.contains_key("Image") {
        terms.insert("Image".into(), "vocab:Image".into());
    }
    terms.into()
}
