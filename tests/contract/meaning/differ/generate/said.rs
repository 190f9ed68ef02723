//! What bodies say of a resource, in one of many ways.

use serde_json::{Map, Value, json};

use super::{Generator, Kind};

type Object = Map<String, Value>;

/// What is said of a resource, and the terms that it is said in.
pub struct Said {
    pub members: Object,
    /// Definitions for the context of the members.
    pub defined: Object,
}

const TEXTS: [&str; 6] = ["text", "", "a \"b\" \\ c", "größer", "5", "true"];
const NUMBERS: [i64; 6] = [0, -1, 400, 1, 7, 9_007_199_254_740_991];

impl Generator<'_> {
    /// Says some things of a resource.
    pub fn said(&mut self) -> Said {
        let mut said = Said { members: Object::new(), defined: Object::new() };
        let mut used = Vec::new();
        for _ in 0..=self.random.below(4) {
            let (term, kind) = self.own();
            if !used.contains(&term) {
                used.push(term);
                self.say(&mut said, term, kind);
            }
        }
        if self.one_in(5) {
            let kind = match self.random.below(3) {
                0 => self.aim.class.into(),
                1 => self.class_iri(),
                _ => format!("vocab:{}", self.aim.class),
            };
            let types = if self.one_in(3) { json!([kind, "urn:x:Kind"]) } else { kind.into() };
            said.members.insert("@type".into(), types);
        }
        if self.one_in(5) {
            self.say_otherwise(&mut said);
        }
        said
    }

    /// Says something in terms of another vocabulary.
    fn say_otherwise(&mut self, said: &mut Said) {
        said.defined.insert("x".into(), "urn:x:".into());
        let (key, value) = match self.random.below(10) {
            0 | 9 => {
                said.defined.insert("j".into(), json!({ "@id": "x:j", "@type": "@json" }));
                ("j", json!({ "@id": 5, "@context": null, "roles": [null, []] }))
            }
            1 => ("@index", json!("i")),
            2 => ("x:g", json!({ "@graph": [{ "x:p": 1 }] })),
            3 => ("x:p", json!({ "@id": self.other(), "x:q": [self.scalar(), { "x:r": 1 }] })),
            4 => ("x:l", json!({ "@list": [1, { "@id": "_:n" }, { "@list": [] }] })),
            5 => ("undefined", self.scalar()),
            6 => {
                said.defined.insert("nothing".into(), Value::Null);
                ("nothing", json!({ "roles": [] }))
            }
            7 => ("@included", json!({ "@id": "urn:x:y", "x:p": { "@id": "urn:x:y" } })),
            _ => ("x:p", json!([self.scalar(), { "@value": "t", "@language": "de" }])),
        };
        said.members.insert(key.into(), value);
    }

    /// Gives the resource the address of the request.
    pub fn name_it(&mut self, said: &mut Said) {
        let here = self.here();
        let key = match self.one_in(4) {
            true => {
                said.defined.insert("ref".into(), "@id".into());
                "ref"
            }
            false => "@id",
        };
        said.members.insert(key.into(), here.into());
    }

    /// Says one thing: in our term, by its IRI, or by a term that a context defines.
    fn say(&mut self, said: &mut Said, term: &str, kind: Kind) {
        let iri = self.term_iri(term);
        match self.random.below(10) {
            0 => {
                let value = self.values(kind, true);
                said.members.insert(term.into(), value);
            }
            1 => {
                let value = self.values(kind, false);
                said.members.insert(iri, value);
            }
            2 => {
                said.defined.insert("v".into(), format!("{}/", self.class_iri()).into());
                let value = self.values(kind, false);
                said.members.insert(format!("v:{term}"), value);
            }
            3 => {
                let value = self.values(kind, false);
                said.members.insert(format!("vocab:{}/{term}", self.aim.class), value);
            }
            _ => {
                // The name of another term of ours is as good as any.
                let alias = match self.random.below(4) {
                    0 => self.own_name().to_owned(),
                    1 => "a b".to_owned(),
                    _ => format!("t{}", said.defined.len()),
                };
                if !said.members.contains_key(&alias) && !said.defined.contains_key(&alias) {
                    let (definition, value) = self.defined(iri, kind);
                    said.defined.insert(alias.clone(), definition);
                    said.members.insert(alias, value);
                }
            }
        }
    }

    /// Returns a definition of a term, and a value in the form that it asks for.
    fn defined(&mut self, iri: String, kind: Kind) -> (Value, Value) {
        let mut definition = Object::from_iter([("@id".to_owned(), iri.into())]);
        if self.one_in(8) {
            definition.insert("@protected".into(), true.into());
        }
        let is_link = matches!(kind, Kind::Link | Kind::Links);
        let is_text = matches!(kind, Kind::Text | Kind::Texts);
        let many = matches!(kind, Kind::Texts | Kind::Links);
        let value = match self.random.below(11) {
            0 | 1 if is_link => {
                let coercion = if self.one_in(3) { "@vocab" } else { "@id" };
                definition.insert("@type".into(), coercion.into());
                let names: Vec<Value> = (0..=self.random.below(3))
                    .map(|_| if coercion == "@id" { self.other() } else { self.whole() })
                    .map(Value::from)
                    .collect();
                self.several(names, many)
            }
            0 | 1 if is_text => {
                let coercion = self.random.one_of(&["xsd:string", "@none"]);
                definition.insert("@type".into(), coercion.into());
                self.random.one_of(&TEXTS).into()
            }
            0 | 1 => {
                let coercion =
                    self.random.one_of(&["xsd:integer", "xsd:int", "xsd:decimal", "@none"]);
                definition.insert("@type".into(), coercion.into());
                let number = NUMBERS[self.random.below(5)];
                let text = coercion != "@none" && self.one_in(2);
                if text { number.to_string().into() } else { number.into() }
            }
            2 => {
                let container = self.random.one_of(&["@set", "@list"]);
                definition.insert("@container".into(), container.into());
                let items = (0..self.random.below(if many { 4 } else { 2 }))
                    .map(|_| self.item(kind))
                    .collect::<Vec<_>>();
                items.into()
            }
            3 => {
                let container = match self.one_in(2) {
                    true => json!("@index"),
                    false => json!(["@index", "@set"]),
                };
                definition.insert("@container".into(), container);
                if is_link && self.one_in(2) {
                    // Filed by a property, values are nodes.
                    definition.insert("@index".into(), "urn:x:i".into());
                    let value = json!({ "i": { "@id": self.other() }, "@none": [] });
                    return (definition.into(), value);
                }
                self.mapped(&["i", "@none", "j"], kind)
            }
            4 if is_text => {
                definition.insert("@container".into(), "@language".into());
                let languages = ["en", "@none", "de-CH"];
                let count = if many { 1 + self.random.below(3) } else { 1 };
                let entries = languages[..count].iter().map(|language| {
                    let text: Value = self.random.one_of(&TEXTS).into();
                    ((*language).to_owned(), text)
                });
                Value::Object(entries.collect())
            }
            4 if is_link => {
                let container = self.random.one_of(&["@id", "@type"]);
                definition.insert("@container".into(), container.into());
                let key = self.whole();
                match container {
                    "@id" => json!({ key: {} }),
                    _ => json!({ "urn:x:Kind": { "@id": key } }),
                }
            }
            5 => {
                definition.insert(
                    "@context".into(),
                    json!({ "val": "@value", "ref": "@id", "many": "@set", "row": "@list" }),
                );
                let item = match is_link {
                    true => json!({ "ref": self.other() }),
                    false => json!({ "val": self.plain(kind) }),
                };
                match self.random.below(3) {
                    0 => json!({ "many": [item] }),
                    1 => json!({ "row": item }),
                    _ => item,
                }
            }
            6 if is_text => {
                definition.insert("@language".into(), self.one_in(2).then_some("fr").into());
                self.random.one_of(&TEXTS).into()
            }
            7 => {
                definition.insert("@nest".into(), "@nest".into());
                self.values(kind, false)
            }
            8 => return (definition.remove("@id").unwrap_or_default(), self.values(kind, false)),
            _ => self.values(kind, false),
        };
        (definition.into(), value)
    }

    /// Returns a map that a container makes values of.
    fn mapped(&mut self, keys: &[&str], kind: Kind) -> Value {
        let many = matches!(kind, Kind::Texts | Kind::Links);
        let count = if many { 1 + self.random.below(keys.len()) } else { 1 };
        let entries = keys[..count].iter().map(|key| ((*key).to_owned(), self.item(kind)));
        Value::Object(entries.collect())
    }

    /// Returns an IRI that is no relative reference.
    pub fn whole(&mut self) -> String {
        let roles =
            if self.aim.class == "PortalRole" { "/portalRoles" } else { "/customers/1/roles" };
        match self.random.below(3) {
            0 => "https://elsewhere.example/role".into(),
            1 => format!("{}{roles}/clickthrough", self.base),
            _ => format!("{}{roles}/staff", self.base),
        }
    }

    fn plain(&mut self, kind: Kind) -> Value {
        match kind {
            Kind::Text | Kind::Texts => self.random.one_of(&TEXTS).into(),
            Kind::Number => NUMBERS[self.random.below(NUMBERS.len())].into(),
            Kind::Link | Kind::Links => self.other().into(),
        }
    }

    /// Returns one value that says of itself what it is.
    fn item(&mut self, kind: Kind) -> Value {
        let plain = self.plain(kind);
        match kind {
            Kind::Link | Kind::Links => match self.random.below(5) {
                0 => json!({ "@id": plain, "urn:x:p": 1 }),
                1 => json!({ "@value": self.whole(), "@type": "xsd:anyURI" }),
                2 => json!({ "@id": plain, "@type": "urn:x:Kind" }),
                _ => json!({ "@id": plain }),
            },
            Kind::Number => match self.random.below(6) {
                0 => json!({ "@value": plain, "@index": "i" }),
                1 => json!({ "@value": plain.to_string(), "@type": "xsd:integer" }),
                2 => json!({ "@value": plain, "@type": "http://www.w3.org/2001/XMLSchema#int" }),
                3 => json!({ "@value": plain }),
                _ => plain,
            },
            Kind::Text | Kind::Texts => match self.random.below(6) {
                0 => json!({ "@value": plain, "@language": "en" }),
                1 => json!({ "@value": plain, "@type": "xsd:string" }),
                2 => json!({ "@value": plain, "@language": "ar", "@direction": "rtl" }),
                3 => json!({ "@value": plain, "@index": "i" }),
                _ => plain,
            },
        }
    }

    /// Returns values of a term that is not coerced, or, if it is `own`, of our own.
    fn values(&mut self, kind: Kind, own: bool) -> Value {
        let many = matches!(kind, Kind::Texts | Kind::Links);
        let count = if many { self.random.below(4) } else { 1 };
        let items = (0..count).map(|_| match own && self.one_in(2) {
            true => self.plain(kind),
            false => self.item(kind),
        });
        let items = items.collect();
        self.several(items, many)
    }

    /// Writes values as an array, a set or a list, or as one value.
    fn several(&mut self, items: Vec<Value>, many: bool) -> Value {
        match (self.random.below(6), items.as_slice()) {
            (0 | 1, [one]) => one.clone(),
            (2, _) => json!({ "@set": items }),
            (3, [one]) => json!({ "@set": one }),
            (4, _) => json!({ "@list": items }),
            (5, [first, rest @ ..]) if many => json!([[first], rest]),
            _ => items.into(),
        }
    }
}
