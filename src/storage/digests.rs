//! The hashes that requests to S3 are signed with, by the crates that the program has anyway.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use object_store::client::{
    CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm,
};
use object_store::{Error, Result};
use sha2::{Digest as _, Sha256};

/// SHA-256, and HMAC of it.
#[derive(Debug)]
struct Digests;

/// A hash under way; `result` is empty until it is finished.
struct Hashing<H> {
    hash: H,
    result: Vec<u8>,
}

/// Returns the hashes for a client of S3.
pub fn provider() -> Arc<dyn CryptoProvider> {
    Arc::new(Digests)
}

impl CryptoProvider for Digests {
    fn digest(&self, algorithm: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => {
                Ok(Box::new(Hashing { hash: Sha256::new(), result: Vec::new() }))
            }
            other => Err(unsupported(format!("{other:?}"))),
        }
    }

    fn hmac(&self, algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => {
                let hash = Hmac::<Sha256>::new_from_slice(secret)
                    .map_err(|error| unsupported(error.to_string()))?;
                Ok(Box::new(Hashing { hash, result: Vec::new() }))
            }
            other => Err(unsupported(format!("{other:?}"))),
        }
    }

    fn sign(&self, algorithm: SigningAlgorithm, _pem: &[u8]) -> Result<Box<dyn Signer>> {
        // S3 signs with HMAC only.
        Err(unsupported(format!("{algorithm:?}")))
    }
}

impl DigestContext for Hashing<Sha256> {
    fn update(&mut self, data: &[u8]) {
        self.hash.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.result = self.hash.finalize_reset().to_vec();
        Ok(&self.result)
    }
}

impl HmacContext for Hashing<Hmac<Sha256>> {
    fn update(&mut self, data: &[u8]) {
        self.hash.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.result = self.hash.clone().finalize().into_bytes().to_vec();
        Ok(&self.result)
    }
}

fn unsupported(what: String) -> Error {
    Error::NotSupported { source: what.into() }
}
