//! The headers of tus 1.0.0, as far as it is spoken here.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::hydra::Problem;

/// The one version that is spoken.
const VERSION: &str = "1.0.0";
/// The extensions of the protocol that are offered.
const EXTENSIONS: &str = "creation,expiration,termination";
/// The media type of a PATCH.
pub const PART: &str = "application/offset+octet-stream";

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const DEFERRED: HeaderName = HeaderName::from_static("upload-defer-length");
const CONCATENATED: HeaderName = HeaderName::from_static("upload-concat");

/// Says in an answer to OPTIONS what is spoken, and that uploads have so many bytes at most.
pub fn describe(response: &mut HttpResponse, max_bytes: u64) {
    let headers = response.headers_mut();
    headers.insert(EXTENSION, HeaderValue::from_static(EXTENSIONS));
    headers.insert(MAX_SIZE, HeaderValue::from(max_bytes));
    headers.remove(HeaderName::from_static("accept-post"));
    let patch = HeaderName::from_static("accept-patch");
    if headers.contains_key(&patch) {
        headers.insert(patch, HeaderValue::from_static(PART));
    }
}

/// Adds what every answer says, errors too.
pub fn finish(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(VERSIONS, HeaderValue::from_static(VERSION));
}

/// Refuses a request of another version, and one that names none: no page of another site sends the header without asking first.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`].
pub fn check_version(request: &HttpRequest) -> Result<(), Problem> {
    match request.headers().get(RESUMABLE) {
        Some(version) if version == VERSION => Ok(()),
        _ => Err(Problem::PreconditionFailed(format!(
            "uploads are sent by tus {VERSION}: each request says Tus-Resumable: {VERSION}"
        ))),
    }
}

/// Refuses what another extension would be asked for by.
///
/// # Errors
/// Returns [`Problem::Unreadable`].
pub fn check_extensions(headers: &HeaderMap) -> Result<(), Problem> {
    match [DEFERRED, CONCATENATED].into_iter().find(|name| headers.contains_key(name)) {
        None => Ok(()),
        Some(name) => Err(Problem::Unreadable(format!(
            "the header {name} is of an extension that is not offered here; offered are {EXTENSIONS}"
        ))),
    }
}

/// Reads a number of bytes from a header.
///
/// # Errors
/// Returns [`Problem::Unreadable`] if it is not there once, or no whole number from 0 on.
pub fn bytes(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let mut lines = headers.get_all(name);
    let (first, second) = (lines.next(), lines.next());
    let value = first.filter(|_| second.is_none()).and_then(|value| value.to_str().ok());
    // What parses numbers takes a sign as well.
    let digits = value.filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|value| value.parse().ok()).ok_or_else(|| {
        Problem::Unreadable(format!("the header {name} is needed once, with a number of bytes"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bytes_are_digits_and_stand_once() {
        let with = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(LENGTH, HeaderValue::from_static(value));
            }
            bytes(&headers, &LENGTH).ok()
        };
        assert_eq!(with(&["0"]), Some(0));
        assert_eq!(with(&["18446744073709551615"]), Some(u64::MAX));
        for wrong in [
            &[][..],
            &[""],
            &["-1"],
            &["+1"],
            &["1.0"],
            &["0x1"],
            &["1 "],
            &["18446744073709551616"],
            &["1", "1"],
        ] {
            assert_eq!(with(wrong), None, "{wrong:?}");
        }
    }
}
