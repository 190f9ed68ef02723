//! The setting of what crawlers may ask for.

use std::path::PathBuf;

/// Tells what `/robots.txt` allows (RFC 9309).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Robots {
    /// Descriptions and thumbnails are open to crawlers; pixels at other sizes, and what needs a key, are not.
    #[default]
    Descriptions,
    /// Everything is open to crawlers.
    Allow,
    /// Nothing is open to crawlers.
    Disallow,
    /// The text of a file, as it stands.
    File(PathBuf),
}

impl Robots {
    /// Reads the value of the setting: one of the words, and anything else is the path of a file.
    pub fn parse(text: &str) -> Self {
        match text {
            "descriptions" => Self::Descriptions,
            "allow" => Self::Allow,
            "disallow" => Self::Disallow,
            path => Self::File(PathBuf::from(path)),
        }
    }
}
