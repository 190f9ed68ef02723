//! Checks of the URLs of origins before anything is looked up.

use std::error::Error;
use std::fmt;

use reqwest::Url;

/// Longest origin, in bytes: URLs that are signed beforehand take some thousand.
pub const MAX_ORIGIN_BYTES: usize = 4096;

/// Reads an absolute URL of a scheme that is taken, with a host, and nothing that the parser would mend.
pub(super) fn read(origin: &str, takes: impl Fn(&str) -> bool) -> Result<Url, OriginUrlError> {
    if origin.len() > MAX_ORIGIN_BYTES {
        return Err(OriginUrlError::TooLong);
    }
    // The parser would silently mend all of these, and the origin shown not be the one fetched.
    if origin.trim() != origin {
        return Err(OriginUrlError::Blank);
    }
    if origin.contains(|c: char| c.is_control() || c == '\\') {
        return Err(OriginUrlError::NotAUrl);
    }
    let mut url = Url::parse(origin).or(Err(OriginUrlError::NotAUrl))?;
    if !takes(url.scheme()) {
        return Err(OriginUrlError::UnsupportedScheme);
    }
    check(&url)?;
    settle_host(&mut url)?;
    let (_, rest) = origin.split_once(':').unwrap_or_default();
    let has_host = rest.strip_prefix("//").is_some_and(|rest| !rest.starts_with('/'));
    if has_host { Ok(url) } else { Err(OriginUrlError::NotAUrl) }
}

/// Gives a host the one spelling that it has in URLs of HTTP, by which it is known again; in those of SFTP and FTPS the parser
/// keeps what was written.
fn settle_host(url: &mut Url) -> Result<(), OriginUrlError> {
    if !matches!(url.scheme(), "sftp" | "ftps") {
        return Ok(());
    }
    let written = format!("http://{}/", url.host_str().unwrap_or_default());
    let settled = Url::parse(&written).or(Err(OriginUrlError::NotAUrl))?;
    let host = settled.host_str().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() {
        return Err(OriginUrlError::NotAUrl);
    }
    url.set_host(Some(host)).or(Err(OriginUrlError::NotAUrl))
}

/// Returns what holds for the origin and for wherever it redirects.
pub(super) fn check(url: &Url) -> Result<(), OriginUrlError> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err(OriginUrlError::NotAUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OriginUrlError::UserInfo);
    }
    Ok(())
}

/// The reason why a text cannot be an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginUrlError {
    /// No absolute URL with a host.
    NotAUrl,
    /// A blank or a line break at its beginning or end.
    Blank,
    /// A scheme that nothing here fetches.
    UnsupportedScheme,
    /// No object of S3 alone: no bucket, no key, a key with `.` or `..` between slashes, or a query.
    NoObject,
    /// No path of a file, or a query.
    NoFile,
    /// An object that is not assigned to the customer.
    NotAssigned,
    /// A user or password before the host.
    UserInfo,
    /// More than 4,096 bytes.
    TooLong,
}

impl fmt::Display for OriginUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl => {
                f.write_str("an origin is an absolute URL, such as https://example.org/1.jpg")
            }
            Self::Blank => {
                f.write_str("an origin has no blank or line break at its beginning or end")
            }
            Self::UnsupportedScheme => {
                f.write_str("nothing here fetches origins that begin with this scheme")
            }
            Self::NoObject => f.write_str(
                "an origin in S3 names a bucket and a key and nothing else, such as \
                 s3://bucket/folder/1.jpg",
            ),
            Self::NoFile => f.write_str(
                "an origin names a file by its path and nothing else, such as \
                 sftp://example.org/scans/1.jpg",
            ),
            Self::NotAssigned => f.write_str(
                "the bucket, or this part of it, is not assigned to this customer; the operator of this \
                 service can assign it with HYDRIA_S3_AMBIENT",
            ),
            Self::UserInfo => f.write_str(
                "an origin's URL may not hold a user or password; they belong in an origin \
                 strategy",
            ),
            Self::TooLong => write!(f, "an origin is at most {MAX_ORIGIN_BYTES} bytes long"),
        }
    }
}

impl Error for OriginUrlError {}
