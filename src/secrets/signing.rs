//! Signatures of messages, as the specification Standard Webhooks has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Secret, SecretsError, random_bytes};

/// The prefix by which a key of signatures is known.
const PREFIX: &str = "whsec_";

/// Returns a random key of signatures of 256 bits, in text.
///
/// # Errors
/// Fails if the system provides no random bytes.
pub fn signing_key() -> Result<Secret, SecretsError> {
    let bytes = Zeroizing::new(random_bytes::<32>()?);
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(*bytes))))
}

/// Returns the signature (`v1`, HMAC-SHA-256) of a message that is sent at a time, in seconds since 1970.
///
/// # Errors
/// Fails if the key is none that [`signing_key`] made.
pub fn sign(key: &Secret, id: &str, seconds: i64, body: &str) -> Result<String, SecretsError> {
    let malformed = || SecretsError("the key of the signatures is malformed".into());
    let text = key.reveal().strip_prefix(PREFIX).ok_or_else(malformed)?;
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_opaque| malformed())?);
    let mac = Hmac::<Sha256>::new_from_slice(&bytes).map_err(|_any_length| malformed())?;
    let mac = mac.chain_update(format!("{id}.{seconds}.")).chain_update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        let key = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed =
            sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed.expect("signed"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_key_is_another_one() {
        let keys: Vec<Secret> = (0..2).map(|_| signing_key().expect("a key")).collect();
        assert!(keys[0] != keys[1] && sign(&keys[0], "a", 1, "b").is_ok());
    }
}
