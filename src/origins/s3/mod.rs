//! Objects of S3 as origins: where they are, whose identity asks, and requests that are signed.

mod ambient;
mod location;

use std::fmt;

use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::header::HeaderMap;
use reqwest::{Response, Url};

use super::body::Answer;
use super::error::OriginError;
use super::http::{Authorize, Http};
use crate::storage::digests;
pub use ambient::{Ambient, Identity};
pub use location::{Endpoint, Location, region_of, strict};

/// The region of endpoints that have none, and the first that Amazon had.
const REGION: &str = "us-east-1";
/// In which an answer tells where the bucket is.
const TOLD_REGION: &str = "x-amz-bucket-region";

/// Target of a request.
pub enum Object<'a> {
    /// An object of a bucket, at an endpoint.
    At(&'a Location, &'a Endpoint),
    /// A URL as it was given.
    Url(&'a Url),
}

/// Asks for an object, with requests that are signed for the region that its URL names, or `region`; where the answer tells
/// another, once more for that.
///
/// # Errors
/// Returns [`OriginError`] for every answer but the object.
pub async fn get(
    http: &Http,
    object: &Object<'_>,
    credential: &AwsCredential,
    region: Option<&str>,
) -> Result<Answer, OriginError> {
    let named = match object {
        Object::At(at, _) => at.region.clone(),
        Object::Url(url) => region_of(url),
    };
    let region = named.or(region.map(str::to_owned)).unwrap_or_else(|| REGION.to_owned());
    let answer = ask(http, object, credential, &region).await?;
    match told_region(&answer) {
        Some(told) if told != region => Http::read(ask(http, object, credential, &told).await?),
        _ => Http::read(answer),
    }
}

async fn ask(
    http: &Http,
    object: &Object<'_>,
    credential: &AwsCredential,
    region: &str,
) -> Result<Response, OriginError> {
    let url = match object {
        Object::At(at, endpoint) => endpoint.url(at, region),
        Object::Url(url) => strict((*url).clone()),
    };
    let url = url.map_err(OriginError::Unusable)?;
    http.follow(url, &Signature { credential, region }).await
}

/// Returns the region in which the bucket is said to be, by an answer that is not the object.
fn told_region(answer: &Response) -> Option<String> {
    if answer.status().is_success() {
        return None;
    }
    let told = answer.headers().get(TOLD_REGION)?.to_str().ok()?;
    let is_region = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (!told.is_empty() && told.len() <= 40 && told.bytes().all(is_region)).then(|| told.to_owned())
}

/// Signs requests (Signature Version 4).
struct Signature<'a> {
    credential: &'a AwsCredential,
    region: &'a str,
}

impl fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl Authorize for Signature<'_> {
    fn headers(&self, url: &Url) -> Result<HeaderMap, OriginError> {
        let cannot =
            |source: Box<dyn std::error::Error + Send + Sync>| OriginError::Client { source };
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = url.as_str().parse().map_err(|error| {
            let error: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
            cannot(error)
        })?;
        let crypto = digests::provider();
        AwsAuthorizer::new(self.credential, "s3", self.region)
            .with_crypto(&*crypto)
            .try_authorize(&mut request, None)
            .map_err(|error| cannot(error.into()))?;
        Ok(std::mem::take(request.headers_mut()))
    }

    /// Amazon redirects to the region of a bucket, and the same object is meant there.
    fn extends_to(&self, from: &Url, to: &Url) -> bool {
        let object = |url| Location::read(url, &Endpoint::Amazon).ok().flatten();
        let is_same = || {
            let (from, to) = object(from).zip(object(to))?;
            Some((from.bucket, from.key) == (to.bucket, to.key))
        };
        from.origin() == to.origin() || (to.scheme() == "https" && is_same() == Some(true))
    }
}
