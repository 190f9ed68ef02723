//! Bodies that an origin compressed, though it was asked for them as they are.

use std::io;

use async_compression::tokio::bufread::GzipDecoder;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use tokio::io::AsyncReadExt;
use tokio_util::io::StreamReader;

use crate::origins::body::{Body, Broken, NextPiece};
use crate::origins::error::OriginError;

/// Most bytes of a piece: a few bytes may become a thousand times as many.
const PIECE_BYTES: usize = 64 * 1024;

/// The form in which a body is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

impl Encoding {
    /// Reads it off the head of an answer; what is no coding at all, such as `utf-8`, says nothing.
    ///
    /// # Errors
    /// Returns [`OriginError::UnknownEncoding`] for a coding that is not read, or several.
    pub fn of(answer: &Response) -> Result<Self, OriginError> {
        let values = answer.headers().get_all(CONTENT_ENCODING);
        let values = values.iter().filter_map(|value| value.to_str().ok());
        let codings = values.flat_map(|value| value.split(','));
        Self::read(codings)
    }

    fn read<'a>(codings: impl Iterator<Item = &'a str>) -> Result<Self, OriginError> {
        let mut found = Self::Plain;
        for coding in codings {
            let coding = coding.trim().to_ascii_lowercase();
            match (coding.as_str(), &found) {
                ("gzip" | "x-gzip", Self::Plain) => found = Self::Gzip,
                ("gzip" | "x-gzip" | "br" | "zstd" | "deflate" | "compress" | "x-compress", _) => {
                    return Err(OriginError::UnknownEncoding { coding });
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

type Compressed = StreamReader<BoxStream<'static, io::Result<Bytes>>, Bytes>;

/// A body that is decompressed as it arrives.
pub(super) struct Gzip(GzipDecoder<Compressed>);

impl Gzip {
    pub fn new(answer: Response) -> Self {
        let bytes = answer.bytes_stream().map_err(io::Error::other).boxed();
        let mut decoder = GzipDecoder::new(StreamReader::new(bytes));
        // As files may be, that were made of several (RFC 1952, 2.2).
        decoder.multiple_members(true);
        Self(decoder)
    }
}

impl Body for Gzip {
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            let mut piece = BytesMut::with_capacity(PIECE_BYTES);
            match self.0.read_buf(&mut piece).await {
                Ok(0) => Ok(None),
                Ok(_) => Ok(Some(piece.freeze())),
                Err(error) if is_cut(&error) => Err(Broken::Off),
                Err(_) => Err(Broken::Because(OriginError::BadEncoding)),
            }
        })
    }
}

/// Returns whether it was the connection that ended, or the file, and not the decoder that refused.
fn is_cut(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
        || error.get_ref().is_some_and(|inner| inner.downcast_ref::<reqwest::Error>().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gzip_is_read_and_words_that_are_no_coding_are_left_aside() {
        let read = |text: &str| Encoding::read(text.split(',')).ok();
        for (text, encoding) in [
            ("", Some(Encoding::Plain)),
            ("identity", Some(Encoding::Plain)),
            ("aws-chunked", Some(Encoding::Plain)),
            ("utf-8", Some(Encoding::Plain)),
            ("GZip", Some(Encoding::Gzip)),
            ("aws-chunked, x-gzip", Some(Encoding::Gzip)),
            ("gzip, gzip", None),
            ("br", None),
            ("Zstd", None),
        ] {
            assert_eq!(read(text), encoding, "{text}");
        }
    }
}
