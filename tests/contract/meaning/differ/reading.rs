//! What a flattened body means to a class, worked out anew from the rules: what our own reading is held against.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const MEMBER: &str = "http://www.w3.org/ns/hydra/core#member";

/// A resource as it is read: for each term its values in order, or nothing where they are to be refused.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Resource {
    pub id: Option<String>,
    pub types: BTreeSet<String>,
    pub values: BTreeMap<String, Option<Vec<String>>>,
}

impl Resource {
    /// What is no resource, for the rows to refuse.
    fn unread() -> Self {
        Self { values: BTreeMap::from([(String::new(), None)]), ..Self::default() }
    }
}

/// What a body is read as.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    One(Resource),
    Members(Vec<Resource>),
}

/// Whether a body is read as one resource at an address, or as a collection that is posted.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub class: &'a str,
    pub terms: &'a [(&'a str, bool)],
    pub vocabulary: &'a str,
    pub address: &'a str,
    pub collection: bool,
}

/// A type, of which the label counts for nothing if it is a blank node.
fn kind_of(kind: &str) -> String {
    if kind.starts_with("_:") { "blank".into() } else { kind.to_owned() }
}

fn id(node: &Value) -> &str {
    node["@id"].as_str().unwrap_or_default()
}

fn properties(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node.as_object().into_iter().flatten().filter(|(key, _)| !key.starts_with('@'))
}

/// Names that a value refers to, in lists too.
fn referred<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| referred(item, found)),
        Value::Object(object) => {
            if let Some(items) = object.get("@list") {
                referred(items, found);
            }
            found.extend(object.get("@id").and_then(Value::as_str));
        }
        _ => {}
    }
}

impl Target<'_> {
    /// Reads nodes; the reason where they are to be refused.
    pub fn read(self, nodes: &[Value]) -> Result<Reading, &'static str> {
        // A node of which nothing is said is none.
        let described: Vec<&Value> =
            nodes.iter().filter(|node| node.as_object().is_some_and(|n| n.len() > 1)).collect();
        let subject = self.subject(&described)?;
        if !self.collection {
            return Ok(Reading::One(self.resource(subject)));
        }
        let mut members = Vec::new();
        for value in flat(&subject[MEMBER]).ok_or("list")? {
            let known =
                described.iter().find(|node| !id(value).is_empty() && id(node) == id(value));
            if value.get("@value").is_some() {
                members.push(Resource::unread());
                continue;
            }
            let member = known.map_or_else(|| self.resource(value), |node| self.resource(node));
            members.push(member);
        }
        Ok(Reading::Members(members))
    }

    fn subject<'a>(self, nodes: &[&'a Value]) -> Result<&'a Value, &'static str> {
        let at = nodes.iter().find(|node| id(node) == self.address);
        if let Some(at) = at.filter(|_| !self.collection) {
            return Ok(at);
        }
        let mut others = BTreeSet::new();
        for node in nodes {
            for value in properties(node).filter_map(|(_, values)| values.as_array()).flatten() {
                let mut named = BTreeSet::new();
                referred(value, &mut named);
                // What stands in a list is referred to by the list.
                if value.get("@list").is_none() {
                    named.remove(id(node));
                }
                others.extend(named);
            }
        }
        let roots: Vec<&Value> =
            nodes.iter().copied().filter(|node| !others.contains(id(node))).collect();
        let says = |node: &&&Value| {
            let name =
                |iri: &'_ str| iri.strip_prefix(self.vocabulary).map(|name| name.contains('/'));
            let types = node["@type"].as_array().into_iter().flatten();
            let mut types = types.filter_map(Value::as_str);
            let ours = |iri: &str| iri == MEMBER || name(iri) == Some(true);
            types.any(|iri| name(iri) == Some(false)) || properties(node).any(|(iri, _)| ours(iri))
        };
        let ours: Vec<&Value> = roots.iter().filter(says).copied().collect();
        let meant = if ours.is_empty() { roots } else { ours };
        let is_blank = |node: &&&Value| id(node).starts_with("_:");
        let blank: Vec<&Value> = meant.iter().filter(is_blank).copied().collect();
        match (self.collection, blank.as_slice(), meant.as_slice()) {
            (false, [one], _) | (_, _, [one]) => Ok(one),
            (_, _, []) => Err("none"),
            _ => Err("several"),
        }
    }

    fn resource(self, node: &Value) -> Resource {
        let types = node["@type"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let types = types.map(|kind| kind_of(kind.strip_prefix(self.vocabulary).unwrap_or(kind)));
        let mut values = BTreeMap::new();
        for (term, json) in self.terms {
            let iri = format!("{}{}/{term}", self.vocabulary, self.class);
            if let Some(given) = node.get(&iri) {
                values.insert((*term).to_owned(), read_values(given, *json));
            }
        }
        let id = Some(id(node)).filter(|id| !id.is_empty() && !id.starts_with("_:"));
        Resource { id: id.map(ToOwned::to_owned), types: types.collect(), values }
    }
}

fn read_values(given: &Value, json: bool) -> Option<Vec<String>> {
    let mut values = Vec::new();
    for value in flat(given)? {
        let value = literal(value, json)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    // The order of what does not stand in one list depends on that of keys.
    let is_list = given.as_array().is_some_and(|given| given.len() == 1);
    if !is_list {
        values.sort();
    }
    Some(values)
}

/// Values with the items of lists in place of the lists; none: a list within a list, or one that is none.
fn flat(given: &Value) -> Option<Vec<&Value>> {
    let mut values = Vec::new();
    for value in given.as_array().into_iter().flatten() {
        match value.get("@list") {
            Some(items) => {
                let items = items.as_array()?;
                if items.iter().any(|item| item.get("@list").is_some()) {
                    return None;
                }
                values.extend(items);
            }
            None => values.push(value),
        }
    }
    Some(values)
}

/// A value as text, with its kind before it; none: one that is to be refused.
fn literal(value: &Value, json: bool) -> Option<String> {
    let Some(given) = value.get("@value") else {
        let name = id(value);
        return Some(if name.starts_with("_:") { "blank".into() } else { format!("s{name}") });
    };
    let datatype = value["@type"].as_str();
    match (given, datatype) {
        (_, Some("@json" | "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON")) => {
            (json && !given.is_null()).then(|| given.to_string())
        }
        (Value::String(text), None) => Some(format!("s{text}")),
        (Value::Number(number), None) => Some(plain_number(number.as_f64()?)),
        (Value::Bool(flag), None) => Some(format!("b{flag}")),
        (given, Some(datatype)) => typed(given, datatype.strip_prefix(XSD)?),
        _ => None,
    }
}

fn plain_number(number: f64) -> String {
    format!("n{number}")
}

fn typed(given: &Value, datatype: &str) -> Option<String> {
    let whole = |text: &str| text.trim().parse::<i64>().ok();
    match (datatype, given) {
        ("string" | "anyURI", Value::String(text)) => Some(format!("s{text}")),
        ("integer" | "nonNegativeInteger", given) => {
            let number = match given {
                Value::String(text) => whole(text)?,
                Value::Number(number) => {
                    let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
                    format!("{number}").parse().ok()?
                }
                _ => return None,
            };
            (datatype == "integer" || number >= 0).then(|| format!("n{number}"))
        }
        ("decimal" | "double", Value::String(text)) => {
            let exponent = text.contains(['e', 'E']) && datatype == "decimal";
            text.trim().parse().ok().filter(|n: &f64| n.is_finite() && !exponent).map(plain_number)
        }
        ("decimal" | "double", Value::Number(number)) => number.as_f64().map(plain_number),
        ("boolean", Value::Bool(flag)) => Some(format!("b{flag}")),
        ("boolean", Value::String(text)) => match text.trim() {
            "true" | "1" => Some("btrue".into()),
            "false" | "0" => Some("bfalse".into()),
            _ => None,
        },
        _ => None,
    }
}

/// What our own document says, in the same form; `listed`: which terms are to keep their order.
pub fn of_document(document: &Value, collection: bool, like: Option<&Reading>) -> Reading {
    if !collection {
        let like = match like {
            Some(Reading::One(like)) => Some(like),
            _ => None,
        };
        return Reading::One(of_resource(document, like));
    }
    let members = document["member"].as_array().into_iter().flatten().enumerate();
    let members = members.map(|(at, member)| {
        let like = match like {
            Some(Reading::Members(like)) => like.get(at),
            _ => None,
        };
        of_resource(member, like)
    });
    Reading::Members(members.collect())
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
                resource.types = types.iter().filter_map(Value::as_str).map(kind_of).collect();
            }
            term => {
                let one = std::slice::from_ref(value);
                let given = value.as_array().map_or(one, Vec::as_slice);
                let is_unsaid = |value: &Value| value.get("@value").is_some_and(Value::is_null);
                let mut values: Vec<String> = given.iter().map(of_value).collect();
                let whole = value.is_array() || !is_unsaid(value);
                let wanted = like.and_then(|like| like.values.get(term));
                let blank = matches!(wanted, Some(Some(wanted)) if wanted == &["blank"]);
                if !matches!(wanted, Some(Some(wanted)) if *wanted == values) {
                    values.sort();
                }
                values.dedup();
                resource.values.insert(term.into(), (whole || blank).then_some(values));
            }
        }
    }
    resource
}

fn of_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("s{text}"),
        Value::Number(number) => plain_number(number.as_f64().unwrap_or_default()),
        Value::Bool(flag) => format!("b{flag}"),
        Value::Object(object) => match object.get("@id").and_then(Value::as_str) {
            Some(iri) => format!("s{iri}"),
            None => "blank".into(),
        },
        other => other.to_string(),
    }
}
