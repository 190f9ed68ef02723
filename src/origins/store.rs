//! Bringing an answer's body to a file, within bounds of size and time.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::error::{OriginError, Phase};
use super::fetch::Limits;

/// Each piece is written on a thread of its own kind; smaller ones would be mostly hand-over.
const PIECE_BYTES: usize = 256 * 1024;

/// What an origin gave.
#[derive(Debug)]
pub struct Fetched {
    /// Without a name in the file system, at its start; gone once it is closed.
    pub file: File,
    /// Length of the file, at least 1.
    pub bytes: u64,
    /// What the origin calls it, in lower case and without parameters: a hint, not a fact.
    pub media_type: Option<String>,
}

/// Writes the body to an unnamed file in `folder`.
pub(super) async fn store(
    mut answer: Response,
    limits: Limits,
    folder: &Path,
) -> Result<Fetched, OriginError> {
    let too_large = || OriginError::TooLarge { limit_bytes: limits.max_bytes };
    let expected = answer.content_length();
    if expected.is_some_and(|bytes| bytes > limits.max_bytes) {
        return Err(too_large());
    }
    let media_type = media_type(&answer);
    let file = unnamed(folder).await.map_err(OriginError::Io)?;
    let mut file = BufWriter::with_capacity(PIECE_BYTES, tokio::fs::File::from_std(file));
    let mut got = 0;
    loop {
        let silent = OriginError::TimedOut { phase: Phase::Reading, after: limits.idle };
        let piece = match timeout(limits.idle, answer.chunk()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => break,
            // A reset, a missing end and a damaged chunk alike: the file is not whole.
            Ok(Err(_)) => return Err(OriginError::Truncated { expected, got }),
            Err(_) => return Err(silent),
        };
        got += piece.len() as u64;
        if got > limits.max_bytes {
            return Err(too_large());
        }
        file.write_all(&piece).await.map_err(OriginError::Io)?;
    }
    if got == 0 {
        return Err(OriginError::Empty);
    }
    file.flush().await.map_err(OriginError::Io)?;
    let mut file = file.into_inner().into_std().await;
    file.rewind().map_err(OriginError::Io)?;
    Ok(Fetched { file, bytes: got, media_type })
}

async fn unnamed(folder: &Path) -> io::Result<File> {
    let folder = folder.to_owned();
    spawn_blocking(move || tempfile::tempfile_in(folder)).await.map_err(io::Error::other)?
}

fn media_type(answer: &Response) -> Option<String> {
    let header = answer.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let named = header.split(';').next()?.trim().to_ascii_lowercase();
    (!named.is_empty()).then_some(named)
}
