use std::ops::RangeInclusive;

use super::{Channels, Cost, OutputFormat, Quality, Rendering, channels, turn};
use crate::container::Index;
use crate::derive::level_of;
use crate::scale::{Crop, Filter};
use crate::{ImagingError, Size};

/// A part of a level, in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
}

/// The way from tiles to an answer.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) level: u32,
    pub(super) window: Window,
    /// The part of the window that is scaled, and how; none where its pixels are the answer's.
    pub(super) scale: Option<(Crop, Filter)>,
    pub(super) output: Size,
    pub(super) channels: Channels,
    /// Tells whether rows are encoded as they come.
    pub(super) streams: bool,
    tile: u32,
    /// After turning, and samples of a pixel then.
    turned: (Size, usize),
    format: OutputFormat,
}

impl Steps {
    pub(super) fn plan(index: &Index, rendering: &Rendering) -> Result<Self, ImagingError> {
        let full = index.size();
        let Rendering { x, y, region, output, .. } = *rendering;
        let within = |from: u32, length: u32, full: u32| {
            length > 0 && from.checked_add(length).is_some_and(|end| end <= full)
        };
        if !within(x, region.width, full.width) || !within(y, region.height, full.height) {
            return Err(ImagingError::unsupported("a region that is not within the picture"));
        }
        if output.width == 0 || output.height == 0 {
            return Err(ImagingError::unsupported("a picture without pixels"));
        }
        if !(0.0..=360.0).contains(&rendering.rotation) {
            return Err(ImagingError::unsupported("a rotation beyond 360 degrees"));
        }
        let turned = turn::size(output, rendering.rotation);
        let most = match rendering.format {
            OutputFormat::Jpeg => 65_500,
            OutputFormat::Webp => 16_383,
            OutputFormat::Gif => 65_535,
            OutputFormat::Png | OutputFormat::Tiff => 0x7FFF_FFFF,
        };
        if turned.longest() > most {
            let what = format!("a picture of more than {most} pixels a side in this format");
            return Err(ImagingError::Unsupported(what));
        }
        let channels = channels(index, rendering.quality);
        let levels = u32::try_from(index.levels().count()).unwrap_or(1);
        let suffices = |level: &u32| {
            region.width.div_ceil(1 << level) >= output.width
                && region.height.div_ceil(1 << level) >= output.height
        };
        let level = (0..levels).rev().find(suffices).unwrap_or(0);
        let (window, scale) = window(full, rendering, level);
        let streams = rendering.format == OutputFormat::Jpeg
            && turn::is_none(rendering.rotation)
            && rendering.quality != Quality::Bitonal;
        let alpha = usize::from(turn::leaves_corners(rendering.rotation));
        let turned = (turned, channels.count() + alpha);
        let (tile, format) = (index.tile_edge(), rendering.format);
        Ok(Self { level, window, scale, output, channels, streams, tile, turned, format })
    }

    /// Returns the columns and the rows of the tiles that are decoded.
    pub(super) fn tiles(&self) -> (RangeInclusive<u32>, RangeInclusive<u32>) {
        let Window { left, top, size } = self.window;
        let of = |from: u32, length: u32| from / self.tile..=(from + length - 1) / self.tile;
        (of(left, size.width), of(top, size.height))
    }

    pub(super) fn cost(&self) -> Cost {
        let count = self.channels.count() as u64;
        let tile = u64::from(self.tile);
        let Window { left, top, size } = self.window;
        let tiles = |from: u32, length: u32| {
            u64::from((from + length - 1) / self.tile - from / self.tile + 1)
        };
        let (across, down) = (tiles(left, size.width), tiles(top, size.height));
        let pixels_decoded = (across * tile * down * tile).max(size.pixels());
        let strip_rows = tile.min(u64::from(size.height));
        let mut bytes_held = u64::from(size.width) * strip_rows * count + (tile * tile * count);
        if let Some((crop, _)) = self.scale {
            // Rows that wait for those below them, a copy of the strip, and a band of the answer.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a ratio of sizes, rounded up"
            )]
            let ratio = (crop.height / f64::from(self.output.height)).ceil().max(1.0) as u64;
            bytes_held += u64::from(size.width) * (strip_rows + 72 * ratio) * count;
            bytes_held += u64::from(self.output.width) * 64 * count * (2 + ratio);
        }
        if !self.streams {
            let (turned, samples) = self.turned;
            let after = turned.pixels().saturating_mul(samples as u64);
            // Formats that are encoded as a whole are held once more, as colours and alpha.
            let encoded = match self.format {
                OutputFormat::Jpeg => 0,
                OutputFormat::Png | OutputFormat::Tiff => after,
                OutputFormat::Webp | OutputFormat::Gif => turned.pixels().saturating_mul(9),
            };
            bytes_held = bytes_held
                .saturating_add(self.output.pixels().saturating_mul(count))
                .saturating_add(after)
                .saturating_add(encoded);
        }
        Cost { bytes_held, pixels_decoded }
    }
}

/// Returns the part of a level that a region is, and how it becomes the answer.
fn window(full: Size, rendering: &Rendering, level: u32) -> (Window, Option<(Crop, Filter)>) {
    let Rendering { x, y, region, output, .. } = *rendering;
    let (of_level, _) = level_of(full, level);
    let scale = 1_u32 << level;
    let span = |from: u32, length: u32, most: u32| {
        let (first, last) = (from / scale, (from + length).div_ceil(scale).min(most));
        (first.min(most - 1), last.max(first.min(most - 1) + 1))
    };
    let (left, right) = span(x, region.width, of_level.width);
    let (top, bottom) = span(y, region.height, of_level.height);
    let window = Window { left, top, size: Size { width: right - left, height: bottom - top } };
    // At odd edges of the picture, the last pixel of a level stands for half a pixel of it.
    let ends = |from: u32, length: u32, full: u32| {
        from.is_multiple_of(scale)
            && ((from + length).is_multiple_of(scale) || from + length == full)
    };
    let on_grid = ends(x, region.width, full.width) && ends(y, region.height, full.height);
    if on_grid && window.size == output {
        return (window, None);
    }
    let part = |number: u32| f64::from(number) / f64::from(scale);
    let crop = Crop {
        left: part(x) - f64::from(left),
        top: part(y) - f64::from(top),
        width: part(region.width),
        height: part(region.height),
    };
    let far =
        crop.width > 2.0 * f64::from(output.width) || crop.height > 2.0 * f64::from(output.height);
    let filter = if far { Filter::Lanczos3 } else { Filter::CatmullRom };
    (window, Some((crop, filter)))
}
