//! Buckets that the operator assigns to customers, fetched with the service's own identity.

use std::fmt;
use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider};
use reqwest::Url;

use super::location::{Endpoint, Location};
use crate::origins::error::OriginError;
use crate::origins::url::OriginUrlError;
use crate::storage::{Place, digests};

/// Buckets, and parts of them, by the customers for whom they may be read; from `HYDRIA_S3_AMBIENT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ambient {
    endpoint: Endpoint,
    shares: Vec<Share>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Share {
    customer: i32,
    bucket: String,
    /// Without slashes at its ends; empty: the whole bucket.
    prefix: String,
}

impl Ambient {
    /// Reads shares such as `2=s3://maps/scans`, separated by commas or blanks; the endpoint is that of the identity.
    ///
    /// # Errors
    /// Returns what is wrong, as the rest of a sentence that begins with the setting.
    pub fn read(text: &str, endpoint: Endpoint) -> Result<Self, String> {
        let parts = text.split(|c: char| c == ',' || c.is_whitespace());
        let shares = parts.filter(|part| !part.is_empty()).map(|part| {
            let wrong = || format!("must have parts such as 2=s3://bucket/prefix, not {part}");
            let (customer, url) = part.split_once('=').ok_or_else(wrong)?;
            let (bucket, prefix) = bucket_and_prefix(url).ok_or_else(wrong)?;
            let customer = customer.parse().ok().filter(|customer| *customer > 0);
            Ok(Share { customer: customer.ok_or_else(wrong)?, bucket, prefix })
        });
        Ok(Self { endpoint, shares: shares.collect::<Result<_, String>>()? })
    }

    /// Returns whether nothing is assigned to anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }

    /// Returns whether something is assigned to a customer.
    #[must_use]
    pub fn names(&self, customer: i32) -> bool {
        self.shares.iter().any(|share| share.customer == customer)
    }

    /// Returns whether anything that is assigned is in a storage, or holds it.
    #[must_use]
    pub fn overlaps(&self, storage: &Place) -> bool {
        let Place::Bucket(place) = storage else { return false };
        let endpoint = place.endpoint().map_or(Ok(Endpoint::Amazon), Endpoint::read);
        if endpoint.is_ok_and(|endpoint| endpoint.server() != self.endpoint.server()) {
            return false;
        }
        let own = parts(place.prefix());
        self.shares.iter().any(|share| {
            let assigned = parts(&share.prefix);
            share.bucket.eq_ignore_ascii_case(place.bucket())
                && (own.starts_with(&assigned) || assigned.starts_with(&own))
        })
    }

    /// Returns the object that an origin of a customer's names.
    ///
    /// # Errors
    /// Returns [`OriginUrlError::NoObject`], or [`OriginUrlError::NotAssigned`] where it is not the customer's to read.
    pub fn locate(&self, customer: i32, url: &Url) -> Result<Location, OriginUrlError> {
        let at = Location::read(url, &self.endpoint)?.ok_or(OriginUrlError::NoObject)?;
        let is_assigned = self.shares.iter().any(|share| {
            share.customer == customer
                && share.bucket == at.bucket
                && within(&at.key, &share.prefix)
        });
        if is_assigned { Ok(at) } else { Err(OriginUrlError::NotAssigned) }
    }
}

/// Returns whether a key is a prefix, or below it: `scans` has no part in `scans-of-others`.
fn within(key: &str, prefix: &str) -> bool {
    match key.strip_prefix(prefix) {
        Some(rest) => prefix.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Returns the parts of a prefix; there are servers to which several slashes are one.
fn parts(prefix: &str) -> Vec<&str> {
    prefix.split('/').filter(|part| !part.is_empty()).collect()
}

fn bucket_and_prefix(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_bucket = !bucket.is_empty() && bucket.bytes().all(is_name);
    is_bucket.then(|| (bucket.to_owned(), prefix.trim_matches('/').to_owned()))
}

/// The identity of this process in S3, from the environment: keys, a role, or the machine's own.
pub struct Identity {
    pub provider: AwsCredentialProvider,
    pub region: Option<String>,
    pub endpoint: Endpoint,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Identity {
    /// Reads the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_REGION` and others); nothing is asked for yet.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] where they contradict one another.
    pub fn of_environment(ambient: &Ambient) -> Result<Self, OriginError> {
        let builder = AmazonS3Builder::from_env()
            // It has to have one; the identity is that of all.
            .with_bucket_name("any")
            .with_allow_http(true)
            .with_crypto_provider(digests::provider());
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        let client =
            builder.build().map_err(|error| OriginError::Client { source: error.into() })?;
        let provider = Arc::clone(client.credentials());
        Ok(Self { provider, region, endpoint: ambient.endpoint.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::BucketAccess;

    fn located(ambient: &Ambient, customer: i32, url: &str) -> Result<String, OriginUrlError> {
        ambient.locate(customer, &Url::parse(url).expect("a URL")).map(|at| at.key)
    }

    #[test]
    fn a_customer_reads_what_is_assigned_to_it_and_nothing_beside() {
        let text = "2=s3://maps/scans/, 2=s3://own 3=s3://maps/others";
        let ambient = Ambient::read(text, Endpoint::Amazon).expect("shares");
        assert_eq!(located(&ambient, 2, "s3://maps/scans/a.jpg"), Ok("scans/a.jpg".to_owned()));
        assert_eq!(located(&ambient, 2, "https://own.s3.amazonaws.com/x"), Ok("x".to_owned()));
        for (customer, url) in [
            (2, "s3://maps/scans-of-others/a.jpg"),
            (2, "s3://maps/others/a.jpg"),
            (2, "s3://maps/a.jpg"),
            (3, "s3://maps/scans/a.jpg"),
            (3, "s3://own/a.jpg"),
            (4, "s3://maps/scans/a.jpg"),
        ] {
            assert_eq!(located(&ambient, customer, url), Err(OriginUrlError::NotAssigned), "{url}");
        }
        for url in ["s3://maps/scans/../others/a", "s3://maps/scans/%2e%2e/others/a"] {
            assert!(located(&ambient, 2, url).is_err(), "{url}");
        }
        assert_eq!(
            located(&ambient, 2, "s3://maps/scans/x%2F..%2F..%2Fothers"),
            Err(OriginUrlError::NoObject)
        );
        assert!(ambient.names(3) && !ambient.names(4));
    }

    #[test]
    fn what_overlaps_is_told() {
        let ambient = Ambient::read("2=s3://maps/scans", Endpoint::Amazon).expect("shares");
        let place = |text: &str, endpoint: Option<&str>| {
            let variable =
                |name: &str| endpoint.filter(|_| name == "AWS_ENDPOINT_URL").map(str::to_owned);
            Place::parse(text, &BucketAccess::read(variable, None)).expect("a place")
        };
        for (text, overlaps) in [
            ("s3://maps", true),
            ("s3://maps/", true),
            ("s3://maps/scans", true),
            ("s3://maps/scans/hydria/", true),
            ("s3://maps/hydria", false),
            ("s3://maps/scan", false),
            ("s3://others/scans", false),
            ("/maps/scans", false),
        ] {
            assert_eq!(ambient.overlaps(&place(text, None)), overlaps, "{text}");
        }
        let of_region = Some("https://s3.eu-central-1.amazonaws.com");
        assert!(ambient.overlaps(&place("s3://maps", of_region)), "Amazon by another name");
        assert!(!ambient.overlaps(&place("s3://maps", Some("http://s3.local"))));
        let local = Endpoint::read("http://S3.local:9000").expect("a server");
        let ambient = Ambient::read("2=s3://maps//scans//old", local).expect("shares");
        assert!(ambient.overlaps(&place("s3://maps/scans", Some("https://s3.local"))));
        assert!(!ambient.overlaps(&place("s3://maps/scans", None)));
        for wrong in ["maps", "2=maps", "x=s3://maps", "0=s3://maps", "2=s3://", "2=s3://a:b@c"] {
            assert!(Ambient::read(wrong, Endpoint::Amazon).is_err(), "{wrong}");
        }
        assert!(Ambient::read("", Endpoint::Amazon).expect("none").is_empty());
    }
}
