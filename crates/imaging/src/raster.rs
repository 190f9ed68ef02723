use std::io::{BufRead, Read, Seek, SeekFrom};

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder, ImageError, Limits};

use super::pixels::{Channels, Pixels, eight_bits, lay_on_white, narrow_in_place, zeroed};
use super::watch::Watched;
use super::{Decoded, Format, ImagingError, Probe, Size, thumbnails_bytes};

/// Bytes that a PNG may spend on texts, profiles and one row of pixels.
const PNG_EXTRA_BYTES: u64 = 16 << 20;

/// Reads the header of a PNG.
pub(super) fn inspect_png(reader: impl BufRead + Seek) -> Result<Probe, ImagingError> {
    let decoder = png(reader)?;
    Ok(probe(Format::Png, &decoder, PNG_EXTRA_BYTES))
}

/// Reads the header of a WebP.
pub(super) fn inspect_webp(mut reader: impl BufRead + Seek) -> Result<Probe, ImagingError> {
    let compressed = check_webp_is_whole(&mut reader)?;
    let decoder = WebPDecoder::new(reader)?;
    // A frame as RGBA or as planes, an animation's canvas, and the data as they came.
    let frames = size(&decoder).pixels() * 8;
    Ok(probe(Format::Webp, &decoder, frames + compressed))
}

/// Reads the header of a GIF.
pub(super) fn inspect_gif(reader: impl BufRead + Seek) -> Result<Probe, ImagingError> {
    gif(reader, |decoder| {
        if size(&decoder).pixels() == 0 {
            return Err(ImagingError::damaged("its width or height is nought"));
        }
        // The first frame, before it is laid on the canvas.
        let frame = decoder.total_bytes();
        Ok(probe(Format::Gif, &decoder, frame))
    })
}

fn probe(format: Format, decoder: &impl ImageDecoder, decoder_bytes: u64) -> Probe {
    let size = size(decoder);
    let colours = if decoder.color_type().has_color() { Channels::Rgb } else { Channels::Gray };
    let estimated_memory_bytes = decoder
        .total_bytes()
        .saturating_add(decoder_bytes)
        .saturating_add(thumbnails_bytes(size, colours));
    Probe { format, size, estimated_memory_bytes }
}

/// Decodes the default image of a PNG.
pub(super) fn decode_png(reader: impl BufRead + Seek) -> Result<Decoded, ImagingError> {
    decode(png(reader)?)
}

/// Decodes a WebP, of an animation the first frame.
pub(super) fn decode_webp(mut reader: impl BufRead + Seek) -> Result<Decoded, ImagingError> {
    check_webp_is_whole(&mut reader)?;
    decode(WebPDecoder::new(reader)?)
}

/// Decodes a GIF, of an animation the first frame, on the canvas it is laid on.
pub(super) fn decode_gif(reader: impl BufRead + Seek) -> Result<Decoded, ImagingError> {
    gif(reader, |mut decoder| {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(decoder.total_bytes());
        decoder.set_limits(limits)?;
        decode(decoder)
    })
}

/// Lets `work` use a decoder of GIF, which itself takes an early end for any other fault.
fn gif<R: BufRead + Seek, T>(
    reader: R,
    work: impl FnOnce(GifDecoder<Watched<R>>) -> Result<T, ImagingError>,
) -> Result<T, ImagingError> {
    let (watched, watch) = Watched::new(reader);
    let outcome = GifDecoder::new(watched).map_err(ImagingError::from).and_then(work);
    if outcome.is_err() {
        watch.verdict()?;
    }
    outcome
}

fn png<R: BufRead + Seek>(reader: R) -> Result<PngDecoder<R>, ImagingError> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(PNG_EXTRA_BYTES);
    Ok(PngDecoder::with_limits(reader, limits)?)
}

fn size(decoder: &impl ImageDecoder) -> Size {
    let (width, height) = decoder.dimensions();
    Size { width, height }
}

fn decode(mut decoder: impl ImageDecoder) -> Result<Decoded, ImagingError> {
    let stored = size(&decoder);
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?;
    let kind = decoder.color_type();
    let bytes = usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX);
    let mut samples = zeroed(bytes)?;
    decoder.read_image(&mut samples)?;
    let channels = if kind.has_color() { Channels::Rgb } else { Channels::Gray };
    match kind {
        ColorType::L8 | ColorType::Rgb8 => {}
        ColorType::La8 | ColorType::Rgba8 => lay_on_white(&mut samples, channels),
        ColorType::L16 | ColorType::Rgb16 => {
            narrow_in_place(&mut samples, |sample| [eight_bits(u16::from_ne_bytes(sample))]);
        }
        ColorType::La16 | ColorType::Rgba16 => {
            narrow_in_place(&mut samples, |sample| [eight_bits(u16::from_ne_bytes(sample))]);
            lay_on_white(&mut samples, channels);
        }
        _ => return Err(ImagingError::Unsupported(format!("pixels of the kind {kind:?}"))),
    }
    let pixels = Pixels { size: stored, channels, samples };
    Ok(Decoded { stored, pixels, orientation, profile })
}

/// Compares what the parts of a WebP say of their length with the length of the file.
///
/// The decoder would take any length for true, and reserve memory for it. Gives the bytes
/// of the file.
fn check_webp_is_whole(reader: &mut (impl Read + Seek)) -> Result<u64, ImagingError> {
    let file = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(4))?;
    let end = u64::from(length(reader)?) + 8;
    let mut at = 12;
    while at + 8 <= end.min(file) {
        reader.seek(SeekFrom::Start(at + 4))?;
        at += 8 + u64::from(length(reader)?);
        if at > file {
            return Err(ImagingError::Truncated);
        }
        at += at % 2;
    }
    reader.rewind()?;
    if end > file { Err(ImagingError::Truncated) } else { Ok(file) }
}

fn length(reader: &mut impl Read) -> Result<u32, ImagingError> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

impl From<ImageError> for ImagingError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::IoError(error) => error.into(),
            ImageError::Limits(_) => {
                Self::unsupported("it takes more memory than its size explains")
            }
            ImageError::Unsupported(error) => Self::Unsupported(error.to_string()),
            error => Self::Damaged(error.to_string()),
        }
    }
}
