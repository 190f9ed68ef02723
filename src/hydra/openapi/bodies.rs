//! Schemas of bodies.
//!
//! They have no `default`, because client generators send it, and what a body says replaces what is stored.

use serde_json::{Map, Value, json};

use super::super::{Access, ClassDoc, PropertyDoc, Range};
use super::schema::{describe, literal, to};

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
    /// A change of many resources: of all alike, or of each that it names.
    AllChanged,
    /// The change of one that is named.
    EachChanged,
    /// A list of resources that are named.
    AllNamed,
    /// One that is named.
    Named,
}

/// Returns the name of the schema of such a body.
pub(super) fn name_of(class: &ClassDoc, usage: Use) -> String {
    match usage {
        Use::Changed => format!("{}Body", class.name),
        Use::New => format!("New{}", class.name),
        Use::Queued => format!("Queued{}", class.name),
        Use::Submitted => format!("{}Submission", class.name),
        Use::AllChanged => format!("{}Changes", class.name),
        Use::EachChanged => format!("{}Change", class.name),
        Use::AllNamed => format!("{}Names", class.name),
        Use::Named => format!("{}Name", class.name),
    }
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

/// Returns a change of many: what all of them get, or members each of which names one.
pub(super) fn changes(class: &ClassDoc) -> Value {
    let mut schema = sent(class);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let each = to(&name_of(class, Use::EachChanged));
        let member = json!({ "type": "array", "minItems": 1, "maxItems": 1000, "items": each,
                             "description": "Changes of single ones, in place of one of all" });
        properties.insert("member".into(), member);
    }
    describe(
        &mut schema,
        "What all that the filter of the query matches get alike; or, without a filter, `member` with a \
         change of each that it names by id.",
    );
    schema
}

/// Returns the change of one that is named by its id.
pub(super) fn change(class: &ClassDoc) -> Value {
    let mut schema = sent(class);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("id".into(), name());
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("required".into(), json!(["id"]));
    }
    schema
}

/// Returns a list of names.
pub(super) fn names(class: &ClassDoc) -> Value {
    json!({
        "type": "object", "required": ["member"],
        "properties": {
            "member": {
                "type": "array", "minItems": 1, "maxItems": 1000,
                "items": to(&name_of(class, Use::Named)),
            },
        },
    })
}

/// Returns one of a list of names.
pub(super) fn named() -> Value {
    json!({ "type": "object", "required": ["id"], "properties": { "id": name() } })
}

/// Returns the id by which a body names something that is there.
fn name() -> Value {
    json!({
        "type": "string", "minLength": 1,
        "description": "`customer/space/id`, or the whole address; in a space the last segment alone will do",
    })
}

/// Returns an id that a client chooses: one segment of RFC 3986 `pchar` without `%`.
pub(super) fn id() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": 216,
        "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]+$",
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
