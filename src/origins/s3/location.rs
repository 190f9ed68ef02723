//! Locations of objects in S3: bucket and key, in each of the forms that URLs have.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;

use crate::origins::url::OriginUrlError;

/// Characters that are encoded in a path that is signed: all but those that stand for themselves (RFC 3986, 2.3, and the separator of segments).
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The server that buckets are asked from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Endpoint {
    /// The endpoint of the region, in Amazon's cloud.
    #[default]
    Amazon,
    /// Another server, without a path.
    Other(Url),
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    /// As it is kept: not percent-encoded, without a slash in front.
    pub key: String,
    /// The region that the URL names.
    pub region: Option<String>,
}

impl Endpoint {
    /// Reads an http or https URL without a path.
    ///
    /// # Errors
    /// Returns what is wrong, as the rest of a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || "must be an http or https URL without a path".to_owned();
        let url = Url::parse(text).map_err(|_not_a_url| wrong())?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_user = !url.username().is_empty() || url.password().is_some();
        match matches!(url.scheme(), "http" | "https") && is_bare && !has_user {
            true => Ok(Self::Other(url)),
            false => Err(wrong()),
        }
    }

    /// Returns the name of the server: of Amazon's cloud one for all regions, and of others the host.
    pub(super) fn server(&self) -> &str {
        match self {
            Self::Amazon => AMAZON,
            Self::Other(url) => match url.host_str().unwrap_or_default() {
                host if host.trim_end_matches(".cn").ends_with(AMAZON) => AMAZON,
                host => host,
            },
        }
    }

    /// Returns the URL of an object: with the bucket in the host where the certificates of Amazon allow it.
    ///
    /// # Errors
    /// Returns [`OriginUrlError::NotAUrl`] for a bucket or a region that no URL can hold.
    pub fn url(&self, at: &Location, region: &str) -> Result<Url, OriginUrlError> {
        let Location { bucket, key, .. } = at;
        let in_host = matches!(self, Self::Amazon) && !bucket.contains(['.', '_']);
        let base = match self {
            Self::Other(url) => Ok(url.clone()),
            Self::Amazon => {
                let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { AMAZON };
                let host = format!("s3.{region}.{domain}");
                let host = if in_host { format!("{bucket}.{host}") } else { host };
                Url::parse(&format!("https://{host}/"))
            }
        };
        let mut url = base.map_err(|_odd| OriginUrlError::NotAUrl)?;
        let path = if in_host { key.clone() } else { format!("{bucket}/{key}") };
        // A key may begin with a slash of its own.
        url.set_path(&format!("/{}", encoded(&path)));
        Ok(url)
    }
}

const AMAZON: &str = "amazonaws.com";

impl Location {
    /// Reads the bucket and the key of `s3://bucket/key`, and of URLs of Amazon's or of an endpoint with the bucket in the
    /// path or in the host; `None` for every other URL.
    ///
    /// # Errors
    /// Returns [`OriginUrlError::NoObject`] where no object is named, or more than an object.
    pub fn read(url: &Url, endpoint: &Endpoint) -> Result<Option<Self>, OriginUrlError> {
        let Some(host) = url.host_str() else { return Ok(None) };
        let path = decoded(url)?;
        let (bucket, key, region) = if url.scheme() == "s3" {
            (Some(host.to_owned()), path, None)
        } else if matches!(endpoint, Endpoint::Amazon)
            && let Some((bucket, region)) = of_amazon(host)
        {
            (bucket.map(str::to_owned), path, region.map(str::to_owned))
        } else if let Endpoint::Other(endpoint) = endpoint
            && let Some(own) = endpoint.host_str()
            && url.port_or_known_default() == endpoint.port_or_known_default()
            && let Some(before) = host.strip_suffix(own)
            && (before.is_empty() || before.ends_with('.'))
        {
            let bucket = before.strip_suffix('.').map(str::to_owned);
            (bucket, path, None)
        } else {
            return Ok(None);
        };
        let (bucket, key) = if let Some(bucket) = bucket {
            (bucket, key)
        } else {
            let (bucket, key) = key.split_once('/').ok_or(OriginUrlError::NoObject)?;
            (bucket.to_owned(), key.to_owned())
        };
        let names_object = !bucket.is_empty()
            && !key.is_empty()
            && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            && !key.split('/').any(|segment| matches!(segment, "." | ".."))
            && url.query().is_none()
            && url.fragment().is_none();
        match names_object {
            true => Ok(Some(Self { bucket, key, region })),
            false => Err(OriginUrlError::NoObject),
        }
    }
}

/// Returns a URL with its path as it is signed, where a server decodes and encodes it again before it looks.
///
/// # Errors
/// Returns [`OriginUrlError::NoObject`] where the path cannot be.
pub fn strict(mut url: Url) -> Result<Url, OriginUrlError> {
    let path = decoded(&url)?;
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(OriginUrlError::NoObject);
    }
    url.set_path(&format!("/{}", encoded(&path)));
    Ok(url)
}

/// Returns the region that a host of Amazon's names.
pub fn region_of(url: &Url) -> Option<String> {
    of_amazon(url.host_str()?)?.1.map(str::to_owned)
}

/// Returns the path without the slash in front, decoded.
fn decoded(url: &Url) -> Result<String, OriginUrlError> {
    let path = url.path().strip_prefix('/').unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().map_err(|_bytes| OriginUrlError::NoObject)?;
    Ok(path.into_owned())
}

fn encoded(path: &str) -> String {
    utf8_percent_encode(path, ENCODED).to_string()
}

/// Returns the bucket and the region that a host names, if it is one of Amazon's: `bucket.s3.region.amazonaws.com`, without
/// a bucket, without a region, with `s3-region`, with `s3.dualstack.region`.
fn of_amazon(host: &str) -> Option<(Option<&str>, Option<&str>)> {
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let host = host.strip_suffix(AMAZON)?.strip_suffix('.')?;
    let labels = host.rsplit('.').count();
    // The last one that can be meant: buckets may have any name.
    for after in 0..labels.min(3) {
        let (before, end) = split_before_last(host, after);
        let (bucket, label) = match before.rsplit_once('.') {
            Some((bucket, label)) => (Some(bucket), label),
            None => (None, before),
        };
        let region = match (label, end) {
            ("s3", None) => None,
            ("s3", Some(end)) => match end.strip_prefix("dualstack.") {
                Some(region) if is_region(region) => Some(region),
                None if is_region(end) => Some(end),
                _ => continue,
            },
            (label, None) => match label.strip_prefix("s3-") {
                Some(region) if is_region(region) => Some(region),
                _ => continue,
            },
            _ => continue,
        };
        return Some((bucket, region));
    }
    None
}

/// Returns whether a label is the name of a region, such as `eu-west-1`.
fn is_region(label: &str) -> bool {
    let is_word = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase()) && part.len() > 1;
    match label.rsplit_once('-') {
        Some((words, number)) => {
            words.split_once('-').is_some_and(|(first, _)| first.len() == 2)
                && words.split('-').all(is_word)
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        None => false,
    }
}

/// Splits off so many labels at the end.
fn split_before_last(host: &str, labels: usize) -> (&str, Option<&str>) {
    let Some(labels) = labels.checked_sub(1) else { return (host, None) };
    match host.rmatch_indices('.').nth(labels) {
        Some((at, _)) => (host.get(..at).unwrap_or_default(), host.get(at + 1..)),
        None => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(String, String, Option<String>)> {
        let url = Url::parse(url).expect("a URL");
        let other = Endpoint::read("http://s3.example.org:9000").expect("an endpoint");
        let is_amazon = url.as_str().contains("amazonaws");
        let endpoint = if is_amazon { Endpoint::Amazon } else { other.clone() };
        assert!(!is_amazon || Location::read(&url, &other) == Ok(None), "{url}");
        let read = Location::read(&url, &endpoint);
        read.ok().flatten().map(|at| (at.bucket, at.key, at.region))
    }

    #[test]
    fn an_object_is_read_off_each_form_of_url() {
        let at = |bucket: &str, key: &str, region: Option<&str>| {
            Some((bucket.to_owned(), key.to_owned(), region.map(str::to_owned)))
        };
        for (url, found) in [
            ("s3://maps/a/b%20c.jpg", at("maps", "a/b c.jpg", None)),
            ("s3://my.maps_1/a b.jpg", at("my.maps_1", "a b.jpg", None)),
            ("https://maps.s3.amazonaws.com/a.jpg", at("maps", "a.jpg", None)),
            (
                "https://my.maps.s3.eu-west-1.amazonaws.com/a.jpg",
                at("my.maps", "a.jpg", Some("eu-west-1")),
            ),
            ("https://maps.s3-eu-west-1.amazonaws.com/a", at("maps", "a", Some("eu-west-1"))),
            (
                "https://maps.s3.dualstack.us-east-2.amazonaws.com/a",
                at("maps", "a", Some("us-east-2")),
            ),
            ("https://s3.eu-west-1.amazonaws.com/maps/a/b", at("maps", "a/b", Some("eu-west-1"))),
            ("https://s3-eu-west-1.amazonaws.com/maps/a", at("maps", "a", Some("eu-west-1"))),
            ("https://s3.amazonaws.com/maps/a", at("maps", "a", None)),
            ("https://maps.s3.cn-north-1.amazonaws.com.cn/a", at("maps", "a", Some("cn-north-1"))),
            ("http://s3.example.org:9000/maps/a", at("maps", "a", None)),
            ("http://maps.s3.example.org:9000/a", at("maps", "a", None)),
            ("http://s3.example.org/maps/a", None),
            ("http://evils3.example.org:9000/maps/a", None),
            ("https://maps.s3.amazonaws.com.example.org/a", None),
            ("https://ec2.eu-west-1.amazonaws.com/maps/a", None),
            ("https://example.org/maps/a", None),
            ("https://maps.s3-accelerate.amazonaws.com/a", None),
            ("https://maps.s3-website-eu-west-1.amazonaws.com/a", None),
            ("s3://maps//a", at("maps", "/a", None)),
            ("s3://maps", None),
            ("s3://maps/", None),
            ("https://s3.amazonaws.com/maps", None),
            ("s3://maps/a?acl", None),
            ("s3://maps/a#b", None),
            ("s3://maps/a%2F..%2Fb", None),
            ("s3://ma%2Fps/b", None),
        ] {
            assert_eq!(read(url), found, "{url}");
        }
    }

    #[test]
    fn the_url_of_an_object_names_its_bucket_and_its_key_alone() {
        let at = |bucket: &str| Location {
            bucket: bucket.to_owned(),
            key: "a/b (1)+é?.jpg".to_owned(),
            region: None,
        };
        let path = "a/b%20%281%29%2B%C3%A9%3F.jpg";
        let url = |endpoint: &Endpoint, bucket, region| {
            endpoint.url(&at(bucket), region).expect("a URL").to_string()
        };
        let amazon = Endpoint::Amazon;
        let host = "s3.eu-west-1.amazonaws.com";
        assert_eq!(url(&amazon, "maps", "eu-west-1"), format!("https://maps.{host}/{path}"));
        assert_eq!(url(&amazon, "my.maps", "eu-west-1"), format!("https://{host}/my.maps/{path}"));
        let slash = Location { key: "/a".to_owned(), ..at("maps") };
        let slash = amazon.url(&slash, "eu-west-1").expect("a URL");
        assert_eq!(slash.as_str(), format!("https://maps.{host}//a"));
        let other = Endpoint::read("http://127.0.0.1:9000").expect("an endpoint");
        assert_eq!(url(&other, "maps", "x"), format!("http://127.0.0.1:9000/maps/{path}"));
        let given = Url::parse("https://example.org/maps/b%20(1).jpg?versionId=2").expect("a URL");
        let strict = strict(given).expect("a URL");
        assert_eq!(strict.as_str(), "https://example.org/maps/b%20%281%29.jpg?versionId=2");
        for wrong in ["ftp://s3.example.org", "http://a:b@s3.example.org", "http://s3.org/x", "x"] {
            assert!(Endpoint::read(wrong).is_err(), "{wrong}");
        }
    }
}
