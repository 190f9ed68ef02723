//! Documents about the API: the vocabulary and the contexts, made once at start.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::classes::{self, Visit};
use crate::hydra::{ClassDoc, CollectionDoc, Tag, context, vocabulary};
use crate::resource::{Resource, describe};

/// Every document.
pub struct Documents {
    pub vocabulary: Document,
    /// By the name of the file: `Space.jsonld`.
    pub contexts: BTreeMap<String, Document>,
}

/// One document, as it is sent.
pub struct Document {
    pub body: Bytes,
    pub tag: Tag,
}

impl Document {
    fn of(document: &serde_json::Value) -> Self {
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
        let mut contexts = BTreeMap::new();
        let mut add = |name: &str, document: &serde_json::Value| {
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
        Self { vocabulary: Document::of(&vocabulary), contexts }
    }
}
