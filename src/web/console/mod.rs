//! The console: pages for people at the addresses of the API, and the files that bring them to life.
//!
//! A page holds its document, and shows it without script too. With script it is a client of the API that learns classes,
//! properties and operations from the vocabulary (`docs/console.md`).

pub mod assets;
mod fallback;
mod names;
pub mod shell;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};

use assets::{DOCUMENTS, HASH};

use super::endpoint::{Caching, Call};
use super::{request, respond};
use crate::hydra::Problem;

/// Caching of files whose address changes with their content.
pub const FOR_EVER: Caching = Caching::Shared("public, max-age=31536000, immutable");

/// Answers with a file of the console.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is none of that name in this version, [`Problem::PreconditionFailed`].
pub fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    call.context.mark_shared();
    let [hash, name] = call.values else { return Err(missing()) };
    if *hash != **HASH {
        return Err(missing());
    }
    let (media_type, document) = DOCUMENTS.get(name.as_str()).ok_or_else(missing)?;
    let mut response = respond::document(media_type, document, &request::conditions(call.request))?;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn missing() -> Problem {
    Problem::NotFound("this version of the console has no such file".into())
}
