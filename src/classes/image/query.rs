//! Parses the filters of a request for a collection of images (`docs/rules.md` 5).

use serde_json::{Map, Value};

use super::filter::Filter;
use super::metadata::{NUMBERS, TEXTS, metadata_members};
use crate::classes::role::uris::read_roles;
use crate::hydra::{Fault, Variable};
use crate::resource::{ParseContext, Query, literal};

/// Lists filters and orders, the metadata among them.
macro_rules! members {
    (texts: [$($text:ident)+] numbers: [$($number:ident)+]) => {
        /// The filters of every collection of images.
        pub const FILTERS: &[Variable] = &[
            $(members!($text),)+
            $(members!($number),)+
            Variable::new("tags", "Images that have all these tags, split at commas"),
            Variable::new("roles", "Images that have all these roles, split at commas"),
            Variable::new("space", "Images in the space of this number"),
            Variable::new("id", "Images of this id"),
            Variable::new(
                "q",
                "A JSON object of the same members; an array means any of its values, for tags and \
                 roles all of them",
            ),
        ];

        /// Members by which images can be ordered, in the spelling shown.
        pub const ORDERABLE: &[&str] = &[
            "id",
            "created",
            "finished",
            $(stringify!($text),)+
            $(stringify!($number),)+
            "space",
            "origin",
            "maxUnauthorised",
            "label",
            "requiredStatement",
            "rights",
            "mediaType",
            "family",
            "width",
            "height",
            "queued",
            "dequeued",
            "ingesting",
            "error",
            "attempts",
            "lastError",
            "nextTry",
            "batch",
            "imageOptimisationPolicy",
            "thumbnailPolicy",
        ];
    };
    ($name:ident) => {
        Variable::new(stringify!($name), concat!("Images whose ", stringify!($name), " is this"))
    };
}
metadata_members!(members);

/// Reads the filters of a query.
pub fn read(query: &Query, context: ParseContext<'_>, faults: &mut Vec<Fault>) -> Filter {
    let mut conditions = object(query, faults);
    let known = |name: &str| name != "q" && FILTERS.iter().any(|v| v.name == name);
    for name in conditions.keys().filter(|name| !known(name)) {
        faults.push(Fault::new("q", format!("has {name}, by which images cannot be found")));
    }
    // A parameter wins over the same member of q; an empty one is no condition.
    for variable in FILTERS.iter().filter(|v| known(v.name)) {
        match query.get(variable.name).filter(|text| !text.is_empty()) {
            Some(text) if matches!(variable.name, "tags" | "roles") => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                conditions.insert(variable.name.into(), parts.map(Value::from).collect());
            }
            Some(text) => {
                conditions.insert(variable.name.into(), text.into());
            }
            None => {}
        }
    }
    filter(&conditions, context, faults)
}

fn object(query: &Query, faults: &mut Vec<Fault>) -> Map<String, Value> {
    let Some(text) = query.get("q").filter(|text| !text.trim().is_empty()) else {
        return Map::new();
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(conditions)) => conditions,
        Ok(_) => {
            faults.push(Fault::new("q", "must be a JSON object"));
            Map::new()
        }
        Err(error) => {
            faults.push(Fault::new("q", format!("is not JSON: {error}")));
            Map::new()
        }
    }
}

fn filter(
    conditions: &Map<String, Value>,
    context: ParseContext<'_>,
    faults: &mut Vec<Fault>,
) -> Filter {
    let mut filter = Filter::default();
    let get = |name: &str| conditions.get(name).filter(|value| !value.is_null());
    for (slot, name) in filter.strings.iter_mut().zip(TEXTS) {
        *slot = get(name).and_then(|value| any(name, value, text, faults));
    }
    for (slot, name) in filter.numbers.iter_mut().zip(NUMBERS) {
        *slot = get(name).and_then(|value| any(name, value, number, faults));
    }
    // A number that no space can have finds nothing, which -1 says as well.
    let space = |value: &Value| number(value).map(|n| i32::try_from(n).unwrap_or(-1));
    filter.spaces = get("space").and_then(|value| any("space", value, space, faults));
    filter.ids = get("id").and_then(|value| any("id", value, text, faults));
    if let Some(value) = get("tags") {
        filter.tags = any("tags", value, text, faults).unwrap_or_default();
    }
    if let Some(value) = get("roles") {
        match read_roles(value, context) {
            Ok(roles) => filter.roles = roles,
            Err(wrong) => faults.extend(wrong),
        }
    }
    filter
}

fn any<T>(
    name: &str,
    value: &Value,
    read: impl Fn(&Value) -> Result<T, &'static str>,
    faults: &mut Vec<Fault>,
) -> Option<Vec<T>> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    match values.iter().map(read).collect() {
        Ok(values) => Some(values),
        Err(reason) => {
            faults.push(Fault::new(name, reason));
            None
        }
    }
}

fn text(value: &Value) -> Result<String, &'static str> {
    let text = value.as_str().filter(|text| !text.contains('\0'));
    text.map(Into::into).ok_or("must be text, or an array of texts")
}

fn number(value: &Value) -> Result<i64, &'static str> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => literal::whole(other),
    };
    number.ok_or("must be a whole number, or an array of them")
}
