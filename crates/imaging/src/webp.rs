use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, ImageDecoder, Rgba};

use super::bytes::Section;
use super::gif::{frame_rows, size_of};
use super::rows::Whole;
use super::samples::{Channels, lay_on_white, zeroed};
use super::{Format, ImagingError, Opened, Probe, memory};

/// Reads the header of a WebP.
pub(super) fn inspect(section: Section<'_>) -> Result<Probe, ImagingError> {
    let mut reader = section.buffered();
    let compressed = check_is_whole(&mut reader)?;
    let mut decoder = WebPDecoder::new(reader)?;
    let size = size_of(&decoder);
    let orientation = decoder.orientation()?;
    // A frame as RGBA or as planes, an animation's canvas, and the data as they came.
    let frames = size.pixels().saturating_mul(8);
    let estimated_memory_bytes = decoder
        .total_bytes()
        .saturating_add(frames)
        .saturating_add(compressed)
        .saturating_add(memory::of_derivation(size, Channels::Rgb, orientation));
    Ok(Probe { format: Format::Webp, size, orientation, estimated_memory_bytes })
}

/// Reads a WebP, of an animation the first frame, on the canvas it is laid on.
pub(super) fn open(section: Section<'_>) -> Result<Opened<'_>, ImagingError> {
    let mut reader = section.buffered();
    check_is_whole(&mut reader)?;
    let mut decoder: WebPDecoder<BufReader<Section<'_>>> = WebPDecoder::new(reader)?;
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?;
    let size = size_of(&decoder);
    let rows = if decoder.has_animation() {
        // What the first frame leaves free would else be black, or what the file says.
        decoder.set_background_color(Rgba([255; 4]))?;
        let first = decoder.into_frames().next();
        let first = first.ok_or_else(|| ImagingError::damaged("it has no picture"))??;
        frame_rows(first, size)?
    } else {
        let alpha = decoder.color_type().has_alpha();
        let bytes = usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX);
        let mut samples = zeroed(bytes)?;
        decoder.read_image(&mut samples)?;
        if alpha {
            lay_on_white(&mut samples, Channels::Rgb);
        }
        Whole::new(size, Channels::Rgb, samples)
    };
    Ok(Opened { rows: Box::new(rows), orientation, profile })
}

/// Compares what the parts of a WebP say of their length with the length of the file.
///
/// The decoder would take any length for true, and reserve memory for it. Gives the bytes
/// of the file.
fn check_is_whole(reader: &mut (impl BufRead + Seek)) -> Result<u64, ImagingError> {
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
