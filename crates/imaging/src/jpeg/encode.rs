use std::panic::{AssertUnwindSafe, catch_unwind};

use mozjpeg::compress::CompressStarted;
use mozjpeg::{ColorSpace, Compress};

use super::fault;
use crate::samples::Channels;
use crate::{ImagingError, Size};

/// The way JPEGs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    /// From 1 to 100.
    pub(crate) quality: u8,
    /// Colours at half the resolution each way (4:2:0); otherwise at the full one.
    pub(crate) subsampled: bool,
}

/// An encoder of a complete baseline JPEG with a JFIF header and no other metadata.
///
/// It is given rows from the top, in any portions.
pub(crate) struct Encoder<W: std::io::Write> {
    started: Option<CompressStarted<W>>,
}

impl<W: std::io::Write> Encoder<W> {
    /// Begins a JPEG of gray or RGB samples.
    ///
    /// # Errors
    /// Returns [`ImagingError::Unsupported`] for a size that no JPEG can have.
    pub(crate) fn begin(
        into: W,
        size: Size,
        channels: Channels,
        encoding: Encoding,
    ) -> Result<Self, ImagingError> {
        if size.longest() > 65_500 {
            return Err(ImagingError::unsupported("a JPEG has at most 65,500 pixels a side"));
        }
        let started = guarded(|| {
            let gray = channels == Channels::Gray;
            let space = if gray { ColorSpace::JCS_GRAYSCALE } else { ColorSpace::JCS_RGB };
            let mut encoder = Compress::new(space);
            encoder.set_fastest_defaults();
            encoder.set_size(size.width as usize, size.height as usize);
            if !gray {
                encoder.set_color_space(ColorSpace::JCS_YCbCr);
                let pixel = if encoding.subsampled { (2, 2) } else { (1, 1) };
                encoder.set_chroma_sampling_pixel_sizes(pixel, pixel);
            }
            encoder.set_quality(f32::from(encoding.quality.clamp(1, 100)));
            encoder.start_compress(into)
        })?;
        Ok(Self { started: Some(started) })
    }

    /// Writes one or more whole rows.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails.
    pub(crate) fn write(&mut self, rows: &[u8]) -> Result<(), ImagingError> {
        let mut started = self.started.take().ok_or_else(crate::rows::past_the_end)?;
        self.started = Some(guarded(|| {
            started.write_scanlines(rows)?;
            Ok(started)
        })?);
        Ok(())
    }

    /// Writes rows that do not stand one after the other.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails.
    pub(crate) fn write_each<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), ImagingError> {
        let mut started = self.started.take().ok_or_else(crate::rows::past_the_end)?;
        self.started = Some(guarded(|| {
            for row in rows {
                started.write_scanlines(row)?;
            }
            Ok(started)
        })?);
        Ok(())
    }

    /// Ends the JPEG, once all its rows are written, and returns what it was written to.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails.
    pub(crate) fn finish(mut self) -> Result<W, ImagingError> {
        let started = self.started.take().ok_or_else(crate::rows::past_the_end)?;
        guarded(|| started.finish())
    }
}

fn guarded<T>(work: impl FnOnce() -> std::io::Result<T>) -> Result<T, ImagingError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(encoded) => encoded.map_err(ImagingError::Io),
        Err(panic) => Err(fault(panic.as_ref())),
    }
}

/// Returns a picture as a complete JPEG.
///
/// # Errors
/// Returns what [`Encoder::begin`] returns.
pub(crate) fn encode(
    size: Size,
    channels: Channels,
    samples: &[u8],
    encoding: Encoding,
) -> Result<Vec<u8>, ImagingError> {
    let mut encoder = Encoder::begin(Vec::new(), size, channels, encoding)?;
    encoder.write(samples)?;
    encoder.finish()
}
