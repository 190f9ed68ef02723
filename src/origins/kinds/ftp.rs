//! FTP, and FTP over TLS that is agreed upon in the session (RFC 4217).

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use suppaftp::tokio::{
    AsyncNativeTlsConnector, AsyncNativeTlsFtpStream, AsyncNativeTlsStream, TransferStream,
};
use suppaftp::types::FileType;
use suppaftp::{FtpError, Mode, Status};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Fetch, Kind, Opening};
use crate::origins::body::{Answer, Body, Broken, NextPiece, read_piece};
use crate::origins::credentials::{CredentialUse, PASSWORD, Shape, USER};
use crate::origins::error::{OriginError, Phase};
use crate::origins::s3::Ambient;
use crate::origins::url::OriginUrlError;

/// Time for the answer to QUIT: the file is whole by then, and does not wait for it.
const LEAVE_TAKING: Duration = Duration::from_secs(1);

/// Reads a file by FTP, in the clear.
#[derive(Debug)]
pub struct Ftp;

/// Reads a file by FTP; nothing but the wish for encryption is said in the clear.
#[derive(Debug)]
pub struct Ftps;

static LOG_IN: Shape = Shape {
    words: "a user and a password",
    required: &[USER, PASSWORD],
    optional: &[],
    rule: |_| Ok(()),
};

impl Kind for Ftp {
    fn id(&self) -> &'static str {
        "ftp"
    }

    fn name(&self) -> &'static str {
        "FTP"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["ftp"]
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Optional(&LOG_IN)
    }

    fn check(&self, url: &Url, _: i32, _: &Ambient) -> Result<(), OriginUrlError> {
        path(url).map(drop)
    }

    fn open<'a>(&'a self, fetch: Fetch<'a>) -> Opening<'a> {
        Box::pin(open(fetch, false))
    }
}

impl Kind for Ftps {
    fn id(&self) -> &'static str {
        "ftps"
    }

    /// Reads 2016's word as well (`docs/rules.md` 7.4).
    fn older_ids(&self) -> &'static [&'static str] {
        &["ftps_creds"]
    }

    fn name(&self) -> &'static str {
        "FTP over TLS"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["ftps", "ftp"]
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Optional(&LOG_IN)
    }

    fn check(&self, url: &Url, _: i32, _: &Ambient) -> Result<(), OriginUrlError> {
        path(url).map(drop)
    }

    fn open<'a>(&'a self, fetch: Fetch<'a>) -> Opening<'a> {
        Box::pin(open(fetch, true))
    }
}

async fn open(fetch: Fetch<'_>, is_secure: bool) -> Result<Answer, OriginError> {
    let Fetch { url, credentials, network, .. } = fetch;
    let path = path(&url).map_err(OriginError::Unusable)?;
    let port = url.port().unwrap_or(21);
    let (stream, host) = network.connect(&url, port).await?;
    let peer = stream.peer_addr().map_err(|error| no_answer(FtpError::ConnectionError(error)))?;
    let (user, password) = match credentials {
        Some(given) => {
            (given.get(USER).unwrap_or_default(), given.get(PASSWORD).unwrap_or_default())
        }
        // As anonymous users are asked to (RFC 1635).
        None => ("anonymous", "anonymous@"),
    };
    let asking = async {
        let connect = AsyncNativeTlsFtpStream::connect_with_stream(stream).await;
        let mut ftp = connect.map_err(no_answer)?;
        if is_secure {
            let connector =
                AsyncNativeTlsConnector::from(suppaftp::async_native_tls::TlsConnector::new());
            let secured = ftp.into_secure(connector, &host).await;
            ftp = secured.map_err(|error| not_secure(error, &host))?;
        }
        let network = Arc::clone(network);
        let mut ftp = ftp.passive_stream_builder(move |told: SocketAddr| {
            // Wherever the server says: only to itself.
            let at = SocketAddr::new(peer.ip(), told.port());
            let is_permitted = network.permits(at);
            Box::pin(async move {
                if !is_permitted {
                    let refused = std::io::ErrorKind::PermissionDenied.into();
                    return Err(FtpError::ConnectionError(refused));
                }
                TcpStream::connect(at).await.map_err(FtpError::ConnectionError)
            })
        });
        if peer.is_ipv6() {
            ftp.set_mode(Mode::ExtendedPassive);
        }
        ftp.login(user, password).await.map_err(no_answer)?;
        ftp.transfer_type(FileType::Binary).await.map_err(no_answer)?;
        // Not every server tells it; what is told is compared with what arrives.
        let expected = ftp.size(&path).await.ok().and_then(|bytes| u64::try_from(bytes).ok());
        let file = ftp.retr_as_stream(&path).await.map_err(|error| match error {
            FtpError::ConnectionError(why)
                if why.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                OriginError::AddressRefused { host: host.clone(), address: Some(peer.ip()) }
            }
            FtpError::SecureError(why) => {
                OriginError::Tls { host: host.clone(), source: why.into() }
            }
            error => no_answer(error),
        })?;
        let body = Box::new(Reading { file: Some(file), ftp });
        Ok(Answer { body, expected })
    };
    let after = network.limits.connect + network.limits.idle;
    let late = OriginError::TimedOut { phase: Phase::Waiting, after };
    timeout(after, asking).await.unwrap_or(Err(late))
}

/// Returns the path of a file, from where the user begins; with `/%2F` in front from the root (RFC 1738, 3.2.2).
fn path(url: &Url) -> Result<String, OriginUrlError> {
    let path = url.path().strip_prefix('/').unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().ok();
    let is_odd = |c: char| matches!(c, '\0' | '\r' | '\n');
    let path = path.filter(|path| !path.is_empty() && !path.contains(is_odd));
    let is_bare = url.query().is_none() && url.fragment().is_none();
    let path = path.filter(|path| is_bare && !path.ends_with('/'));
    path.map(Cow::into_owned).ok_or(OriginUrlError::NoFile)
}

fn not_secure(error: FtpError, host: &str) -> OriginError {
    match error {
        FtpError::SecureError(why) => {
            OriginError::Tls { host: host.to_owned(), source: why.into() }
        }
        FtpError::UnexpectedResponse(answer) if answer.status as u32 >= 500 => {
            OriginError::Tls { host: host.to_owned(), source: "TLS is not offered".into() }
        }
        error => no_answer(error),
    }
}

/// Returns what a refusal means: 4xx may pass, 5xx will not (RFC 959, 4.2.1).
fn no_answer(error: FtpError) -> OriginError {
    match error {
        FtpError::UnexpectedResponse(answer) => {
            let code = answer.status as u32;
            match answer.status {
                Status::FileUnavailable => OriginError::NoSuchFile,
                // Some say so where others are logged in already, and not that the password is wrong.
                Status::NotLoggedIn if is_full(&answer.body) => {
                    OriginError::Failing { words: code.to_string() }
                }
                Status::NotLoggedIn => OriginError::LogInRefused,
                _ if code >= 500 => OriginError::Refusal { words: code.to_string() },
                _ => OriginError::Failing { words: code.to_string() },
            }
        }
        error => OriginError::NoAnswer { source: error.into() },
    }
}

/// Returns whether an answer says that there are too many users.
fn is_full(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer).to_lowercase();
    ["maximum", "too many", "try again"].iter().any(|words| answer.contains(words))
}

/// A file that arrives over a connection of its own; whether it is whole, the session says.
struct Reading {
    file: Option<TransferStream<AsyncNativeTlsStream>>,
    ftp: AsyncNativeTlsFtpStream,
}

impl Body for Reading {
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            let Some(file) = &mut self.file else { return Ok(None) };
            let piece = read_piece(file).await?;
            if piece.is_none() {
                if let Some(file) = self.file.take() {
                    file.finish().await.map_err(|_not_whole| Broken::Off)?;
                }
                // The session ends all the same where it cannot be said any more.
                let _ = timeout(LEAVE_TAKING, self.ftp.quit()).await;
            }
            Ok(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_no_second_command_in_it() {
        let path = |url: &str| path(&Url::parse(url).expect("a URL")).ok();
        for (url, file) in [
            ("ftp://host/a/b%20c.jpg", Some("a/b c.jpg")),
            ("ftp://host/%2Fa.jpg", Some("/a.jpg")),
            ("ftp://host/a%0D%0ADELE%20b", None),
            ("ftp://host/a%0ab", None),
            ("ftp://host/a?b", None),
            ("ftp://host/a/", None),
            ("ftp://host/", None),
        ] {
            assert_eq!(path(url).as_deref(), file, "{url}");
        }
    }
}
