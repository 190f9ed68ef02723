//! Sends texts compressed where the client accepts it: the one place where the content coding of an answer is chosen.
//!
//! Answers to GET and HEAD only: an answer to a write may hold a secret beside what the client sent, and from the length of
//! both compressed together, who chooses one and sees the length can guess the other (BREACH).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::accept_encoding::accepted;
use super::compress::compress;
use super::conditional::{VARIES_BY_CODING, recoded, varying};
use super::request_context::RequestContext;
use crate::hydra::ContentCoding;

/// Texts from this size on, in bytes, are compressed: smaller ones fit into the packet of their head anyway.
const WORTHWHILE: u64 = 1 << 10;

/// Texts from this size on, in bytes, are compressed off the threads that answer requests.
const HEAVY: usize = 16 << 10;

/// Holds what requests share that are answered by compressed texts.
pub struct Encoder {
    /// Heavy texts that are compressed at once, because each takes a thread and some MiB.
    turns: Arc<Semaphore>,
    /// Time that a heavy text waits for those before it; after that it is sent as it is.
    patience: Duration,
    /// Documents that all requests share, by their entity tags, in the content codings that were asked for.
    kept: Mutex<HashMap<(String, ContentCoding), Bytes>>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns())),
            patience: Duration::from_millis(50),
            kept: Mutex::default(),
        }
    }
}

/// Returns how many heavy texts are compressed at once.
pub fn turns() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

impl Encoder {
    /// Returns the answer in the content coding that the request asks for, with the headers that say so.
    pub async fn encode(
        &self,
        request: &HttpRequest,
        context: &RequestContext,
        mut response: HttpResponse,
    ) -> HttpResponse {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads || !is_whole_text(&response) {
            return response;
        }
        varying(response.headers_mut(), VARIES_BY_CODING);
        let accepted = accepted(request);
        let coding = match (accepted.first(), response.body().size()) {
            (None | Some(ContentCoding::Identity), _) => return response,
            (Some(_), BodySize::Sized(..WORTHWHILE))
                if accepted.contains(&ContentCoding::Identity) =>
            {
                return response;
            }
            (Some(coding), _) => *coding,
        };
        let (mut response, body) = response.into_parts();
        let text = match body.try_into_bytes() {
            Ok(text) => text,
            Err(body) => return response.set_body(body),
        };
        let tag = response.headers().get(header::ETAG).filter(|_| context.is_shared());
        let made = match tag.and_then(|tag| tag.to_str().ok()) {
            Some(tag) => self.kept(tag, &text, coding).await,
            None => self.compressed(&text, coding).await,
        };
        let Some(made) = made else { return response.set_body(BoxBody::new(text)) };
        drop(text);
        context.resize(made.len());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        recoded(headers, coding);
        response.set_body(BoxBody::new(made))
    }

    /// Returns a document that all requests share, compressed when it is asked for first.
    ///
    /// There are as many as there are documents about the service.
    async fn kept(&self, tag: &str, text: &Bytes, coding: ContentCoding) -> Option<Bytes> {
        let key = (tag.to_owned(), coding);
        let found = self.kept.lock().get(&key).cloned();
        if found.is_some() {
            return found;
        }
        let made = self.compressed(text, coding).await?;
        self.kept.lock().insert(key, made.clone());
        Some(made)
    }

    /// Returns a text compressed; nothing where that is not possible just now.
    async fn compressed(&self, text: &Bytes, coding: ContentCoding) -> Option<Bytes> {
        let made = if text.len() < HEAVY {
            compress(text, coding)
        } else {
            let turn = self.turn().await?;
            let text = text.clone();
            // The turn ends with the work, also if nobody waits for it any more.
            let work = move || {
                let _turn = turn;
                compress(&text, coding)
            };
            let made = web::block(work).await;
            made.unwrap_or_else(|error| Err(std::io::Error::other(error)))
        };
        match made {
            Ok(made) => Some(Bytes::from(made)),
            Err(error) => {
                log::error!("an answer is sent as it is, because {} fails: {error}", coding.name());
                None
            }
        }
    }

    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turns = Arc::clone(&self.turns);
        tokio::time::timeout(self.patience, turns.acquire_owned()).await.ok()?.ok()
    }
}

/// Returns whether an answer has a text that may be compressed.
fn is_whole_text(response: &HttpResponse) -> bool {
    let headers = response.headers();
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(is_text)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && response.status() != StatusCode::PARTIAL_CONTENT
}

/// Returns whether a media type is one of texts; images are compressed already.
fn is_text(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    // A stream of events has no end to be compressed with.
    (essence.starts_with("text/") && essence != "text/event-stream")
        || essence.ends_with("/json")
        || essence.ends_with("+json")
        || matches!(essence, "application/n-quads" | "application/n-triples")
}
