//! Schemas of answers, and the parts that schemas of bodies share, made of the ranges of properties (JSON Schema 2020-12).
//!
//! They describe `application/json`: the members of JSON-LD that begin with `@` are left out, because client
//! generators make one name of `@id` and `id`. Every object is a component with a name, because generators give inline
//! objects of one shape one name.

use serde_json::{Map, Value, json};

use super::super::collection::{ESTIMATED, ESTIMATED_DOC, term_of};
use super::super::problem::{self, Member};
use super::super::{Access, ClassDoc, CollectionDoc, PropertyDoc, Range, Variable};

/// Returns every schema of what is shown, and those that they refer to.
pub(super) fn shown(
    classes: &[ClassDoc],
    collections: &[CollectionDoc],
    base: &str,
) -> Map<String, Value> {
    let mut schemas = Map::new();
    for class in classes {
        schemas.insert(class.name.into(), resource(class));
    }
    for collection in collections {
        schemas.insert(collection.name.into(), page(collection));
    }
    schemas.insert("View".into(), view());
    schemas.insert("Search".into(), search());
    schemas.insert("SearchMapping".into(), mapping());
    schemas.insert("MemberAssertion".into(), assertion());
    schemas.insert("Operation".into(), operation());
    schemas.insert("Document".into(), json!({ "type": "object" }));
    schemas.insert("Problem".into(), problem_document(base));
    schemas.insert("Violation".into(), violation());
    schemas
}

pub(super) fn to(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// Returns the same schema in JSON-LD: a generator sees the reference, a validator the members that JSON-LD requires.
pub(super) fn in_json_ld(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut().filter(|schema| schema.contains_key("$ref")) {
        schema.insert("required".into(), json!(["@context", "@type"]));
    }
    schema
}

/// Returns a resource as it is shown, on its own or as a member of a collection.
fn resource(class: &ClassDoc) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for property in class.properties.iter().filter(|p| p.access != Access::WriteOnly) {
        properties.insert(property.name.into(), in_answer(property));
        if !property.optional {
            required.push(property.name);
        }
    }
    properties
        .insert("hydra:operation".into(), json!({ "type": "array", "items": to("Operation") }));
    json!({
        "type": "object", "description": format!("{} {JSON_LD}", class.doc),
        "required": required, "properties": properties,
    })
}

/// The description of JSON-LD in answers.
const JSON_LD: &str = "Every answer is JSON-LD as well: @context, @id, its address, and @type stand beside \
                       these members.";

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

pub(super) fn describe(schema: &mut Value, doc: &str) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".into(), doc.into());
    }
}

pub(super) fn literal(datatype: &str, property: &PropertyDoc) -> Value {
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

/// Returns a page of a collection.
fn page(collection: &CollectionDoc) -> Value {
    json!({
        "type": "object",
        "description": format!("{} {JSON_LD}", collection.doc),
        "required": ["totalItems", "member", "memberAssertion", "manages", "view", "search"],
        "properties": {
            "totalItems": { "type": "integer", "minimum": 0,
                            "description": "Members on all pages together" },
            ESTIMATED: { "type": "boolean", "description": ESTIMATED_DOC },
            "member": { "type": "array", "items": to(collection.member) },
            "memberAssertion": to("MemberAssertion"),
            "manages": to("MemberAssertion"),
            "view": to("View"),
            "search": to("Search"),
            "hydra:operation": { "type": "array", "items": to("Operation") },
        },
    })
}

fn assertion() -> Value {
    json!({
        "type": "object", "description": "What the members are", "required": ["property", "object"],
        "properties": { "property": { "type": "string" }, "object": { "type": "string" } },
    })
}

fn view() -> Value {
    let uri = || json!({ "type": "string", "format": "uri" });
    json!({
        "type": "object", "description": "This page; next and previous are absent at the ends",
        "required": ["first", "last"],
        "properties": { "first": uri(), "previous": uri(), "next": uri(), "last": uri() },
    })
}

fn search() -> Value {
    json!({
        "type": "object", "description": "A URI template with what its variables mean",
        "required": ["mapping", "variableRepresentation"],
        "properties": {
            "template": { "type": "string" },
            "hydra:template": {
                "type": "string", "description": "In place of template, where members have one",
            },
            "variableRepresentation": { "type": "string" },
            "mapping": { "type": "array", "items": to("SearchMapping") },
        },
    })
}

fn mapping() -> Value {
    json!({
        "type": "object", "description": "What a variable of a URI template means",
        "required": ["variable", "property", "required"],
        "properties": {
            "variable": { "type": "string" },
            "property": { "type": "string" },
            "required": { "type": "boolean" },
        },
    })
}

/// Returns an inline operation.
fn operation() -> Value {
    json!({
        "type": "object", "description": "What this caller may do here",
        "required": ["hydra:method", "hydra:title"],
        "properties": {
            "hydra:method": { "type": "string", "enum": ["POST", "PUT", "PATCH", "DELETE"] },
            "hydra:title": { "type": "string" },
        },
    })
}

fn problem_document(base: &str) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
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
        _ if member.many => json!({ "type": "array", "items": { "type": "string" } }),
        (_, "xsd:integer") => json!({ "type": "integer" }),
        _ => json!({ "type": "string" }),
    };
    describe(&mut schema, member.doc);
    schema
}

fn violation() -> Value {
    let mut properties = Map::new();
    for member in problem::VIOLATION {
        let schema = json!({ "type": "string", "description": member.doc });
        properties.insert(member.name.into(), schema);
    }
    let always = problem::VIOLATION.iter().filter(|member| member.always);
    let required: Vec<&str> = always.map(|member| member.name).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// Returns the values of a query parameter.
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
    match variable.range {
        Some("xsd:boolean") => return json!({ "type": "boolean" }),
        Some("xsd:dateTime") => return json!({ "type": "string", "format": "date-time" }),
        Some("xsd:nonNegativeInteger") => {
            return json!({ "type": "integer", "format": "int64", "minimum": 0 });
        }
        _ => {}
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
