//! Sessions of SSH: the host is known by its key before anything is told to it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use russh::client::{Config, Handle, Handler, KeyboardInteractiveAuthResponse};
use russh::keys::{
    Algorithm, EcdsaCurve, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate,
    decode_secret_key,
};
use russh::{ChannelStream, Disconnect, Preferred, client, compression, kex};
use tokio::net::TcpStream;
use tokio_util::sync::DropGuard;

use super::error::OriginError;
use super::host_key::{HostKeys, hash};
use super::limits::Limits;
use super::tied::Tied;

/// Key exchanges in which the server chooses nothing that has to be computed with.
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

/// Keys of hosts, without signatures by SHA-1.
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// Proof of identity that is shown to a server.
pub(super) enum Proof<'a> {
    Password(&'a str),
    Key(Box<PrivateKey>),
}

/// A session that is logged in.
pub(super) struct Session {
    handle: Handle<Client>,
    /// Ends the connection with the session.
    _guard: DropGuard,
}

/// The end of a session before its time.
#[derive(Debug)]
pub(super) enum SshError {
    Protocol(russh::Error),
    Origin(OriginError),
}

impl From<russh::Error> for SshError {
    fn from(error: russh::Error) -> Self {
        Self::Protocol(error)
    }
}

impl SshError {
    fn of(self, host: &str) -> OriginError {
        let host = host.to_owned();
        match self {
            Self::Origin(error) => error,
            Self::Protocol(
                error @ (russh::Error::NoCommonAlgo { .. } | russh::Error::UnknownAlgo),
            ) => OriginError::NoCommonAlgorithm { host, source: error.into() },
            Self::Protocol(error) => OriginError::NoAnswer { source: error.into() },
        }
    }
}

/// Reads a private key that is not encrypted itself; it is sealed with the credentials.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence.
pub(super) fn private_key(text: &str) -> Result<PrivateKey, String> {
    match decode_secret_key(text, None) {
        Ok(key) if !key.is_encrypted() => Ok(key),
        Ok(_) | Err(russh::keys::Error::KeyIsEncrypted) => {
            Err("must not need a passphrase; it is kept sealed here".to_owned())
        }
        Err(_) => Err("must be a private key in the form of OpenSSH or PEM".to_owned()),
    }
}

struct Client {
    /// Host and port.
    host: String,
    /// The hash of the key that it must have; `None`: the one that is kept.
    expected: Option<String>,
    keys: Arc<dyn HostKeys>,
}

impl Handler for Client {
    type Error = SshError;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, SshError> {
        // Certificates are not asked for.
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        let shown = hash(key);
        let expected = match &self.expected {
            Some(expected) => expected.clone(),
            None => self.keys.pin(&self.host, &shown).await.map_err(SshError::Origin)?,
        };
        if shown == expected {
            return Ok(true);
        }
        let host = self.host.clone();
        Err(SshError::Origin(OriginError::OtherHostKey { host, shown, expected }))
    }
}

impl Session {
    /// Agrees on encryption over a connection, checks the key of the host, and logs in.
    pub async fn log_in(
        stream: TcpStream,
        host: String,
        user: &str,
        proof: Proof<'_>,
        expected: Option<String>,
        keys: Arc<dyn HostKeys>,
        limits: Limits,
    ) -> Result<Self, OriginError> {
        let preferred = Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Borrowed(KEYS),
            compression: Cow::Borrowed(&[compression::NONE]),
            ..Preferred::DEFAULT
        };
        let config = Config {
            preferred,
            inactivity_timeout: Some(limits.idle.saturating_mul(2)),
            nodelay: true,
            ..Config::default()
        };
        let named = host.clone();
        let of = |error: SshError| error.of(&named);
        let client = Client { host, expected, keys };
        let (stream, guard) = Tied::new(stream);
        let mut handle =
            client::connect_stream(Arc::new(config), stream, client).await.map_err(of)?;
        match Self::prove(&mut handle, user, proof).await.map_err(|error| of(error.into()))? {
            true => Ok(Self { handle, _guard: guard }),
            false => Err(OriginError::LogInRefused),
        }
    }

    async fn prove(
        handle: &mut Handle<Client>,
        user: &str,
        proof: Proof<'_>,
    ) -> Result<bool, russh::Error> {
        match proof {
            Proof::Key(key) => {
                let hash = match handle.best_supported_rsa_hash().await? {
                    // It would be SHA-1.
                    Some(None) if key.algorithm().is_rsa() => {
                        return Err(russh::Error::UnknownAlgo);
                    }
                    Some(hash) => hash,
                    None => Some(HashAlg::Sha512),
                };
                let key = PrivateKeyWithHashAlg::new(Arc::new(*key), hash);
                Ok(handle.authenticate_publickey(user, key).await?.success())
            }
            Proof::Password(password) => {
                if handle.authenticate_password(user, password).await?.success() {
                    return Ok(true);
                }
                // Some servers ask for the password in words only.
                Self::answer(handle, user, password).await
            }
        }
    }

    async fn answer(
        handle: &mut Handle<Client>,
        user: &str,
        password: &str,
    ) -> Result<bool, russh::Error> {
        let mut asked = handle.authenticate_keyboard_interactive_start(user, None).await?;
        // One question is that for the password, and what follows says nothing or refuses.
        for _ in 0..3 {
            match asked {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    if prompts.len() > 1 {
                        return Ok(false);
                    }
                    let answers = prompts.iter().map(|_| password.to_owned()).collect();
                    asked = handle.authenticate_keyboard_interactive_respond(answers).await?;
                }
            }
        }
        Ok(false)
    }

    /// Opens a subsystem.
    pub async fn subsystem(&self, name: &str) -> Result<ChannelStream<client::Msg>, OriginError> {
        let open = async {
            let channel = self.handle.channel_open_session().await?;
            channel.request_subsystem(true, name).await?;
            Ok::<_, russh::Error>(channel.into_stream())
        };
        open.await.map_err(|error| OriginError::NoAnswer { source: error.into() })
    }

    /// Says that nothing more is wanted.
    pub async fn end(&self) {
        // The connection ends all the same where it cannot be said any more.
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}
