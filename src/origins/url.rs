//! Checks of the URLs of origins before anything is looked up.

use std::error::Error;
use std::fmt;

use reqwest::Url;

/// Longest origin, in bytes.
pub const MAX_ORIGIN_BYTES: usize = 2048;

/// Tells whether `origin` may be written as an image's origin; nothing is looked up or fetched.
///
/// # Errors
/// Returns [`OriginUrlError`] in words for the customer, which do not repeat the URL.
pub fn check_origin(origin: &str) -> Result<(), OriginUrlError> {
    read_origin(origin).map(drop)
}

/// Returns the host of an origin, as it is asked; `None` where the text is no origin.
#[must_use]
pub fn host_of(origin: &str) -> Option<String> {
    read_origin(origin).ok()?.host_str().map(str::to_owned)
}

pub(super) fn read_origin(origin: &str) -> Result<Url, OriginUrlError> {
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
    let url = Url::parse(origin).or(Err(OriginUrlError::NotAUrl))?;
    check(&url)?;
    let (_, rest) = origin.split_once(':').unwrap_or_default();
    let has_host = rest.strip_prefix("//").is_some_and(|rest| !rest.starts_with('/'));
    if has_host { Ok(url) } else { Err(OriginUrlError::NotAUrl) }
}

/// Returns what holds for the origin and for wherever it redirects.
pub(super) fn check(url: &Url) -> Result<(), OriginUrlError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(OriginUrlError::UnsupportedScheme);
    }
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
    /// Neither http nor https.
    UnsupportedScheme,
    /// A user or password before the host.
    UserInfo,
    /// More than 2,048 bytes.
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
                f.write_str("only origins that begin with http:// or https:// can be fetched")
            }
            Self::UserInfo => f.write_str(
                "an origin's URL may not hold a user or password; they belong in an origin \
                 strategy",
            ),
            Self::TooLong => write!(f, "an origin is at most {MAX_ORIGIN_BYTES} bytes long"),
        }
    }
}

impl Error for OriginUrlError {}
