//! Sending a message to an address that a customer names.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::address::Allowed;
use super::error::OriginError;
use super::http::{SCHEMES, failure, literal, port};
use super::limits::Limits;
use super::resolve::Resolver;
use super::url::{OriginUrlError, read};

/// Time that a message may take: to look up the host, to connect, and until the answer begins.
pub const POST_TIMEOUT: Duration = Duration::from_secs(10);

/// Posts messages to permitted addresses only; cheap to clone.
#[derive(Clone)]
pub struct Poster(Arc<Inner>);

struct Inner {
    allowed: Arc<Allowed>,
    clients: Vec<Clients>,
}

/// Clients by the port that a connection is made to, because the resolver does not know the port.
struct Clients {
    /// 0: any that is not named.
    port: u16,
    /// Connects to what is public or allowed.
    https: Client,
    /// Connects to what is allowed only.
    http: Client,
}

impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poster(..)")
    }
}

/// The reason why a text cannot be the address of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostUrlError {
    Url(OriginUrlError),
    /// The scheme is http, and nothing that could be meant is allowed.
    NotHttps,
    /// The address stands in it, and is neither public nor allowed.
    NotPublic,
}

impl fmt::Display for PostUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url(OriginUrlError::TooLong) => "must be at most 4096 bytes long",
            Self::Url(OriginUrlError::UserInfo) => "must not hold a user or a password",
            Self::Url(_) => "must be an absolute https URL, such as https://example.org/changes",
            Self::NotHttps => {
                "must begin with https://; the operator of this service can allow others in networks of their \
                 own with HYDRIA_WEBHOOK_ALLOW"
            }
            Self::NotPublic => {
                "must not lead to an address that is not public; the operator of this service can allow it with \
                 HYDRIA_WEBHOOK_ALLOW"
            }
        })
    }
}

/// Tells whether messages may be sent to a URL, as far as that can be seen without looking its host up.
///
/// # Errors
/// Returns [`PostUrlError`], whose words continue a sentence that begins with the URL.
pub fn check_post(url: &str, allowed: &Allowed) -> Result<(), PostUrlError> {
    let url = read(url, |scheme| SCHEMES.contains(&scheme)).map_err(PostUrlError::Url)?;
    let is_secure = url.scheme() == "https";
    match literal(&url) {
        Some(address) if is_secure && !allowed.permits(address, port(&url)) => {
            Err(PostUrlError::NotPublic)
        }
        Some(address) if !is_secure && !allowed.names(address, port(&url)) => {
            Err(PostUrlError::NotHttps)
        }
        None if !is_secure && allowed.is_empty() => Err(PostUrlError::NotHttps),
        _ => Ok(()),
    }
}

/// The reason why a message got no answer, in words for the customer that name no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostError(&'static str);

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const REFUSED: PostError = PostError("the host has no address that messages may be sent to");
const LATE: PostError = PostError("there was no answer within 10 s");

impl Poster {
    /// Sets the HTTP clients up; they use no proxy, keep no cookies and no connections, and follow no redirect.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] if the machine's TLS library cannot be used.
    pub fn new(allowed: Allowed) -> Result<Self, OriginError> {
        let allowed = Arc::new(allowed);
        let ports = [0].into_iter().chain(allowed.ports());
        let clients = ports.map(|port| {
            Ok(Clients {
                port,
                https: client(&allowed, port, false)?,
                http: client(&allowed, port, true)?,
            })
        });
        let clients = clients.collect::<Result<_, OriginError>>()?;
        Ok(Self(Arc::new(Inner { allowed, clients })))
    }

    /// Sends a JSON text, and returns the status of the answer, of which nothing else is read.
    ///
    /// # Errors
    /// Returns [`PostError`] if there is no answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<u16, PostError> {
        let Inner { allowed, clients } = &*self.0;
        check_post(url, allowed).map_err(|_as_when_it_was_written| REFUSED)?;
        let url = Url::parse(url).map_err(|_checked| REFUSED)?;
        let own = clients.iter().find(|clients| clients.port == port(&url));
        let clients = own.or(clients.first()).ok_or(REFUSED)?;
        let client = if url.scheme() == "https" { &clients.https } else { &clients.http };
        let mut request = client.post(url.clone()).body(body);
        request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err(LATE),
            Err(error) => Err(in_words(&failure(error, &url, Limits::default()))),
        }
    }
}

fn in_words(error: &OriginError) -> PostError {
    PostError(match error {
        OriginError::AddressRefused { .. } => return REFUSED,
        OriginError::NoSuchHost { .. } => "the name of the host is not known",
        OriginError::DnsTimeout { .. } => "the name of the host could not be looked up",
        OriginError::Unreachable { .. } => "no connection to the host could be made",
        OriginError::Tls { .. } => "no trusted connection to the host could be made",
        _ => "the connection ended without an answer of HTTP",
    })
}

fn client(allowed: &Arc<Allowed>, port: u16, named_only: bool) -> Result<Client, OriginError> {
    Client::builder()
        .user_agent(concat!("Hydria/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .dns_resolver(Resolver { allowed: Arc::clone(allowed), port, named_only })
        .timeout(POST_TIMEOUT)
        // Each connection is made to an address that was looked up and checked for it.
        .pool_max_idle_per_host(0)
        .build()
        .map_err(|error| OriginError::Client { source: error.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_refused_as_far_as_they_say_themselves_where_they_lead() {
        let none = Allowed::default();
        let some: Allowed = "10.0.0.0/8,127.0.0.1:8080".parse().expect("networks");
        for (url, without, with) in [
            ("https://example.org/x", true, true),
            ("http://example.org/x", false, true),
            ("http://93.184.216.34/x", false, false),
            ("https://93.184.216.34/x", true, true),
            ("https://10.1.2.3/x", false, true),
            ("http://10.1.2.3/x", false, true),
            ("http://0x0a010203/x", false, true),
            ("https://[::ffff:127.0.0.1]/x", false, false),
            ("http://127.0.0.1:8080/x", false, true),
            ("http://127.0.0.1:8081/x", false, false),
            ("ftp://example.org/x", false, false),
            ("https://user@example.org/x", false, false),
            ("example.org", false, false),
        ] {
            assert_eq!(check_post(url, &none).is_ok(), without, "{url}");
            assert_eq!(check_post(url, &some).is_ok(), with, "{url}");
        }
    }
}
