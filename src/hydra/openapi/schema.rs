//! Schemas of what is sent and shown, made of the ranges of properties (JSON Schema 2020-12).
//!
//! They describe `application/json`: the members of JSON-LD that begin with `@` are left out, because client
//! generators make one name of `@id` and `id`. Bodies have no `default`, because generators send it, and what a
//! body says replaces what is held. Every object is a component with a name, because generators give inline
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

/// The use of a body that describes a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// PUT and PATCH, which keep what is left out.
    Changed,
    /// POST, which needs what is required.
    New,
    /// A member of a submission to the queue.
    Queued,
    /// The submission itself.
    Submitted,
}

/// Returns the name of the schema of such a body.
pub(super) fn name_of(class: &ClassDoc, usage: Use) -> String {
    match usage {
        Use::Changed => format!("{}Body", class.name),
        Use::New => format!("New{}", class.name),
        Use::Queued => format!("Queued{}", class.name),
        Use::Submitted => format!("{}Submission", class.name),
    }
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

/// Said of what answers show.
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

/// Returns a body that describes a resource: nothing in it is required, because PUT and PATCH keep what is left out.
pub(super) fn sent(class: &ClassDoc) -> Value {
    let mut properties = Map::new();
    for property in class.properties.iter().filter(|p| p.access != Access::ReadOnly) {
        properties.insert(property.name.into(), in_body(property));
    }
    json!({
        "type": "object", "properties": properties,
        "description": format!(
            "A {} as a body gives it. What is left out keeps its value, or gets its default in \
             something new; null resets to the default. Members that are unknown or read-only are \
             ignored; with `Prefer: handling=strict` unknown ones are refused.",
            class.name
        ),
    })
}

fn in_body(property: &PropertyDoc) -> Value {
    let mut schema = match property.range {
        Range::Literal(datatype) => literal(datatype, property),
        Range::Link(_) | Range::Collection(_) | Range::Name(_) => {
            json!({ "type": "string", "minLength": 1 })
        }
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
    if let (Some(schema), false) = (schema.as_object_mut(), property.required)
        && let Some(kind) = schema.get("type").cloned()
    {
        schema.insert("type".into(), json!([kind, "null"]));
    }
    match &property.default {
        Some(default) => {
            describe(&mut schema, &format!("{}; null resets it to {default}", property.doc));
        }
        None => describe(&mut schema, property.doc),
    }
    if let (Some(schema), Some(example)) = (schema.as_object_mut(), property.example) {
        let example = if is_set { json!([example]) } else { example.into() };
        schema.insert("examples".into(), json!([example]));
    }
    schema
}

/// Returns a body that makes something new of a class: what is required is there, and an id may be chosen.
pub(super) fn new(class: &ClassDoc, in_queue: bool) -> Value {
    let changed = match sent(class) {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
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
    let mut schema = changed;
    if let Some(Value::Object(all)) = schema.get_mut("properties") {
        all.extend(properties);
    }
    let description = match in_queue {
        true => format!(
            "A {} of a submission. One that is there already keeps what is left out here.",
            class.name
        ),
        false => format!("A new {}. What is left out gets its default.", class.name),
    };
    schema.insert("description".into(), description.into());
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.into()
}

/// Returns what is submitted to the queue: a collection of such members.
pub(super) fn submission(class: &ClassDoc) -> Value {
    json!({
        "type": "object", "required": ["member"],
        "properties": {
            "member": {
                "type": "array", "minItems": 1, "items": to(&name_of(class, Use::Queued)),
            },
        },
    })
}

/// Returns an id that a client chooses: one segment of RFC 3986 `pchar` without `%`.
pub(super) fn id() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": 216,
        "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]+$",
    })
}

/// One page of a collection.
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

/// The name of the schema of a body that replaces a set of references.
pub(super) const REFERENCES: &str = "References";

/// Returns a body that changes a set of references.
pub(super) fn references() -> Value {
    json!({
        "type": "object", "required": ["member"],
        "description": "The whole set, which replaces what is held. An array of references does the \
                        same; one object with @id, or with id, adds what it names.",
        "properties": {
            "member": { "type": "array", "items": {
                "type": "string", "minLength": 1,
                "description": "An address, whole or relative, or its last segment",
            } },
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
