//! Bringing an answer's body to a file, within bounds of size and time.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;

use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::body::{Answer, Broken};
use super::error::{OriginError, Phase};
use super::limits::Limits;

/// Each piece is written on a thread of its own kind; smaller ones would be mostly hand-over.
const PIECE_BYTES: usize = 256 * 1024;

/// A file that was fetched from an origin.
#[derive(Debug)]
pub struct Fetched {
    /// Without a name in the file system, at its start; gone once it is closed.
    pub file: File,
    /// Length of the file, at least 1.
    pub bytes: u64,
}

/// Writes the body of an answer to an unnamed file in `folder`; the fetch has `begun` before.
pub(super) async fn store(
    answer: Answer,
    limits: Limits,
    begun: Instant,
    folder: &Path,
) -> Result<Fetched, OriginError> {
    let too_large = || OriginError::TooLarge { limit_bytes: limits.max_bytes };
    let Answer { mut body, expected } = answer;
    if expected.is_some_and(|bytes| bytes > limits.max_bytes) {
        return Err(too_large());
    }
    let file = unnamed(folder).await.map_err(OriginError::Io)?;
    let mut file = BufWriter::with_capacity(PIECE_BYTES, tokio::fs::File::from_std(file));
    let mut got = 0;
    let mut pace = Pace { since: Instant::now(), got };
    loop {
        let now = Instant::now();
        let (silent, end) = (now + limits.idle, begun + limits.allowed(got));
        let piece = match timeout_at(silent.min(end), body.next()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => break,
            // A reset, a missing end and a damaged chunk alike: the file is not whole.
            Ok(Err(Broken::Off)) => return Err(OriginError::Truncated { expected, got }),
            Ok(Err(Broken::Because(error))) => return Err(error),
            Err(_) if silent < end => {
                return Err(OriginError::TimedOut { phase: Phase::Reading, after: limits.idle });
            }
            Err(_) => {
                let after = limits.allowed(got);
                return Err(OriginError::TimedOut { phase: Phase::InAll, after });
            }
        };
        got += piece.len() as u64;
        pace.keep(got, limits)?;
        if got > limits.max_bytes {
            return Err(too_large());
        }
        file.write_all(&piece).await.map_err(OriginError::Io)?;
    }
    if expected.is_some_and(|expected| got < expected) {
        return Err(OriginError::Truncated { expected, got });
    }
    if got == 0 {
        return Err(OriginError::Empty);
    }
    file.flush().await.map_err(OriginError::Io)?;
    let mut file = file.into_inner().into_std().await;
    file.rewind().map_err(OriginError::Io)?;
    Ok(Fetched { file, bytes: got })
}

/// The rate at which the file arrives.
struct Pace {
    since: Instant,
    got: u64,
}

impl Pace {
    /// Judges each stretch of `idle` once it is over.
    fn keep(&mut self, got: u64, limits: Limits) -> Result<(), OriginError> {
        let over = self.since.elapsed();
        if over < limits.idle {
            return Ok(());
        }
        let least = over.as_secs().saturating_mul(limits.bytes_per_second);
        if got - self.got < least {
            let bytes_per_second = limits.bytes_per_second;
            return Err(OriginError::TooSlow { bytes_per_second, over: limits.idle });
        }
        *self = Self { since: Instant::now(), got };
        Ok(())
    }
}

async fn unnamed(folder: &Path) -> io::Result<File> {
    let folder = folder.to_owned();
    let make = move || match tempfile::tempfile_in(&folder) {
        // It does no harm if another process has removed the folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(&folder)?;
            tempfile::tempfile_in(&folder)
        }
        made => made,
    };
    spawn_blocking(make).await.map_err(io::Error::other)?
}
