use std::io::BufRead;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mozjpeg::decompress::DecompressStarted;
use mozjpeg::{ColorSpace, Decompress};

use super::{Header, fault, warnings};
use crate::rows::{Rows, past_the_end};
use crate::samples::Channels;
use crate::watch::{Watch, Watched};
use crate::{ImagingError, Size};

/// The conversion of the components of the file to those of the picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// YCbCr becomes RGB, YCCK becomes CMYK, as the markers of the file say.
    AsMarked,
    /// Only the light is kept: that of YCbCr is decoded without its colours.
    Light,
    /// Nothing is converted: what holds the JPEG knows better than its markers.
    Never,
}

/// The rows of a JPEG; of one with several scans, libjpeg holds the coefficients of all.
pub(crate) struct JpegRows<R> {
    /// None once libjpeg has given up, after which it is of no more use.
    decoder: Option<DecompressStarted<Watched<R>>>,
    watch: Watch,
    size: Size,
    channels: Channels,
    inverted: bool,
    left: usize,
}

impl<R: BufRead> JpegRows<R> {
    /// Begins to decode a JPEG from its very start.
    ///
    /// # Errors
    /// Returns [`ImagingError::Truncated`] if the file, or the data in it, ends before the
    /// picture: libjpeg itself would only warn, and fill the rest with gray.
    pub(crate) fn open(
        reader: R,
        header: &Header,
        conversion: Conversion,
    ) -> Result<Self, ImagingError> {
        let (watched, watch) = Watched::new(reader);
        let (decoder, channels) = guarded(&watch, || {
            let decoder =
                Decompress::builder().with_err(warnings::handler()).from_reader(watched)?;
            let (width, height) = decoder.size();
            if (width, height) != (header.size.width as usize, header.size.height as usize)
                || decoder.components().len() != header.sampling.len()
            {
                return Err(ImagingError::damaged("its size is stated twice"));
            }
            let (channels, space) = match decoder.components().len() {
                1 | 3 if conversion == Conversion::Light => {
                    (Channels::Gray, ColorSpace::JCS_GRAYSCALE)
                }
                1 => (Channels::Gray, ColorSpace::JCS_GRAYSCALE),
                3 => (Channels::Rgb, ColorSpace::JCS_RGB),
                _ => (Channels::Cmyk, ColorSpace::JCS_CMYK),
            };
            let never = conversion == Conversion::Never;
            let space = if never { decoder.color_space() } else { space };
            Ok((decoder.to_colorspace(space)?, channels))
        })?;
        // Ink is stored upside down, 0 being full: with Adobe's marker as it says, and without
        // it as browsers and other readers take it.
        let inverted = channels == Channels::Cmyk && conversion != Conversion::Never;
        let left = header.size.height as usize;
        let size = header.size;
        Ok(Self { decoder: Some(decoder), watch, size, channels, inverted, left })
    }
}

/// Runs libjpeg, and says why it gave up, or what it only warned of.
fn guarded<T>(
    watch: &Watch,
    work: impl FnOnce() -> Result<T, ImagingError>,
) -> Result<T, ImagingError> {
    // libjpeg unwinds with its message, past the panic hook. Nothing shared is left half
    // done by that: the decoder is dropped, and the watch only ever moves forward.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    watch.failure()?;
    if warnings::ended_early() {
        return Err(ImagingError::Truncated);
    }
    match outcome {
        Ok(outcome) => outcome,
        Err(_) if watch.ended() => Err(ImagingError::Truncated),
        Err(panic) => Err(fault(panic.as_ref())),
    }
}

impl<R: BufRead> Rows for JpegRows<R> {
    fn size(&self) -> Size {
        self.size
    }

    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let rows = into.len() / self.row_bytes();
        self.left = self.left.checked_sub(rows).ok_or_else(past_the_end)?;
        let mut decoder = self.decoder.take().ok_or_else(past_the_end)?;
        self.decoder = Some(guarded(&self.watch, || {
            decoder.read_scanlines_into(into)?;
            Ok(decoder)
        })?);
        if self.inverted {
            for sample in into {
                *sample = !*sample;
            }
        }
        Ok(())
    }
}
