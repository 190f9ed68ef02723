//! The API documentation served at `/vocab`: everything embedded, one node at the top.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::collection::{self, ESTIMATED, ESTIMATED_DOC, PAGING};
use super::problem::Member;
use super::{
    Access, ClassDoc, CollectionDoc, OperationDoc, PREFIXES, PropertyDoc, Range, prefix, problem,
};

/// Returns every class, collection and kind of error there is, as one `hydra:ApiDocumentation`.
pub fn document(classes: &[ClassDoc], collections: &[CollectionDoc], base: &str) -> Value {
    let link = |name: &str| collections.iter().find(|c| c.name == name);
    let mut supported: Vec<Value> = classes.iter().map(|c| class(c, classes, &link)).collect();
    let given = |name: &str| {
        let own = classes.iter().flat_map(|class| {
            let below = class.properties.iter().flat_map(|property| &property.operations);
            class.operations.iter().chain(below)
        });
        let mut all = own.chain(collections.iter().flat_map(|collection| &collection.operations));
        all.any(|operation| operation.expects == Some(name))
    };
    supported.extend(collections.iter().map(|c| collection_class(c, given(c.name))));
    supported.extend(errors());
    json!({
        "@context": context(base),
        "@id": format!("{base}/vocab"),
        "@type": "ApiDocumentation",
        "title": "Hydria",
        "label": "Hydria",
        "description": "Registers the images of a library and serves them: \
            a Hydra API in JSON-LD, from the root by links.",
        "entrypoint": format!("{base}/"),
        "supportedClass": supported,
        "possibleStatus": [
            status(401, "Credentials are missing or wrong"),
            status(403, "The caller may not act there"),
            status(406, "Nothing that Accept lists is offered; what was written stays written"),
            status(503, "The service cannot answer now; Retry-After says when to try again"),
        ],
        "defines": variables(classes, collections),
    })
}

fn context(base: &str) -> Value {
    let mut terms = Map::new();
    for (prefix, iri) in PREFIXES {
        terms.insert(prefix.into(), iri.into());
    }
    terms.insert("vocab".into(), format!("{base}/vocab#").into());
    for term in ["ApiDocumentation", "Class", "Link", "Operation", "Status", "SupportedProperty"] {
        terms.insert(term.into(), format!("hydra:{term}").into());
    }
    for term in [
        "title",
        "description",
        "method",
        "statusCode",
        "required",
        "readable",
        "writable",
        "writeable",
        "readonly",
        "writeonly",
    ] {
        terms.insert(term.into(), format!("hydra:{term}").into());
    }
    terms.insert("label".into(), "rdfs:label".into());
    terms.insert("example".into(), "http://www.w3.org/2004/02/skos/core#example".into());
    terms.insert("maxCardinality".into(), "owl:maxCardinality".into());
    for (term, iri) in [
        ("entrypoint", "hydra:entrypoint"),
        ("expects", "hydra:expects"),
        ("returns", "hydra:returns"),
        ("property", "hydra:property"),
        ("object", "hydra:object"),
        ("domain", "rdfs:domain"),
        ("subClassOf", "rdfs:subClassOf"),
        ("isDefinedBy", "rdfs:isDefinedBy"),
    ] {
        terms.insert(term.into(), json!({ "@id": iri, "@type": "@id" }));
    }
    for term in ["expectsHeader", "returnsHeader"] {
        terms.insert(term.into(), json!({ "@id": format!("hydra:{term}"), "@container": "@set" }));
    }
    for (term, iri) in [
        ("supportedClass", "hydra:supportedClass"),
        ("supportedProperty", "hydra:supportedProperty"),
        ("supportedOperation", "hydra:supportedOperation"),
        ("possibleStatus", "hydra:possibleStatus"),
        ("memberAssertion", "hydra:memberAssertion"),
        ("manages", "hydra:manages"),
        ("range", "rdfs:range"),
        ("defines", "rdfs:member"),
    ] {
        terms.insert(term.into(), json!({ "@id": iri, "@type": "@id", "@container": "@set" }));
    }
    terms.into()
}

fn iri(class: &str) -> String {
    format!("{}{class}", prefix(class))
}

fn status(code: u16, title: &str) -> Value {
    json!({ "@type": "Status", "statusCode": code, "title": title, "description": title })
}

fn class<'a>(
    class: &ClassDoc,
    classes: &[ClassDoc],
    collection: &impl Fn(&str) -> Option<&'a CollectionDoc>,
) -> Value {
    let properties: Vec<Value> =
        class.properties.iter().map(|p| property(class.name, p, classes, collection)).collect();
    let mut node = json!({
        "@id": format!("vocab:{}", class.name),
        "@type": "Class",
        "title": class.name,
        "label": class.name,
        "description": class.doc,
        "supportedOperation": operations(class.name, &class.operations),
        "supportedProperty": properties,
    });
    if let (Some(parent), Some(node)) = (class.parent, node.as_object_mut()) {
        node.insert("subClassOf".into(), iri(parent).into());
    }
    node
}

fn property<'a>(
    class: &str,
    property: &PropertyDoc,
    classes: &[ClassDoc],
    collection: &impl Fn(&str) -> Option<&'a CollectionDoc>,
) -> Value {
    let (kind, range, owner) = match property.range {
        Range::Literal(datatype) => ("rdf:Property", json!([datatype]), class),
        Range::Name(of) => ("rdf:Property", json!([iri(of)]), class),
        Range::Link(to) => ("Link", json!([iri(to)]), property.operations_of.unwrap_or(to)),
        Range::Collection(of) => {
            let member = collection(of).map_or("hydra:Resource", |c| c.member);
            let typed = json!({
                "@id": iri(of),
                "owl:equivalentClass": {
                    "@type": "owl:Restriction",
                    "owl:onProperty": { "@id": "hydra:member" },
                    "owl:allValuesFrom": { "@id": iri(member) },
                },
            });
            ("Link", json!(["hydra:Collection", typed]), of)
        }
    };
    let mut described = json!({
        "@id": format!("vocab:{class}/{}", property.name),
        "@type": kind,
        "label": property.name,
        "description": property.doc,
        "domain": format!("vocab:{class}"),
        "range": range,
    });
    if let Some(described) = described.as_object_mut() {
        if kind == "Link" {
            // What a link leads to can be done there, unless the link says otherwise.
            let target = match (property.range, property.operations.is_empty()) {
                (Range::Link(to), true) => classes.iter().find(|class| class.name == to),
                _ => None,
            };
            let open = target.map_or(&property.operations, |class| &class.operations);
            described.insert("supportedOperation".into(), operations(owner, open).into());
        }
        if !property.many {
            described.insert("maxCardinality".into(), 1.into());
        }
        if let Some(example) = property.example {
            described.insert("example".into(), example.into());
        }
    }
    let readable = property.access != Access::WriteOnly;
    let writable = property.access != Access::ReadOnly;
    json!({
        "@type": "SupportedProperty",
        "property": described,
        "title": property.name,
        "description": property.doc,
        "required": property.required,
        "readable": readable,
        "writable": writable,
        "writeable": writable,
        "readonly": !writable,
        "writeonly": !readable,
    })
}

fn operations(owner: &str, operations: &[OperationDoc]) -> Vec<Value> {
    operations.iter().map(|o| operation(owner, o)).collect()
}

fn operation(owner: &str, operation: &OperationDoc) -> Value {
    let statuses = operation.statuses.iter().map(|(code, title)| status(*code, title));
    let mut node = json!({
        "@id": format!("vocab:{owner}/{}", operation.name),
        "@type": ["Operation", operation.action()],
        "method": operation.method,
        "title": operation.title,
        "label": operation.title,
        "expects": iri(operation.expects.unwrap_or("owl:Nothing")),
        "returns": iri(operation.returns.unwrap_or("owl:Nothing")),
        "possibleStatus": statuses.collect::<Vec<_>>(),
    });
    if let Some(node) = node.as_object_mut() {
        if operation.administrators_only {
            node.insert("description".into(), "For administrators.".into());
        }
        if !operation.parameters.is_empty() && operation.method != "GET" {
            let names: Vec<&str> = operation.parameters.iter().map(|v| v.name).collect();
            let words = format!("Query parameters: {}.", names.join(", "));
            node.insert("description".into(), words.into());
        }
        let expected = operation.expects_headers();
        if !expected.is_empty() {
            node.insert("expectsHeader".into(), json!(expected));
        }
        let returned: BTreeSet<&str> = operation
            .statuses
            .iter()
            .flat_map(|(code, _)| operation.returns_headers(*code))
            .collect();
        if !returned.is_empty() {
            node.insert("returnsHeader".into(), json!(returned));
        }
    }
    node
}

/// `given`: bodies are such collections, whose members clients write.
fn collection_class(collection: &CollectionDoc, given: bool) -> Value {
    let mut members = hydra_property(
        "member",
        "Link",
        &iri(collection.member),
        false,
        "The members on this page, in the order of the collection",
    );
    if let Some(flags) = members.as_object_mut().filter(|_| given) {
        for (flag, holds) in
            [("required", true), ("writable", true), ("writeable", true), ("readonly", false)]
        {
            flags.insert(flag.into(), holds.into());
        }
    }
    let assertion = json!([{ "property": "rdf:type", "object": iri(collection.member) }]);
    json!({
        "@id": format!("vocab:{}", collection.name),
        "@type": "Class",
        "subClassOf": iri(collection.parent.unwrap_or("hydra:Collection")),
        "title": collection.name,
        "label": collection.name,
        "description": collection.doc,
        "supportedOperation": operations(collection.name, &collection.operations),
        "supportedProperty": [
            members,
            hydra_property("totalItems", "rdf:Property", "xsd:integer", true,
                "Members on all pages together"),
            estimated(),
            hydra_property("view", "Link", "hydra:PartialCollectionView", true,
                "This page, with links to its neighbours"),
            hydra_property("search", "Link", "hydra:IriTemplate", true,
                "How its members are found, ordered and paged"),
        ],
        "memberAssertion": assertion.clone(),
        "manages": assertion,
    })
}

fn hydra_property(name: &str, kind: &str, range: &str, single: bool, doc: &str) -> Value {
    let mut described = json!({
        "@id": format!("hydra:{name}"), "@type": kind, "label": name, "range": [range],
    });
    if single && let Some(described) = described.as_object_mut() {
        described.insert("maxCardinality".into(), 1.into());
    }
    json!({
        "@type": "SupportedProperty", "property": described, "title": name, "description": doc,
        "required": false, "readable": true, "writable": false, "writeable": false,
        "readonly": true, "writeonly": false,
    })
}

/// Returns the flag of a total that is an estimate: a property of our own, of every collection.
fn estimated() -> Value {
    let mut supported =
        hydra_property(ESTIMATED, "rdf:Property", "xsd:boolean", true, ESTIMATED_DOC);
    if let Some(id) = supported.pointer_mut("/property/@id") {
        *id = format!("vocab:{ESTIMATED}").into();
    }
    supported
}

/// Problem documents, the violation of one member, and every kind of problem.
fn errors() -> Vec<Value> {
    let plain = |name: &str, parent: &str, doc: &str, members: &[Member]| {
        let properties: Vec<Value> = members.iter().map(|m| error_property(*m)).collect();
        json!({
            "@id": format!("vocab:{name}"), "@type": "Class", "subClassOf": parent, "title": name,
            "label": name, "description": doc, "supportedOperation": [],
            "supportedProperty": properties,
        })
    };
    let document = "A problem document, as RFC 9457 has it.";
    let violation = "One fault of a body or a query.";
    let mut classes = vec![
        plain("Error", "hydra:Error", document, &problem::MEMBERS),
        plain("ConstraintViolation", "hydra:Resource", violation, &problem::VIOLATION),
    ];
    classes.extend(problem::KINDS.map(|(name, doc)| plain(name, "vocab:Error", doc, &[])));
    classes
}

fn error_property(member: Member) -> Value {
    let mut described = json!({
        "@id": member.iri, "@type": "rdf:Property", "label": member.name, "range": [member.range],
        "description": member.doc,
    });
    if !member.many
        && let Some(described) = described.as_object_mut()
    {
        described.insert("maxCardinality".into(), 1.into());
    }
    json!({
        "@type": "SupportedProperty", "property": described, "title": member.name,
        "description": member.doc, "required": false, "readable": true, "writable": false,
        "writeable": false, "readonly": true, "writeonly": false,
    })
}

/// Query variables that are no property of the members, which a search template refers to.
fn variables(classes: &[ClassDoc], collections: &[CollectionDoc]) -> Vec<Value> {
    let mut found = BTreeMap::new();
    for collection in collections {
        let owned = |name| {
            classes
                .iter()
                .filter(|c| c.name == collection.member)
                .any(|c| c.properties.iter().any(|p| p.name == name))
        };
        for variable in collection.variables().filter(|v| !owned(v.name)) {
            found.insert(variable.name, variable.doc);
        }
    }
    let own = found.iter().map(|(name, doc)| (format!("vocab:{name}"), *name, *doc));
    let paging = PAGING.iter().map(|v| {
        let term = collection::term_of(v.name);
        (format!("hydra:{term}"), term, v.doc)
    });
    own.chain(paging)
        .map(|(id, name, doc)| {
            json!({ "@id": id, "@type": "rdf:Property", "label": name, "description": doc })
        })
        .collect()
}
