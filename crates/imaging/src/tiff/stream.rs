//! The bytes of a strip or tile, decompressed as they are read.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::ZlibDecoder;
use liblzma::bufread::XzDecoder;
use weezl::{BitOrder, LzwStatus};

use super::fax::Fax;
use super::kind::{Compression, LZMA_BYTES, ZSTANDARD_WINDOW};
use super::lzw::Lzw;
use super::page::Page;
use crate::ImagingError;
use crate::bytes::Section;
use crate::jpeg::{Conversion, Header, JpegRows};

/// The decompressed bytes of a strip or tile, never more than a buffer of them in memory.
pub(super) fn open<'a>(page: &Page<'a>, index: usize) -> Result<Box<dyn Read + 'a>, ImagingError> {
    let section = section(page, index)?;
    if page.reversed_bits {
        let reversed = Reversed(section.buffered());
        return decompressed(page, BufReader::with_capacity(1 << 16, reversed));
    }
    decompressed(page, section.buffered())
}

fn section<'a>(page: &Page<'a>, index: usize) -> Result<Section<'a>, ImagingError> {
    let place = page.offsets.get(index).zip(page.lengths.get(index));
    let (&offset, &length) =
        place.ok_or_else(|| ImagingError::damaged("a strip or tile is missing"))?;
    Ok(Section::new(page.source, offset, length))
}

fn decompressed<'a>(
    page: &Page<'a>,
    mut reader: impl BufRead + 'a,
) -> Result<Box<dyn Read + 'a>, ImagingError> {
    Ok(match page.compression {
        Compression::None => Box::new(reader),
        Compression::Fax(scheme) => Box::new(Fax::new(reader, scheme, page.chunk.width)),
        Compression::Lzw => {
            // Before 1989 the bits ran the other way, and codes grew one later.
            let old = matches!(reader.fill_buf()?, [0, second, ..] if second & 1 == 1);
            if old {
                let decoder = weezl::decode::Decoder::new(BitOrder::Lsb, 8);
                Box::new(OldLzw { reader, decoder })
            } else {
                Box::new(Lzw::new(reader))
            }
        }
        Compression::Deflate => Box::new(ZlibDecoder::new(reader)),
        Compression::PackBits => Box::new(PackBits { reader, run: Run::None }),
        Compression::Lzma => {
            let stream = liblzma::stream::Stream::new_auto_decoder(LZMA_BYTES, 0);
            let stream = stream.map_err(|error| ImagingError::Damaged(error.to_string()))?;
            Box::new(XzDecoder::new_stream(reader, stream))
        }
        Compression::Zstandard => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
            decoder.window_log_max(ZSTANDARD_WINDOW)?;
            Box::new(decoder)
        }
        Compression::Jpeg | Compression::OldJpeg => {
            return Err(ImagingError::damaged("its parts are not compressed as it says"));
        }
    })
}

/// The bytes of a reader, the bits of each in the opposite order.
struct Reversed<R>(R);

impl<R: Read> Read for Reversed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let given = self.0.read(into)?;
        into.iter_mut().take(given).for_each(|byte| *byte = byte.reverse_bits());
        Ok(given)
    }
}

struct OldLzw<R> {
    reader: R,
    decoder: weezl::decode::Decoder,
}

impl<R: BufRead> Read for OldLzw<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let input = self.reader.fill_buf()?;
            let at_end = input.is_empty();
            let result = self.decoder.decode_bytes(input, into);
            self.reader.consume(result.consumed_in);
            let status = result
                .status
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            let stuck = at_end || matches!(status, LzwStatus::Done);
            if result.consumed_out > 0 || into.is_empty() || stuck {
                return Ok(result.consumed_out);
            }
            if matches!(status, LzwStatus::NoProgress) && result.consumed_in == 0 {
                return Ok(0);
            }
        }
    }
}

/// The rest of the run that is being read.
enum Run {
    None,
    Literal(usize),
    Repeat(usize, u8),
}

struct PackBits<R> {
    reader: R,
    run: Run,
}

impl<R: BufRead> Read for PackBits<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        while matches!(self.run, Run::None | Run::Literal(0) | Run::Repeat(0, _)) {
            let mut head = [0; 1];
            if self.reader.read(&mut head)? == 0 {
                return Ok(0);
            }
            let [head] = head;
            self.run = match head {
                0..=127 => Run::Literal(usize::from(head) + 1),
                128 => Run::None,
                129.. => {
                    let mut value = [0; 1];
                    self.reader.read_exact(&mut value)?;
                    Run::Repeat(257 - usize::from(head), value[0])
                }
            };
        }
        match &mut self.run {
            Run::Literal(left) => {
                let wanted = into.len().min(*left);
                let given = self.reader.read(into.get_mut(..wanted).unwrap_or_default())?;
                *left -= given;
                Ok(given)
            }
            Run::Repeat(left, value) => {
                let given = into.len().min(*left);
                into.get_mut(..given).unwrap_or_default().fill(*value);
                *left -= given;
                Ok(given)
            }
            Run::None => Ok(0),
        }
    }
}

/// Begins to decode a strip or tile that is a JPEG, less the tables it shares with the others.
///
/// `convert` says whether it holds YCbCr that is to become RGB.
pub(super) fn open_jpeg<'a>(
    page: &Page<'a>,
    index: usize,
    convert: bool,
) -> Result<JpegRows<Box<dyn BufRead + 'a>>, ImagingError> {
    let stream = || -> Result<Box<dyn BufRead + 'a>, ImagingError> {
        if let (Compression::OldJpeg, Some((at, length))) = (page.compression, page.jpeg_stream) {
            return old_jpeg(page, at, length);
        }
        let section = section(page, index)?;
        // The tables without their end, and the strip without its start.
        let Some(tables) = page.jpeg_tables.len().checked_sub(2).filter(|bytes| *bytes > 0) else {
            return Ok(Box::new(section.buffered()));
        };
        let tables = page.jpeg_tables.get(..tables).unwrap_or_default().to_vec();
        let mut rest = section.buffered();
        let mut start = [0; 2];
        rest.read_exact(&mut start)?;
        Ok(Box::new(Cursor::new(tables).chain(rest)))
    };
    let header = Header::read(&mut stream()?)?;
    let (stated, chunk, least) = (header.size, page.chunk, page.true_size(index));
    let fits = (least.width..=chunk.width).contains(&stated.width)
        && (least.height..=chunk.height).contains(&stated.height);
    if !fits || header.sampling.len() != page.chunk_samples() {
        return Err(ImagingError::damaged("a strip or tile has another size than the page says"));
    }
    // Each is held as coefficients while it is read.
    if header.several_scans && header.size.pixels() > 16 << 20 {
        return Err(ImagingError::unsupported("a TIFF with large progressive JPEGs"));
    }
    let conversion = if convert { Conversion::AsMarked } else { Conversion::Never };
    JpegRows::open(stream()?, &header, conversion)
}

/// Returns the JPEG of the old kind: whole, or its head and the strips behind it.
fn old_jpeg<'a>(
    page: &Page<'a>,
    at: u64,
    length: u64,
) -> Result<Box<dyn BufRead + 'a>, ImagingError> {
    let file_bytes = page.source.length()?;
    let length = length.min(file_bytes.saturating_sub(at));
    let whole = Section::new(page.source, at, length);
    let (Some(&first), Some(&strip)) = (page.offsets.first(), page.lengths.first()) else {
        return Ok(Box::new(whole.buffered()));
    };
    if page.offsets.len() != 1 || (at..at + length).contains(&first) {
        return Ok(Box::new(whole.buffered()));
    }
    Ok(Box::new(whole.buffered().chain(Section::new(page.source, first, strip).buffered())))
}
