//! The body of a request: bounded, of a type that is offered, and JSON.

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::MAX_BODY_BYTES;
use crate::hydra::Problem;
use crate::resource::Body;

/// Room for a body before any of it has come; what is announced need not come.
const FIRST_BYTES: usize = 64 << 10;

/// Media types that POST and PUT take.
pub const ACCEPT_POST: &str = "application/ld+json, application/json";
/// Media types that PATCH takes; all mean the same.
pub const ACCEPT_PATCH: &str =
    "application/merge-patch+json, application/ld+json, application/json";

/// Reads the body of a request as JSON; none: there is none.
///
/// # Errors
/// In this order: [`Problem::TooLarge`], [`Problem::UnsupportedMediaType`], [`Problem::Unreadable`].
pub async fn read(
    request: &HttpRequest,
    payload: &mut web::Payload,
    body: Body,
) -> Result<Option<Value>, Problem> {
    if body == Body::None {
        return Ok(None);
    }
    let bytes = collect(request, payload).await?;
    if body == Body::Optional && bytes.is_empty() {
        return Ok(None);
    }
    check_type(request)?;
    if bytes.is_empty() {
        return Err(Problem::Unreadable("a body is expected; there is none".into()));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|e| Problem::Unreadable(format!("the body is not UTF-8: {e}")))?;
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
        .map(Some)
        .map_err(|e| Problem::Unreadable(format!("the body is not JSON: {e}")))
}

async fn collect(
    request: &HttpRequest,
    payload: &mut web::Payload,
) -> Result<web::BytesMut, Problem> {
    const TOO_LARGE: Problem = Problem::TooLarge { limit_bytes: MAX_BODY_BYTES };
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let announced: usize = announced.and_then(|v| v.parse().ok()).unwrap_or_default();
    if announced > MAX_BODY_BYTES {
        return Err(TOO_LARGE);
    }
    let mut bytes = web::BytesMut::with_capacity(announced.min(FIRST_BYTES));
    while let Some(part) = payload.next().await {
        let part = part.map_err(|e| Problem::Unreadable(format!("the body broke off: {e}")))?;
        if bytes.len() + part.len() > MAX_BODY_BYTES {
            return Err(TOO_LARGE);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let offered = match request.method().as_str() {
        "PATCH" => ACCEPT_PATCH,
        _ => ACCEPT_POST,
    };
    let Some(given) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or("that is no text");
    let media_type = given.split(';').next().unwrap_or_default().trim();
    let is_offered = offered.split(", ").any(|o| o.eq_ignore_ascii_case(media_type));
    if is_offered || media_type.is_empty() {
        Ok(())
    } else {
        Err(Problem::UnsupportedMediaType { given: media_type.to_owned(), offered })
    }
}
