//! Turns the outcome of a handler, or its panic, into the response and a line of the access log.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use log::Level;

use super::documents::Documents;
use super::endpoint::{Audience, Endpoint};
use super::exposed::exposed;
use super::negotiate::{self, Kind, Representation};
use super::problems::{self, About};
use super::request_context::RequestContext;
use super::uploads::protocol;
use super::{forgery, lines, request, respond, session};
use crate::hydra::Problem;
use crate::metrics::http::RequestClass;
use crate::resource::Caller;

/// Returns the response of an attempt at a request; a panic becomes a problem, too.
pub async fn finalize(
    documents: &Documents,
    request: &HttpRequest,
    endpoint: Option<&Endpoint>,
    context: &RequestContext,
    attempt: impl Future<Output = Result<HttpResponse, Problem>>,
) -> HttpResponse {
    let began = Instant::now();
    let id = &context.id;
    let (method, path) = (request.method(), request.uri().path());
    let is_of_api = endpoint.is_none_or(|endpoint| endpoint.audience == Audience::Clients);
    // Nothing of what it worked with is looked at afterwards.
    let attempted = AssertUnwindSafe(attempt).catch_unwind().await;
    let result = attempted.unwrap_or_else(|panic| Err(broken_off(&*panic)));
    // Problems are documents of the API wherever they occur; what viewers are sent describes itself.
    let documentation = documents.documentation.as_ref().filter(|_| is_of_api || result.is_err());
    let response = result.unwrap_or_else(|problem| {
        // What accepts nothing that is offered is told so all the same.
        let wanted = match is_of_api {
            true => negotiate::wanted(request, Kind::Problem),
            false => negotiate::accepted(request, Kind::Problem),
        };
        let wanted = wanted.unwrap_or_default();
        let session = wanted == Representation::Html
            || request::is_from_page(request)
            || path.starts_with(session::ADDRESS)
            || forgery::is_own(request, &documents.base)
            || !is_of_api;
        let asked = request.uri().path_and_query().map_or(path, |asked| asked.as_str());
        let target = context.target.borrow();
        let about = About {
            wanted,
            path,
            asked,
            method: method.as_str(),
            request_id: id,
            session,
            target: target.as_deref(),
        };
        problems::problem(&problem, documents, &about)
    });
    let mut response = documents.encoder.encode(request, context, response).await;
    if path == "/" {
        respond::describe(&mut response, &documents.base);
    }
    let is_refusal = response.status().is_client_error() || response.status().is_server_error();
    if !is_of_api && is_refusal {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    if endpoint.is_some_and(|endpoint| endpoint.class == RequestClass::Upload) {
        protocol::finish(&mut response);
    }
    let is_good = response.status().is_success() || response.status().is_redirection();
    if is_of_api && request::is_strict(request) {
        respond::applied(&mut response, "handling=strict");
    }
    let is_shared = is_good && endpoint.is_some_and(Endpoint::is_shared);
    respond::finish(&mut response, documentation, id, is_shared, exposed(endpoint, is_good));
    // What strangers ask for, as often as they like, is not what fills the disk.
    let caller = context.caller.get();
    let client = lines::Client(context.client.get());
    let level = if caller == Caller::Visitor { Level::Debug } else { Level::Info };
    log::log!(
        target: "hydria::access",
        level,
        request = id, client:% = client;
        "{} {} {} {:.1} ms {} {id} {client}",
        lines::excerpt(method.as_str()),
        lines::excerpt(&request.uri().to_string()),
        response.status().as_u16(),
        began.elapsed().as_secs_f64() * 1000.0,
        caller.customer().map_or_else(|| "-".to_owned(), |c| c.to_string()),
    );
    response
}

/// Returns a panic as a problem; the panic has logged its place itself.
fn broken_off(panic: &(dyn Any + Send)) -> Problem {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("broke off: {}", words.unwrap_or("without a word")))
}
