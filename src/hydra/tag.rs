//! Strong validators: the tag of one state of a resource, and the entity tags made of it.

use std::fmt;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_128;

/// The suffixes of the tag of a state in the entity tags of its representations, except the default one.
pub const SUFFIXES: [&str; 8] =
    ["compacted", "expanded", "flattened", "json", "ttl", "nq", "nt", "html"];

/// The tag of one state of a resource, as one caller sees it (RFC 9110, section 8.8.1).
///
/// It is a hash of the compact JSON-LD that this caller is shown, so it changes whenever any of its
/// representations does, and a service that is started again gives the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(u128);

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
        format!("\"{}\"", self.opaque(suffix))
    }

    /// Returns whether the text of an entity tag is that of a representation of this state, whichever.
    pub fn is_of(self, opaque: &str) -> bool {
        let rest = opaque.strip_prefix(&self.to_string());
        let is_suffix = |rest: &str| rest.strip_prefix('-').is_some_and(|s| SUFFIXES.contains(&s));
        rest.is_some_and(|rest| rest.is_empty() || is_suffix(rest))
    }

    /// Returns the text of the entity tag of one representation, without its quotes.
    pub fn opaque(self, suffix: &str) -> String {
        let dash = if suffix.is_empty() { "" } else { "-" };
        format!("{self}{dash}{suffix}")
    }
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
        let another = Tag::of(b"another").opaque("");
        for wrong in [
            "",
            "ttl",
            "-ttl",
            &format!("x{plain}"),
            &format!("{plain}x"),
            &format!("{plain}-"),
            &format!("{plain}-zzz"),
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
