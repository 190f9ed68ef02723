//! Secrets at rest: keyed hashes of API secrets, hashed passwords, sealed credentials.

mod key_ring;
mod passwords;
mod signing;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use key_ring::{KeyRing, WrappingKey};
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
/// Fails if the system provides no random bytes.
pub fn random() -> Result<Secret, SecretsError> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?)))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], SecretsError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| SecretsError(format!("no randomness: {e}")))?;
    Ok(bytes)
}

/// Bytes of a key.
type Key = [u8; 32];

/// The keys under which a process hashes and seals; cheap to clone, and the same for all clones.
#[derive(Clone)]
pub struct Secrets(Arc<Shared>);

struct Shared {
    hashing: Key,
    /// Keys that are derived from the secrets of this process, and that open the keys in the database.
    wrapping: RwLock<Vec<WrappingKey>>,
    held: RwLock<Held>,
}

/// The sealing keys as they were read last.
struct Held {
    generation: i32,
    sealing: Key,
    opening: Vec<Key>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Returns the keys of a deployment, as they are in a generation, for a process that has these secrets.
    pub fn new(ring: &KeyRing, generation: i32, wrapping: Vec<WrappingKey>) -> Self {
        let (sealing, opening) = (ring.sealing(), ring.opening().to_vec());
        let held = RwLock::new(Held { generation, sealing, opening });
        let wrapping = RwLock::new(wrapping);
        Self(Arc::new(Shared { hashing: ring.hashing(), wrapping, held }))
    }

    /// Returns the keys that a deployment begins with.
    pub fn derived(secret: &Secret) -> Self {
        Self::new(&KeyRing::derived(secret), 0, vec![WrappingKey::of(secret)])
    }

    /// Returns the secrets of this process, as far as they open keys.
    pub fn wrapping(&self) -> Vec<WrappingKey> {
        self.0.wrapping.read().clone()
    }

    /// Lets the process open keys by another secret as well; returns whether it could not do so before.
    pub fn open_also_by(&self, wrapping: WrappingKey) -> bool {
        let mut known = self.0.wrapping.write();
        let is_new = !known.contains(&wrapping);
        if is_new {
            known.insert(0, wrapping);
        }
        is_new
    }

    /// Returns whether API secrets are hashed with the key of a ring.
    pub fn hashes_with(&self, ring: &KeyRing) -> bool {
        self.0.hashing.ct_eq(&ring.hashing()).into()
    }

    /// Returns the generation of the keys that are in use.
    pub fn generation(&self) -> i32 {
        self.0.held.read().generation
    }

    /// Takes the sealing keys of a later generation; those of before still open what was read before.
    pub fn take(&self, ring: &KeyRing, generation: i32) {
        let mut held = self.0.held.write();
        if generation <= held.generation {
            return;
        }
        let mut opening = ring.opening().to_vec();
        let before = std::mem::take(&mut held.opening);
        opening.extend(before.into_iter().filter(|key| !ring.opening().contains(key)));
        *held = Held { generation, sealing: ring.sealing(), opening };
    }

    /// Keyed hash of an API secret. A random secret of 256 bits needs no slow hash (`docs/rules.md` 1.5).
    pub fn hash(&self, secret: &Secret) -> Vec<u8> {
        mac(&self.0.hashing, secret.0.as_bytes()).to_vec()
    }

    /// Returns a keyed hash of parts of a text, which tells texts apart and nothing of what they say.
    pub fn digest<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
        let Ok(mut digest) = Hmac::<Sha256>::new_from_slice(&self.0.hashing) else {
            return [0; 32];
        };
        for part in parts {
            // With its length, so that no two lists of parts are the same text.
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into_bytes().into()
    }

    /// Returns whether a secret has this hash, in constant time.
    pub fn matches(&self, secret: &Secret, hash: &[u8]) -> bool {
        mac(&self.0.hashing, secret.0.as_bytes()).ct_eq(hash).into()
    }

    /// Seals a text; `place` names where it belongs, so that it opens nowhere else.
    ///
    /// # Errors
    /// Fails if the system provides no random bytes.
    pub fn seal(&self, text: &Secret, place: &str) -> Result<Vec<u8>, SecretsError> {
        let key = self.0.held.read().sealing;
        encrypt(&key, text.0.as_bytes(), place)
    }

    /// Opens what [`Secrets::seal`] sealed for the same place.
    ///
    /// # Errors
    /// Where it was sealed with another key or for another place, or was damaged.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Secret, SecretsError> {
        let held = self.0.held.read();
        let text = held.opening.iter().rev().find_map(|key| decrypt(key, sealed, place));
        let refuse = || SecretsError("credentials were sealed with another HYDRIA_SECRET".into());
        String::from_utf8(text.ok_or_else(refuse)?).map(Secret::new).map_err(|_not_text| refuse())
    }

    /// Returns what was sealed, sealed with the key that seals now; `None` if it is.
    ///
    /// # Errors
    /// Fails as [`Secrets::open`] and [`Secrets::seal`] do.
    pub fn reseal(&self, sealed: &[u8], place: &str) -> Result<Option<Vec<u8>>, SecretsError> {
        let key = self.0.held.read().sealing;
        match decrypt(&key, sealed, place).map(Zeroizing::new) {
            Some(_) => Ok(None),
            None => self.seal(&self.open(sealed, place)?, place).map(Some),
        }
    }
}

/// Encrypts a text with a random nonce, which stands before it.
fn encrypt(key: &Key, text: &[u8], place: &str) -> Result<Vec<u8>, SecretsError> {
    let nonce = random_bytes::<24>()?;
    let sealed = cipher(key)
        .encrypt(&XNonce::from(nonce), Payload { msg: text, aad: place.as_bytes() })
        .map_err(|e| SecretsError(format!("cannot seal: {e}")))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Decrypts what [`encrypt`] encrypted; `None` if the key or the place is another one, or it was damaged.
fn decrypt(key: &Key, sealed: &[u8], place: &str) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_first_chunk::<24>()?;
    let payload = Payload { msg: rest, aad: place.as_bytes() };
    cipher(key).decrypt(&XNonce::from(*nonce), payload).ok()
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&chacha20poly1305::Key::from(*key))
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
        Secrets::derived(&Secret::new("a secret for tests"))
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
        let other = Secrets::derived(&Secret::new("another secret"));
        assert!(other.open(&sealed, "1").is_err());
        assert!(!other.matches(&Secret::new("s"), &secrets().hash(&Secret::new("s"))));
    }

    #[test]
    fn what_was_sealed_before_opens_when_another_key_seals_and_is_sealed_anew_once() {
        let first = KeyRing::derived(&Secret::new("a secret for tests"));
        let secrets = secrets();
        let early = secrets.seal(&Secret::new("early"), "1").expect("sealed");
        let ring = first.with_another().expect("a key").with_newest_sealing();
        secrets.take(&ring, 2);
        assert!(secrets.reseal(&early, "2").is_err(), "another place");
        let late = secrets.reseal(&early, "1").expect("opened").expect("sealed anew");
        assert_eq!(secrets.reseal(&late, "1").expect("opened"), None);
        // What was read before the end of the rotation is still of use.
        secrets.take(&ring.without_retired(), 3);
        for sealed in [&early, &late] {
            assert_eq!(secrets.open(sealed, "1").expect("opened").reveal(), "early");
        }
        let later = Secrets::new(&ring.without_retired(), 3, Vec::new());
        assert!(later.open(&early, "1").is_err() && later.open(&late, "1").is_ok());
        secrets.take(&first, 1);
        assert_eq!(secrets.generation(), 3, "an earlier generation is not taken");
    }

    #[test]
    fn a_secret_never_prints_itself() {
        assert!(!format!("{:?}", Secret::new("hush")).contains("hush"));
    }
}
