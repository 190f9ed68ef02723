//! Conditional requests: entity tags, and answers that were not modified.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::hydra::{Problem, Tag};
use crate::resource::{Conditions, Freshness};

/// Says of which state and representation the response is: the one place where `ETag` is written.
pub fn tagged(response: &mut HttpResponseBuilder, tag: Tag, suffix: &str) {
    response.insert_header((header::ETAG, tag.entity_tag(suffix)));
}

/// Returns the answer to a reader: a representation, which is made only where the reader has another one.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn respond_conditionally(
    mut response: HttpResponseBuilder,
    tag: Tag,
    suffix: &str,
    conditions: &Conditions,
    make: impl FnOnce(HttpResponseBuilder) -> HttpResponse,
) -> Result<HttpResponse, Problem> {
    let unchanged = not_modified(&mut response, tag, suffix, conditions)?;
    Ok(unchanged.unwrap_or_else(|| make(response)))
}

/// Tags the answer to a reader; where the reader has this very representation, that is the answer.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn not_modified(
    response: &mut HttpResponseBuilder,
    tag: Tag,
    suffix: &str,
    conditions: &Conditions,
) -> Result<Option<HttpResponse>, Problem> {
    let freshness = conditions.judge(tag, suffix)?;
    tagged(response, tag, suffix);
    Ok(match freshness {
        Freshness::Changed => None,
        Freshness::Unchanged => Some(response.status(StatusCode::NOT_MODIFIED).finish()),
    })
}
