//! Schemas of what is sent and shown, made of the ranges of properties (JSON Schema 2020-12).

use serde_json::{Map, Value, json};

use super::super::collection::term_of;
use super::super::problem::{self, Member};
use super::super::{Access, ClassDoc, CollectionDoc, PropertyDoc, Range, Variable};

/// Every schema that operations refer to.
pub(super) fn components(
    classes: &[ClassDoc],
    collections: &[CollectionDoc],
    base: &str,
) -> Map<String, Value> {
    let mut schemas = Map::new();
    for class in classes {
        schemas.insert(class.name.into(), shown(class, base));
        if class.properties.iter().any(|p| p.access != Access::ReadOnly) {
            schemas.insert(format!("{}Body", class.name), sent(class));
        }
    }
    for collection in collections {
        schemas.insert(collection.name.into(), page(collection, base));
    }
    schemas.insert("Operation".into(), operation());
    schemas.insert("Reference".into(), reference());
    schemas.insert("Problem".into(), problem_document(base));
    schemas.insert("Violation".into(), violation());
    schemas
}

pub(super) fn to(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// A resource as it is shown, on its own or as a member of a collection.
fn shown(class: &ClassDoc, base: &str) -> Value {
    let context = format!("{base}/contexts/{}.jsonld", class.name);
    let mut properties = Map::new();
    properties.insert("@context".into(), json!({ "const": context }));
    properties.insert("@id".into(), json!({ "type": "string", "format": "uri" }));
    properties.insert("@type".into(), json!({ "const": class.name }));
    let mut required = vec!["@id", "@type"];
    for property in class.properties.iter().filter(|p| p.access != Access::WriteOnly) {
        properties.insert(property.name.into(), in_answer(property));
        if !property.optional {
            required.push(property.name);
        }
    }
    properties
        .insert("hydra:operation".into(), json!({ "type": "array", "items": to("Operation") }));
    json!({
        "type": "object", "description": class.doc, "required": required, "properties": properties,
    })
}

fn in_answer(property: &PropertyDoc) -> Value {
    let mut schema = match property.range {
        Range::Literal(datatype) => literal(datatype, property),
        Range::Link(_) | Range::Collection(_) => json!({ "type": "string", "format": "uri" }),
        Range::Name(_) => json!({ "type": "string" }),
    };
    if property.many {
        schema = json!({ "type": "array", "items": schema });
    }
    describe(&mut schema, property.doc);
    schema
}

fn describe(schema: &mut Value, doc: &str) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".into(), doc.into());
    }
}

fn literal(datatype: &str, property: &PropertyDoc) -> Value {
    let mut schema = Map::new();
    let (kind, format) = match datatype {
        "xsd:integer" | "xsd:nonNegativeInteger" => ("integer", property.format),
        "xsd:boolean" => ("boolean", None),
        "xsd:dateTime" => ("string", Some("date-time")),
        // An empty text, where there may be one, is a reference too.
        "xsd:anyURI" if property.default.is_some() => ("string", Some("uri-reference")),
        "xsd:anyURI" => ("string", Some("uri")),
        _ => ("string", None),
    };
    schema.insert("type".into(), kind.into());
    if let Some(format) = format {
        schema.insert("format".into(), format.into());
    }
    if let Some(minimum) = property.minimum {
        schema.insert("minimum".into(), minimum.into());
    }
    schema.into()
}

/// A body that describes a resource: nothing in it is required, for PUT and PATCH keep what is left out.
fn sent(class: &ClassDoc) -> Value {
    let mut properties = Map::new();
    properties.insert("@type".into(), json!({ "const": class.name }));
    for property in class.properties.iter().filter(|p| p.access != Access::ReadOnly) {
        properties.insert(property.name.into(), in_body(property));
    }
    json!({
        "type": "object", "properties": properties,
        "description": format!(
            "A {} as a body gives it. What is left out keeps its value, or gets its default in \
             something new; null resets. Members that are unknown or read-only are ignored.",
            class.name
        ),
    })
}

fn in_body(property: &PropertyDoc) -> Value {
    let mut schema = match property.range {
        Range::Literal(datatype) => literal(datatype, property),
        Range::Link(_) | Range::Collection(_) => to("Reference"),
        Range::Name(_) => json!({ "type": "string", "minLength": 1 }),
    };
    if let (Some(schema), Some(max)) = (schema.as_object_mut(), property.max_bytes) {
        schema.insert("maxLength".into(), max.into());
    }
    if let (Some(schema), true) = (schema.as_object_mut(), property.required || property.many)
        && schema.contains_key("maxLength")
    {
        schema.insert("minLength".into(), 1.into());
    }
    let is_set = property.many || matches!(property.range, Range::Collection(_));
    if is_set {
        schema = json!({ "type": "array", "items": schema, "maxItems": 500 });
    }
    if !property.required {
        schema = match schema.get("type").and_then(Value::as_str).map(ToOwned::to_owned) {
            Some(kind) => {
                if let Some(schema) = schema.as_object_mut() {
                    schema.insert("type".into(), json!([kind, "null"]));
                }
                schema
            }
            None => json!({ "anyOf": [schema, { "type": "null" }] }),
        };
    }
    describe(&mut schema, property.doc);
    if let Some(schema) = schema.as_object_mut() {
        if let Some(default) = &property.default {
            schema.insert("default".into(), default.clone());
        }
        if let Some(example) = property.example {
            let example = if is_set { json!([example]) } else { example.into() };
            schema.insert("examples".into(), json!([example]));
        }
    }
    schema
}

/// A body that makes something new of a class: what is required is there, and an id may be chosen.
pub(super) fn new(class: &ClassDoc, in_queue: bool) -> Value {
    let mut required: Vec<&str> =
        class.properties.iter().filter(|p| p.required).map(|p| p.name).collect();
    let mut properties = Map::new();
    let own_id = class.properties.iter().find(|p| p.name == "id");
    if own_id.is_some_and(|id| id.range == Range::Literal("xsd:string")) {
        let mut id = id();
        describe(&mut id, "Last segment of the address; without one, the service makes one up");
        properties.insert("id".into(), id);
    }
    if in_queue {
        properties.insert(
            "space".into(),
            json!({ "type": "integer", "format": "int32", "minimum": 1,
                    "description": "Number of a space" }),
        );
        required.push("space");
    }
    let mut more = Map::new();
    more.insert("type".into(), "object".into());
    if !properties.is_empty() {
        more.insert("properties".into(), properties.into());
    }
    if !required.is_empty() {
        more.insert("required".into(), json!(required));
    }
    json!({ "allOf": [to(&format!("{}Body", class.name)), more] })
}

/// An id that a client chooses: one segment of RFC 3986 `pchar` without `%`.
pub(super) fn id() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": 216,
        "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]+$",
    })
}

/// One page of a collection.
fn page(collection: &CollectionDoc, base: &str) -> Value {
    let uri = || json!({ "type": "string", "format": "uri" });
    let assertion = json!({
        "type": "object", "required": ["property", "object"],
        "properties": {
            "property": { "const": "rdf:type" }, "object": { "const": collection.member },
        },
    });
    json!({
        "type": "object",
        "description": collection.doc,
        "required": ["@context", "@id", "@type", "rdf:type", "totalItems", "member",
                     "memberAssertion", "manages", "view", "search"],
        "properties": {
            "@context": { "const": format!("{base}/contexts/{}.jsonld", collection.name) },
            "@id": uri(),
            "@type": { "const": "Collection" },
            "rdf:type": {
                "type": "object", "required": ["@id"],
                "properties": { "@id": { "const": format!("vocab:{}", collection.name) } },
            },
            "totalItems": { "type": "integer", "minimum": 0,
                            "description": "Members on all pages together" },
            "member": { "type": "array", "items": to(collection.member) },
            "memberAssertion": assertion.clone(),
            "manages": assertion,
            "view": {
                "type": "object", "required": ["@id", "@type", "first", "last"],
                "description": "This page; next and previous are absent at the ends",
                "properties": {
                    "@id": uri(), "@type": { "const": "PartialCollectionView" },
                    "first": uri(), "previous": uri(), "next": uri(), "last": uri(),
                },
            },
            "search": {
                "type": "object", "description": "A URI template with what its variables mean",
                "required": ["@type", "mapping", "variableRepresentation"],
            },
            "hydra:operation": { "type": "array", "items": to("Operation") },
        },
    })
}

/// An inline operation.
fn operation() -> Value {
    let class = json!({
        "type": "object", "required": ["@id"], "properties": { "@id": { "type": "string" } },
    });
    json!({
        "type": "object", "description": "What this caller may do here",
        "required": ["@type", "hydra:method", "hydra:title", "hydra:returns"],
        "properties": {
            "@type": { "type": ["string", "array"], "items": { "type": "string" } },
            "hydra:method": { "enum": ["POST", "PUT", "PATCH", "DELETE"] },
            "hydra:title": { "type": "string" },
            "hydra:expects": class.clone(),
            "hydra:returns": class,
        },
    })
}

fn reference() -> Value {
    json!({
        "description": "An address, whole or relative, or its last segment; or an object with one",
        "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "object", "required": ["@id"],
              "properties": { "@id": { "type": "string", "minLength": 1 } } },
        ],
    })
}

/// A body that changes a set of references: a collection or an array replaces, one reference adds.
pub(super) fn references() -> Value {
    json!({
        "anyOf": [
            { "type": "object", "required": ["member"],
              "properties": { "member": { "type": "array", "items": to("Reference") } } },
            { "type": "array", "items": to("Reference") },
            { "type": "object", "required": ["@id"],
              "properties": { "@id": { "type": "string", "minLength": 1 } } },
        ],
    })
}

fn problem_document(base: &str) -> Value {
    let mut properties = Map::new();
    properties
        .insert("@context".into(), json!({ "const": format!("{base}/contexts/Error.jsonld") }));
    properties.insert("@type".into(), json!({ "const": "Error" }));
    let mut required = vec!["@context", "@type"];
    for member in problem::MEMBERS {
        properties.insert(member.name.into(), of_problem(member, base));
        if member.always {
            required.push(member.name);
        }
    }
    for (name, doc) in [("hydra:title", "As title"), ("hydra:description", "As detail")] {
        properties.insert(name.into(), json!({ "type": "string", "description": doc }));
        required.push(name);
    }
    json!({
        "type": "object", "description": "A problem document (RFC 9457)", "required": required,
        "properties": properties,
    })
}

fn of_problem(member: Member, base: &str) -> Value {
    let mut schema = match (member.name, member.range) {
        ("type", _) => {
            let kinds = problem::KINDS.map(|(kind, _)| format!("{base}/vocab#{kind}"));
            json!({ "type": "string", "enum": kinds })
        }
        (_, "vocab:ConstraintViolation") => json!({ "type": "array", "items": to("Violation") }),
        (_, "xsd:integer") => json!({ "type": "integer" }),
        _ => json!({ "type": "string" }),
    };
    describe(&mut schema, member.doc);
    schema
}

fn violation() -> Value {
    let mut properties = Map::new();
    properties.insert("@type".into(), json!({ "const": "ConstraintViolation" }));
    for member in problem::VIOLATION {
        let schema = json!({ "type": "string", "description": member.doc });
        properties.insert(member.name.into(), schema);
    }
    let always = problem::VIOLATION.iter().filter(|member| member.always);
    let required: Vec<&str> =
        ["@type"].into_iter().chain(always.map(|member| member.name)).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// The values of a query parameter.
pub(super) fn of_variable(
    variable: Variable,
    collection: Option<&CollectionDoc>,
    member: Option<&ClassDoc>,
) -> Value {
    let orderable = collection.map(|c| c.orderable).unwrap_or_default();
    if variable.name.starts_with("orderBy") {
        return json!({ "type": "string", "enum": orderable });
    }
    if !variable.values.is_empty() {
        return json!({ "type": "string", "enum": variable.values });
    }
    if matches!(term_of(variable.name), "pageIndex" | "limit") {
        return json!({ "type": "integer" });
    }
    let property =
        member.and_then(|class| class.properties.iter().find(|p| p.name == variable.name));
    match property {
        // A number that none of the members can have finds nothing.
        Some(p)
            if p.range == Range::Literal("xsd:integer")
                || p.range == Range::Literal("xsd:nonNegativeInteger") =>
        {
            json!({ "type": "integer", "format": "int64" })
        }
        _ => json!({ "type": "string" }),
    }
}
