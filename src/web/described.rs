//! The descriptions in the tables of classes and endpoints, and the documents that are made from it at start.

use std::collections::{BTreeMap, HashMap};

use actix_web::http::header::HeaderValue;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::body::{ACCEPT_PATCH, ACCEPT_POST};
use super::documents::{Document, Documents};
use super::encode::Encoder;
use super::negotiate::{FORMATS, Offer};
use super::{endpoints, status};
use crate::classes::{self, Visit};
use crate::hydra::graph::Terms;
use crate::hydra::openapi::{Api, Media, MountedDoc, RouteDoc, SharedDoc};
use crate::hydra::{ClassDoc, CollectionDoc, context, guide, openapi, problem, vocabulary};
use crate::resource::{Address as _, Body, Resource, describe, endpoints as endpoints_of};

/// Pages for people about the API, by the name of the file.
pub fn guide(base: &str) -> BTreeMap<String, String> {
    let described = described();
    let kinds: BTreeMap<&str, u16> = problem::of_each_kind()
        .iter()
        .map(|problem| (problem.kind(), status::of_problem(problem).as_u16()))
        .collect();
    guide::pages(&described.api(base), |kind| kinds.get(kind).copied().unwrap_or_default())
}

/// The descriptions in the tables, each class and collection once.
#[derive(Debug, Default)]
pub struct Described {
    pub classes: Vec<ClassDoc>,
    pub collections: Vec<CollectionDoc>,
    pub routes: Vec<RouteDoc>,
    /// Endpoints that are no class.
    pub shared: Vec<SharedDoc>,
}

/// Returns all that the tables say.
pub fn described() -> Described {
    let mut described = Described { shared: endpoints::documentation(), ..Described::default() };
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
            shared: &self.shared,
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
        for place in endpoints_of::<R>() {
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

impl Documents {
    /// Makes every document about the API at a public address.
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
        let documentation =
            format!("<{base}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\"");
        Self {
            own_terms: Terms::of(&vocabulary),
            vocabulary: Document::of(&vocabulary),
            openapi: Document::of(&openapi),
            contexts,
            base: base.to_owned(),
            documentation: HeaderValue::try_from(documentation).ok(),
            terms,
            conversions: Semaphore::new(1),
            encoder: Encoder::default(),
            kept: Mutex::default(),
        }
    }
}
