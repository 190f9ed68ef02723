//! Places of objects: in a folder, or in a bucket of a server that speaks S3.

use std::fmt;
use std::path::PathBuf;

use object_store::path;

/// The variables, beside the address, that say how a bucket is reached, as other clients of S3 know them.
pub const VARIABLES: [&str; 14] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The scheme of the address of a bucket.
const SCHEME: &str = "s3://";

/// The place of the objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    Bucket(BucketPlace),
}

/// A bucket, or what is below a prefix of it.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketPlace {
    pub(super) bucket: String,
    /// Without slashes at its ends; empty for the whole bucket.
    pub(super) prefix: String,
    pub(super) access: BucketAccess,
}

/// The server of a bucket, and the identity that is shown to it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BucketAccess {
    /// Members of [`VARIABLES`] that are set, with their values.
    variables: Vec<(&'static str, String)>,
    /// Tells whether the bucket is part of the host in requests; `None`: unless there is an endpoint.
    is_in_host: Option<bool>,
}

impl BucketAccess {
    /// Reads the variables by `get`, in which what is empty is unset.
    pub fn read(get: impl Fn(&str) -> Option<String>, is_in_host: Option<bool>) -> Self {
        let value = |name: &'static str| Some((name, get(name)?.trim().to_owned()));
        Self { variables: VARIABLES.into_iter().filter_map(value).collect(), is_in_host }
    }

    /// Returns the address of the server, without a bucket; `None`: that of Amazon in the region.
    pub(super) fn endpoint(&self) -> Option<&str> {
        let of = |wanted: &str| self.variables().find(|(name, _)| *name == wanted);
        let found = of("AWS_ENDPOINT_URL_S3").or_else(|| of("AWS_ENDPOINT_URL"));
        found.map(|(_, value)| value.trim_end_matches('/'))
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(super) fn is_in_host(&self) -> bool {
        self.is_in_host.unwrap_or(self.endpoint().is_none())
    }
}

impl Place {
    /// Reads the path of a folder, or the address of a bucket: `s3://bucket`, `s3://bucket/prefix`.
    ///
    /// # Errors
    /// Returns what it must be, where it is neither.
    pub fn parse(text: &str, access: &BucketAccess) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix(SCHEME) {
            return BucketPlace::parse(rest, access).map(Self::Bucket);
        }
        match text.split_once(':') {
            Some((scheme, rest))
                if (rest.starts_with('/') || scheme.eq_ignore_ascii_case("s3"))
                    && !scheme.is_empty()
                    && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
            {
                Err("must be the path of a folder, or s3://bucket/prefix, and no other URL".into())
            }
            _ => Ok(Self::Folder(PathBuf::from(text))),
        }
    }
}

impl BucketPlace {
    /// Returns the name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the beginning of all keys, without slashes at its ends; empty for the whole bucket.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the address of the server, without a bucket; `None`: that of Amazon in the region.
    pub fn endpoint(&self) -> Option<&str> {
        self.access.endpoint()
    }

    /// Returns the places above it in the bucket, from the whole bucket on.
    pub(super) fn above(&self) -> impl Iterator<Item = Self> + '_ {
        let ends = std::iter::once(0).chain(self.prefix.match_indices('/').map(|(at, _)| at));
        let prefixes = ends.filter_map(|end| self.prefix.get(..end));
        prefixes
            .filter(|prefix| *prefix != self.prefix)
            .map(|prefix| Self { prefix: prefix.to_owned(), ..self.clone() })
    }

    fn parse(text: &str, access: &BucketAccess) -> Result<Self, String> {
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        let prefix = prefix.trim_matches('/');
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(allowed) {
            return Err(
                "must name a bucket of 3 to 63 lower-case letters, digits, dots and hyphens".into(),
            );
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/!_.*'()-".contains(c);
        if path::Path::parse(prefix).is_err() || !prefix.chars().all(allowed) {
            return Err(
                "must have a prefix of letters, digits and /!_.*'()- without empty parts".into()
            );
        }
        if let Some(endpoint) = access.endpoint() {
            let host = endpoint.strip_prefix("https://").or(endpoint.strip_prefix("http://"));
            let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@']);
            if !host.is_some_and(is_host) {
                return Err(
                    "needs AWS_ENDPOINT_URL to be http:// or https:// with a host, and no path"
                        .into(),
                );
            }
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned(), access: access.clone() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket(bucket) => write!(f, "{bucket}"),
        }
    }
}

impl fmt::Display for BucketPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        match self.access.endpoint() {
            Some(endpoint) => write!(f, " at {endpoint}"),
            None => Ok(()),
        }
    }
}

/// Shows no credentials.
impl fmt::Debug for BucketPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &[(&'static str, &str)]) -> BucketAccess {
        let get = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        BucketAccess::read(get, None)
    }

    #[test]
    fn buckets_have_addresses_that_are_told_without_credentials() {
        let secret =
            access(&[("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_ENDPOINT_URL", "http://s3:1/")]);
        let place = Place::parse("s3://images/hydria/one/", &secret).expect("a bucket");
        assert_eq!(place.to_string(), "s3://images/hydria/one at http://s3:1");
        assert!(!format!("{place:?}").contains("hush"));
        let place = Place::parse("s3://images", &access(&[])).expect("a bucket");
        assert_eq!(place.to_string(), "s3://images");
    }

    #[test]
    fn what_is_no_bucket_is_refused() {
        let none = access(&[]);
        for text in [
            "s3://",
            "s3://B",
            "s3://ab",
            "s3://images/a//b",
            "s3://images/a?b",
            "gs://images",
            "s3:images",
            "S3:images/a",
        ] {
            assert!(Place::parse(text, &none).is_err(), "{text}");
        }
        for endpoint in ["s3:1", "ftp://s3", "http://", "http://me@s3", "http://s3/path"] {
            let access = access(&[("AWS_ENDPOINT_URL", endpoint)]);
            assert!(Place::parse("s3://images", &access).is_err(), "{endpoint}");
        }
    }
}
