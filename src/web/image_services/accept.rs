//! Content negotiation of descriptions of images: the version, and JSON-LD or JSON (`docs/iiif.md` 5.4).

#[cfg(test)]
mod tests;

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use crate::iiif::Version;
use crate::web::quoted::split;

/// What `Accept` asks of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// The newest version whose context a profile names; `None` if none is named.
    pub version: Option<Version>,
    /// Tells whether JSON-LD is named.
    names_json_ld: bool,
    /// Tells whether JSON is named, and nothing that JSON-LD would be.
    accepts_json_only: bool,
}

impl Wish {
    /// Returns whether a description of a version is sent as JSON-LD: version 3 unless only JSON is accepted, version 2
    /// if JSON-LD is named.
    pub fn is_json_ld(self, version: Version) -> bool {
        match version {
            Version::V2 => self.names_json_ld,
            Version::V3 => !self.accepts_json_only,
        }
    }
}

/// Returns what the lines of `Accept` of a request ask for.
pub fn wish(request: &HttpRequest) -> Wish {
    let lines = request.headers().get_all(ACCEPT);
    read(lines.filter_map(|line| line.to_str().ok()))
}

/// Reads lines of `Accept`. Ranges of weight 0 ask for nothing.
fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Wish {
    let mut wish = Wish::default();
    let (mut names_json, mut admits_json_ld) = (false, false);
    for range in lines.flat_map(|line| split(line, ',')) {
        let mut parts = split(range, ';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut profile = "";
        let mut weight = 1.0_f32;
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "profile" => profile = value,
                "q" => weight = value.parse().unwrap_or(0.0),
                _ => {}
            }
        }
        if weight <= 0.0 {
            continue;
        }
        match media_type.as_str() {
            "application/ld+json" => {
                wish.names_json_ld = true;
                admits_json_ld = true;
                let named = [Version::V3, Version::V2]
                    .into_iter()
                    .find(|version| profile.split(' ').any(|iri| iri == version.context()));
                wish.version = match (wish.version, named) {
                    (Some(Version::V3), _) | (_, None) => wish.version,
                    (_, named) => named,
                };
            }
            "application/json" => names_json = true,
            "*/*" | "application/*" => admits_json_ld = true,
            _ => {}
        }
    }
    wish.accepts_json_only = names_json && !admits_json_ld;
    wish
}
