//! The headers of answers that scripts of other sites may read (CORS).

use actix_web::http::header::HeaderValue;

use super::endpoint::{Audience, Endpoint};
use crate::metrics::http::RequestClass;

const OF_API: HeaderValue = HeaderValue::from_static(
    "Link, Location, ETag, Last-Modified, Allow, Accept-Patch, Accept-Post, \
     Content-Location, Content-Range, Accept-Ranges, Content-Disposition, Retry-After, Preference-Applied, WWW-Authenticate, \
     Vary, X-Request-Id, Hydria-Ignored",
);

/// Those of the API that answers of uploads have, and those of tus.
const OF_UPLOADS: HeaderValue = HeaderValue::from_static(
    "Link, Location, ETag, Last-Modified, Allow, Accept-Patch, Accept-Post, \
     Content-Range, Accept-Ranges, Content-Disposition, Retry-After, Preference-Applied, WWW-Authenticate, Vary, \
     X-Request-Id, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires",
);

/// No others than images have, because they stand before each tile.
const OF_IMAGES: HeaderValue = HeaderValue::from_static(
    "Link, Location, ETag, Last-Modified, Allow, Content-Range, Accept-Ranges, Content-Disposition, Vary, X-Request-Id",
);

/// Returns the value of `Access-Control-Expose-Headers` of an answer; nothing where scripts of other sites may not read it.
///
/// `endpoint` is `None` where a class answers, or nothing; `is_good` tells that the answer is no refusal.
pub fn exposed(endpoint: Option<&Endpoint>, is_good: bool) -> Option<HeaderValue> {
    let Some(endpoint) = endpoint else { return Some(OF_API) };
    let headers = match (endpoint.class, endpoint.audience) {
        (RequestClass::Upload, _) => OF_UPLOADS,
        (_, Audience::Viewers) if is_good => OF_IMAGES,
        // Refusals are documents of the API wherever they occur.
        _ => OF_API,
    };
    endpoint.cross_origin.then_some(headers)
}
