//! The content codings that a client accepts (RFC 9110, section 12.5.3).

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_ENCODING;

use super::negotiate::{is_token, thousandths};
use crate::hydra::ContentCoding;

/// Returns the content codings that a request accepts, the best first; nothing if it does not say.
pub fn accepted(request: &HttpRequest) -> Vec<ContentCoding> {
    let lines = request.headers().get_all(ACCEPT_ENCODING);
    read(lines.filter_map(|line| line.to_str().ok()))
}

/// Returns the content codings that the lines of `Accept-Encoding` accept, the best first.
///
/// What cannot be read is passed over; where nothing else is left, nothing was said. Nobody is refused: who accepts nothing
/// that is offered gets the text as it is.
fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<ContentCoding> {
    let ranges: Vec<Range> = lines.flat_map(|line| line.split(',')).filter_map(parse).collect();
    if ranges.is_empty() {
        return Vec::new();
    }
    let weighed = ContentCoding::ALL.map(|coding| (weight(coding, &ranges), coding));
    let mut accepted: Vec<_> = weighed.iter().filter_map(|(w, c)| Some(((*w)?, *c))).collect();
    accepted.sort_by_key(|(weight, _)| Reverse(*weight));
    match accepted.is_empty() {
        true => vec![ContentCoding::Identity],
        false => accepted.into_iter().map(|(_, coding)| coding).collect(),
    }
}

/// The name of a content coding, or `*`, and its weight in thousandths.
type Range<'a> = (&'a str, u16);

fn parse(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty() && name.bytes().all(is_token))?;
    let weight = parts.filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
    });
    Some((name, weight.unwrap_or(Some(1000))?))
}

/// Returns the weight of a content coding in thousandths; `None` if it is not accepted.
fn weight(coding: ContentCoding, ranges: &[Range<'_>]) -> Option<u16> {
    let find = |wanted: &str| {
        let mut ranges = ranges.iter();
        ranges.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, weight)| *weight)
    };
    let own = find(coding.name()).or_else(|| match coding {
        // The name of before counts (RFC 9110, section 8.4.1.3).
        ContentCoding::Gzip => find("x-gzip"),
        _ => None,
    });
    match own.or_else(|| find("*")) {
        Some(weight) => Some(weight).filter(|weight| *weight > 0),
        // It is accepted unless something says otherwise, and the last to be chosen.
        None => (coding == ContentCoding::Identity).then_some(0),
    }
}
