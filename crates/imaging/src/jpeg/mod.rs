mod header;
mod warnings;

use std::any::Any;
use std::io::BufRead;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mozjpeg::{ColorSpace, Compress, Decompress};

pub(super) use self::header::Header;
use super::pixels::{Channels, Pixels, zeroed};
use super::watch::Watched;
use super::{ImagingError, Size};

/// Rows read between two looks at whether the file has ended.
const ROWS_AT_ONCE: usize = 64;

/// Of the qualities tried (80 to 95), the least that shows no blocks at thumbnail size.
const QUALITY: f32 = 85.0;

/// The conversion of the components of the file to those of the picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    /// YCbCr becomes RGB, YCCK becomes CMYK, as the markers of the file say.
    AsMarked,
    /// Nothing is converted: what holds the JPEG knows better than its markers.
    Never,
}

/// Returns the eighths, in linear size, at which an image is worth decoding for an `edge`.
///
/// libjpeg scales while it decodes, which saves both time and memory, but blurs. At twice
/// the size of the thumbnail 40 to 48 dB are left to tell it from one of the whole image,
/// at the size itself only 30 to 36. Only the powers of two have fast code in libjpeg.
pub(super) fn eighths(size: Size, edge: u32) -> u8 {
    let suffices = |n: u8| u64::from(size.longest()) * u64::from(n) >= u64::from(edge) * 2 * 8;
    [1, 2, 4].into_iter().find(|&n| suffices(n)).unwrap_or(8)
}

/// Returns the size libjpeg gives an image when it scales it by eighths.
pub(super) fn scaled(size: Size, eighths: u8) -> Size {
    let shrunk = |full: u32| (full * u32::from(eighths)).div_ceil(8);
    Size { width: shrunk(size.width), height: shrunk(size.height) }
}

/// Decodes all of a JPEG, from its very start, at `eighths` of its size.
///
/// # Errors
/// Returns [`ImagingError::Truncated`] if the file, or the data in it, ends before the image: libjpeg
/// itself would only warn, and fill the rest with gray.
pub(super) fn decode(
    reader: impl BufRead,
    header: &Header,
    eighths: u8,
    conversion: Conversion,
) -> Result<Pixels, ImagingError> {
    let (watched, watch) = Watched::new(reader);
    // libjpeg unwinds with its message, past the panic hook. Nothing shared is left half
    // done by that: the decoder is dropped, and the watch only ever moves forward.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut decoder =
            Decompress::builder().with_err(warnings::handler()).from_reader(watched)?;
        let (width, height) = decoder.size();
        if (width, height) != (header.size.width as usize, header.size.height as usize)
            || decoder.components().len() != header.sampling.len()
        {
            return Err(ImagingError::damaged("its size is stated twice"));
        }
        decoder.scale(eighths);
        let (channels, space) = match decoder.components().len() {
            1 => (Channels::Gray, ColorSpace::JCS_GRAYSCALE),
            3 => (Channels::Rgb, ColorSpace::JCS_RGB),
            _ => (Channels::Cmyk, ColorSpace::JCS_CMYK),
        };
        let space = if conversion == Conversion::Never { decoder.color_space() } else { space };
        let mut decoder = decoder.to_colorspace(space)?;
        let size = Size::try_from((decoder.width(), decoder.height()))?;
        let row = decoder.width() * channels.count();
        let mut samples = zeroed(row * decoder.height())?;
        for rows in samples.chunks_mut(row * ROWS_AT_ONCE) {
            // A tiny file that promises a huge image must not cost the time of one.
            if watch.ended() {
                return Err(ImagingError::Truncated);
            }
            decoder.read_scanlines_into(rows)?;
            if warnings::ended_early() {
                return Err(ImagingError::Truncated);
            }
        }
        decoder.finish()?;
        Ok(Pixels { size, channels, samples })
    }));
    watch.verdict()?;
    let mut pixels = match outcome {
        Ok(decoded) => decoded?,
        Err(panic) => return Err(ImagingError::Damaged(message(panic.as_ref()))),
    };
    if pixels.channels == Channels::Cmyk && header.adobe && conversion == Conversion::AsMarked {
        pixels.samples.iter_mut().for_each(|sample| *sample = !*sample);
    }
    Ok(pixels)
}

/// Returns a complete baseline JPEG with a JFIF header and no other metadata.
pub(super) fn encode(pixels: &Pixels) -> Result<Vec<u8>, ImagingError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let gray = pixels.channels == Channels::Gray;
        let space = if gray { ColorSpace::JCS_GRAYSCALE } else { ColorSpace::JCS_RGB };
        let mut encoder = Compress::new(space);
        encoder.set_fastest_defaults();
        encoder.set_size(pixels.size.width as usize, pixels.size.height as usize);
        if !gray {
            encoder.set_color_space(ColorSpace::JCS_YCbCr);
            encoder.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
        }
        encoder.set_quality(QUALITY);
        let mut encoder = encoder.start_compress(Vec::new())?;
        encoder.write_scanlines(&pixels.samples)?;
        encoder.finish()
    }));
    match outcome {
        Ok(encoded) => Ok(encoded?),
        Err(panic) => Err(ImagingError::Damaged(message(panic.as_ref()))),
    }
}

/// Returns what libjpeg said as it gave up.
fn message(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map_or("the decoder gave up", String::as_str);
    said.strip_prefix("libjpeg fatal error: ").unwrap_or(said).to_owned()
}
