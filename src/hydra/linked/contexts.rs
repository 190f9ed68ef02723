//! The contexts that bodies may name: our own, and the one of the Hydra vocabulary. No other is loaded.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use iref::{Iri, IriBuf, IriRef};
use json_ld::syntax::{Parse as _, TryFromJson as _};
use json_ld::{LoadError, Loader, Process as _, RemoteDocument};
use rdf_types::BlankIdBuf;
use serde_json::{Value, json};

use super::address::BaseIri;
use crate::hydra::context::{for_input, of_class, of_collection, of_error};
use crate::hydra::{ClassDoc, CollectionDoc};

/// A context that was worked through.
pub type Active = json_ld::Context<IriBuf, BlankIdBuf>;

/// The terms of the Hydra vocabulary, written down here so that nothing is fetched.
const HYDRA: &str = include_str!("hydra.jsonld");

/// The addresses of the context of the Hydra vocabulary, without the scheme.
const HYDRA_ADDRESSES: [&str; 3] = [
    "://www.w3.org/ns/hydra/context.jsonld",
    "://www.w3.org/ns/hydra/core",
    "://www.w3.org/ns/hydra/core.jsonld",
];

/// Stands for the address of a request in contexts that are worked through before any request.
const PLACEHOLDER: &str = "http://base.invalid/";

/// A context that bodies are read with.
pub struct Context {
    /// As it is before a body says anything, at the address [`PLACEHOLDER`].
    active: Active,
    /// The Hydra context in such a body: Hydra's terms, then these.
    hydra: json_syntax::Value,
}

/// Every context that bodies are read with, by the name of its class.
#[derive(Default)]
pub struct Contexts {
    by_name: HashMap<&'static str, Arc<Context>>,
    by_address: HashMap<String, json_syntax::Value>,
}

impl Context {
    /// Returns the context of bodies that nobody reads.
    pub fn empty() -> Self {
        Self { active: Active::default(), hydra: syntax(json!({ "@context": {} })) }
    }

    /// Returns whether a term means something before a body says anything.
    pub fn defines(&self, term: &str) -> bool {
        self.active.contains_term(term)
    }

    /// Returns whether texts of a term are names of nodes before a body says anything.
    pub fn refers(&self, term: &str) -> bool {
        let definition = self.active.get(term);
        let kind = definition.as_ref().and_then(json_ld::context::TermDefinitionRef::typ);
        matches!(kind, Some(json_ld::Type::Id | json_ld::Type::Vocab))
    }

    /// Returns the context in which a body that was sent to `base` begins.
    pub fn at(&self, base: &IriBuf) -> Active {
        let resolved = |iri: IriBuf| if iri.as_str() == PLACEHOLDER { base.clone() } else { iri };
        self.active.clone().map_ids(resolved, |id| id)
    }
}

impl Contexts {
    pub fn new(
        classes: &[ClassDoc],
        collections: &[CollectionDoc],
        here: &BaseIri,
        base: &str,
    ) -> Self {
        let mut contexts = Self::default();
        for class in classes {
            contexts.add(class.name, &for_input(of_class(class, base), class), here);
        }
        for collection in collections {
            if let Some(member) = classes.iter().find(|class| class.name == collection.member) {
                let published = of_collection(collection, member, base);
                contexts.add(collection.name, &for_input(published, member), here);
            }
        }
        contexts.by_address.insert(here.context("Error"), syntax(of_error(base)));
        contexts
    }

    fn add(&mut self, name: &'static str, document: &Value, here: &BaseIri) {
        let terms = document.get("@context").unwrap_or(&Value::Null);
        let hydra: Value = serde_json::from_str(HYDRA).unwrap_or_default();
        let hydra = hydra.get("@context").unwrap_or(&Value::Null);
        let context = Context {
            active: process(terms),
            hydra: syntax(json!({ "@context": [hydra, terms] })),
        };
        self.by_name.insert(name, Arc::new(context));
        self.by_address.insert(here.context(name), syntax(document.clone()));
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Context>> {
        self.by_name.get(name)
    }

    /// Returns whether a body that was sent to `base` may name this context.
    pub fn is_known(&self, name: &str, base: &Iri) -> bool {
        let Ok(reference) = IriRef::new(name) else { return false };
        let whole = reference.resolved(base);
        is_hydra(whole.as_str()) || self.by_address.contains_key(whole.as_str())
    }
}

/// Returns whether an IRI is an address of the context of the Hydra vocabulary.
pub fn is_hydra(iri: &str) -> bool {
    let after_scheme = iri.strip_prefix("https").or_else(|| iri.strip_prefix("http"));
    after_scheme.is_some_and(|rest| HYDRA_ADDRESSES.contains(&rest))
}

/// Works through one of our own contexts, which names no other.
fn process(terms: &Value) -> Active {
    let local = json_ld::syntax::context::Context::try_from_json(syntax(terms.clone()));
    let processed = local.ok().and_then(|local| {
        let options = json_ld::context_processing::Options::default();
        let (mut vocabulary, none) = ((), Active::new(IriBuf::new(PLACEHOLDER.to_owned()).ok()));
        let processing =
            local.process_full(&mut vocabulary, &none, &json_ld::NoLoader, None, options, ());
        pollster::block_on(processing)
            .ok()
            .map(json_ld::context_processing::Processed::into_processed)
    });
    processed.unwrap_or_default()
}

/// Loads the contexts that one body may name.
pub struct ContextLoader<'a> {
    pub contexts: &'a Contexts,
    pub context: &'a Context,
}

/// A context that is not kept here, and is not fetched.
#[derive(Debug)]
struct Foreign;

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not known here, and none is fetched from elsewhere")
    }
}

impl std::error::Error for Foreign {}

impl Loader for ContextLoader<'_> {
    async fn load(&self, url: &Iri) -> Result<RemoteDocument<IriBuf>, LoadError> {
        let found = match is_hydra(url.as_str()) {
            true => Some(&self.context.hydra),
            false => self.contexts.by_address.get(url.as_str()),
        };
        let document = found.ok_or_else(|| LoadError::new(url.to_owned(), Foreign))?;
        Ok(RemoteDocument::new(Some(url.to_owned()), None, document.clone()))
    }
}

/// Returns a JSON value as the processor has it.
pub fn syntax(value: Value) -> json_syntax::Value {
    match value {
        Value::Null => json_syntax::Value::Null,
        Value::Bool(flag) => json_syntax::Value::Boolean(flag),
        Value::String(text) => json_syntax::Value::String(text.into()),
        Value::Number(number) => {
            let parsed = json_syntax::Value::parse_str(&number.to_string());
            parsed.map_or(json_syntax::Value::Null, |(number, _)| number)
        }
        Value::Array(items) => json_syntax::Value::Array(items.into_iter().map(syntax).collect()),
        Value::Object(members) => {
            let mut object = json_syntax::Object::new();
            for (key, value) in members {
                object.push(key.into(), syntax(value));
            }
            json_syntax::Value::Object(object)
        }
    }
}

/// Returns a JSON value of the processor's.
pub fn plain(value: &json_syntax::Value) -> Value {
    match value {
        json_syntax::Value::Null => Value::Null,
        json_syntax::Value::Boolean(flag) => (*flag).into(),
        json_syntax::Value::String(text) => text.as_str().into(),
        json_syntax::Value::Number(number) => {
            serde_json::from_str(number.as_str()).unwrap_or_default()
        }
        json_syntax::Value::Array(items) => items.iter().map(plain).collect(),
        json_syntax::Value::Object(members) => {
            members.iter().map(|e| (e.key.to_string(), plain(&e.value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_context_is_one_that_the_processor_understands() {
        let hydra: Value = serde_json::from_str(HYDRA).expect("JSON");
        let active = process(&hydra["@context"]);
        assert!(active.len() > 60, "{} terms", active.len());
        for term in ["member", "Collection", "apiDocumentation", "supportedClass"] {
            assert!(active.contains_term(term), "{term}");
        }
        for (number, text) in
            [("1", "1"), ("-2.5e3", "-2500.0"), ("18446744073709551615", "18446744073709551615")]
        {
            let value: Value = serde_json::from_str(number).expect("a number");
            assert_eq!(plain(&syntax(value.clone())).to_string(), text);
        }
    }

    #[test]
    fn the_hydra_context_is_known_at_all_its_addresses() {
        for iri in [
            "http://www.w3.org/ns/hydra/context.jsonld",
            "https://www.w3.org/ns/hydra/context.jsonld",
            "http://www.w3.org/ns/hydra/core",
        ] {
            assert!(is_hydra(iri), "{iri}");
        }
        assert!(!is_hydra("http://www.w3.org/ns/hydra/context.jsonld.example.org"));
        assert!(!is_hydra("ftp://www.w3.org/ns/hydra/core"));
    }
}
