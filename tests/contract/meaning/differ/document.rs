//! What the service makes of a body, in the form of a reading, to be held against one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::aims::Subject;
use super::reading::{Reading, Resource, Target, bare, kind_of, plain_number};

/// What our own document says, in the same form; `like`: what is expected, for the order of values.
pub fn of_document(document: &Value, target: Target<'_>, like: Option<&Reading>) -> Reading {
    if target.subject == Subject::There {
        let like = match like {
            Some(Reading::One(like)) => Some(like),
            _ => None,
        };
        return Reading::One(of_resource(document, like));
    }
    let is_collection = |document: &Value| {
        let kinds = &document["@type"];
        let one = std::slice::from_ref(kinds);
        let names = kinds.as_array().map_or(one, Vec::as_slice).iter().filter_map(Value::as_str);
        let iri = |name: &str| format!("{}{name}", target.vocabulary);
        names.into_iter().any(|name| {
            target.collections.contains(name) || target.collections.contains(&iri(name))
        })
    };
    let members = match (document, &document["member"]) {
        (Value::Array(items), _) | (_, Value::Array(items)) => items.clone(),
        (one, _) if target.subject == Subject::References && !is_collection(one) => {
            vec![one.clone()]
        }
        _ if target.subject == Subject::References => {
            return Reading::Members(vec![Resource::unread()]);
        }
        _ => Vec::new(),
    };
    let refers = target.subject == Subject::References;
    let likes = match like {
        Some(Reading::Members(likes)) => likes.as_slice(),
        _ => &[],
    };
    let mut free: Vec<&Resource> = likes.iter().collect();
    let members = members.iter().map(|member| {
        // The one that is the same once its values are in the order of that one; each counts once.
        let at = free.iter().position(|like| of_resource(member, Some(like)) == **like);
        let like = at.map(|at| free.remove(at));
        match member.is_object() {
            true if member.get("@value").is_some() => Resource::unread(),
            true => of_resource(member, like),
            false => {
                let values = of_value(member).filter(|_| refers).map(|value| vec![value]);
                Resource {
                    values: BTreeMap::from([(String::new(), values)]),
                    ..Resource::default()
                }
            }
        }
    });
    target.ordered(members.collect())
}

fn of_resource(document: &Value, like: Option<&Resource>) -> Resource {
    if !document.is_object() {
        return Resource::unread();
    }
    let mut resource = Resource::default();
    for (term, value) in document.as_object().into_iter().flatten() {
        match term.as_str() {
            "@id" => resource.id = value.as_str().map(ToOwned::to_owned),
            "@type" => {
                let one = std::slice::from_ref(value);
                let types = value.as_array().map_or(one, Vec::as_slice);
                resource.types = types
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|kind| kind_of(bare(kind)))
                    .collect();
            }
            term => {
                let one = std::slice::from_ref(value);
                let given = value.as_array().map_or(one, Vec::as_slice);
                let values: Option<Vec<String>> = given.iter().map(of_value).collect();
                let wanted = like.and_then(|like| like.values.get(term));
                let values = values.map(|mut values| {
                    if !matches!(wanted, Some(Some(wanted)) if *wanted == values) {
                        values.sort();
                    }
                    values.dedup();
                    values
                });
                resource.values.insert(term.into(), values);
            }
        }
    }
    resource
}

/// A value as text, with its kind before it; none: no row takes it.
fn of_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(format!("s{text}")),
        Value::Number(number) => Some(plain_number(number.as_f64().unwrap_or_default())),
        Value::Bool(flag) => Some(format!("b{flag}")),
        Value::Object(object) => Some(format!("s{}", object.get("@id")?.as_str()?)),
        other => Some(other.to_string()),
    }
}
