//! Compresses texts by the algorithms of the content codings.

use std::io::{self, Write as _};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::hydra::ContentCoding;

/// Levels of each algorithm. Beyond these a few percent less cost several times as much; from level 5 on, Brotli fills tables
/// that take longer than a short text.
const ZSTD_LEVEL: i32 = 3;
const BROTLI_LEVEL: i32 = 4;
const GZIP_LEVEL: u32 = 6;

/// Returns bytes in a content coding; the same bytes always become the same.
///
/// # Errors
/// Fails if there is no memory for the tables of an algorithm.
pub fn compress(bytes: &[u8], coding: ContentCoding) -> io::Result<Vec<u8>> {
    let mut made = match coding {
        ContentCoding::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL)?,
        ContentCoding::Brotli => brotli(bytes)?,
        ContentCoding::Gzip => {
            let made = Vec::with_capacity(bytes.len() / 4);
            let mut encoder = GzEncoder::new(made, Compression::new(GZIP_LEVEL));
            encoder.write_all(bytes)?;
            encoder.finish()?
        }
        ContentCoding::Identity => bytes.to_vec(),
    };
    // What is held while it is sent is what is accounted for.
    made.shrink_to_fit();
    Ok(made)
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let window = usize::BITS - bytes.len().leading_zeros();
    let parameters = BrotliEncoderParams {
        quality: BROTLI_LEVEL,
        // No larger than the text, because so much memory is taken for it; at most 4 MiB.
        lgwin: i32::try_from(window.clamp(16, 22)).unwrap_or(22),
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut made = Vec::with_capacity(bytes.len() / 4);
    brotli::BrotliCompress(&mut &*bytes, &mut made, &parameters)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn expanded(bytes: &[u8], coding: ContentCoding) -> Vec<u8> {
        let mut text = Vec::new();
        let read = match coding {
            ContentCoding::Zstd => {
                zstd::Decoder::new(bytes).and_then(|mut d| d.read_to_end(&mut text))
            }
            ContentCoding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut text),
            ContentCoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
            ContentCoding::Identity => (&*bytes).read_to_end(&mut text),
        };
        read.expect("what was made can be read");
        text
    }

    #[test]
    fn what_is_compressed_is_read_back_at_any_length() {
        for length in [0, 1, 1023, 70_000, 3 << 20] {
            let words = (0_u32..).flat_map(|n| (n % 4099 * 7919).to_string().into_bytes());
            let text: Vec<u8> = words.take(length).collect();
            for coding in ContentCoding::ALL {
                let made = compress(&text, coding).expect("memory");
                assert_eq!(made.capacity(), made.len(), "{coding:?} of {length}");
                assert!(expanded(&made, coding) == text, "{coding:?} of {length}");
                assert_eq!(compress(&text, coding).expect("memory"), made);
                if length > 1000 && coding != ContentCoding::Identity {
                    assert!(made.len() < length, "{coding:?} of {length}: {}", made.len());
                }
            }
        }
    }
}
