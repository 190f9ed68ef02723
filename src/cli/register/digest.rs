//! Names that a content alone decides: the same whenever it is the same.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Returns 32 characters that parts of a text alone decide.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // With its length, so that no two lists of parts are the same text.
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
