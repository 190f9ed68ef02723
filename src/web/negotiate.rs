//! Content negotiation: what a client accepts, and the representation that answers it (RFC 9110, 12.5.1).

#[cfg(test)]
mod tests;

use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, HeaderValue};

use super::quoted::split;
use crate::resource::Query;

/// A way in which a document is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Representation {
    /// JSON-LD, compacted under the context that it names: what is sent when nothing is said.
    #[default]
    JsonLd,
    /// The same, asked for by its profile.
    Compacted,
    Expanded,
    Flattened,
    Json,
    Turtle,
    NQuads,
    NTriples,
    Html,
}

/// The kind of a document; problems have a media type of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Data,
    /// RFC 9457: `application/problem+json` stands for JSON-LD and JSON.
    Problem,
}

use Representation::{
    Compacted, Expanded, Flattened, Html, Json, JsonLd, NQuads, NTriples, Turtle,
};

/// Every representation; at equal weights, the first is sent.
///
/// A form of JSON-LD is sent only where its profile is named, and then it is what the client came for.
pub const OFFERED: [Representation; 9] =
    [Compacted, Expanded, Flattened, JsonLd, Json, Turtle, NQuads, NTriples, Html];

/// Profiles of JSON-LD begin so.
const PROFILES: &str = "http://www.w3.org/ns/json-ld#";

impl Representation {
    /// Returns its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            JsonLd | Compacted | Expanded | Flattened => "application/ld+json",
            Json => "application/json",
            Turtle => "text/turtle",
            NQuads => "application/n-quads",
            NTriples => "application/n-triples",
            Html => "text/html",
        }
    }

    /// Returns what Content-Type says of a document of a kind.
    pub fn content_type(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (JsonLd | Compacted | Json, Kind::Problem) => "application/problem+json",
            (JsonLd, Kind::Data) => "application/ld+json",
            (Compacted, Kind::Data) => {
                "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\""
            }
            (Expanded, _) => {
                "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#expanded\""
            }
            (Flattened, _) => {
                "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#flattened\""
            }
            (Turtle, _) => "text/turtle;charset=utf-8",
            (Html, _) => "text/html;charset=utf-8",
            (Json | NQuads | NTriples, _) => self.media_type(),
        }
    }

    /// Returns what tells entity tags of one state apart, one for each representation.
    pub fn suffix(self) -> &'static str {
        match self {
            JsonLd => "",
            Compacted => "compacted",
            Expanded => "expanded",
            Flattened => "flattened",
            Json => "json",
            Turtle => "ttl",
            NQuads => "nq",
            NTriples => "nt",
            Html => "html",
        }
    }

    /// Returns whether the bytes are those that the class tables write.
    pub fn is_as_written(self) -> bool {
        matches!(self, JsonLd | Compacted | Json)
    }
}

/// The parameter that names a representation at every address of the API.
pub const FORMAT: &str = "format";

/// The values of [`FORMAT`].
pub const FORMATS: [(&str, Representation); 6] = [
    ("jsonld", JsonLd),
    ("json", Json),
    ("ttl", Turtle),
    ("nq", NQuads),
    ("nt", NTriples),
    ("html", Html),
];

/// Returns the representation that the query of a request names, if it names one.
///
/// # Errors
/// Returns what is wrong with the name.
pub fn format(request: &HttpRequest) -> Option<Result<Representation, String>> {
    let raw = request.uri().query().filter(|raw| raw.contains(FORMAT))?;
    let query = Query::parse(Some(raw));
    let given = query.given(FORMAT)?;
    let found = FORMATS.iter().find(|(name, _)| given == Some(name));
    Some(found.map(|(_, representation)| *representation).ok_or_else(|| {
        let names = FORMATS.map(|(name, _)| name).join(", ");
        format!("must be one of {names}; not {}", given.unwrap_or("what is no text"))
    }))
}

/// Returns the representation that a request asks for; `None` if it accepts nothing that is offered.
///
/// A format that is named is stronger than what is accepted.
pub fn wanted(request: &HttpRequest, kind: Kind) -> Option<Representation> {
    if let Some(Ok(named)) = format(request) {
        return Some(named);
    }
    accepted(request, kind)
}

/// Returns the representation that `Accept` asks for; `None` if it accepts nothing that is offered.
pub fn accepted(request: &HttpRequest, kind: Kind) -> Option<Representation> {
    let mut lines = request.headers().get_all(ACCEPT);
    let Some(first) = lines.next() else { return Some(JsonLd) };
    let others = lines;
    match first.as_bytes() {
        b"*/*" | b"application/ld+json" if others.len() == 0 => Some(JsonLd),
        _ => choose(std::iter::once(first).chain(others).filter_map(text), kind),
    }
}

fn text(line: &HeaderValue) -> Option<&str> {
    line.to_str().ok()
}

/// Returns the best representation for the lines of Accept.
///
/// Ranges that cannot be read are passed over; where no other is left, nothing was said.
pub fn choose<'a>(lines: impl Iterator<Item = &'a str>, kind: Kind) -> Option<Representation> {
    let ranges: Vec<Range> =
        lines.flat_map(|line| split(line, ',')).filter_map(Range::parse).collect();
    if ranges.is_empty() {
        return Some(JsonLd);
    }
    let weighed = OFFERED.map(|offered| (weight(offered, &ranges, kind), offered));
    let best = weighed.iter().map(|(weight, _)| *weight).max().filter(|best| *best > 0)?;
    weighed.iter().find(|(weight, _)| *weight == best).map(|(_, offered)| *offered)
}

/// Returns the weight that the most exact of the ranges gives to a representation, in thousandths.
fn weight(offered: Representation, ranges: &[Range<'_>], kind: Kind) -> u16 {
    let matching = ranges.iter().filter_map(|range| Some((range.exactness(offered, kind)?, range)));
    matching.map(|(exactness, range)| (exactness, range.weight)).max().unwrap_or_default().1
}

/// One range of media types.
///
/// It is not read by the crate `mime`, because some clients leave out the quotes of a profile, which `mime` refuses.
#[derive(Debug, PartialEq, Eq)]
struct Range<'a> {
    family: &'a str,
    subtype: &'a str,
    /// The form of JSON-LD that its profile names, if it is a known one.
    form: Option<Representation>,
    /// In thousandths.
    weight: u16,
}

/// The exactness with which a range names a representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Exactness {
    #[default]
    Anything,
    Family,
    Type,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = split(text, ';').map(str::trim);
        // Some write a lone star for anything.
        let (family, subtype) = match parts.next()? {
            "*" => ("*", "*"),
            range => range.split_once('/')?,
        };
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_token);
        if !is_name(family) || !is_name(subtype) || (family == "*" && subtype != "*") {
            return None;
        }
        let mut range = Self { family, subtype, form: None, weight: 1000 };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim() {
                name if name.eq_ignore_ascii_case("q") => range.weight = thousandths(value.trim())?,
                name if name.eq_ignore_ascii_case("profile") => range.form = form(value.trim()),
                _ => {}
            }
        }
        Some(range)
    }

    fn is(&self, media_type: &str) -> bool {
        media_type.split_once('/').is_some_and(|(family, subtype)| {
            self.family.eq_ignore_ascii_case(family) && self.subtype.eq_ignore_ascii_case(subtype)
        })
    }

    /// Returns how exactly it names a representation; `None` if it does not.
    fn exactness(&self, offered: Representation, kind: Kind) -> Option<Exactness> {
        let is_form = matches!(offered, Compacted | Expanded | Flattened);
        let form = if self.is(JsonLd.media_type()) { self.form } else { None };
        if is_form || form.is_some() {
            return (form == Some(offered)).then_some(Exactness::Type);
        }
        let is_exact = match (offered, kind) {
            (JsonLd, Kind::Problem) => {
                ["application/problem+json", "application/ld+json", "application/json"]
                    .iter()
                    .any(|media_type| self.is(media_type))
            }
            _ => self.is(offered.media_type()),
        };
        if is_exact {
            return Some(Exactness::Type);
        }
        // A client that does not name HTML is no browser.
        if offered == Html || self.subtype != "*" {
            return None;
        }
        let (family, _) = offered.media_type().split_once('/')?;
        match self.family {
            "*" => Some(Exactness::Anything),
            own if own.eq_ignore_ascii_case(family) => Some(Exactness::Family),
            _ => None,
        }
    }
}

/// Returns the form that a profile names, which may be several addresses in one.
fn form(profile: &str) -> Option<Representation> {
    let names = profile.trim_matches('"').split_ascii_whitespace();
    let names: Vec<&str> = names.filter_map(|name| name.strip_prefix(PROFILES)).collect();
    // What is flattened is expanded as well.
    [("flattened", Flattened), ("expanded", Expanded), ("compacted", Compacted)]
        .iter()
        .find(|(name, _)| names.contains(name))
        .map(|(_, form)| *form)
}

/// Returns a weight; more than 1 is 1. Nothing for what is no number.
pub fn thousandths(text: &str) -> Option<u16> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let weight: f32 = text.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 1000")]
    let thousandths = (weight.min(1.0) * 1000.0).round() as u16;
    Some(thousandths)
}

/// Returns whether a byte may stand in a token (RFC 9110, section 5.6.2).
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Every media type that is offered, in words.
pub struct Offer;

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = OFFERED.iter().filter(|o| !matches!(o, Compacted | Expanded | Flattened));
        for (index, offered) in plain.enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, offered.media_type())?;
        }
        Ok(())
    }
}
