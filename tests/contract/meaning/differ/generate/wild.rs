//! Bodies in JSON-LD that put anything anywhere.

use serde_json::{Map, Value, json};

use super::{Generator, HYDRA};

pub const NAMES: [&str; 10] =
    ["a", "b", "c", "d", "e", "roles", "tags", "string1", "maxUnauthorised", "number1"];
pub const KEYWORDS: [&str; 10] = [
    "@id",
    "@type",
    "@value",
    "@set",
    "@list",
    "@nest",
    "@index",
    "@reverse",
    "@included",
    "@graph",
];
const CONTAINERS: [&str; 8] =
    ["@set", "@list", "@index", "@language", "@id", "@type", "@set", "@list"];
pub const DATATYPES: [&str; 7] = [
    "xsd:string",
    "xsd:integer",
    "xsd:nonNegativeInteger",
    "xsd:decimal",
    "xsd:boolean",
    "urn:x:type",
    "xsd:double",
];

impl Generator<'_> {
    /// Returns the address of the published context of the class.
    pub fn published(&self) -> String {
        format!("{}/contexts/{}.jsonld", self.base, self.aim.class)
    }

    /// Returns a body that means something now and then.
    pub fn anything(&mut self) -> Value {
        let context = self.context(0);
        let first = json!({ "x": "urn:x:" });
        let published = self.published();
        let context = match self.random.below(6) {
            0 => json!([published, first, context]),
            1 => json!([null, first, context]),
            2 => json!(["http://www.w3.org/ns/hydra/context.jsonld", first, context]),
            _ => json!([first, context]),
        };
        if self.one_in(8) {
            let nodes: Vec<Value> = (0..=self.random.below(3)).map(|_| self.node(1)).collect();
            return json!({ "@context": context, "@graph": nodes });
        }
        let mut body = self.node(0);
        if let Value::Object(members) = &mut body {
            members.shift_insert(0, "@context".into(), context);
        }
        if self.one_in(8) {
            let mut nodes = vec![body];
            for _ in 0..self.random.below(3) {
                let mut node = self.node(1);
                if let (Value::Object(members), true) = (&mut node, self.one_in(2)) {
                    members.insert("@context".into(), self.context(0));
                }
                nodes.push(node);
            }
            return nodes.into();
        }
        body
    }

    pub fn context(&mut self, depth: usize) -> Value {
        let mut context = Map::new();
        let r = self.random.below(40);
        match r {
            0 => {
                drop(context.insert("@vocab".into(), format!("{}/", self.class_iri()).into()));
            }
            1 => {
                drop(context.insert("@vocab".into(), format!("/vocab#{}/", self.aim.class).into()));
            }
            2 => drop(context.insert("@vocab".into(), "urn:x:v#".into())),
            3 => drop(context.insert("@vocab".into(), Value::Null)),
            4 => drop(context.insert("@base".into(), "/customers/1/roles/".into())),
            5 => drop(context.insert("@base".into(), "https://example.org/a/b".into())),
            6 => drop(context.insert("@base".into(), Value::Null)),
            7 => drop(context.insert("@language".into(), "de".into())),
            8 | 9 => drop(context.insert("@propagate".into(), false.into())),
            10 => drop(context.insert("@propagate".into(), true.into())),
            11 | 12 => drop(context.insert("@protected".into(), true.into())),
            13 => drop(context.insert("@version".into(), json!(1.1))),
            14 => drop(context.insert("@direction".into(), "rtl".into())),
            15 => {
                drop(context.insert("@import".into(), self.published().into()));
            }
            _ => {}
        }
        for _ in 0..=self.random.below(6) {
            let term = self.random.one_of(&NAMES).to_owned();
            let definition = self.definition(depth);
            self.terms.push(term.clone());
            context.insert(term, definition);
        }
        match self.random.below(12) {
            0 if depth > 0 => Value::Null,
            1 if depth > 0 => self.published().into(),
            2 => json!([context, self.context(depth + 2)]),
            _ => context.into(),
        }
    }

    /// What a term stands for: a property of ours mostly.
    fn iri(&mut self) -> String {
        let own = self.own_name();
        match self.random.below(12) {
            0 => "urn:x:p".into(),
            1 => "https://schema.org/name".into(),
            2 => format!("vocab:{}/{own}", self.aim.class),
            3 => format!("{HYDRA}member"),
            4 => self.random.one_of(&NAMES).to_owned(),
            5 => "x:q".into(),
            _ => self.term_iri(own),
        }
    }

    pub fn definition(&mut self, depth: usize) -> Value {
        match self.random.below(16) {
            0 => return self.random.one_of(&KEYWORDS).into(),
            1 => return Value::Null,
            2 => return json!({ "@reverse": self.iri() }),
            3 => return json!({ "@id": "@nest" }),
            4 => {
                return json!({ "@id": self.class_iri(), "@context": self.context(depth + 1) });
            }
            5..=8 => return self.iri().into(),
            _ => {}
        }
        let mut definition = Map::new();
        definition.insert("@id".into(), self.iri().into());
        match self.random.below(9) {
            0..=2 => drop(definition.insert("@type".into(), "@id".into())),
            3 => drop(definition.insert("@type".into(), "@vocab".into())),
            4 if self.one_in(3) => drop(definition.insert("@type".into(), "@json".into())),
            5 => drop(definition.insert("@type".into(), self.random.one_of(&DATATYPES).into())),
            _ => {}
        }
        match self.random.below(6) {
            0 => {
                drop(
                    definition.insert("@container".into(), self.random.one_of(&CONTAINERS).into()),
                );
            }
            1 => {
                let kinds = json!([self.random.one_of(&CONTAINERS), "@set"]);
                definition.insert("@container".into(), kinds);
            }
            2 if self.one_in(3) => drop(definition.insert("@container".into(), "@graph".into())),
            _ => {}
        }
        if self.one_in(10) {
            definition.insert("@protected".into(), true.into());
        }
        if self.one_in(20) {
            definition.insert("@language".into(), json!("en"));
        }
        if self.one_in(20) {
            definition.insert("@index".into(), "urn:x:i".into());
        }
        if depth < 2 && self.one_in(4) {
            definition.insert("@context".into(), self.context(depth + 1));
        }
        definition.into()
    }

    fn key(&mut self) -> String {
        let own = self.own_name();
        match self.random.below(14) {
            0 => own.to_owned(),
            1 => format!("vocab:{}/{own}", self.aim.class),
            2 => self.term_iri(own),
            3 => "urn:x:p".into(),
            4 if self.one_in(2) => self.random.one_of(&KEYWORDS).into(),
            5 => self.random.one_of(&NAMES).to_owned(),
            _ => match self.terms.len() {
                0 => own.to_owned(),
                some => self.terms[self.random.below(some)].clone(),
            },
        }
    }

    pub fn name(&mut self) -> String {
        match self.random.below(12) {
            0 | 1 => String::new(),
            2 => "one".into(),
            3 | 4 => self.here(),
            5 => "_:b".into(),
            6 => "_:c".into(),
            7 => format!("{}/customers/1/roles/staff", self.base),
            8 => "../../../roles/clickthrough".into(),
            9 => "staff".into(),
            10 => "urn:x:y".into(),
            _ => "a".into(),
        }
    }

    pub fn node(&mut self, depth: usize) -> Value {
        let mut node = Map::new();
        if self.one_in(3) {
            node.insert("@id".into(), self.name().into());
        }
        if self.one_in(4) {
            let kind = match self.random.below(4) {
                0 => self.aim.class.into(),
                1 => self.class_iri(),
                2 => self.random.one_of(&NAMES).to_owned(),
                _ => format!("vocab:{}", self.aim.class),
            };
            node.insert("@type".into(), if self.one_in(2) { json!([kind]) } else { kind.into() });
        }
        if depth > 0 && self.one_in(10) {
            let context = self.context(1);
            node.insert("@context".into(), context);
        }
        for _ in 0..=self.random.below(4) {
            let key = self.key();
            let value = self.value(&key, depth);
            node.insert(key, value);
        }
        match self.random.below(40) {
            0 if depth < 3 => drop(node.insert("@included".into(), json!([self.node(depth + 1)]))),
            1 if depth < 3 => {
                let key = self.key();
                let reverse = json!({ &key: self.reversed(&key, depth) });
                node.insert("@reverse".into(), reverse);
            }
            2 if depth < 3 => {
                let key = self.key();
                let nested = json!({ &key: self.value(&key, depth + 1) });
                node.insert("@nest".into(), nested);
            }
            3 if depth < 3 => drop(node.insert("@graph".into(), json!([self.node(depth + 1)]))),
            4 => drop(node.insert("@index".into(), self.random.one_of(&["i", "j"]).into())),
            _ => {}
        }
        node.into()
    }

    /// Returns a node, as it belongs within `@reverse`, or any value.
    fn reversed(&mut self, key: &str, depth: usize) -> Value {
        if self.one_in(3) { self.value(key, depth + 1) } else { self.node(depth + 1) }
    }

    pub fn value(&mut self, key: &str, depth: usize) -> Value {
        match key {
            "@id" | "@index" => return self.name().into(),
            "@type" => return self.class_iri().into(),
            "@value" => return self.scalar(),
            "@reverse" | "@nest" => {
                let key = self.key();
                return json!({ &key: self.reversed(&key, depth) });
            }
            _ => {}
        }
        if depth > 4 {
            return self.scalar();
        }
        match self.random.below(20) {
            0 | 1 => (0..self.random.below(4)).map(|_| self.value("", depth + 1)).collect(),
            2 | 3 => self.node(depth + 1),
            4 => json!({ "@id": self.name() }),
            5 => json!({ "@value": self.scalar() }),
            6 => json!({ "@value": self.scalar(), "@type": self.random.one_of(&DATATYPES) }),
            7 => json!({ "@value": "text", "@language": "en" }),
            8 => json!({ "@set": [self.value("", depth + 1)] }),
            9 => json!({ "@list": [self.value("", depth + 1), self.scalar()] }),
            10 => json!([]),
            11 => {
                json!({ self.random.one_of(&["en", "i", "a", "@none", "urn:x:k"]): self.value("", depth + 1) })
            }
            12 => json!({ "@value": self.scalar(), "@index": "i" }),
            13 if self.one_in(3) => json!({ "@type": "@json", "@value": { "a": [1, null] } }),
            14 if self.one_in(3) => Value::Null,
            _ => self.scalar(),
        }
    }

    pub fn scalar(&mut self) -> Value {
        match self.random.below(10) {
            0 => json!(0),
            1 => json!(-1),
            2 => json!(400),
            3 => json!(1.5),
            4 => json!(true),
            5 => json!("5"),
            6 => json!("some text"),
            _ => self.name().into(),
        }
    }
}
