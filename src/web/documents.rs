//! Documents about the API: the vocabulary and the contexts, made once at start.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::negotiate::Representation;
use crate::classes::{self, Visit};
use crate::hydra::graph::Terms;
use crate::hydra::{ClassDoc, CollectionDoc, Tag, context, vocabulary};
use crate::resource::{Resource, describe};

/// Every document.
pub struct Documents {
    pub vocabulary: Document,
    /// By the name of the file: `Space.jsonld`.
    pub contexts: BTreeMap<String, Document>,
    /// Public address of the root, without a final slash.
    pub base: String,
    /// What the contexts say, by their addresses.
    terms: HashMap<String, Terms>,
    /// What the vocabulary's own context says.
    own_terms: Terms,
    /// The vocabulary in every representation that was asked for.
    kept: Mutex<HashMap<Representation, Bytes>>,
}

/// One document, as it is sent.
pub struct Document {
    pub body: Bytes,
    pub tag: Tag,
}

impl Document {
    fn of(document: &Value) -> Self {
        let body = Bytes::from(context::text(document));
        let tag = Tag::of(&body);
        Self { body, tag }
    }
}

/// The classes and collections that the tables make, each once.
pub fn described() -> (Vec<ClassDoc>, Vec<CollectionDoc>) {
    let mut describing = Describing { classes: Vec::new(), collections: Vec::new() };
    classes::each(&mut describing);
    (describing.classes, describing.collections)
}

struct Describing {
    classes: Vec<ClassDoc>,
    collections: Vec<CollectionDoc>,
}

impl Visit for Describing {
    fn visit<R: Resource>(&mut self) {
        if !self.classes.iter().any(|class| class.name == R::NAME) {
            self.classes.push(describe::<R>());
        }
        for property in R::CLASS.properties {
            if let Some(collection) = property.mount().and_then(|mount| mount.collection) {
                self.collections.push(collection);
            }
        }
    }
}

impl Documents {
    pub fn new(base: &str) -> Self {
        let (classes, collections) = described();
        let vocabulary = vocabulary::document(&classes, &collections, base);
        let (mut contexts, mut terms) = (BTreeMap::new(), HashMap::new());
        let mut add = |name: &str, document: &Value| {
            terms.insert(format!("{base}/contexts/{name}.jsonld"), Terms::of(document));
            contexts.insert(format!("{name}.jsonld"), Document::of(document));
        };
        for class in &classes {
            add(class.name, &context::of_class(class, base));
        }
        for collection in &collections {
            if let Some(member) = classes.iter().find(|class| class.name == collection.member) {
                add(collection.name, &context::of_collection(collection, member, base));
            }
        }
        add("Error", &context::of_error(base));
        Self {
            own_terms: Terms::of(&vocabulary),
            vocabulary: Document::of(&vocabulary),
            contexts,
            base: base.to_owned(),
            terms,
            kept: Mutex::default(),
        }
    }

    /// What the context of a document of ours says.
    pub fn terms(&self, document: &Value) -> &Terms {
        let named = document.get("@context").and_then(Value::as_str);
        named.and_then(|context| self.terms.get(context)).unwrap_or(&self.own_terms)
    }

    /// The vocabulary in a representation, converted when it is asked for first.
    ///
    /// # Errors
    /// Those of the conversion.
    pub async fn vocabulary_in<E>(
        &self,
        wanted: Representation,
        conversion: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Bytes, E> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept().get(&wanted).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let made = Bytes::from(conversion.await?);
        kept().insert(wanted, made.clone());
        Ok(made)
    }
}
