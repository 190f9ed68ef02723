//! Facts about a request that all handlers need: its id, its conditions, its preferences.

#[cfg(test)]
mod tests;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

use super::accept_encoding::accepted;
use super::connection::{
    CUT, CUT_TARGET, Connection, MAX_HEAD_BYTES, MAX_HEADER_LINES, MAX_TARGET_BYTES,
};
use super::quoted::split;
use crate::hydra::Problem;
use crate::resource::Conditions;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The preference of a client for an answer (RFC 7240, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    Minimal,
    Representation,
}

impl Preference {
    pub fn applied(self) -> &'static str {
        match self {
            Self::Minimal => "return=minimal",
            Self::Representation => "return=representation",
        }
    }
}

/// Returns what a request prefers to get back, if it says so.
pub fn preference(request: &HttpRequest) -> Option<Preference> {
    returned(preferences(request))
}

/// Returns the lines of `Prefer` that are visible ASCII.
fn preferences(request: &HttpRequest) -> impl Iterator<Item = &str> {
    request.headers().get_all(PREFER).filter_map(|line| line.to_str().ok())
}

/// Returns whether a request prefers that what is not understood is refused (RFC 7240, section 4.4).
pub fn is_strict(request: &HttpRequest) -> bool {
    preferred(preferences(request), "handling").as_deref() == Some("strict")
}

/// Refuses a request whose head was too large to be read whole.
///
/// # Errors
/// Returns [`Problem::TargetTooLong`], [`Problem::HeadTooLarge`].
pub fn check_head(request: &HttpRequest, connection: Option<&Connection>) -> Result<(), Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let cut = connection.filter(|connection| connection.is_cut());
    let cut = cut.and_then(|_| request.headers().get(CUT));
    match cut {
        Some(reason) if reason != CUT_TARGET => Err(Problem::HeadTooLarge {
            limit_bytes: MAX_HEAD_BYTES,
            limit_lines: MAX_HEADER_LINES,
        }),
        None if target <= MAX_TARGET_BYTES => Ok(()),
        _ => Err(Problem::TargetTooLong { limit_bytes: MAX_TARGET_BYTES }),
    }
}

/// Refuses several lines of a header that has one value: which of them counts would be a guess.
///
/// # Errors
/// Returns [`Problem::Unreadable`] that names the header.
pub fn check_single(request: &HttpRequest) -> Result<(), Problem> {
    const SINGLE: [HeaderName; 4] =
        [header::AUTHORIZATION, header::CONTENT_TYPE, header::HOST, header::ORIGIN];
    match SINGLE.iter().find(|name| request.headers().get_all(*name).count() > 1) {
        Some(name) => Err(Problem::Unreadable(format!("the request has several {name} headers"))),
        None => Ok(()),
    }
}

/// Returns whether a request comes from a page of this service, so that a browser's password box would stand over it.
pub fn is_from_page(request: &HttpRequest) -> bool {
    request.headers().get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin")
}

/// Returns the value of a preference in the lines of `Prefer`; where it stands several times, the first counts.
fn preferred<'a>(lines: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let preferences = lines.flat_map(|line| split(line, ','));
    let mut values = preferences.filter_map(|preference| {
        // What follows a semicolon are parameters, of which neither preference has any.
        let (name, value) = split(preference, ';').next()?.split_once('=')?;
        let is_wanted = name.trim().eq_ignore_ascii_case(wanted);
        is_wanted.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    values.next()
}

/// Returns the preference `return` of the lines of `Prefer`.
fn returned<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Preference> {
    match preferred(lines, "return")?.as_str() {
        "minimal" => Some(Preference::Minimal),
        "representation" => Some(Preference::Representation),
        _ => None,
    }
}

/// Returns what a request asks of the state it meets.
pub fn conditions(request: &HttpRequest) -> Conditions {
    let lines = |name| {
        let values = request.headers().get_all(name);
        // A value that is no text names no tag of ours.
        values.map(|value| value.to_str().unwrap_or_default())
    };
    Conditions::read(lines(header::IF_MATCH), lines(header::IF_NONE_MATCH))
        .accepting(accepted(request))
}

/// Names a request in the log and in error bodies.
pub fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
