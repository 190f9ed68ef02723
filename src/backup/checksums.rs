//! Checksums, and the list of them.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A checksum of SHA-256; written in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

/// A checksum of bytes that come one after another.
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl Digest {
    pub(super) fn begin() -> Hasher {
        Hasher(Sha256::new())
    }

    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hasher = Self::begin();
        hasher.update(bytes);
        hasher.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Returns the line of a file in the list. Names are ours, and have no line breaks.
pub(super) fn line(digest: Digest, name: &str) -> String {
    format!("{digest}  {name}\n")
}

/// Returns the checksum and the name in a line of the list; `None` where it is none, or its name leads out of the folder.
pub(super) fn read_line(line: &str) -> Option<(&str, &str)> {
    let (digest, name) = line.split_once("  ")?;
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_inside = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    (is_digest && is_inside).then_some((digest, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_sha256sum_writes_it_and_no_name_leads_outside() {
        let text = line(Digest::of(b"abc"), "objects/thumbnails/001/1-1");
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(text, format!("{digest}  objects/thumbnails/001/1-1\n"));
        assert_eq!(read_line(text.trim_end()), Some((digest, "objects/thumbnails/001/1-1")));
        for name in ["../a", "/etc/passwd", "a/../b", "a//b", "", "."] {
            assert_eq!(read_line(&format!("{digest}  {name}")), None, "{name}");
        }
        assert_eq!(read_line("abc  a"), None);
    }
}
