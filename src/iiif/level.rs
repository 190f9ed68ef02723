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

/// Returns the value of a `Link` header that leads to the canonical form of a request for pixels.
///
/// `id` is that of the service, and `canonical` the path that [`resolve`](super::resolve()) gives.
pub fn canonical_link(id: &str, canonical: &str) -> String {
    // A header of links holds URIs, in which no ^ stands as it is.
    let canonical = canonical.replace('^', "%5E");
    format!("<{id}/{canonical}>;rel=\"canonical\"")
}
