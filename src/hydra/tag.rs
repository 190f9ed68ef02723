//! Strong validators: the tag of one state of a resource, and the entity tags made of it.

use std::fmt;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::coding::ContentCoding;

/// The suffixes of the tag of a state in the entity tags of its representations, except the default one.
pub const SUFFIXES: [&str; 8] =
    ["compacted", "expanded", "flattened", "json", "ttl", "nq", "nt", "html"];

/// The tag of one state of a resource, as one caller sees it (RFC 9110, section 8.8.1).
///
/// It is a hash of the compact JSON-LD that this caller is shown, so it changes whenever any of its
/// representations does, and a service that is started again gives the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(u128);

/// A representation of a state, as entity tags tell it from the others of that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Ends its entity tag: one of [`SUFFIXES`], or empty for the default representation.
    pub suffix: &'static str,
    /// Tells whether it is text, which is sent in any content coding.
    pub is_text: bool,
}

impl Variant {
    /// The pixels of an image, which are compressed already.
    pub const PIXELS: Self = Self { suffix: "", is_text: false };

    pub const fn text(suffix: &'static str) -> Self {
        Self { suffix, is_text: true }
    }
}

impl Tag {
    pub fn of(shown: &[u8]) -> Self {
        Self(xxh3_128(shown))
    }

    /// Returns the tag of a state of which a part is kept and never shown, such as credentials.
    ///
    /// A change of that part alone is a change, though no representation tells it. Nothing can be learnt of
    /// the part from the tag: what is added is its SHA-256.
    pub fn with_unseen(self, unseen: &[u8]) -> Self {
        let mut state = Vec::with_capacity(48);
        state.extend_from_slice(&self.0.to_be_bytes());
        state.extend_from_slice(&Sha256::digest(unseen));
        Self::of(&state)
    }

    /// Returns the entity tag of one representation of the state, as it stands in a header.
    ///
    /// `suffix` tells representations apart; that of the default one is empty.
    pub fn entity_tag(self, suffix: &str) -> String {
        let mut tag = String::with_capacity(48);
        tag.push('"');
        tag.push_str(&self.opaque(suffix));
        tag.push('"');
        tag
    }

    /// Returns the entity tag of one representation in a content coding.
    pub fn entity_tag_in(self, suffix: &str, coding: ContentCoding) -> String {
        format!("\"{}\"", self.opaque_in(suffix, coding))
    }

    /// Returns whether the text of an entity tag is that of a representation of this state, whichever, in any content
    /// coding.
    pub fn is_of(self, opaque: &str) -> bool {
        let Some(rest) = opaque.strip_prefix(&self.to_string()) else { return false };
        let coded = rest.rsplit_once('-').filter(|(_, name)| is_coding(name));
        let rest = coded.map_or(rest, |(rest, _)| rest);
        rest.is_empty() || rest.strip_prefix('-').is_some_and(|suffix| SUFFIXES.contains(&suffix))
    }

    /// Returns the text of the entity tag of one representation, without its quotes.
    pub fn opaque(self, suffix: &str) -> String {
        let mut opaque = String::with_capacity(48);
        // A fifth of the time that the formatter of numbers takes for 32 hexadecimal digits.
        let mut digits = Uuid::encode_buffer();
        opaque.push_str(Uuid::from_u128(self.0).simple().encode_lower(&mut digits));
        opaque.push_str(if suffix.is_empty() { "" } else { "-" });
        opaque.push_str(suffix);
        opaque
    }

    /// Returns the text of the entity tag of one representation in a content coding, without its quotes.
    pub fn opaque_in(self, suffix: &str, coding: ContentCoding) -> String {
        coded(self.opaque(suffix), coding)
    }
}

/// Returns the text of the entity tag of a representation in a content coding, from that of the representation as it is.
pub fn coded(opaque: String, coding: ContentCoding) -> String {
    match coding {
        ContentCoding::Identity => opaque,
        _ => format!("{opaque}-{}", coding.name()),
    }
}

/// Returns whether a word in an entity tag names a content coding.
fn is_coding(word: &str) -> bool {
    let mut codings =
        ContentCoding::ALL.iter().filter(|coding| **coding != ContentCoding::Identity);
    codings.any(|coding| coding.name() == word)
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_representation_is_told_from_another_and_both_are_of_the_state() {
        let tag = Tag::of(b"a state");
        let (plain, other) = (tag.opaque(""), tag.opaque("ttl"));
        assert_ne!(plain, other);
        assert_eq!(tag.entity_tag(""), format!("\"{plain}\""));
        assert!(tag.is_of(&plain) && tag.is_of(&other));
        for coding in ContentCoding::ALL {
            assert!(
                tag.is_of(&tag.opaque_in("", coding)) && tag.is_of(&tag.opaque_in("ttl", coding))
            );
        }
        assert_eq!(tag.opaque_in("ttl", ContentCoding::Gzip), format!("{other}-gzip"));
        assert_eq!(tag.entity_tag_in("", ContentCoding::Identity), tag.entity_tag(""));
        let another = Tag::of(b"another").opaque("");
        for wrong in [
            "",
            "ttl",
            "-ttl",
            &format!("x{plain}"),
            &format!("{plain}x"),
            &format!("{plain}-"),
            &format!("{plain}-zzz"),
            &format!("{plain}-identity"),
            &format!("{plain}-gzip-ttl"),
            &format!("{plain}-gzip-gzip"),
            &format!("{plain}gzip"),
            &format!("{plain}--gzip"),
            &another,
        ] {
            assert!(!tag.is_of(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_never_shown_changes_the_tag_too() {
        let tag = Tag::of(b"a state");
        assert_eq!(tag.with_unseen(b"one"), tag.with_unseen(b"one"));
        assert_ne!(tag.with_unseen(b"one"), tag.with_unseen(b"two"));
        assert_ne!(tag.with_unseen(b""), tag);
    }
}
