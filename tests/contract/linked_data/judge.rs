//! The json-ld crate as a judge that knows nothing of how documents are made here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hydria::web::documents::Documents;
use iref::IriBuf;
use json_ld::syntax::{Parse as _, TryFromJson as _};
use json_ld::{JsonLdProcessor as _, Print as _, RemoteDocument, RemoteDocumentReference};
use oxrdf::Graph;
use rdf_types::RdfDisplay as _;
use serde_json::{Value, json};

use crate::support::App;

/// Terms of other vocabularies that documents use, by the IRI that each begins with.
const STANDARD: [(&str, &[&str]); 6] = [
    (
        "http://www.w3.org/ns/hydra/core#",
        &[
            "ApiDocumentation",
            "Class",
            "Collection",
            "Error",
            "IriTemplate",
            "IriTemplateMapping",
            "Link",
            "Operation",
            "PartialCollectionView",
            "Status",
            "SupportedProperty",
            "description",
            "entrypoint",
            "expects",
            "expectsHeader",
            "first",
            "last",
            "manages",
            "mapping",
            "member",
            "memberAssertion",
            "method",
            "next",
            "object",
            "operation",
            "possibleStatus",
            "previous",
            "property",
            "readable",
            "readonly",
            "required",
            "returns",
            "returnsHeader",
            "search",
            "statusCode",
            "supportedClass",
            "supportedOperation",
            "supportedProperty",
            "template",
            "title",
            "totalItems",
            "variable",
            "variableRepresentation",
            "view",
            "writable",
            "writeable",
            "writeonly",
        ],
    ),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", &["type", "Property"]),
    (
        "http://www.w3.org/2000/01/rdf-schema#",
        &["comment", "domain", "label", "member", "range", "seeAlso", "subClassOf"],
    ),
    (
        "http://www.w3.org/2002/07/owl#",
        &["Restriction", "allValuesFrom", "equivalentClass", "maxCardinality", "onProperty"],
    ),
    ("http://www.w3.org/2004/02/skos/core#", &["example"]),
    (
        "http://schema.org/",
        &[
            "AddAction",
            "Action",
            "CreateAction",
            "DeleteAction",
            "FindAction",
            "ReplaceAction",
            "UpdateAction",
        ],
    ),
];

pub struct Judge {
    contexts: HashMap<IriBuf, RemoteDocument>,
    /// IRIs that the vocabulary says something of.
    pub defined: BTreeSet<String>,
    vocabulary: String,
}

/// Runs where deep recursion has room.
pub fn with_a_large_stack<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(256 << 20);
        let thread = builder.spawn_scoped(scope, act).expect("a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Judge {
    /// Knows the contexts and the vocabulary that a service serves to everybody, and no others.
    pub fn of(app: &App) -> Self {
        let names = Documents::new(&app.base).contexts.into_keys();
        let contexts = names
            .map(|name| {
                let iri = format!("{}/contexts/{name}", app.base);
                let context = app.visitor.get(&iri).expect(200).body;
                let iri = IriBuf::new(iri).expect("an IRI");
                (iri.clone(), RemoteDocument::new(Some(iri), None, parsed(&context)))
            })
            .collect();
        let vocabulary = format!("{}/vocab#", app.base);
        let mut judge = Self { contexts, defined: BTreeSet::new(), vocabulary };
        let documentation = app.visitor.get("/vocab").expect(200).body;
        let expanded = judge.expanded(&documentation);
        walk(&expanded, &mut |node| {
            if let (Some(id), true) = (node.get("@id").and_then(Value::as_str), node.len() > 1) {
                judge.defined.insert(id.to_owned());
            }
        });
        judge
    }

    /// Compacts a document under a context; with an empty one, every term is an IRI.
    fn compacted(&self, document: &Value, context: &Value) -> Value {
        let document = RemoteDocument::new(None, None, parsed(document));
        let context = json_ld::syntax::Context::try_from_json(parsed(context)).expect("a context");
        let context = RemoteDocumentReference::Loaded(RemoteDocument::new(None, None, context));
        // With a base, the crate would shorten links so that they mean something else.
        let compacted = pollster::block_on(document.compact(context, &self.contexts));
        let compacted = compacted.unwrap_or_else(|error| panic!("no JSON-LD: {error}"));
        serde_json::from_str(&compacted.compact_print().to_string()).expect("JSON")
    }

    pub fn expanded(&self, document: &Value) -> Value {
        self.compacted(document, &json!({}))
    }

    /// What a document says, as the crate reads it.
    pub fn graph(&self, document: &Value) -> Graph {
        let document = RemoteDocument::new(None, None, parsed(document));
        let mut labels = rdf_types::generator::Blank::new();
        let rdf = pollster::block_on(document.to_rdf(&mut labels, &self.contexts));
        let mut rdf = rdf.unwrap_or_else(|error| panic!("no JSON-LD: {error}"));
        let lines: Vec<String> =
            rdf.cloned_quads().map(|quad| format!("{} .", quad.rdf_display())).collect();
        let lines = lines.join("\n");
        let quads = oxttl::NQuadsParser::new().for_slice(lines.as_bytes());
        quads.map(|quad| oxrdf::Triple::from(quad.expect("a quad"))).collect()
    }

    /// All that is wrong with a document as linked data.
    pub fn faults(&self, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let again = self.compacted(document, &document["@context"]);
        differences("", document, &again, &mut faults);
        walk(&self.expanded(document), &mut |node| {
            for (key, value) in node {
                match key.as_str() {
                    "@type" if node.contains_key("@value") => {}
                    "@type" => {
                        let kinds = value.as_array().map_or(std::slice::from_ref(value), |a| a);
                        faults.extend(kinds.iter().filter_map(|kind| self.unknown(kind)));
                    }
                    "@id" if value.as_str().is_some_and(|id| id.starts_with(&self.vocabulary)) => {
                        faults.extend(self.unknown(value));
                    }
                    "@id" | "@value" | "@context" => {}
                    key => faults.extend(self.unknown(&key.into())),
                }
            }
        });
        faults.sort();
        faults.dedup();
        faults
    }

    fn unknown(&self, term: &Value) -> Option<String> {
        let iri = term.as_str().unwrap_or_default();
        let is_standard = STANDARD.iter().any(|(start, names)| {
            iri.strip_prefix(start).is_some_and(|name| names.contains(&name))
        });
        (!is_standard && !self.defined.contains(iri)).then(|| format!("{term} is defined nowhere"))
    }
}

fn parsed(value: &Value) -> json_ld::syntax::Value {
    json_ld::syntax::Value::parse_str(&value.to_string()).expect("JSON").0
}

/// Calls `look` with every object in a value.
pub fn walk(value: &Value, look: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        Value::Object(node) => {
            look(node);
            node.values().for_each(|value| walk(value, look));
        }
        _ => {}
    }
}

/// A value with everything in one order, for sets have none.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(in_order).collect();
            items.sort_by_key(ToString::to_string);
            items.into()
        }
        Value::Object(node) => {
            let sorted: BTreeMap<_, _> = node.iter().map(|(k, v)| (k, in_order(v))).collect();
            sorted.into_iter().map(|(k, v)| (k.clone(), v)).collect()
        }
        other => other.clone(),
    }
}

/// Where a document and its own compaction differ.
fn differences(at: &str, is: &Value, again: &Value, faults: &mut Vec<String>) {
    if in_order(is) == in_order(again) {
        return;
    }
    match (is, again) {
        (Value::Object(is), Value::Object(again)) => {
            let keys: BTreeSet<&String> = is.keys().chain(again.keys()).collect();
            for key in keys {
                match (is.get(key), again.get(key)) {
                    (Some(is), Some(again)) => {
                        differences(&format!("{at}/{key}"), is, again, faults);
                    }
                    (is, again) => faults.push(format!("{at}/{key} is {is:?}, then {again:?}")),
                }
            }
        }
        (Value::Array(is), Value::Array(again)) if is.len() == again.len() => {
            let sorted = |items: &[Value]| in_order(&Value::from(items));
            let (is, again) = (sorted(is), sorted(again));
            for (index, pair) in is.as_array().into_iter().flatten().enumerate() {
                differences(&format!("{at}/{index}"), pair, &again[index], faults);
            }
        }
        _ => faults.push(format!("{at} is {is}, and {again} in its own compaction")),
    }
}
