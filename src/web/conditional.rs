//! Conditional requests: entity tags, and answers that were not modified.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::hydra::tag::coded;
use crate::hydra::{ContentCoding, Problem, Tag, Variant};
use crate::resource::{Conditions, Freshness};

/// Says of which state and representation the response is; [`recoded`] adds the content coding. `ETag` is written in
/// this file only.
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
    variant: Variant,
    conditions: &Conditions,
    make: impl FnOnce(HttpResponseBuilder) -> HttpResponse,
) -> Result<HttpResponse, Problem> {
    let unchanged = not_modified(&mut response, tag, variant, conditions)?;
    Ok(unchanged.unwrap_or_else(|| make(response)))
}

/// Tags the answer to a reader; where the reader has this very representation, that is the answer.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn not_modified(
    response: &mut HttpResponseBuilder,
    tag: Tag,
    variant: Variant,
    conditions: &Conditions,
) -> Result<Option<HttpResponse>, Problem> {
    let freshness = conditions.judge(tag, variant)?;
    tagged(response, tag, variant.suffix);
    let Freshness::Unchanged(coding) = freshness else { return Ok(None) };
    let mut response = response.status(StatusCode::NOT_MODIFIED).finish();
    let headers = response.headers_mut();
    recoded(headers, coding);
    if variant.is_text {
        varying(headers, VARIES_BY_CODING);
    }
    Ok(Some(response))
}

/// The header by which texts vary.
pub const VARIES_BY_CODING: &str = "Accept-Encoding";

/// Says that an answer depends on headers of the request, in the one line of `Vary`, because some caches read one only.
pub fn varying(headers: &mut HeaderMap, names: &'static str) {
    let others = headers.get(header::VARY).and_then(|others| others.to_str().ok());
    let all = match others {
        None => Ok(HeaderValue::from_static(names)),
        Some(others) => HeaderValue::try_from(format!("{others}, {names}")),
    };
    if let Ok(all) = all {
        headers.insert(header::VARY, all);
    }
}

/// Says in the entity tag, if there is one, in which content coding the representation is sent.
pub fn recoded(headers: &mut HeaderMap, coding: ContentCoding) {
    let plain = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let open = plain.and_then(|tag| tag.strip_suffix('"'));
    let coded = open.map(|open| format!("{}\"", coded(open.to_owned(), coding)));
    if let Some(Ok(tag)) = coded.map(HeaderValue::try_from) {
        headers.insert(header::ETAG, tag);
    }
}
