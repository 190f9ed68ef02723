use std::io::BufReader;

use image::codecs::gif::GifDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, Frame, ImageDecoder, ImageError, Limits};

use super::bytes::Section;
use super::rows::Whole;
use super::samples::{Channels, lay_on_white};
use super::watch::Watched;
use super::{Format, ImagingError, Opened, Probe, Size, memory};

type Decoder<'a> = GifDecoder<Watched<BufReader<Section<'a>>>>;

/// Reads the header of a GIF.
pub(super) fn inspect(section: Section<'_>) -> Result<Probe, ImagingError> {
    decoded(section, |decoder| {
        let size = size_of(&decoder);
        if size.pixels() == 0 {
            return Err(ImagingError::damaged("its width or height is nought"));
        }
        let orientation = Orientation::NoTransforms;
        // The canvas, and the first frame before it is laid on it.
        let estimated_memory_bytes = decoder
            .total_bytes()
            .saturating_mul(3)
            .saturating_add(memory::of_derivation(size, Channels::Rgb, orientation));
        Ok(Probe { format: Format::Gif, size, orientation, estimated_memory_bytes })
    })
}

/// Reads a GIF, of an animation the first frame, on the canvas it is laid on.
pub(super) fn open(section: Section<'_>) -> Result<Opened<'_>, ImagingError> {
    decoded(section, |mut decoder| {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(decoder.total_bytes().saturating_mul(3));
        decoder.set_limits(limits)?;
        let size = size_of(&decoder);
        let profile = decoder.icc_profile()?;
        let first = decoder.into_frames().next();
        let first = first.ok_or_else(|| ImagingError::damaged("it has no picture"))??;
        let rows = Box::new(frame_rows(first, size)?);
        Ok(Opened { rows, orientation: Orientation::NoTransforms, profile })
    })
}

/// Lets `work` use a decoder of GIF, which itself takes an early end for any other fault.
fn decoded<'a, T>(
    section: Section<'a>,
    work: impl FnOnce(Decoder<'a>) -> Result<T, ImagingError>,
) -> Result<T, ImagingError> {
    let (watched, watch) = Watched::new(section.buffered());
    let outcome = GifDecoder::new(watched).map_err(ImagingError::from).and_then(work);
    if outcome.is_err() {
        watch.verdict()?;
    }
    outcome
}

/// Returns the size of a picture, of an animation that of its canvas.
pub(super) fn size_of(decoder: &impl ImageDecoder) -> Size {
    let (width, height) = decoder.dimensions();
    Size { width, height }
}

/// Returns the canvas of an animation as its first frame leaves it; the rest is white.
pub(super) fn frame_rows(frame: Frame, canvas: Size) -> Result<Whole, ImagingError> {
    let buffer = frame.into_buffer();
    if buffer.dimensions() != (canvas.width, canvas.height) {
        return Err(ImagingError::damaged("its first frame has another size than it says"));
    }
    let mut samples = buffer.into_raw();
    lay_on_white(&mut samples, Channels::Rgb);
    Ok(Whole::new(canvas, Channels::Rgb, samples))
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
