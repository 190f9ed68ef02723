//! Secrets at rest: keyed hashes of API secrets, hashed passwords, sealed credentials.

mod passwords;
mod signing;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use passwords::{PasswordError, hash_password, password_matches};
pub use signing::{sign, signing_key};

/// A text that is neither printed nor serialised, and overwritten in memory when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text itself; for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Returns a random API secret of 256 bits, in text.
///
/// # Errors
/// Where the system gives no randomness.
pub fn random() -> Result<Secret, SecretsError> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?)))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], SecretsError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| SecretsError(format!("no randomness: {e}")))?;
    Ok(bytes)
}

/// The keys under which a deployment hashes and seals, all made from `HYDRIA_SECRET`.
#[derive(Clone)]
pub struct Secrets {
    hashing: [u8; 32],
    sealing: [u8; 32],
    fingerprint: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    pub fn new(secret: &Secret) -> Self {
        let derive = |purpose: &[u8]| mac(secret.0.as_bytes(), purpose);
        Self {
            hashing: derive(b"hydria api secrets"),
            sealing: derive(b"hydria credentials"),
            fingerprint: derive(b"hydria fingerprint"),
        }
    }

    /// Returns what the secret is recognised by; nothing can be hashed or sealed with it.
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    /// Keyed hash of an API secret. A random secret of 256 bits needs no slow hash (`docs/rules.md` 1.5).
    pub fn hash(&self, secret: &Secret) -> Vec<u8> {
        mac(&self.hashing, secret.0.as_bytes()).to_vec()
    }

    /// Returns a keyed hash of parts of a text, which tells texts apart and nothing of what they say.
    pub fn digest<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
        let Ok(mut digest) = Hmac::<Sha256>::new_from_slice(&self.hashing) else { return [0; 32] };
        for part in parts {
            // With its length, so that no two lists of parts are the same text.
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into_bytes().into()
    }

    /// Returns whether a secret has this hash, in constant time.
    pub fn matches(&self, secret: &Secret, hash: &[u8]) -> bool {
        mac(&self.hashing, secret.0.as_bytes()).ct_eq(hash).into()
    }

    /// Seals a text; `place` names where it belongs, so that it opens nowhere else.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn seal(&self, text: &Secret, place: &str) -> Result<Vec<u8>, SecretsError> {
        let nonce = random_bytes::<24>()?;
        let payload = Payload { msg: text.0.as_bytes(), aad: place.as_bytes() };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|e| SecretsError(format!("cannot seal: {e}")))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Secrets::seal`] sealed for the same place.
    ///
    /// # Errors
    /// Where it was sealed with another key or for another place, or was damaged.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Secret, SecretsError> {
        let refuse = || SecretsError("credentials were sealed with another HYDRIA_SECRET".into());
        let (nonce, rest) = sealed.split_first_chunk::<24>().ok_or_else(refuse)?;
        let payload = Payload { msg: rest, aad: place.as_bytes() };
        let text =
            self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_opaque| refuse())?;
        String::from_utf8(text).map(Secret::new).map_err(|_not_text| refuse())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.sealing))
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length (RFC 2104), so this cannot fail.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(text).finalize().into_bytes().into(),
        Err(_any_length) => [0; 32],
    }
}

/// The reason why a secret was neither made nor opened.
#[derive(Debug)]
pub struct SecretsError(String);

impl fmt::Display for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SecretsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new(&Secret::new("a secret for tests"))
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_place_only() {
        let sealed = secrets().seal(&Secret::new("user:pass"), "1/strategy").expect("sealed");
        assert_eq!(secrets().open(&sealed, "1/strategy").expect("opened").reveal(), "user:pass");
        assert!(secrets().open(&sealed, "2/strategy").is_err());
        assert!(!sealed.windows(4).any(|part| part == b"user"), "stands in the clear");
    }

    #[test]
    fn another_key_opens_nothing() {
        let sealed = secrets().seal(&Secret::new("user:pass"), "1").expect("sealed");
        let other = Secrets::new(&Secret::new("another secret"));
        assert!(other.open(&sealed, "1").is_err());
        assert!(!other.matches(&Secret::new("s"), &secrets().hash(&Secret::new("s"))));
    }

    #[test]
    fn a_secret_never_prints_itself() {
        assert!(!format!("{:?}", Secret::new("hush")).contains("hush"));
    }
}
