//! The versions of the Image API that are served.

/// Names a version of the Image API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// Version 2.1.1.
    V2,
    /// Version 3.0.
    V3,
}

impl Version {
    /// The version of paths that name none.
    pub const DEFAULT: Self = Self::V3;

    /// Returns the version that a path element such as `v2` names, if that is served.
    pub fn from_path_element(element: &str) -> Option<Self> {
        match element {
            "v2" => Some(Self::V2),
            "v3" => Some(Self::V3),
            _ => None,
        }
    }

    /// Returns the path element that names it.
    pub fn path_element(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    /// Returns the IRI of its JSON-LD context.
    pub fn context(self) -> &'static str {
        match self {
            Self::V2 => "http://iiif.io/api/image/2/context.json",
            Self::V3 => "http://iiif.io/api/image/3/context.json",
        }
    }
}
