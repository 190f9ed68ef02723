//! SFTP, by a password or a private key.

use percent_encoding::percent_decode_str;
use reqwest::Url;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::fs::File;
use russh_sftp::client::{Config, SftpSession};
use russh_sftp::protocol::StatusCode;
use tokio::time::timeout;

use super::{Fetch, Kind, Opening};
use crate::origins::body::{Answer, Body, NextPiece, read_piece};
use crate::origins::credentials::{
    CredentialUse, Credentials, HOST_KEY, PASSWORD, PRIVATE_KEY, Shape, USER,
};
use crate::origins::error::{OriginError, Phase};
use crate::origins::host_key::hash_of;
use crate::origins::ssh::{Proof, Session, private_key};
use crate::origins::url::OriginUrlError;

/// Logs in by SSH and reads a file.
#[derive(Debug)]
pub struct Sftp;

static LOG_IN: Shape = Shape {
    words: "a user, and a password or a private key",
    required: &[USER],
    optional: &[PASSWORD, PRIVATE_KEY, HOST_KEY],
    rule: |given| {
        if given.get(HOST_KEY).is_some_and(|text| hash_of(text).is_none()) {
            let reason = "must be a line of a public key, or its hash as SHA256:…";
            return Err((HOST_KEY.name, reason.to_owned()));
        }
        match (given.get(PASSWORD), given.get(PRIVATE_KEY)) {
            (None, None) => {
                Err((PASSWORD.name, "is required where there is no privateKey".to_owned()))
            }
            (_, Some(key)) => private_key(key).map(drop).map_err(|why| (PRIVATE_KEY.name, why)),
            _ => Ok(()),
        }
    },
};

impl Kind for Sftp {
    fn id(&self) -> &'static str {
        "sftp"
    }

    fn name(&self) -> &'static str {
        "SFTP"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["sftp"]
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Required(&LOG_IN)
    }

    fn check(
        &self,
        url: &Url,
        _: i32,
        _: &crate::origins::s3::Ambient,
    ) -> Result<(), OriginUrlError> {
        path(url).map(drop)
    }

    fn open<'a>(&'a self, fetch: Fetch<'a>) -> Opening<'a> {
        Box::pin(async move {
            let credentials = fetch.credentials.ok_or_else(|| LOG_IN.missing())?;
            let path = path(&fetch.url).map_err(OriginError::Unusable)?;
            let limits = fetch.network.limits;
            let port = fetch.url.port().unwrap_or(22);
            let (stream, host) = fetch.network.connect(&fetch.url, port).await?;
            let named = format!("{host}:{port}");
            let asking = async {
                let session = Session::log_in(
                    stream,
                    named,
                    credentials.get(USER).unwrap_or_default(),
                    proof(credentials)?,
                    credentials.get(HOST_KEY).and_then(hash_of),
                    fetch.host_keys,
                    limits,
                );
                let session = session.await?;
                let channel = session.subsystem("sftp").await?;
                let config =
                    Config { request_timeout_secs: limits.idle.as_secs() + 1, ..Config::default() };
                let sftp = SftpSession::new_with_config(channel, config).await.map_err(failure)?;
                let file = sftp.open(path).await.map_err(failure)?;
                let about = file.metadata().await.map_err(failure)?;
                if about.permissions.is_some() && !about.is_regular() {
                    return Err(OriginError::Refusal { words: "it is no file".to_owned() });
                }
                let expected = about.size;
                let body = Box::new(Reading { file, sftp, session });
                Ok(Answer { body, expected })
            };
            let after = limits.connect + limits.idle;
            let late = OriginError::TimedOut { phase: Phase::Waiting, after };
            timeout(after, asking).await.unwrap_or(Err(late))
        })
    }
}

/// Returns the path of a file: from the root, or with `/~/` in front from where the user begins.
fn path(url: &Url) -> Result<String, OriginUrlError> {
    let path = percent_decode_str(url.path()).decode_utf8().ok();
    let path = path.filter(|path| !path.contains('\0') && !path.ends_with('/'));
    let is_bare = url.query().is_none() && url.fragment().is_none();
    let path = path.filter(|path| is_bare && !path.is_empty()).ok_or(OriginUrlError::NoFile)?;
    Ok(path.strip_prefix("/~/").unwrap_or(&path).to_owned())
}

fn proof(credentials: &Credentials) -> Result<Proof<'_>, OriginError> {
    match credentials.get(PRIVATE_KEY) {
        // It was read when it was written.
        Some(key) => private_key(key)
            .map(|key| Proof::Key(Box::new(key)))
            .map_err(|_damaged| LOG_IN.missing()),
        None => Ok(Proof::Password(credentials.get(PASSWORD).unwrap_or_default())),
    }
}

fn failure(error: SftpError) -> OriginError {
    match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => OriginError::NoSuchFile,
            StatusCode::PermissionDenied => OriginError::NotPermitted,
            StatusCode::OpUnsupported | StatusCode::BadMessage => {
                OriginError::Refusal { words: status.status_code.to_string() }
            }
            _ => OriginError::Failing { words: status.status_code.to_string() },
        },
        error => OriginError::NoAnswer { source: error.into() },
    }
}

/// A file that is read; what it is read by lives as long.
struct Reading {
    file: File,
    #[expect(dead_code, reason = "the file is read through it")]
    sftp: SftpSession,
    session: Session,
}

impl Body for Reading {
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            let piece = read_piece(&mut self.file).await?;
            if piece.is_none() {
                self.session.end().await;
            }
            Ok(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_from_the_root_or_from_where_the_user_begins() {
        let path = |url: &str| path(&Url::parse(url).expect("a URL")).ok();
        for (url, file) in [
            ("sftp://host/a/b%20c.jpg", Some("/a/b c.jpg")),
            ("sftp://host/~/a.jpg", Some("a.jpg")),
            ("sftp://host/a#b", None),
            ("sftp://host/a?b", None),
            ("sftp://host/a%00", None),
            ("sftp://host/a/", None),
            ("sftp://host/", None),
            ("sftp://host", None),
        ] {
            assert_eq!(path(url).as_deref(), file, "{url}");
        }
    }
}
