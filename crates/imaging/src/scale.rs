//! Making pictures smaller or larger while their rows are still coming.

use std::ops::Range;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::samples::zeroed;
use super::{Channels, ImagingError, Size};

/// Rows of an answer that are made at a time.
const BAND_ROWS: u32 = 64;

/// The way samples of the source become one of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Sharp; what whole pictures are made smaller with.
    Lanczos3,
    /// Half as dear; its difference shows only in large reductions.
    CatmullRom,
}

impl Filter {
    fn alg(self) -> ResizeAlg {
        ResizeAlg::Convolution(match self {
            Self::Lanczos3 => FilterType::Lanczos3,
            Self::CatmullRom => FilterType::CatmullRom,
        })
    }

    /// Returns the pixels of the answer that a pixel reaches in each direction.
    fn reach(self) -> f64 {
        match self {
            Self::Lanczos3 => 3.0,
            Self::CatmullRom => 2.0,
        }
    }
}

/// A rectangle of a source, in pixels and parts of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Crop {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

fn kind(samples: usize) -> PixelType {
    match samples {
        1 => PixelType::U8,
        2 => PixelType::U8x2,
        3 => PixelType::U8x3,
        _ => PixelType::U8x4,
    }
}

/// Scales a picture whose rows come from the top, with only those in memory that are needed.
pub(crate) struct Scaler {
    from: Size,
    to: Size,
    count: usize,
    crop: Crop,
    filter: Filter,
    /// Rows of the source, from that of number `first` on.
    rows: Vec<u8>,
    first: u32,
    /// The row of the answer that comes next.
    next: u32,
    resizer: Resizer,
    /// Rows of the answer that were made last.
    made: Vec<u8>,
}

impl Scaler {
    /// Prepares to scale `crop` of a picture of size `from` to size `to`.
    pub(crate) fn new(from: Size, crop: Crop, to: Size, count: usize, filter: Filter) -> Self {
        let (rows, made) = (Vec::new(), Vec::new());
        Self {
            from,
            to,
            count,
            crop,
            filter,
            rows,
            first: 0,
            next: 0,
            resizer: Resizer::new(),
            made,
        }
    }

    /// Takes rows of the source, and gives those of the answer that can be made of them.
    ///
    /// # Errors
    /// Returns what `give` returns, and [`ImagingError::Io`] if memory is short.
    pub(crate) fn push(
        &mut self,
        rows: &[u8],
        mut give: impl FnMut(&[u8]) -> Result<(), ImagingError>,
    ) -> Result<(), ImagingError> {
        let row = self.from.width as usize * self.count;
        self.rows.extend_from_slice(rows);
        let held = u32::try_from(self.rows.len() / row.max(1)).unwrap_or(u32::MAX);
        let last = self.first.saturating_add(held);
        while self.next < self.to.height {
            let band = BAND_ROWS.min(self.to.height - self.next);
            let (from, to) = self.source_rows(self.next, band);
            if to > last {
                break;
            }
            let start = (from - self.first) as usize * row;
            let end = (to - self.first) as usize * row;
            let scale = self.crop.height / f64::from(self.to.height);
            let crop = Crop {
                top: self.crop.top + f64::from(self.next) * scale - f64::from(from),
                height: f64::from(band) * scale,
                ..self.crop
            };
            let size = Size { width: self.from.width, height: to - from };
            let target = Size { width: self.to.width, height: band };
            // Rounding must not carry the rectangle beyond the rows that are there.
            let top = crop.top.clamp(0.0, f64::from(size.height));
            let height = crop.height.min(f64::from(size.height) - top);
            let crop = Crop { top, height, ..crop };
            self.scale(start..end, size, crop, target)?;
            give(&self.made)?;
            self.next += band;
        }
        let needed = match self.next < self.to.height {
            true => self.source_rows(self.next, 1).0.min(last),
            false => last,
        };
        self.rows.drain(..(needed - self.first) as usize * row);
        self.first = needed;
        Ok(())
    }

    /// Scales a rectangle of held rows, which stand at these bytes, to the size of a band of the answer.
    fn scale(
        &mut self,
        rows: Range<usize>,
        size: Size,
        crop: Crop,
        to: Size,
    ) -> Result<(), ImagingError> {
        let broken = |error: &dyn std::fmt::Display| ImagingError::Damaged(error.to_string());
        let source = self.rows.get(rows).unwrap_or_default();
        let source = ImageRef::new(size.width, size.height, source, kind(self.count))
            .map_err(|error| broken(&error))?;
        let bytes = (to.width as usize).saturating_mul(to.height as usize) * self.count;
        if self.made.len() != bytes {
            self.made = zeroed(bytes)?;
        }
        let mut target =
            Image::from_slice_u8(to.width, to.height, &mut self.made, kind(self.count))
                .map_err(|error| broken(&error))?;
        let options = ResizeOptions::new()
            .resize_alg(self.filter.alg())
            .crop(crop.left, crop.top, crop.width, crop.height)
            .use_alpha(false);
        self.resizer.resize(&source, &mut target, &options).map_err(|error| broken(&error))
    }

    /// Returns the rows of the source that rows of the answer are made of.
    fn source_rows(&self, next: u32, band: u32) -> (u32, u32) {
        let scale = self.crop.height / f64::from(self.to.height);
        let reach = self.filter.reach() * scale.max(1.0) + 1.0;
        let from = self.crop.top + f64::from(next) * scale - reach;
        let to = self.crop.top + f64::from(next + band) * scale + reach;
        let limit = f64::from(self.from.height);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the rows there are"
        )]
        let row = |edge: f64| edge.clamp(0.0, limit) as u32;
        (row(from.floor()), row(to.ceil()))
    }
}

/// Makes rows half as large each way, from the top: each pixel is the mean of four.
///
/// At an odd edge the last column or row counts twice. `into` has room for the rows, or more.
pub(crate) fn halve(rows: &[u8], width: usize, channels: Channels, into: &mut [u8]) {
    match channels {
        Channels::Gray => halve_fixed::<1, 2>(rows, width, into),
        Channels::Rgb => halve_fixed::<3, 6>(rows, width, into),
        Channels::Cmyk => halve_fixed::<4, 8>(rows, width, into),
    }
}

fn halve_fixed<const N: usize, const TWO: usize>(rows: &[u8], width: usize, into: &mut [u8]) {
    let pairs = rows.chunks(width * N * 2);
    for (pair, line) in pairs.zip(into.chunks_exact_mut(width.div_ceil(2) * N)) {
        let upper = pair.get(..width * N).unwrap_or_default();
        let lower = pair.get(width * N..).filter(|row| !row.is_empty()).unwrap_or(upper);
        let (upper, upper_last) = upper.as_chunks::<TWO>();
        let (lower, lower_last) = lower.as_chunks::<TWO>();
        let (line, _) = line.as_chunks_mut::<N>();
        for ((to, above), below) in line.iter_mut().zip(upper).zip(lower) {
            *to = std::array::from_fn(|place| {
                let pixel = |row: &[u8; TWO]| {
                    let (left, right) = row.split_at(N);
                    let sample = |part: &[u8]| part.get(place).copied().map_or(0, u16::from);
                    sample(left) + sample(right)
                };
                let sum = pixel(above) + pixel(below) + 2;
                let [_, mean] = (sum >> 2).to_be_bytes();
                mean
            });
        }
        if let (Some(above), Some(below), Some(to)) =
            (upper_last.first_chunk::<N>(), lower_last.first_chunk::<N>(), line.last_mut())
        {
            *to = std::array::from_fn(|place| {
                let sample = |row: &[u8; N]| row.get(place).copied().map_or(0, u16::from);
                let [_, mean] = ((sample(above) + sample(below) + 1) >> 1).to_be_bytes();
                mean
            });
        }
    }
}
