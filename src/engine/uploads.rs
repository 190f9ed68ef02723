//! Uploads as originals: read from the store, and never fetched over HTTP. They come before any origin strategy.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::time::Instant;

use super::Engine;
use super::attempt_error::AttemptError;
use crate::metrics::engine::Stage;
use crate::metrics::fault_kind::FaultKind;
use crate::origins::{Fetched, OriginError};
use crate::uploads::parts::Part;

/// Bytes that are read at a time.
const PIECE: u64 = 1 << 20;

impl Engine {
    /// Puts the parts of an upload together, in a file without a name.
    pub(super) async fn fetch_upload(&self, parts: Vec<Part>) -> Result<Fetched, AttemptError> {
        let began = Instant::now();
        // The setting may be lower than when it was sent.
        let limit_bytes = self.fetcher.max_bytes();
        if parts.iter().map(|part| part.length.cast_unsigned()).sum::<u64>() > limit_bytes {
            return Err(OriginError::TooLarge { limit_bytes }.into());
        }
        let folder = self.settings.folder.clone();
        let mut file = block(move || tempfile::tempfile_in(folder)).await?;
        let mut bytes = 0;
        for part in parts {
            let (key, length) = (part.key(), part.length.cast_unsigned());
            let mut at = 0;
            while at < length {
                let read = self.storage.get(&key, at..length.min(at + PIECE)).await;
                let piece = match read {
                    Ok(piece) => piece,
                    // Trying again is of no use, once it is known that the store is there.
                    Err(error) if error.is_missing() && self.storage.confirm().await.is_ok() => {
                        log::error!("{error}");
                        self.metrics.engine.fault(FaultKind::Storage);
                        return Err(AttemptError::Image(
                            "the upload that is its origin is not in the store any more; send the file again".into(),
                        ));
                    }
                    Err(error) => return Err(self.not_stored(&error).await),
                };
                at += piece.len() as u64;
                file = block(move || file.write_all(&piece).map(|()| file)).await?;
            }
            bytes += length;
        }
        let file = block(move || file.rewind().map(|()| file)).await?;
        self.stage(Stage::Fetch, began);
        match bytes {
            // No upload is empty: it is gone, and the image by now has another origin.
            0 => Err(AttemptError::Image(
                "the upload that is its origin is not there any more".into(),
            )),
            bytes => Ok(Fetched { file, bytes }),
        }
    }
}

/// Does something with a file on a thread that may wait.
async fn block(
    act: impl FnOnce() -> io::Result<File> + Send + 'static,
) -> Result<File, OriginError> {
    let done = tokio::task::spawn_blocking(act).await.map_err(io::Error::other);
    done.flatten().map_err(OriginError::Io)
}
