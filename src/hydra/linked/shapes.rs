//! Constructs of JSON-LD bodies that are refused before expansion.
//!
//! Of some, expansion leaves less than was written; others the processor reads otherwise than JSON-LD 1.1 has it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::hydra::Problem;

/// The kind of the values of a term that are not read as nodes and values throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Maps, with keys of their own.
    Map,
    /// Any JSON.
    Json,
}

/// The facts that decide whether `@reverse` is read.
///
/// The processor expands what is in it without the definitions of its terms, and under a context that should end there.
#[derive(Debug, Clone, Copy)]
pub struct Reverse<'a> {
    /// Terms with a container, of JSON, or that are reversed themselves, by any of their definitions.
    pub terms: &'a HashSet<&'a str>,
    /// Tells whether a context holds for some terms or types only, or is not propagated.
    pub scoped: bool,
}

/// Keywords that mean something in contexts only.
const CONTEXT_KEYWORDS: [&str; 9] = [
    "@base",
    "@container",
    "@import",
    "@prefix",
    "@propagate",
    "@protected",
    "@version",
    "@vocab",
    "@default",
];

/// The names that stand for keywords in a body, the keywords themselves among them.
pub struct Shapes<'a> {
    value: HashSet<&'a str>,
    list: HashSet<&'a str>,
    reverse: HashSet<&'a str>,
    reversing: Reverse<'a>,
    /// Terms whose values are lists.
    lists: &'a [&'a str],
    /// Terms whose values are of these kinds, wherever they are used.
    kinds: &'a HashMap<&'a str, Option<Kind>>,
    /// Terms whose values are maps by the names, types or properties of nodes.
    by_node: &'a [&'a str],
    /// Terms whose values are maps by language.
    by_language: &'a [&'a str],
    set: HashSet<&'a str>,
    nest: HashSet<&'a str>,
    graph: HashSet<&'a str>,
    included: HashSet<&'a str>,
    none: HashSet<&'a str>,
    language: HashSet<&'a str>,
    direction: HashSet<&'a str>,
    id: HashSet<&'a str>,
    index: HashSet<&'a str>,
}

/// Returns what may stand for a keyword, by way of other terms too; `targets`: terms and what they refer to.
pub fn aliases<'a>(keyword: &'static str, targets: &[(&'a str, &'a str)]) -> HashSet<&'a str> {
    let mut found: HashSet<&'a str> = HashSet::from([keyword]);
    loop {
        let before = found.len();
        for (term, target) in targets {
            if found.contains(target) {
                found.insert(term);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Returns whether a value is an object with a member of one of these keywords.
fn has(value: &Value, keywords: &[&HashSet<&str>]) -> bool {
    let is = |key: &String| keywords.iter().any(|keyword| keyword.contains(key.as_str()));
    value.as_object().is_some_and(|members| members.keys().any(is))
}

fn one_or_more(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

impl<'a> Shapes<'a> {
    /// Returns the check of a body.
    ///
    /// `targets` are the terms of its contexts and what they stand for, `lists` those whose values are lists, `kinds`
    /// those whose values are of such a kind, `by_node` and `by_language` those whose values are maps of nodes or texts.
    pub fn new(
        targets: &[(&'a str, &'a str)],
        lists: &'a [&'a str],
        (kinds, by_node, by_language): (
            &'a HashMap<&'a str, Option<Kind>>,
            &'a [&'a str],
            &'a [&'a str],
        ),
        reversing: Reverse<'a>,
    ) -> Self {
        let of = |keyword| aliases(keyword, targets);
        Self {
            value: of("@value"),
            list: of("@list"),
            reverse: of("@reverse"),
            reversing,
            lists,
            kinds,
            by_node,
            by_language,
            set: of("@set"),
            nest: of("@nest"),
            graph: of("@graph"),
            included: of("@included"),
            none: of("@none"),
            language: of("@language"),
            direction: of("@direction"),
            id: of("@id"),
            index: of("@index"),
        }
    }

    /// Checks a body, at every depth.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`], which names the construct that is refused.
    pub fn check(&self, value: &Value) -> Result<(), Problem> {
        match value {
            Value::Array(items) => {
                if items.iter().any(|item| self.says_nothing(item)) {
                    let words =
                        "an array holds a null, which JSON-LD drops; leave it out, or write []";
                    return Err(Problem::Unreadable(words.into()));
                }
                items.iter().try_for_each(|item| self.check(item))
            }
            Value::Object(members) => {
                if let Some(words) = self.refused(members) {
                    return Err(Problem::Unreadable(words.into()));
                }
                let mut values = members.iter().filter(|(key, _)| *key != "@context");
                values.try_for_each(|(key, value)| {
                    match (self.kinds.get(key.as_str()).copied().flatten(), value) {
                        (Some(Kind::Json), _) => Ok(()),
                        (Some(Kind::Map), Value::Object(map)) => self.check_map(map),
                        (_, value) => self.check(value),
                    }
                })
            }
            _ => Ok(()),
        }
    }

    /// Checks the value of a term whose container makes a map of it: `@none` is one of its keys.
    fn check_map(&self, map: &Map<String, Value>) -> Result<(), Problem> {
        if map.keys().any(|key| key.starts_with('@') && !self.none.contains(key.as_str())) {
            // It is no node and no value then: the keyword is a key, which is hardly meant.
            return Err(Problem::Unreadable("a map has a keyword as a key".into()));
        }
        let others = map.iter().filter(|(key, _)| !self.none.contains(key.as_str()));
        let others: Map<String, Value> =
            others.map(|(key, value)| (key.clone(), value.clone())).collect();
        map.values().try_for_each(|value| self.check(value))?;
        self.refused(&others).map_or(Ok(()), |words| Err(Problem::Unreadable(words.into())))
    }

    /// Returns whether an item of an array is null, or a value that is.
    fn says_nothing(&self, item: &Value) -> bool {
        let is_null =
            |(key, value): (&String, &Value)| value.is_null() && self.value.contains(key.as_str());
        item.is_null() || item.as_object().is_some_and(|members| members.iter().any(is_null))
    }

    /// Returns whether a value is null, or a value object or a set that is.
    fn is_null(&self, value: &Value) -> bool {
        let is_empty = |(key, value): (&String, &Value)| {
            value.is_null()
                && (self.value.contains(key.as_str()) || self.set.contains(key.as_str()))
        };
        value.is_null() || value.as_object().is_some_and(|members| members.iter().any(is_empty))
    }

    /// Returns what is refused of the members of an object themselves.
    fn refused(&self, members: &Map<String, Value>) -> Option<&'static str> {
        let is_more = |key: &str| key != "@context" && !self.index.contains(key);
        let speaks = |key: &String| {
            self.language.contains(key.as_str()) || self.direction.contains(key.as_str())
        };
        if members.keys().any(speaks)
            && !members.keys().any(|key| self.value.contains(key.as_str()))
        {
            return Some("an object has @language or @direction without @value");
        }
        for (key, value) in members {
            let key = key.as_str();
            let items = one_or_more(value);
            let is_wrapper = self.list.contains(key) || self.set.contains(key);
            if is_wrapper && members.keys().any(|other| other != key && is_more(other)) {
                return Some("an object has @list or @set beside other members");
            }
            let is_within = |item: &Value| item.is_array() || has(item, &[&self.set]);
            let is_list = self.list.contains(key) || self.lists.contains(&key);
            if is_list && self.is_null(value) {
                return Some(
                    "a list is null, which processors read in several ways; write [], or leave it out",
                );
            }
            if is_list && value.as_array().is_some_and(|i| i.iter().any(is_within)) {
                return Some(
                    "a list holds an array or a @set; write a list within a list as @list",
                );
            }
            let wrappers = [&self.value, &self.list, &self.set];
            let is_no_node = |item: &Value| !item.is_object() || has(item, &wrappers);
            let mut filed = value.as_object().into_iter().flat_map(Map::values).map(one_or_more);
            if self.by_node.contains(&key) && filed.any(|items| items.iter().any(is_no_node)) {
                return Some("a map by @id, @type or a property holds what is no node");
            }
            let is_no_text = |item: &Value| !item.is_string() && !item.is_null();
            let mut texts = value.as_object().into_iter().flat_map(Map::values).map(one_or_more);
            if self.by_language.contains(&key)
                && !has(value, &wrappers)
                && texts.any(|items| items.iter().any(is_no_text))
            {
                return Some("a map by language holds what is no text");
            }
            if CONTEXT_KEYWORDS.contains(&key) {
                return Some("a keyword of contexts stands outside of them");
            }
            if self.reverse.contains(key) && self.reversing.scoped {
                return Some(
                    "@reverse stands beside a context of a term or type, or one that is not propagated",
                );
            }
            if self.reverse.contains(key)
                && items.iter().any(|item| has(item, &[self.reversing.terms]))
            {
                return Some(
                    "@reverse holds a term of lists, maps or JSON, or one that is reversed itself",
                );
            }
            if self.nest.contains(key) && items.iter().any(|item| has(item, &wrappers)) {
                return Some("@nest holds a value, a list or a set");
            }
            if self.graph.contains(key) && items.iter().any(|item| !item.is_object()) {
                return Some("@graph holds what is no object");
            }
            // Processors differ on whether it is a graph of its own where the others expand to nothing.
            let is_beside =
                |other: &str| other != key && is_more(other) && !self.id.contains(other);
            if self.graph.contains(key) && members.keys().any(|other| is_beside(other)) {
                return Some("an object has @graph beside other members");
            }
            if self.included.contains(key) && !items.iter().all(|item| self.is_node(item)) {
                return Some("@included holds what is no node, or a node of which nothing is said");
            }
            if self.none.contains(key) {
                return Some("an object has the member @none");
            }
        }
        None
    }

    /// Returns whether something is said of a node.
    fn is_node(&self, item: &Value) -> bool {
        let says = |key: &String| {
            let key = key.as_str();
            key != "@context" && !self.id.contains(key) && !self.index.contains(key)
        };
        !has(item, &[&self.value, &self.list, &self.set])
            && item.as_object().is_some_and(|members| members.keys().any(says))
    }
}
