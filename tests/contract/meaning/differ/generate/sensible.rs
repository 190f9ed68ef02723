//! Bodies in JSON-LD that say something sensible, each in an unusual way.

use serde_json::{Map, Value, json};

use super::said::Said;
use super::{Generator, HYDRA, Kind, Subject};

type Object = Map<String, Value>;

impl Generator<'_> {
    /// Returns a body that most likely is read.
    pub fn sensible(&mut self) -> Value {
        self.plain = self.one_in(3);
        match self.aim.subject {
            Subject::There => self.resource_there(),
            Subject::Collection => {
                let count = 1 + self.random.below(3);
                let mut defined = Object::new();
                let members = (0..count).map(|_| self.member(&mut defined)).collect();
                self.collection(members, defined)
            }
            Subject::References => {
                let (count, mut defined) = (self.random.below(4), Object::new());
                let members = (0..count).map(|_| self.reference(&mut defined)).collect();
                if self.one_in(5) && count > 0 {
                    return self.described(count);
                }
                self.collection(members, defined)
            }
        }
    }

    fn resource_there(&mut self) -> Value {
        let mut said = self.said();
        let named = self.one_in(2);
        if named {
            self.name_it(&mut said);
        }
        let (mut node, mut defined) = self.placed(said);
        if named && self.one_in(4) {
            node = self.split(node);
        }
        if named && self.one_in(6) {
            node = self.turned(node, &mut defined);
        }
        self.topped(node, defined)
    }

    /// Puts the context of what is said where it holds for that: in the node, for its type, or for a term it is nested
    /// in; answers the node, with what is left for a context above.
    fn placed(&mut self, said: Said) -> (Object, Object) {
        let Said { mut members, mut defined } = said;
        let above = || Object::from_iter([("x".to_owned(), "urn:x:".into())]);
        match self.random.below(10) {
            0 if !members.contains_key("@type") => {
                let scoped = json!({ "@id": self.class_iri(), "@context": defined });
                let key = match self.one_in(2) {
                    true => "@type",
                    false => "kind",
                };
                members.insert(key.into(), "T".into());
                let mut above = above();
                if key == "kind" {
                    above.insert("kind".into(), "@type".into());
                }
                above.insert("T".into(), scoped);
                (members, above)
            }
            1 | 2 => {
                // The name of a node may not be nested in it.
                let (own, nested): (Object, Object) =
                    members.into_iter().partition(|(key, _)| key.starts_with('@') || key == "ref");
                if own.contains_key("ref") {
                    let mut node = own;
                    node.insert("@nest".into(), nested.into());
                    return (node, defined);
                }
                let mut node = own;
                // Contexts of such terms jsonld.js does not know.
                if !self.plain || self.one_in(3) {
                    node.insert("@nest".into(), json!([nested]));
                    return (node, defined);
                }
                node.insert("within".into(), nested.into());
                let scoped = json!({ "@id": "@nest", "@context": defined });
                let mut above = above();
                above.insert("within".into(), scoped);
                (node, above)
            }
            3 => {
                defined.insert("@propagate".into(), self.one_in(3).into());
                members.insert("@context".into(), defined.into());
                (members, above())
            }
            4 => {
                members.insert("@context".into(), json!([{ "@version": 1.1 }, defined]));
                (members, above())
            }
            _ => (members, defined),
        }
    }

    /// Says in two places what is said of the resource, which is named differently in each.
    fn split(&mut self, mut node: Object) -> Object {
        let key = node.keys().rev().find(|key| !key.starts_with('@') && *key != "ref").cloned();
        let Some(key) = key else { return node };
        if key == "within" {
            return node;
        }
        let value = node.remove(&key).unwrap_or_default();
        let mut other = Object::from_iter([("@id".to_owned(), self.here().into())]);
        if let Some(context) = node.get("@context") {
            other.insert("@context".into(), context.clone());
        }
        other.insert(key, value);
        let key = if self.one_in(2) { "@included" } else { "urn:x:same" };
        node.entry(key).or_insert(other.into());
        node
    }

    /// Turns the node round, so that a role names it.
    fn turned(&mut self, node: Object, defined: &mut Object) -> Object {
        let links = self.aim.terms.iter().find(|(_, kind)| *kind == Kind::Links);
        let Some((term, _)) = links else { return node };
        let (iri, role) = (self.term_iri(term), self.whole());
        let mut outer = Object::from_iter([("@id".to_owned(), role.into())]);
        if self.one_in(2) {
            outer.insert("@reverse".into(), json!({ iri: node }));
        } else {
            defined.insert("of".into(), json!({ "@reverse": iri }));
            outer.insert("of".into(), node.into());
        }
        outer
    }

    /// Gives a body its context: at its top, in parts, in an array, or over a graph.
    fn topped(&mut self, mut node: Object, mut defined: Object) -> Value {
        match self.random.below(24) {
            0 => drop(defined.insert("@version".into(), json!(1.1))),
            1 => drop(defined.insert("@language".into(), "de".into())),
            2 => drop(defined.insert("@direction".into(), "ltr".into())),
            3 => drop(defined.insert("@base".into(), format!("{}/", self.base).into())),
            4 => drop(defined.insert("@base".into(), "https://elsewhere.example/a/".into())),
            // It is not resolved by jsonld.js as it should be.
            5 if self.plain => drop(defined.insert("@base".into(), "../".into())),
            6 => drop(defined.insert("@protected".into(), true.into())),
            7 => drop(defined.insert("@vocab".into(), format!("{}/", self.class_iri()).into())),
            8 => drop(defined.insert("@vocab".into(), "urn:x:v#".into())),
            9 => drop(defined.insert("@propagate".into(), true.into())),
            _ => {}
        }
        let inner = node.remove("@context");
        let mut contexts = Vec::new();
        match self.random.below(8) {
            0 => contexts.push(json!(self.published())),
            1 => contexts.push(json!("http://www.w3.org/ns/hydra/context.jsonld")),
            2 => contexts.push(json!({ "unused": "urn:x:u", "tags": null })),
            _ => {}
        }
        contexts.push(defined.into());
        match inner {
            Some(Value::Array(inner)) => contexts.extend(inner),
            inner => contexts.extend(inner),
        }
        let context = match contexts.as_slice() {
            [one] => one.clone(),
            _ => contexts.into(),
        };
        match self.random.below(8) {
            0 => json!({ "@context": context, "@graph": [node] }),
            1 => json!({ "@context": context, "@graph": node }),
            2 => {
                node.shift_insert(0, "@context".into(), context);
                json!([node])
            }
            3 if self.aim.subject == Subject::There => {
                node.shift_insert(0, "@context".into(), context);
                json!([node, { "@id": "urn:x:other", "urn:x:p": 1 }])
            }
            _ => {
                node.shift_insert(0, "@context".into(), context);
                node.into()
            }
        }
    }

    /// Returns a resource that stands in a collection.
    fn member(&mut self, defined: &mut Object) -> Value {
        let mut said = self.said();
        if let Some(number) = self.whole {
            let id = format!("m-{number}-{}", self.random.below(1_000_000));
            said.members.insert(self.term_iri("id"), id.into());
            said.members.insert(self.term_iri("space"), 1.into());
            said.members.insert(self.term_iri("origin"), crate::contract::world::ORIGIN.into());
        }
        match self.random.below(if self.whole.is_some() { 1 } else { 6 }) {
            0 => drop(said.members.insert("@id".into(), format!("_:m{}", defined.len()).into())),
            1 => drop(said.members.insert("@id".into(), "spaces/1/images/one".into())),
            _ => {}
        }
        let (mut node, left) = self.placed(said);
        // Their terms may be the same and mean different things.
        let clash = left.iter().any(|(k, v)| defined.get(k).is_some_and(|held| held != v));
        if clash || node.contains_key("@context") || self.one_in(2) {
            match node.get_mut("@context") {
                Some(Value::Array(contexts)) => contexts.insert(0, left.into()),
                Some(context) => *context = json!([left, context]),
                None => drop(node.insert("@context".into(), left.into())),
            }
        } else {
            defined.extend(left);
        }
        node.into()
    }

    /// Returns a reference to a resource.
    fn reference(&mut self, defined: &mut Object) -> Value {
        match self.random.below(5) {
            0 => {
                defined.insert("ref".into(), "@id".into());
                json!({ "ref": self.other() })
            }
            1 => json!({ "@id": self.other(), "@type": self.aim.class }),
            2 => json!({ "@value": self.whole(), "@type": "xsd:anyURI" }),
            _ => json!({ "@id": self.other() }),
        }
    }

    /// Returns an array of resources that are described rather than named alone.
    fn described(&mut self, count: usize) -> Value {
        let kind = self.class_iri();
        let mut nodes: Vec<Value> = Vec::new();
        for number in 0..count {
            let id = format!("{}-{number}", self.whole());
            nodes.push(json!({ "@id": id, "@type": kind, "urn:x:p": self.scalar() }));
        }
        nodes.into()
    }

    /// Returns a collection of members, under a term for them.
    fn collection(&mut self, members: Vec<Value>, mut defined: Object) -> Value {
        let iri = format!("{HYDRA}member");
        let (key, value) = match self.random.below(6) {
            0 | 1 => ("member".to_owned(), self.wrapped(members)),
            2 => (iri, self.wrapped(members)),
            3 => {
                let inner = std::mem::take(&mut defined);
                defined.insert("holds".into(), json!({ "@id": iri, "@context": inner }));
                ("holds".to_owned(), self.wrapped(members))
            }
            4 => {
                let container = self.random.one_of(&["@set", "@list"]);
                defined.insert("holds".into(), json!({ "@id": iri, "@container": container }));
                ("holds".to_owned(), members.into())
            }
            _ => {
                defined.insert("holds".into(), json!({ "@id": iri, "@container": "@index" }));
                let entries = members.into_iter().enumerate();
                let entries = entries.map(|(number, member)| (format!("i{number}"), member));
                ("holds".to_owned(), Value::Object(entries.collect()))
            }
        };
        let mut body = Object::from_iter([(key, value)]);
        if self.one_in(4) {
            body.insert("@type".into(), format!("{HYDRA}Collection").into());
        }
        self.topped(body, defined)
    }

    fn wrapped(&mut self, members: Vec<Value>) -> Value {
        match (self.random.below(5), members.as_slice()) {
            (0, [one]) => one.clone(),
            (1, _) => json!({ "@list": members }),
            (2, _) => json!({ "@set": members }),
            _ => members.into(),
        }
    }
}
