//! HTTP and HTTPS with a user and a password (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::{Fetch, Kind, Opening};
use crate::origins::credentials::{CredentialUse, Credentials, PASSWORD, USER, USER_AND_PASSWORD};
use crate::origins::error::OriginError;
use crate::origins::http::{Authorize, SCHEMES};

/// Shows a user and a password to the origin, and to nobody it redirects to.
#[derive(Debug)]
pub struct BasicHttpAuthentication;

impl Kind for BasicHttpAuthentication {
    fn id(&self) -> &'static str {
        "basic-http-authentication"
    }

    /// Reads 2016's word as well (`docs/rules.md` 7.4).
    fn older_ids(&self) -> &'static [&'static str] {
        &["basic_https"]
    }

    fn name(&self) -> &'static str {
        "Basic HTTP authentication"
    }

    fn schemes(&self) -> &'static [&'static str] {
        SCHEMES
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Required(&USER_AND_PASSWORD)
    }

    fn open<'a>(&'a self, Fetch { url, credentials, network, .. }: Fetch<'a>) -> Opening<'a> {
        Box::pin(async move {
            let credentials = credentials.ok_or_else(|| USER_AND_PASSWORD.missing())?;
            network.http.get(url, &Basic(credentials)).await
        })
    }
}

struct Basic<'a>(&'a Credentials);

impl Authorize for Basic<'_> {
    fn headers(&self, _url: &Url) -> Result<HeaderMap, OriginError> {
        let part = |field| self.0.get(field).unwrap_or_default();
        let pair = STANDARD.encode(format!("{}:{}", part(USER), part(PASSWORD)));
        // Base64 is always the value of a header.
        let value = HeaderValue::try_from(format!("Basic {pair}"));
        let mut value = value.map_err(|error| OriginError::Client { source: error.into() })?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }
}
