//! Asking origins, redirects included.

mod encoding;
mod retry_after;

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::timeout;

use super::address::Allowed;
use super::body::{Answer, Body, Broken, NextPiece};
use super::error::{OriginError, Phase};
use super::limits::Limits;
use super::resolve::{LookUpError, Resolver};
use super::url::{OriginUrlError, check};
use encoding::{Encoding, Gzip};
use retry_after::retry_after;

/// Connections are kept for the next image of a batch, no longer.
const KEEP_CONNECTIONS: Duration = Duration::from_secs(10);

/// Schemes of the URLs that are asked for.
pub const SCHEMES: &[&str] = &["http", "https"];

/// Asks permitted addresses only, and follows where they lead.
pub struct Http {
    limits: Limits,
    allowed: Arc<Allowed>,
    client: Client,
    /// Clients for addresses that are allowed on one port only, because the resolver does not know the port.
    of_ports: Vec<(u16, Client)>,
}

/// Authenticates requests to an origin.
pub trait Authorize: Sync {
    /// Returns the headers of a request for a URL.
    ///
    /// # Errors
    /// Fails if there are none.
    fn headers(&self, url: &Url) -> Result<HeaderMap, OriginError>;

    /// Returns whether a redirect leads to somebody who may be told as well.
    fn extends_to(&self, from: &Url, to: &Url) -> bool {
        from.origin() == to.origin()
    }
}

/// Tells nothing.
pub struct Anonymous;

impl Authorize for Anonymous {
    fn headers(&self, _url: &Url) -> Result<HeaderMap, OriginError> {
        Ok(HeaderMap::new())
    }
}

impl Http {
    /// Sets the HTTP client up; it uses no proxy, keeps no cookies from one fetch to the next and follows no redirect itself.
    ///
    /// # Errors
    /// Returns [`OriginError::Client`] if the machine's TLS library cannot be used.
    pub fn new(limits: Limits, allowed: Arc<Allowed>) -> Result<Self, OriginError> {
        let client = |port| {
            client(limits, Resolver { allowed: Arc::clone(&allowed), port, named_only: false })
        };
        let of_ports = allowed.ports().into_iter().map(|port| Ok((port, client(port)?)));
        let of_ports = of_ports.collect::<Result<_, OriginError>>()?;
        let client = client(0)?;
        Ok(Self { limits, allowed, client, of_ports })
    }

    /// Asks for a URL, and for those that it redirects to, until one answers with a file.
    ///
    /// Sends no credentials any more once a redirect has led to another origin.
    ///
    /// # Errors
    /// Returns [`OriginError`] for every other answer, and for none.
    pub async fn get(&self, url: Url, authorize: &dyn Authorize) -> Result<Answer, OriginError> {
        Self::read(self.follow(url, authorize).await?)
    }

    /// Returns the file that an answer brings.
    ///
    /// # Errors
    /// Returns [`OriginError`] for every other answer.
    pub fn read(answer: Response) -> Result<Answer, OriginError> {
        let answer = succeeded(answer)?;
        Ok(match Encoding::of(&answer)? {
            Encoding::Plain => {
                let expected = answer.content_length();
                Answer { body: Box::new(Plain(answer)), expected }
            }
            // What was announced is the length of what is sent.
            Encoding::Gzip => Answer { body: Box::new(Gzip::new(answer)), expected: None },
        })
    }

    /// As [`Http::get`], but returns whatever answers in the end.
    ///
    /// # Errors
    /// Returns [`OriginError`] where nothing does.
    pub async fn follow(
        &self,
        mut url: Url,
        mut authorize: &dyn Authorize,
    ) -> Result<Response, OriginError> {
        let limit = self.limits.redirects;
        // Some lead to a file by a page that sets one and comes back.
        let cookies = Jar::default();
        for _ in 0..=limit {
            let mut headers = authorize.headers(&url)?;
            headers.extend(cookies.cookies(&url).map(|cookies| (COOKIE, cookies)));
            let answer = self.ask(&url, headers).await?;
            if !is_redirect(answer.status()) || !answer.headers().contains_key(LOCATION) {
                return Ok(answer);
            }
            cookies.set_cookies(&mut answer.headers().get_all(SET_COOKIE).iter(), &url);
            let next = target(&url, &answer)?;
            if !authorize.extends_to(&url, &next) {
                authorize = &Anonymous;
            }
            url = next;
        }
        Err(OriginError::TooManyRedirects { limit })
    }

    async fn ask(&self, url: &Url, headers: HeaderMap) -> Result<Response, OriginError> {
        // The client does not look up what is an address already.
        if let Some(address) = literal(url)
            && !self.allowed.permits(address, port(url))
        {
            return Err(OriginError::AddressRefused { host: host(url), address: Some(address) });
        }
        match self.send(url, headers.clone()).await {
            // Origins may end a kept connection just as it is used again; RFC 9110, 9.2.2.
            Err(OriginError::NoAnswer { .. }) => self.send(url, headers).await,
            answer => answer,
        }
    }

    async fn send(&self, url: &Url, headers: HeaderMap) -> Result<Response, OriginError> {
        let Self { limits, client, of_ports, .. } = self;
        let own = of_ports.iter().find(|(of, _)| *of == port(url));
        let request = own.map_or(client, |(_, client)| client).get(url.clone()).headers(headers);
        // The client tells when it cannot connect, but not when it has connected.
        let after = limits.connect + limits.idle;
        let late = OriginError::TimedOut { phase: Phase::Waiting, after };
        match timeout(after, request.send()).await {
            Ok(answer) => answer.map_err(|error| failure(error, url, *limits)),
            Err(_) => Err(late),
        }
    }
}

/// A body as it is sent.
struct Plain(Response);

impl Body for Plain {
    fn next(&mut self) -> NextPiece<'_> {
        // A reset, a missing end and a damaged chunk alike: the file is not whole.
        Box::pin(async { self.0.chunk().await.map_err(|_any| Broken::Off) })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301..=303 | 307 | 308)
}

fn client(limits: Limits, resolver: Resolver) -> Result<Client, OriginError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("image/*,*/*;q=0.1"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Client::builder()
        .user_agent(concat!("Hydria/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .no_proxy()
        .redirect(Policy::none())
        .dns_resolver(resolver)
        .connect_timeout(limits.connect)
        .pool_idle_timeout(KEEP_CONNECTIONS)
        .build()
        .map_err(|error| OriginError::Client { source: error.into() })
}

pub(super) fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or_default()
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Returns the address that stands in the URL itself; odd spellings are plain once a URL is parsed.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn succeeded(answer: Response) -> Result<Response, OriginError> {
    let status = answer.status().as_u16();
    match answer.status() {
        status if status.is_success() => Ok(answer),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(OriginError::Missing { status }),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(OriginError::Refused { status }),
        status if is_redirect(status) => Err(OriginError::BadRedirect { why: None }),
        _ => {
            let retry_after = retry_after(answer.headers(), SystemTime::now());
            Err(OriginError::OtherStatus { status, retry_after })
        }
    }
}

fn target(url: &Url, answer: &Response) -> Result<Url, OriginError> {
    let location = answer.headers().get(LOCATION).map(HeaderValue::as_bytes);
    let next = location
        .and_then(|location| str::from_utf8(location).ok())
        .and_then(|location| url.join(location).ok())
        .ok_or(OriginError::BadRedirect { why: None })?;
    let bad = |why| OriginError::BadRedirect { why: Some(why) };
    check(&next).map_err(bad)?;
    if SCHEMES.contains(&next.scheme()) {
        Ok(next)
    } else {
        Err(bad(OriginUrlError::UnsupportedScheme))
    }
}

/// Returns why there is no answer. The client's error is kept for the log, without the URL.
pub(super) fn failure(error: reqwest::Error, url: &Url, limits: Limits) -> OriginError {
    let causes = || std::iter::successors(error.source(), |cause| (*cause).source());
    if let Some(looked_up) = causes().find_map(|cause| cause.downcast_ref::<LookUpError>()) {
        return looked_up.clone().into();
    }
    if !error.is_connect() {
        return OriginError::NoAnswer { source: error.without_url().into() };
    }
    if error.is_timeout() {
        return OriginError::TimedOut { phase: Phase::Connecting, after: limits.connect };
    }
    let cut = causes()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.raw_os_error().is_some());
    // The library of encryption tells only in words that the connection ended.
    let cut = cut || causes().any(|cause| cause.to_string().contains("unexpected EOF"));
    let (host, source) = (host(url), error.without_url().into());
    // Encryption begins once the connection stands: what the system did not report is its fault.
    if cut || url.scheme() == "http" {
        OriginError::Unreachable { host, source }
    } else {
        OriginError::Tls { host, source }
    }
}
