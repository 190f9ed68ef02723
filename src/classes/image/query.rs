//! Parses the filters of a request for a collection of images (`docs/rules.md` 5).

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Map, Value};

use super::filter::Filter;
use super::metadata::{NUMBERS, PREFIXES, TEXTS, metadata_members};
use crate::classes::role::uris::read_roles;
use crate::hydra::{Fault, Variable, linked};
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
                "error",
                "true: images that could not be processed; false: those without an error",
            )
            .of("xsd:boolean"),
            Variable::new(
                "ingesting",
                "true: images that wait for, or are in, processing; false: all others",
            )
            .of("xsd:boolean"),
            Variable::new("mediaType", "Images of this media type"),
            Variable::new("createdAfter", "Images registered at this time or later")
                .of("xsd:dateTime"),
            Variable::new("createdBefore", "Images registered before this time")
                .of("xsd:dateTime"),
            Variable::new("finishedAfter", "Images last processed at this time or later")
                .of("xsd:dateTime"),
            Variable::new("finishedBefore", "Images last processed before this time")
                .of("xsd:dateTime"),
            Variable::new("minWidth", "Images of at least so many pixels in width")
                .of("xsd:nonNegativeInteger"),
            Variable::new("minHeight", "Images of at least so many pixels in height")
                .of("xsd:nonNegativeInteger"),
            Variable::new("minSize", "Images whose original has at least so many bytes")
                .of("xsd:nonNegativeInteger"),
            Variable::new("maxSize", "Images whose original has at most so many bytes")
                .of("xsd:nonNegativeInteger"),
            $(members!(prefix $text),)+
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
    (prefix $name:ident) => {
        Variable::new(
            concat!(stringify!($name), "Prefix"),
            concat!("Images whose ", stringify!($name), " begins with this"),
        )
    };
}
metadata_members!(members);

/// The parameters of a request that changes or deletes all that a filter matches: the filters, and three more.
pub const SELECTING: [Variable; FILTERS.len() + 3] = selecting();

#[expect(clippy::indexing_slicing, reason = "it is as long as what is put into it")]
const fn selecting() -> [Variable; FILTERS.len() + 3] {
    let all = Variable::new("all", "true: all images of the space, without a filter");
    let dry_run = Variable::new("dryRun", "true: nothing is done; totalItems says how many match");
    let expect = Variable::new("expect", "How many have to match; nothing is done if others do");
    let mut together = [all.of("xsd:boolean"); FILTERS.len() + 3];
    let mut at = 0;
    while at < FILTERS.len() {
        together[at] = FILTERS[at];
        at += 1;
    }
    together[at + 1] = dry_run.of("xsd:boolean");
    together[at + 2] = expect.of("xsd:nonNegativeInteger");
    together
}

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
    match linked::unique_members(text) {
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
    for (slot, name) in filter.prefixes.iter_mut().zip(PREFIXES) {
        *slot = get(name).and_then(|value| one(name, value, prefix, faults));
    }
    // A number that no space can have finds nothing, which -1 says as well.
    let space = |value: &Value| number(value).map(|n| i32::try_from(n).unwrap_or(-1));
    filter.spaces = get("space").and_then(|value| any("space", value, space, faults));
    filter.ids = get("id").and_then(|value| any("id", value, text, faults));
    filter.media_types = get("mediaType").and_then(|value| any("mediaType", value, text, faults));
    filter.has_error = get("error").and_then(|value| one("error", value, flag, faults));
    filter.ingesting = get("ingesting").and_then(|value| one("ingesting", value, flag, faults));
    for (span, [after, before]) in [
        (&mut filter.created, ["createdAfter", "createdBefore"]),
        (&mut filter.finished, ["finishedAfter", "finishedBefore"]),
    ] {
        span.from = get(after).and_then(|value| one(after, value, moment, faults));
        span.before = get(before).and_then(|value| one(before, value, moment, faults));
    }
    for (bound, name) in [
        (&mut filter.min_width, "minWidth"),
        (&mut filter.min_height, "minHeight"),
        (&mut filter.min_size, "minSize"),
        (&mut filter.max_size, "maxSize"),
    ] {
        *bound = get(name).and_then(|value| one(name, value, size, faults));
    }
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

fn one<T>(
    name: &str,
    value: &Value,
    read: impl Fn(&Value) -> Result<T, &'static str>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    read(value).map_err(|reason| faults.push(Fault::new(name, reason))).ok()
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

/// Reads what texts begin with; an empty one would be no condition.
fn prefix(value: &Value) -> Result<String, &'static str> {
    let text = value.as_str().filter(|text| !text.is_empty() && !text.contains('\0'));
    text.map(Into::into).ok_or("must be a text that is not empty")
}

fn flag(value: &Value) -> Result<bool, &'static str> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) => text.parse().map_err(|_unread| "must be true or false"),
        _ => Err("must be true or false"),
    }
}

fn size(value: &Value) -> Result<i64, &'static str> {
    let size = number(value).ok().filter(|size| *size >= 0);
    size.ok_or("must be a whole number that is not negative")
}

/// Reads a moment as RFC 3339 writes it, or a day, which stands for its first moment in UTC.
fn moment(value: &Value) -> Result<DateTime<Utc>, &'static str> {
    let text = value.as_str().unwrap_or_default();
    // A plus sign of an address that is not encoded is read as a blank.
    let spelled = text.replacen(' ', "+", 1);
    let whole = DateTime::parse_from_rfc3339(&spelled).map(|moment| moment.to_utc()).ok();
    // Four digits of a year, as in a moment.
    let is_digit = |(at, byte): (usize, u8)| matches!(at, 4 | 7) || byte.is_ascii_digit();
    let is_day = text.len() == "2026-01-31".len() && text.bytes().enumerate().all(is_digit);
    let day = text.parse::<NaiveDate>().ok().filter(|_| is_day);
    let kept = whole.or_else(|| day.map(|day| day.and_time(NaiveTime::MIN).and_utc()));
    kept.ok_or("must be a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31")
}
