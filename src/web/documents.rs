//! The documents about the API, as they are held and sent: the vocabulary, the contexts, OpenAPI.

use std::collections::{BTreeMap, HashMap};

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::encode::Encoder;
use super::negotiate::Representation;
use crate::hydra::graph::Terms;
use crate::hydra::{Tag, context};

/// Every document.
pub struct Documents {
    pub vocabulary: Document,
    /// The same as OpenAPI.
    pub openapi: Document,
    /// By the name of the file: `Space.jsonld`.
    pub contexts: BTreeMap<String, Document>,
    /// Public address of the root, without a final slash.
    pub base: String,
    /// The link to the documentation of the API that every response has; `None` if the base fits into no header.
    pub documentation: Option<HeaderValue>,
    /// The terms of the contexts, by the addresses of the contexts.
    pub(super) terms: HashMap<String, Terms>,
    /// The terms of the vocabulary's own context.
    pub(super) own_terms: Terms,
    /// Conversions of large documents, one at a time.
    pub conversions: Semaphore,
    pub encoder: Encoder,
    /// The vocabulary in every representation that was asked for.
    pub(super) kept: Mutex<HashMap<Representation, Bytes>>,
}

/// One document, as it is sent.
pub struct Document {
    pub body: Bytes,
    pub tag: Tag,
}

impl Document {
    pub(super) fn of(document: &Value) -> Self {
        Self::of_text(context::text(document))
    }

    pub(super) fn of_text(text: impl Into<Bytes>) -> Self {
        let body = text.into();
        let tag = Tag::of(&body);
        Self { body, tag }
    }
}

impl Documents {
    /// Returns what the context of a document of ours says.
    pub fn terms(&self, document: &Value) -> &Terms {
        let named = document.get("@context").and_then(Value::as_str);
        named.and_then(|context| self.terms.get(context)).unwrap_or(&self.own_terms)
    }

    /// Returns the vocabulary in a representation, converted when it is asked for first.
    ///
    /// # Errors
    /// Returns the error of the conversion.
    pub async fn vocabulary_in<E>(
        &self,
        wanted: Representation,
        conversion: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Bytes, E> {
        let kept = || self.kept.lock();
        let found = kept().get(&wanted).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let made = Bytes::from(conversion.await?);
        kept().insert(wanted, made.clone());
        Ok(made)
    }
}
