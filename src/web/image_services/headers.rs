//! Headers of the image services: what may be stored by whom, and under which tags a cache can purge it.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::Asked;
use crate::iiif::DescriptionAccess;
use crate::iiif::path::ImageService;
use crate::web::conditional::varying;

const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const XKEY: HeaderName = HeaderName::from_static("xkey");

/// Caching of thumbnails, which are revalidated each time, because they may be closed at any moment, and then
/// nobody may be shown them any more. Revalidating costs no pixels.
const REVALIDATED: HeaderValue = HeaderValue::from_static("public, no-cache");

/// Caching of what is not open to anybody, and of refusals.
pub const NOT_STORED: HeaderValue = HeaderValue::from_static("private, no-store");

/// Tells who may store an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Any cache, for some seconds.
    ForSeconds,
    /// Any cache, which asks each time whether it still holds.
    Revalidated,
    Nobody,
}

impl Store {
    /// Returns who may store what is said of an image to anybody.
    pub fn of(asked: &Asked<'_>) -> Self {
        match (asked.path.service, asked.image.protection.description()) {
            _ if asked.is_opened => Self::Nobody,
            (ImageService::Thumbnails, _) => Self::Revalidated,
            (ImageService::Degraded, _)
            | (_, DescriptionAccess::Open | DescriptionAccess::Tier { .. }) => Self::ForSeconds,
            (_, DescriptionAccess::NeedsRole { .. } | DescriptionAccess::Closed) => Self::Nobody,
        }
    }

    /// Says in an answer who may store it, and the tags by which public caches can purge it.
    pub fn write(self, answer: &mut HttpResponse, asked: &Asked<'_>) {
        let headers = answer.headers_mut();
        let value = match self {
            Self::ForSeconds => asked.call.service.open_caching.clone(),
            Self::Revalidated => REVALIDATED,
            Self::Nobody => NOT_STORED,
        };
        headers.insert(header::CACHE_CONTROL, value);
        if self != Self::Nobody {
            for (name, separator) in [(CACHE_TAG, ","), (XKEY, " ")] {
                if let Ok(value) = HeaderValue::try_from(asked.image.cache_tags.join(separator)) {
                    headers.insert(name, value);
                }
            }
        }
    }
}

/// Returns a redirect to another address of the service.
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

/// Says that an answer depends on what is accepted.
pub fn vary_by_accept(answer: &mut HttpResponse) {
    varying(answer.headers_mut(), "Accept");
}
