//! Buckets of S3, with the customer's own keys.

use object_store::aws::AwsCredential;
use reqwest::Url;

use super::{Fetch, Kind, Opening};
use crate::origins::credentials::{
    ACCESS_KEY_ID, CredentialUse, Credentials, ENDPOINT, REGION, SECRET_ACCESS_KEY, Shape,
};
use crate::origins::error::OriginError;
use crate::origins::s3::{self, Endpoint, Location, Object};

/// Signs requests with keys that the customer gives, for `s3://` URLs and those of HTTP.
#[derive(Debug)]
pub struct S3;

static KEYS: Shape = Shape {
    words: "an access key and its secret",
    required: &[ACCESS_KEY_ID, SECRET_ACCESS_KEY],
    optional: &[REGION, ENDPOINT],
    rule: |given| {
        // Both become part of what is sent and signed.
        let is_plain = |text: &str, others: &[u8]| {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || others.contains(&b))
        };
        if given.get(ACCESS_KEY_ID).is_some_and(|id| !is_plain(id, b"-._+=@")) {
            let reason = "must be letters, digits and -._+=@";
            return Err((ACCESS_KEY_ID.name, reason.to_owned()));
        }
        if given.get(REGION).is_some_and(|region| !is_plain(region, b"-")) {
            return Err((REGION.name, "must be letters, digits and hyphens".to_owned()));
        }
        let endpoint = given.get(ENDPOINT).map_or(Ok(()), |text| Endpoint::read(text).map(drop));
        endpoint.map_err(|reason| (ENDPOINT.name, reason))
    },
};

impl Kind for S3 {
    fn id(&self) -> &'static str {
        "s3"
    }

    fn name(&self) -> &'static str {
        "S3 with access keys"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["s3", "http", "https"]
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Required(&KEYS)
    }

    fn host(&self, url: &Url, credentials: Option<&Credentials>) -> Option<String> {
        let host = match (url.scheme(), credentials.map(endpoint)) {
            ("s3", Some(Endpoint::Other(endpoint))) => endpoint.host_str().map(str::to_owned),
            _ => None,
        };
        host.or_else(|| url.host_str().map(str::to_owned))
    }

    fn open<'a>(&'a self, Fetch { url, credentials, network, .. }: Fetch<'a>) -> Opening<'a> {
        Box::pin(async move {
            let credentials = credentials.ok_or_else(|| KEYS.missing())?;
            let part = |field| credentials.get(field).unwrap_or_default().to_owned();
            let credential = AwsCredential {
                key_id: part(ACCESS_KEY_ID),
                secret_key: part(SECRET_ACCESS_KEY),
                token: None,
            };
            let endpoint = endpoint(credentials);
            let region = credentials.get(REGION);
            // URLs of HTTP are asked for as they are, wherever they lead: the customer's pattern chose them.
            let at = match url.scheme() {
                "s3" => Location::read(&url, &endpoint).map_err(OriginError::Unusable)?,
                _ => None,
            };
            let object = match &at {
                Some(at) => Object::At(at, &endpoint),
                None => Object::Url(&url),
            };
            s3::get(&network.http, &object, &credential, region).await
        })
    }
}

fn endpoint(credentials: &Credentials) -> Endpoint {
    let given = credentials.get(ENDPOINT).and_then(|text| Endpoint::read(text).ok());
    given.unwrap_or_default()
}
