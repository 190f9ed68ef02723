//! Keys by which servers of SSH are known again.

use std::pin::Pin;

use russh::keys::{HashAlg, PublicKey};

use super::error::OriginError;

/// Store of the pinned keys of SSH hosts.
pub trait HostKeys: Send + Sync {
    /// Returns the key that is kept for a host and port; where none is, keeps this one and returns it.
    ///
    /// Keys are told as OpenSSH does, by a hash: `SHA256:…`.
    fn pin<'a>(&'a self, host: &'a str, key: &'a str) -> Pinning<'a>;
}

/// The key that is kept, once it is known.
pub type Pinning<'a> = Pin<Box<dyn Future<Output = Result<String, OriginError>> + Send + 'a>>;

/// Returns the hash that a text names, which is one or the key itself, as in a file of known hosts.
pub(super) fn hash_of(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(hash) = text.strip_prefix("SHA256:") {
        let is_hash = hash.len() == 43
            && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
        return is_hash.then(|| text.to_owned());
    }
    PublicKey::from_openssh(text).ok().map(|key| hash(&key))
}

/// Returns the hash by which a key is told.
pub(super) fn hash(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_itself_or_by_its_hash() {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti host";
        let hash = hash_of(key).expect("a hash");
        assert!(hash.starts_with("SHA256:"), "{hash}");
        assert_eq!(hash_of(&format!(" {hash}\n")), Some(hash));
        for wrong in ["", "SHA256:", "SHA256:abc", "MD5:00", "ssh-ed25519 AAAA", "nonsense"] {
            assert_eq!(hash_of(wrong), None, "{wrong}");
        }
    }
}
