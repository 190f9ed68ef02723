//! Ranges of bytes of an answer (RFC 9110, section 14).

use std::ops::Range;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, IF_RANGE, RANGE};

/// Tells what part of an answer is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// A range of bytes within the answer.
    Part(Range<u64>),
    /// The range begins behind the end of the answer.
    Unsatisfiable,
}

/// Returns what part of an answer of `length` bytes a request asks for.
///
/// Several ranges at once are answered by the whole, as a server may, and so are ranges of another state than that
/// of `entity_tag`.
pub fn wanted(request: &HttpRequest, entity_tag: &str, length: u64) -> Wanted {
    // Ranges are of GET alone (RFC 9110, section 14.2).
    if request.method() != Method::GET {
        return Wanted::Whole;
    }
    let headers = request.headers();
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let Some(range) = headers.get(RANGE).map(text) else { return Wanted::Whole };
    let is_same = headers.get(IF_RANGE).is_none_or(|tag| text(tag).trim() == entity_tag);
    if is_same { read(&range, length) } else { Wanted::Whole }
}

fn read(range: &str, length: u64) -> Wanted {
    let Some((unit, ranges)) = range.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let Some((first, last)) = ranges.trim().split_once('-') else { return Wanted::Whole };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More than any length.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first.trim(), last.trim()) {
        ("", count) => match number(count) {
            None => Wanted::Whole,
            Some(0) => Wanted::Unsatisfiable,
            Some(count) => Wanted::Part(length.saturating_sub(count)..length),
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => {
                Wanted::Unsatisfiable
            }
            (Some(first), None) if last.is_empty() => Wanted::Part(first..length),
            (Some(first), Some(last)) if first <= last => {
                Wanted::Part(first..last.saturating_add(1).min(length))
            }
            _ => Wanted::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_specification_says() {
        for (range, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=0-99", Wanted::Part(0..100)),
            ("Bytes = 10-", Wanted::Part(10..100)),
            ("bytes=90-1000", Wanted::Part(90..100)),
            ("bytes=-1", Wanted::Part(99..100)),
            ("bytes=-1000", Wanted::Part(0..100)),
            ("bytes=5-99999999999999999999999", Wanted::Part(5..100)),
            ("bytes=100-", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(read(range, 100), wanted, "{range}");
        }
        assert_eq!(read("bytes=0-", 0), Wanted::Unsatisfiable);
    }
}
