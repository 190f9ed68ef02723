//! Documents about the API: the vocabulary and the contexts, made once at start.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::negotiate::{FORMATS, Offer, Representation};
use crate::classes::{self, Visit};
use crate::hydra::graph::Terms;
use crate::hydra::openapi::{Api, Media, MountedDoc, RouteDoc, SharedDoc};
use crate::hydra::{ClassDoc, CollectionDoc, Tag, context, guide, openapi, problem, vocabulary};
use crate::resource::{Address as _, Body, Resource, describe, endpoints};

use super::body::{ACCEPT_PATCH, ACCEPT_POST};
use super::status;

/// Every document.
pub struct Documents {
    pub vocabulary: Document,
    /// The same as OpenAPI.
    pub openapi: Document,
    /// By the name of the file: `Space.jsonld`.
    pub contexts: BTreeMap<String, Document>,
    /// Public address of the root, without a final slash.
    pub base: String,
    /// What the contexts say, by their addresses.
    terms: HashMap<String, Terms>,
    /// What the vocabulary's own context says.
    own_terms: Terms,
    /// Conversions of large documents, one at a time.
    pub conversions: Semaphore,
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

/// Pages for people about the API, by the name of the file.
pub fn guide(base: &str) -> BTreeMap<String, String> {
    let described = described();
    let kinds: BTreeMap<&str, u16> = problem::of_each_kind()
        .iter()
        .map(|problem| (problem.kind(), status::of_problem(problem).as_u16()))
        .collect();
    guide::pages(&described.api(base), |kind| kinds.get(kind).copied().unwrap_or_default())
}

/// What the tables make, each class and collection once.
#[derive(Debug, Default)]
pub struct Described {
    pub classes: Vec<ClassDoc>,
    pub collections: Vec<CollectionDoc>,
    pub routes: Vec<RouteDoc>,
}

/// All that the tables say.
pub fn described() -> Described {
    let mut described = Described::default();
    classes::each(&mut described);
    described
}

impl Described {
    fn api<'a>(&'a self, base: &'a str) -> Api<'a> {
        Api {
            base,
            classes: &self.classes,
            collections: &self.collections,
            routes: &self.routes,
            shared: &SHARED,
            media: Media {
                post: ACCEPT_POST,
                patch: ACCEPT_PATCH,
                shown: Offer.to_string(),
                formats: FORMATS.map(|(name, _)| name).to_vec(),
            },
        }
    }
}

impl Visit for Described {
    fn visit<R: Resource>(&mut self) {
        if !self.classes.iter().any(|class| class.name == R::NAME) {
            self.classes.push(describe::<R>());
        }
        for place in endpoints::<R>() {
            self.collections.extend(place.collection.clone());
            let mounted = place.operations.iter().map(|operation| MountedDoc {
                doc: operation.doc,
                body: match operation.body {
                    Body::None => None,
                    Body::Optional => Some(false),
                    Body::Required => Some(true),
                },
            });
            self.routes.push(RouteDoc {
                template: place.template,
                formats: R::Address::FORMATS,
                owner: place.owner,
                operations: mounted.collect(),
                collection: place.collection,
            });
        }
    }
}

/// Documents that are the same for everybody, beside the resources of classes.
const SHARED: [SharedDoc; 4] = [
    SharedDoc {
        template: "/vocab",
        name: "vocabulary",
        title: "The vocabulary: every class, property and operation",
        media_type: None,
        tagged: true,
    },
    SharedDoc {
        template: "/contexts/{context}",
        name: "context",
        title: "A JSON-LD context",
        media_type: Some("application/ld+json"),
        tagged: true,
    },
    SharedDoc {
        template: "/openapi.json",
        name: "openapi",
        title: "This document",
        media_type: Some("application/json"),
        tagged: true,
    },
    SharedDoc {
        template: "/healthz",
        name: "health",
        title: "Whether the service is well",
        media_type: Some("text/plain"),
        tagged: false,
    },
];

impl Documents {
    pub fn new(base: &str) -> Self {
        let described = described();
        let openapi = openapi::document(&described.api(base));
        let Described { classes, collections, .. } = described;
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
            openapi: Document::of(&openapi),
            contexts,
            base: base.to_owned(),
            terms,
            conversions: Semaphore::new(1),
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
