//! Telling a cache of the operator to drop what it holds.

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};

use super::error::OriginError;

/// Time that a cache may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The reason why a cache may still show what was changed.
#[derive(Debug)]
pub enum PurgeError {
    /// It answered with this status.
    Refused(u16),
    /// It did not answer, for this reason.
    Unanswered(String),
}

impl fmt::Display for PurgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "the answer was {status}"),
            Self::Unanswered(reason) => f.write_str(reason),
        }
    }
}

/// Sends PURGE to addresses that the operator names, which are not checked; cheap to clone.
#[derive(Clone, Debug)]
pub struct Purger {
    client: Client,
    method: Method,
}

impl Purger {
    /// Sets the HTTP client up; it uses no proxy and follows no redirect.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] if the machine's TLS library cannot be used.
    pub fn new() -> Result<Self, OriginError> {
        let client = Client::builder()
            .user_agent(concat!("Hydria/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .build();
        let refused =
            |source: Box<dyn std::error::Error + Send + Sync>| OriginError::Client { source };
        let method = Method::from_bytes(b"PURGE").map_err(|error| refused(error.into()))?;
        Ok(Self { client: client.map_err(|error| refused(error.into()))?, method })
    }

    /// Asks for all that bears one of these tags, separated by blanks, to be dropped.
    ///
    /// # Errors
    /// Returns why it was not.
    pub async fn purge(&self, url: &str, tags: &str) -> Result<(), PurgeError> {
        let request = self.client.request(self.method.clone(), url).header("xkey", tags);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(PurgeError::Refused(answer.status().as_u16())),
            Err(error) => Err(PurgeError::Unanswered(error.without_url().to_string())),
        }
    }
}

/// Reads the addresses of caches, separated by commas or blanks.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the setting.
pub fn read_purge_urls(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(|c: char| c == ',' || c.is_whitespace());
    let urls = parts.filter(|part| !part.is_empty()).map(|part| match Url::parse(part) {
        // Addresses are kept in the database and logged, where a password must not stand.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("must be URLs without user names and passwords".to_owned())
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(part.to_owned()),
        _ => Err("must be http or https URLs, separated by commas".to_owned()),
    });
    urls.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_caches_are_http_without_a_password() {
        let read = read_purge_urls("http://cache-1/, https://cache-2:6081/ ");
        assert_eq!(
            read,
            Ok(vec!["http://cache-1/".to_owned(), "https://cache-2:6081/".to_owned()])
        );
        for refused in
            ["http://user:word@cache/", "http://user@cache/", "http://:word@cache/", "ftp://cache/"]
        {
            assert!(read_purge_urls(refused).is_err(), "{refused}");
        }
    }
}
