//! Cross-site request forgery.

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::{body, public_address};
use crate::hydra::Problem;

/// Returns whether a request is a POST that a page of another site can have a browser send with the credentials that it
/// remembers, without a preflight (Fetch, CORS-safelisted requests).
///
/// The media types that are read here are preflighted. `base`: the public address of the root.
pub fn is_forged(request: &HttpRequest, base: &str) -> bool {
    let text = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap_or_default());
    if request.method() != Method::POST || text("Content-Type").is_some_and(body::is_read) {
        return false;
    }
    let is_other = |origin: &str| !origin.eq_ignore_ascii_case(public_address::origin(base));
    matches!(text("Sec-Fetch-Site"), Some("cross-site" | "same-site"))
        || text("Origin").is_some_and(is_other)
}

/// Returns whether a request was sent by a page of this service, as the browser says: no page of another site can have it say so.
pub fn is_own(request: &HttpRequest, base: &str) -> bool {
    let text = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap_or_default());
    match text("Sec-Fetch-Site") {
        Some(site) => site == "same-origin",
        // Browsers before 2023, and http.
        None => text("Origin")
            .is_some_and(|origin| origin.eq_ignore_ascii_case(public_address::origin(base))),
    }
}

/// Returns the refusal of what [`is_own`] says is from elsewhere.
pub fn foreign() -> Problem {
    Problem::Forbidden(
        "with a session, and to begin one, a request that may change something has to come from a page of this \
         service: with Sec-Fetch-Site: same-origin, or with its Origin"
            .into(),
    )
}
