//! The cookie that carries the token of a session.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderValue};

use crate::auth::sessions;
use crate::hydra::Problem;
use crate::secrets::Secret;

/// Longest value that is looked at, in bytes; tokens have 43.
const MAX_BYTES: usize = 100;

/// Returns the name of the cookie of a service at a public address.
///
/// Browsers take the prefix as the promise that it is `Secure`, and of this host and all its paths (RFC 6265bis), and keep
/// no such cookie of an address of http.
fn name(base: &str) -> &'static str {
    if is_secure(base) { "__Host-hydria" } else { "hydria" }
}

/// Returns whether a public address is one of https.
pub fn is_secure(base: &str) -> bool {
    base.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
}

/// Returns the token that a request carries, if it does.
pub fn read(request: &HttpRequest, base: &str) -> Option<Secret> {
    // Cookies of others are in the same line, in any bytes.
    let lines = request.headers().get_all(header::COOKIE).map(HeaderValue::as_bytes);
    let mut values = lines.flat_map(|line| line.split(|byte| *byte == b';')).filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (given, value) = pair.split_at_checked(at)?;
        (given.trim_ascii() == name(base).as_bytes()).then_some(value.get(1..)?)
    });
    let value = std::str::from_utf8(values.next()?).ok()?.trim();
    (!value.is_empty() && value.len() <= MAX_BYTES).then(|| Secret::new(value))
}

/// Returns the value of `Set-Cookie` that gives a browser the token.
///
/// # Errors
/// Fails if the token is no text of a header, which is a fault of ours.
pub fn set(base: &str, token: &Secret) -> Result<HeaderValue, Problem> {
    written(base, token.reveal(), sessions::LONGEST.num_seconds())
}

/// Returns the value of `Set-Cookie` that has a browser forget the token.
///
/// # Errors
/// Fails as [`set`] does.
pub fn cleared(base: &str) -> Result<HeaderValue, Problem> {
    written(base, "", 0)
}

fn written(base: &str, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let (name, secure) = (name(base), if is_secure(base) { "; Secure" } else { "" });
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::try_from(text).map_err(Problem::internal)?;
    value.set_sensitive(true);
    Ok(value)
}
