//! Levels of compliance, and the links of answers.

use super::version::Version;

/// Names a level of compliance with the Image API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Whole images of the listed sizes only.
    Zero,
    /// Every region, size and rotation.
    Two,
}

impl Level {
    /// Returns the short name that descriptions of version 3 have.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "level0",
            Self::Two => "level2",
        }
    }

    /// Returns the IRI of the profile document.
    pub fn profile(self, version: Version) -> &'static str {
        match (version, self) {
            (Version::V2, Self::Zero) => "http://iiif.io/api/image/2/level0.json",
            (Version::V2, Self::Two) => "http://iiif.io/api/image/2/level2.json",
            (Version::V3, Self::Zero) => "http://iiif.io/api/image/3/level0.json",
            (Version::V3, Self::Two) => "http://iiif.io/api/image/3/level2.json",
        }
    }

    /// Returns the value of a `Link` header that leads to the profile document.
    pub fn profile_link(self, version: Version) -> String {
        format!("<{}>;rel=\"profile\"", self.profile(version))
    }
}

/// Returns the value of a `Link` header that leads to the canonical form of a request for pixels, and to the profile document.
///
/// `id` is that of the service, and `canonical` the path that [`resolve`](super::resolve()) gives. Both stand in one header,
/// because there are clients that read one of several only, the first or the last.
pub fn canonical_and_profile(id: &str, canonical: &str, level: Level, version: Version) -> String {
    let mut links = String::with_capacity(id.len() + canonical.len() + 100);
    links.push('<');
    links.push_str(id);
    links.push('/');
    for (number, part) in canonical.split('^').enumerate() {
        // A header of links holds URIs, in which no ^ stands as it is.
        links.push_str(if number == 0 { "" } else { "%5E" });
        links.push_str(part);
    }
    links.push_str(">;rel=\"canonical\", ");
    links.push_str(&level.profile_link(version));
    links
}
