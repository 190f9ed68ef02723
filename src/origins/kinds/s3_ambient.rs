//! Buckets of S3 that the operator assigns to customers, with the identity of the service.

use reqwest::Url;

use super::{Fetch, Kind, Opening};
use crate::origins::credentials::CredentialUse;
use crate::origins::error::OriginError;
use crate::origins::s3::{self, Ambient, Object};
use crate::origins::url::OriginUrlError;

/// Reads for a customer what is assigned to it, and nothing else.
#[derive(Debug)]
pub struct S3Ambient;

impl Kind for S3Ambient {
    fn id(&self) -> &'static str {
        "s3-ambient"
    }

    fn name(&self) -> &'static str {
        "S3 with the identity of the service"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["s3", "http", "https"]
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Never
    }

    fn check_customer(&self, customer: i32, ambient: &Ambient) -> Result<(), &'static str> {
        if ambient.names(customer) {
            return Ok(());
        }
        Err(
            "needs buckets that the operator of this service assigns to this customer, by HYDRIA_S3_AMBIENT",
        )
    }

    fn check(&self, url: &Url, customer: i32, ambient: &Ambient) -> Result<(), OriginUrlError> {
        ambient.locate(customer, url).map(drop)
    }

    fn open<'a>(&'a self, Fetch { url, customer, network, .. }: Fetch<'a>) -> Opening<'a> {
        Box::pin(async move {
            let at = network.ambient.locate(customer, &url).map_err(OriginError::Unusable)?;
            // Something is assigned, so there is an identity.
            let identity = network.identity.as_ref();
            let identity = identity.ok_or(OriginError::Unusable(OriginUrlError::NotAssigned))?;
            let credential = identity.provider.get_credential().await;
            let credential =
                credential.map_err(|error| OriginError::NoIdentity { source: error.into() })?;
            let object = Object::At(&at, &identity.endpoint);
            s3::get(&network.http, &object, &credential, identity.region.as_deref()).await
        })
    }
}
