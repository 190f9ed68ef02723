//! The keys of a deployment, which the database keeps wrapped by its secret.

use std::fmt;

use zeroize::Zeroizing;

use super::{Key, Secret, SecretsError, decrypt, encrypt, mac, random_bytes};

/// The place to which wrapped keys are bound.
const PLACE: &str = "deployment keys";

/// A secret, as far as it is needed to open the keys: its fingerprint, and the key by which they are wrapped.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappingKey {
    fingerprint: Key,
    key: Key,
}

impl WrappingKey {
    /// Returns what is derived from a secret.
    pub fn of(secret: &Secret) -> Self {
        Self {
            fingerprint: derived(secret, b"hydria fingerprint"),
            key: derived(secret, b"hydria wrapping"),
        }
    }

    /// Returns what the secret is recognised by; nothing can be hashed or opened with it.
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKey(..)")
    }
}

/// The keys of a deployment: one that hashes, which never changes, and those that seal and open.
///
/// A new sealing key is added first and seals later, so that by then every process can open what it sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    hashing: Key,
    /// Keys that open, in the order in which they were made.
    sealing: Vec<Key>,
    /// Index of the one that seals.
    current: usize,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

impl KeyRing {
    /// Returns the keys that a deployment begins with, which are those that versions before derived from its secret.
    pub fn derived(secret: &Secret) -> Self {
        Self {
            hashing: derived(secret, b"hydria api secrets"),
            sealing: vec![derived(secret, b"hydria credentials")],
            current: 0,
        }
    }

    /// Returns these keys and a new one, which does not seal yet.
    ///
    /// # Errors
    /// Fails if the system provides no random bytes.
    pub fn with_another(&self) -> Result<Self, SecretsError> {
        let mut ring = self.clone();
        ring.sealing.push(random_bytes()?);
        Ok(ring)
    }

    /// Returns these keys, of which the newest seals.
    #[must_use]
    pub fn with_newest_sealing(&self) -> Self {
        Self { current: self.sealing.len().saturating_sub(1), ..self.clone() }
    }

    /// Returns whether the newest key seals.
    pub fn is_newest_sealing(&self) -> bool {
        self.current + 1 == self.sealing.len()
    }

    /// Returns these keys without those that do not seal.
    #[must_use]
    pub fn without_retired(&self) -> Self {
        Self { hashing: self.hashing, sealing: vec![self.sealing()], current: 0 }
    }

    /// Returns whether there is a key that does not seal: a rotation was begun, and has not ended.
    pub fn has_others(&self) -> bool {
        self.sealing.len() > 1
    }

    pub(super) fn hashing(&self) -> Key {
        self.hashing
    }

    pub(super) fn sealing(&self) -> Key {
        self.sealing.get(self.current).copied().unwrap_or_default()
    }

    pub(super) fn opening(&self) -> &[Key] {
        &self.sealing
    }

    /// Wraps the keys.
    ///
    /// # Errors
    /// Fails if the system provides no random bytes.
    pub fn wrap(&self, by: &WrappingKey) -> Result<Vec<u8>, SecretsError> {
        let current = u8::try_from(self.current).map_err(|_many| malformed())?;
        let mut text = Zeroizing::new(vec![current]);
        for key in std::iter::once(&self.hashing).chain(&self.sealing) {
            text.extend_from_slice(key);
        }
        encrypt(&by.key, &text, PLACE)
    }

    /// Opens keys that were wrapped.
    ///
    /// # Errors
    /// Fails if they were wrapped by the key of another secret, or were damaged.
    pub fn unwrap(wrapped: &[u8], by: &WrappingKey) -> Result<Self, SecretsError> {
        let text = Zeroizing::new(decrypt(&by.key, wrapped, PLACE).ok_or_else(malformed)?);
        let (current, keys) = text.split_first().ok_or_else(malformed)?;
        let (keys, []) = keys.as_chunks::<32>() else { return Err(malformed()) };
        let (hashing, sealing) = keys.split_first().ok_or_else(malformed)?;
        let current = usize::from(*current);
        if current >= sealing.len() {
            return Err(malformed());
        }
        Ok(Self { hashing: *hashing, sealing: sealing.to_vec(), current })
    }
}

fn derived(secret: &Secret, purpose: &[u8]) -> Key {
    mac(secret.reveal().as_bytes(), purpose)
}

fn malformed() -> SecretsError {
    SecretsError(
        "the keys of the deployment are damaged: restore the table deployment_keys from a backup"
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_keys_open_by_their_own_secret_only() {
        let [own, other] = ["a secret for tests", "another secret"].map(Secret::new);
        let ring = KeyRing::derived(&own).with_another().expect("a key");
        let wrapped = ring.wrap(&WrappingKey::of(&own)).expect("wrapped");
        assert!(KeyRing::unwrap(&wrapped, &WrappingKey::of(&own)).expect("opened") == ring);
        assert!(KeyRing::unwrap(&wrapped, &WrappingKey::of(&other)).is_err());
        for at in 0..wrapped.len() {
            let mut damaged = wrapped.clone();
            *damaged.get_mut(at).expect("a byte") ^= 1;
            assert!(KeyRing::unwrap(&damaged, &WrappingKey::of(&own)).is_err(), "byte {at}");
        }
        assert!(KeyRing::unwrap(&[], &WrappingKey::of(&own)).is_err());
    }

    #[test]
    fn a_new_key_opens_first_seals_then_and_is_alone_at_last() {
        let first = KeyRing::derived(&Secret::new("a secret for tests"));
        assert!(first.is_newest_sealing() && !first.has_others());
        let added = first.with_another().expect("a key");
        assert!(added.sealing() == first.sealing() && added.opening().len() == 2);
        assert!(!added.is_newest_sealing());
        let promoted = added.with_newest_sealing();
        assert!(promoted.is_newest_sealing() && promoted.sealing() != first.sealing());
        let last = promoted.without_retired();
        assert!(last.opening() == [promoted.sealing()] && !last.has_others());
        assert!(last.hashing() == first.hashing());
    }
}
