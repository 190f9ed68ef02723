//! The JSON-LD that the class tables write becomes the representation asked for: the one place.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_OPENER_POLICY, LINK, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::conditional::not_modified;
use super::console::shell;
use super::documents::{Document, Documents};
use super::negotiate::{self, Kind, Offer, Representation};
use super::request;
use crate::hydra::graph::{self, Form};
use crate::hydra::{Problem, Variant};
use crate::resource::Reply;

/// Documents from this size on, in bytes, are converted off the threads that answer requests.
const HEAVY: usize = 16 << 10;

/// Documents from this size on, in bytes, are converted one at a time: each takes many times its size.
const LARGE: usize = 1 << 20;

/// Time that a large document waits for those before it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the representation for a reply.
///
/// # Errors
/// Returns [`Problem::NotAcceptable`] if a document is read and nothing that is accepted is offered. What was written
/// stays written, so its answer is JSON-LD then.
pub fn wanted(request: &HttpRequest, reply: &Reply) -> Result<Representation, Problem> {
    match negotiate::wanted(request, Kind::Data) {
        Some(wanted) => Ok(wanted),
        None if request.method().is_safe() && matches!(reply, Reply::Shown { .. }) => {
            Err(not_acceptable())
        }
        None => Ok(Representation::JsonLd),
    }
}

/// Returns the representation for what a request writes, whatever comes of it.
pub fn wanted_of_written(request: &HttpRequest) -> Representation {
    negotiate::wanted(request, Kind::Data).unwrap_or(Representation::JsonLd)
}

fn not_acceptable() -> Problem {
    Problem::NotAcceptable { offered: Offer.to_string() }
}

/// The answer that a document stands in, which a page tells of.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The address asked for, below the base.
    pub path: String,
    pub status: u16,
    /// The entity tag of the document as JSON-LD.
    pub tag: Option<String>,
    /// Tells whether a session asked, which can be ended.
    pub has_session: bool,
    /// The path that a log-in without script was to lead on to, where it was refused.
    pub target: Option<String>,
}

/// Converts a document of ours to a representation.
///
/// # Errors
/// Fails if the document is not what the class tables write.
pub async fn body(
    documents: &Arc<Documents>,
    written: Vec<u8>,
    wanted: Representation,
    answered: &Answered,
) -> Result<Vec<u8>, Problem> {
    if wanted.is_as_written() {
        return Ok(written);
    }
    if written.len() < HEAVY {
        return convert(documents, &written, wanted, answered);
    }
    let _turn = match written.len() {
        ..LARGE => None,
        _ => Some(turn(&documents.conversions).await?),
    };
    let (documents, answered) = (Arc::clone(documents), answered.clone());
    let converted = web::block(move || convert(&documents, &written, wanted, &answered)).await;
    converted.unwrap_or_else(|error| Err(Problem::internal(error)))
}

/// Converts a document as [`body`] does, on this thread, and without waiting for its turn.
///
/// # Errors
/// Fails as [`body`] does; returns [`Problem::Unavailable`] if it is not the turn of a large document.
pub fn body_now(
    documents: &Documents,
    written: &[u8],
    wanted: Representation,
    answered: &Answered,
) -> Result<Vec<u8>, Problem> {
    let is_large = written.len() >= LARGE && !wanted.is_as_written();
    let _turn = match is_large.then(|| documents.conversions.try_acquire()).transpose() {
        Ok(turn) => turn,
        Err(_taken) => return Err(too_many()),
    };
    convert(documents, written, wanted, answered)
}

/// Waits for the turn of a large document.
async fn turn(conversions: &Semaphore) -> Result<SemaphorePermit<'_>, Problem> {
    match tokio::time::timeout(PATIENCE, conversions.acquire()).await {
        Ok(turn) => turn.map_err(Problem::internal),
        Err(_elapsed) => Err(too_many()),
    }
}

fn too_many() -> Problem {
    let words = "too many large documents are being converted; try again";
    Problem::Unavailable(words.into(), None)
}

/// Converts a document on this thread, whatever its size.
///
/// # Errors
/// Fails as [`body`] does.
pub fn convert(
    documents: &Documents,
    written: &[u8],
    wanted: Representation,
    answered: &Answered,
) -> Result<Vec<u8>, Problem> {
    let document: Value = serde_json::from_slice(written).map_err(Problem::internal)?;
    let terms = documents.terms(&document);
    let form = match wanted {
        Representation::JsonLd | Representation::Compacted | Representation::Json => {
            return Ok(written.to_vec());
        }
        Representation::Html => {
            let shown = shell::Shown {
                document: &document,
                written: std::str::from_utf8(written).map_err(Problem::internal)?,
                terms,
                base: &documents.base,
                path: &answered.path,
                status: answered.status,
                tag: answered.tag.clone(),
                has_session: answered.has_session,
                target: answered.target.as_deref(),
            };
            return Ok(shell::page(&shown).into_bytes());
        }
        Representation::Expanded => Form::Expanded,
        Representation::Flattened => Form::Flattened,
        Representation::Turtle => Form::Turtle,
        Representation::NQuads | Representation::NTriples => Form::NTriples,
    };
    graph::write(&document, terms, form).map_err(Problem::internal)
}

/// Adds the headers that a representation has besides those of every response.
pub fn head(
    response: &mut HttpResponseBuilder,
    wanted: Representation,
    kind: Kind,
    written: &[u8],
) {
    response.content_type(wanted.content_type(kind));
    // Who reads JSON finds the meaning so; elsewhere this link would mislead.
    let is_json = match kind {
        Kind::Problem => wanted.is_as_written(),
        Kind::Data => wanted == Representation::Json,
    };
    if let (true, Some(context)) = (is_json, context_of(written)) {
        let relation = "rel=\"http://www.w3.org/ns/json-ld#context\"";
        let link = format!("<{context}>; {relation}; type=\"application/ld+json\"");
        response.append_header((LINK, link));
    }
    if wanted == Representation::Html {
        response
            .insert_header((CONTENT_SECURITY_POLICY, shell::POLICY))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((REFERRER_POLICY, "same-origin"))
            .insert_header((CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
            // A page names files of this version, and a browser that goes back must not meet the JSON of its address.
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((VARY, "Accept, Cookie, Prefer, Authorization, Origin"));
    }
}

/// Returns the context that a document as written begins with.
fn context_of(written: &[u8]) -> Option<&str> {
    let rest = written.strip_prefix(b"{\"@context\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

/// Answers with the documentation of the API; each representation is made once.
///
/// # Errors
/// Returns [`Problem::NotAcceptable`] if nothing that is accepted is offered, [`Problem::PreconditionFailed`].
pub async fn vocabulary(
    documents: &Arc<Documents>,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wanted = negotiate::wanted(request, Kind::Data).ok_or_else(not_acceptable)?;
    let Document { body: written, tag } = &documents.vocabulary;
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, "Accept"));
    let conditions = request::conditions(request);
    let variant = Variant::text(wanted.suffix());
    let unchanged = not_modified(&mut response, *tag, variant, &conditions)?;
    if let Some(unchanged) = unchanged {
        return Ok(unchanged);
    }
    let shown = if wanted.is_as_written() {
        written.clone()
    } else {
        let tag = Some(tag.entity_tag(""));
        let answered =
            Answered { path: "/vocab".into(), status: 200, tag, has_session: false, target: None };
        let conversion = body(documents, written.to_vec(), wanted, &answered);
        documents.vocabulary_in(wanted, conversion).await?
    };
    head(&mut response, wanted, Kind::Data, written);
    Ok(response.body(shown))
}
