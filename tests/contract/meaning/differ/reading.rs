//! What a flattened body means to a class, worked out anew from the rules: what our own reading is held against.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::aims::{Subject, Term};

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
pub const MEMBER: &str = "http://www.w3.org/ns/hydra/core#member";

/// A resource as it is read: for each term its values in order, or nothing where they are to be refused.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Resource {
    pub id: Option<String>,
    pub types: BTreeSet<String>,
    pub values: BTreeMap<String, Option<Vec<String>>>,
}

impl Resource {
    /// What is no resource, for the rows to refuse.
    pub fn unread() -> Self {
        Self { values: BTreeMap::from([(String::new(), None)]), ..Self::default() }
    }
}

/// What a body is read as.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    One(Resource),
    Members(Vec<Resource>),
}

impl Reading {
    /// Whether no row has to refuse a value for what it is.
    pub fn is_read(&self) -> bool {
        let of = |resource: &Resource| resource.values.values().all(Option::is_some);
        match self {
            Self::One(one) => of(one),
            Self::Members(members) => members.iter().all(of),
        }
    }
}

/// What a body is read as, and by which terms.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub class: &'a str,
    pub terms: &'a [Term],
    pub vocabulary: &'a str,
    pub address: &'a str,
    pub subject: Subject,
    /// Number of the items, if the body is an array.
    pub items: Option<usize>,
    /// Whether the order of nodes is lost, as in triples, and in maps by index.
    pub is_unordered: bool,
    /// IRIs of all properties that mean something.
    pub known: &'a BTreeSet<String>,
    /// IRIs of all classes, collections among them.
    pub classes: &'a BTreeSet<String>,
    pub collections: &'a BTreeSet<String>,
}

/// A type, of which the label counts for nothing if it is a blank node.
pub fn kind_of(kind: &str) -> String {
    if kind.starts_with("_:") { "blank".into() } else { kind.to_owned() }
}

/// The name of a type, without what our own begin with.
pub fn bare(kind: &str) -> &str {
    kind.strip_prefix(super::BASE).and_then(|rest| rest.strip_prefix("/vocab#")).unwrap_or(kind)
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

fn types(node: &Value) -> impl Iterator<Item = &str> {
    node["@type"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Nodes to which no other node refers.
fn roots<'a>(nodes: &[&'a Value]) -> Vec<&'a Value> {
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
    nodes.iter().copied().filter(|node| !others.contains(id(node))).collect()
}

impl Target<'_> {
    /// Reads nodes; the reason where they are to be refused.
    pub fn read(self, nodes: &[Value]) -> Result<Reading, &'static str> {
        if nodes.iter().any(|node| self.is_elsewhere(node)) {
            return Err("terms of ours in a named graph");
        }
        // A node of which nothing is said is none.
        let says = |key: &String| !["@id", "@index"].contains(&key.as_str());
        let is_described = |node: &&Value| node.as_object().is_some_and(|n| n.keys().any(says));
        let described: Vec<&Value> = nodes.iter().filter(is_described).collect();
        if self.subject == Subject::References && self.items.is_some_and(|items| items != 1) {
            return self.each(&described);
        }
        let subject = self.subject(&described)?;
        if self.subject == Subject::There {
            return Ok(Reading::One(self.resource(subject)));
        }
        let is_collection = subject.get(MEMBER).is_some()
            || types(subject).any(|kind| self.collections.contains(kind));
        if self.subject == Subject::References && !is_collection {
            return match self.items {
                Some(_) => self.each(&described),
                None => Ok(Reading::Members(vec![self.reference(subject)])),
            };
        }
        self.members(subject, &described)
    }

    /// Whether a named graph uses terms of ours.
    fn is_elsewhere(self, node: &Value) -> bool {
        let graph = node["@graph"].as_array().into_iter().flatten();
        graph.into_iter().any(|inner| self.is_ours(inner) || self.is_elsewhere(inner))
    }

    fn is_ours(self, node: &Value) -> bool {
        types(node).any(|kind| self.classes.contains(kind))
            || properties(node).any(|(iri, _)| self.known.contains(iri))
    }

    fn members(self, subject: &Value, described: &[&Value]) -> Result<Reading, &'static str> {
        let refers = self.subject == Subject::References;
        if refers && subject.get(MEMBER).is_none() {
            return Ok(Reading::Members(vec![Resource::unread()]));
        }
        let (mut members, mut seen) = (Vec::new(), BTreeSet::new());
        for value in flat(&subject[MEMBER]).ok_or("list")? {
            if value.get("@value").is_some() {
                let text = literal(value, false).ok_or("a member that is no value")?;
                let values = BTreeMap::from([(String::new(), refers.then(|| vec![text]))]);
                members.push(Resource { values, ..Resource::default() });
                continue;
            }
            if !seen.insert(id(value)) && !id(value).is_empty() {
                continue;
            }
            let known =
                described.iter().find(|node| !id(value).is_empty() && id(node) == id(value));
            let node = known.map_or(value, |node| *node);
            members.push(if refers { self.reference(node) } else { self.resource(node) });
        }
        Ok(self.ordered(members))
    }

    /// Puts what has no order, or lost it, in one of its own.
    pub fn ordered(self, mut members: Vec<Resource>) -> Reading {
        if self.is_unordered || self.subject == Subject::References {
            members.sort_by_key(|member| format!("{member:?}"));
        }
        if self.subject == Subject::References {
            members.dedup();
        }
        Reading::Members(members)
    }

    /// Reads each node that stands by itself as the item of an array.
    fn each(self, nodes: &[&Value]) -> Result<Reading, &'static str> {
        let roots = roots(nodes);
        if self.items != Some(roots.len()) {
            return Err("other nodes than items");
        }
        Ok(self.ordered(roots.into_iter().map(|node| self.reference(node)).collect()))
    }

    fn reference(self, node: &Value) -> Resource {
        let name = id(node);
        match name.is_empty() || name.starts_with("_:") || name.contains("://") {
            true => self.resource(node),
            false => Resource::unread(),
        }
    }

    fn subject<'a>(self, nodes: &[&'a Value]) -> Result<&'a Value, &'static str> {
        let there = self.subject == Subject::There;
        let at = nodes.iter().find(|node| id(node) == self.address);
        if let Some(at) = at.filter(|_| there) {
            return Ok(at);
        }
        let roots = roots(nodes);
        let ours: Vec<&Value> = roots.iter().filter(|node| self.is_ours(node)).copied().collect();
        let meant = if ours.is_empty() { roots } else { ours };
        let is_blank = |node: &&&Value| id(node).starts_with("_:");
        let blank: Vec<&Value> = meant.iter().filter(is_blank).copied().collect();
        match (there, blank.as_slice(), meant.as_slice()) {
            (true, [one], _) | (_, _, [one]) => Ok(one),
            (_, _, []) => Err("none"),
            _ => Err("several"),
        }
    }

    fn resource(self, node: &Value) -> Resource {
        let types =
            types(node).map(|kind| kind_of(kind.strip_prefix(self.vocabulary).unwrap_or(kind)));
        let mut values = BTreeMap::new();
        for term in self.terms {
            let iri = format!("{}{}/{}", self.vocabulary, self.class, term.name);
            if let Some(given) = node.get(&iri) {
                values.insert(term.name.to_owned(), read_values(given, *term));
            }
        }
        let id = Some(id(node)).filter(|id| !id.is_empty() && !id.starts_with("_:"));
        Resource { id: id.map(ToOwned::to_owned), types: types.collect(), values }
    }
}

fn read_values(given: &Value, term: Term) -> Option<Vec<String>> {
    let mut values = Vec::new();
    for value in flat(given)? {
        let is_address = id(value).contains("://") || value.get("@value").is_some();
        if term.addresses && !is_address {
            return None;
        }
        let value = literal(value, term.json)?;
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
        return Some(format!("s{}", id(value))).filter(|name| !name.starts_with("s_:"));
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

pub fn plain_number(number: f64) -> String {
    format!("n{number}")
}

fn typed(given: &Value, datatype: &str) -> Option<String> {
    let whole = |text: &str| text.trim().parse::<i64>().ok();
    match (datatype, given) {
        ("string" | "anyURI" | "normalizedString" | "token", Value::String(text)) => {
            Some(format!("s{text}"))
        }
        ("integer" | "int" | "long" | "nonNegativeInteger", given) => {
            let number = match given {
                Value::String(text) => whole(text)?,
                Value::Number(number) => {
                    let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
                    format!("{number}").parse().ok()?
                }
                _ => return None,
            };
            let is_held = match datatype {
                "nonNegativeInteger" => number >= 0,
                "int" => i32::try_from(number).is_ok(),
                _ => true,
            };
            is_held.then(|| format!("n{number}"))
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
