//! Answers made out of a container: any region at any size, mirrored, turned, in any format.

mod encode;
mod geometry;
mod plan;
mod source;
mod turn;

use std::io::{self, Write};
use std::ops::Range;

use self::plan::Steps;
use self::source::Source;
use super::bytes::ReadAt;
use super::container::Index;
use super::jpeg::{Encoder, Encoding};
use super::scale::Scaler;
use super::{Channels, ImagingError, Size, catch_decoder_panic};

/// A container whose bytes are read in ranges: a file, or an object elsewhere.
pub trait ReadRange {
    /// Returns exactly the bytes of a range.
    ///
    /// # Errors
    /// Returns the error of the system, and [`io::ErrorKind::UnexpectedEof`] if bytes are missing.
    fn read_range(&self, range: Range<u64>) -> io::Result<Vec<u8>>;
}

impl<T: ReadAt + ?Sized> ReadRange for T {
    fn read_range(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let length = usize::try_from(range.end.saturating_sub(range.start));
        let mut bytes = vec![0; length.map_err(|_beyond| io::ErrorKind::FileTooLarge)?];
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, range.start + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                given => done += given,
            }
        }
        Ok(bytes)
    }
}

/// The colours of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// As the picture is.
    Default,
    /// The same: what is gray stays so.
    Color,
    /// Light only.
    Gray,
    /// Black and white, parted where Otsu's method finds the best level.
    Bitonal,
}

/// The format of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// Baseline; corners that a rotation leaves free are white.
    Jpeg,
    /// Such corners are transparent in this and all that follow.
    Png,
    /// Lossless.
    Webp,
    /// Of up to 256 colours.
    Gif,
    /// Compressed by deflate.
    Tiff,
}

/// A request for an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rendering {
    /// Left edge of the region, in pixels of the full picture.
    pub x: u32,
    /// Top edge of the region.
    pub y: u32,
    /// Width and height of the region; within the picture.
    pub region: Size,
    /// Width and height that the region is scaled to, before it is turned.
    pub output: Size,
    /// Mirrored at the vertical axis, before it is turned.
    pub mirrored: bool,
    /// Turned clockwise, in degrees from 0 to 360.
    pub rotation: f64,
    /// The colours.
    pub quality: Quality,
    /// The format.
    pub format: OutputFormat,
    /// The quality of a JPEG, from 1 to 100.
    pub jpeg_quality: u8,
}

/// The cost of a rendering, estimated before work begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory that is held at most, in bytes.
    pub bytes_held: u64,
    /// Pixels of the tiles that are decoded.
    pub pixels_decoded: u64,
}

/// Returns what a rendering will take.
///
/// # Errors
/// Returns [`ImagingError::Unsupported`] for a request that no picture or format can answer.
pub fn render_cost(index: &Index, rendering: &Rendering) -> Result<Cost, ImagingError> {
    Ok(Steps::plan(index, rendering)?.cost())
}

/// Returns the ranges of the container that a rendering reads, in bytes, in the order in which it reads them.
///
/// # Errors
/// Returns [`ImagingError::Unsupported`] as [`render_cost`] does, and [`ImagingError::Damaged`] if the index lacks a tile.
pub fn ranges_read(index: &Index, rendering: &Rendering) -> Result<Vec<Range<u64>>, ImagingError> {
    let steps = Steps::plan(index, rendering)?;
    let (columns, rows) = steps.tiles();
    let tiles = rows.flat_map(|row| columns.clone().map(move |column| (column, row)));
    tiles
        .map(|(column, row)| index.tile(steps.level as usize, column, row))
        .map(|range| range.ok_or_else(source::missing_tile))
        .collect()
}

/// Renders an answer into `sink`.
///
/// A JPEG that is not turned is written while it is made, a row of tiles at a time.
///
/// # Errors
/// Returns [`ImagingError::Unsupported`] as [`render_cost`] does; [`ImagingError::Io`] if the
/// container cannot be read or the answer not be written; [`ImagingError::Damaged`] or
/// [`ImagingError::Truncated`] if the container is broken. What was written by then is of no use.
pub fn render(
    container: &dyn ReadRange,
    index: &Index,
    rendering: &Rendering,
    sink: &mut dyn Write,
) -> Result<(), ImagingError> {
    catch_decoder_panic(|| {
        let steps = Steps::plan(index, rendering)?;
        if steps.streams {
            stream(container, index, &steps, rendering, sink)
        } else {
            let picture = gather(container, index, &steps)?;
            let picture = turn::turned(picture, rendering)?;
            let picture = match rendering.quality {
                Quality::Bitonal => picture.bitonal(),
                _ => picture,
            };
            encode::encode(picture, rendering, sink)
        }
    })
}

/// Gives the rows of the region, scaled, from the top.
fn rows(
    container: &dyn ReadRange,
    index: &Index,
    steps: &Steps,
    mut give: impl FnMut(&mut [u8]) -> Result<(), ImagingError>,
) -> Result<(), ImagingError> {
    let mut source = Source::new(container, index, steps);
    let mut answer = Vec::new();
    match steps.scale {
        None => source.strips(|rows| give(rows)),
        Some((crop, filter)) => {
            let from = steps.window.size;
            let mut scaler = Scaler::new(from, crop, steps.output, steps.channels.count(), filter);
            source.strips(|rows| {
                scaler.push(rows, |rows| {
                    answer.clear();
                    answer.extend_from_slice(rows);
                    give(&mut answer)
                })
            })
        }
    }
}

fn stream(
    container: &dyn ReadRange,
    index: &Index,
    steps: &Steps,
    rendering: &Rendering,
    sink: &mut dyn Write,
) -> Result<(), ImagingError> {
    let encoding = Encoding { quality: rendering.jpeg_quality, subsampled: true };
    let mut encoder = Encoder::begin(sink, steps.output, steps.channels, encoding)?;
    let row = steps.output.width as usize * steps.channels.count();
    rows(container, index, steps, |rows| {
        if rendering.mirrored {
            rows.chunks_exact_mut(row)
                .for_each(|row| geometry::mirror(row, steps.channels.count()));
        }
        encoder.write(rows)
    })?;
    encoder.finish().map(drop)
}

/// A picture in memory, between the steps of a rendering.
#[derive(Debug)]
struct Pixels {
    size: Size,
    /// Samples of a pixel: gray, gray and alpha, RGB, or RGB and alpha.
    count: usize,
    samples: Vec<u8>,
    /// Tells whether all samples of gray are 0 or 255.
    is_bitonal: bool,
}

fn gather(container: &dyn ReadRange, index: &Index, steps: &Steps) -> Result<Pixels, ImagingError> {
    let count = steps.channels.count();
    let Size { width, height } = steps.output;
    let bytes = (width as usize).saturating_mul(height as usize).saturating_mul(count);
    let mut samples = Vec::new();
    if samples.try_reserve_exact(bytes).is_err() {
        return Err(ImagingError::Io(io::ErrorKind::OutOfMemory.into()));
    }
    rows(container, index, steps, |rows| {
        samples.extend_from_slice(rows);
        Ok(())
    })?;
    Ok(Pixels { size: steps.output, count, samples, is_bitonal: false })
}

impl Pixels {
    /// Parts gray into black and white at the level that Otsu's method finds.
    fn bitonal(mut self) -> Self {
        let mut histogram = [0_u64; 256];
        for pixel in self.samples.chunks_exact(self.count) {
            // What is transparent belongs to neither side.
            if pixel.get(1).is_none_or(|alpha| *alpha >= 128)
                && let Some(bin) = pixel.first().and_then(|v| histogram.get_mut(usize::from(*v)))
            {
                *bin += 1;
            }
        }
        let level = otsu(&histogram);
        for pixel in self.samples.chunks_exact_mut(self.count) {
            if let [gray, alpha @ ..] = pixel {
                *gray = if *gray > level { 255 } else { 0 };
                for alpha in alpha {
                    *alpha = if *alpha >= 128 { 255 } else { 0 };
                }
            }
        }
        self.is_bitonal = true;
        self
    }
}

/// Returns the highest level of the dark side, where the two sides differ most from each other
/// (N. Otsu, 1979).
fn otsu(histogram: &[u64; 256]) -> u8 {
    #[expect(clippy::cast_precision_loss, reason = "pixels are far fewer than 2^52")]
    let number = |count: u64| count as f64;
    let all: u64 = histogram.iter().sum();
    let weigh = |(level, count): (u64, &u64)| level * count;
    let sum: u64 = (0..).zip(histogram).map(weigh).sum();
    let (mut dark, mut dark_sum) = (0, 0);
    let (mut best, mut best_level) = (-1.0, 127);
    for (level, count) in (0_u8..=255).zip(histogram) {
        dark += count;
        dark_sum += u64::from(level) * count;
        let light = all - dark;
        if dark == 0 || light == 0 {
            continue;
        }
        let apart = number(dark_sum) / number(dark) - number(sum - dark_sum) / number(light);
        let between = number(dark) * number(light) * apart * apart;
        if between > best {
            (best, best_level) = (between, level);
        }
    }
    best_level
}

/// Returns the channels that are decoded: gray from the start where only light is wanted.
fn channels(index: &Index, quality: Quality) -> Channels {
    match quality {
        Quality::Gray | Quality::Bitonal => Channels::Gray,
        Quality::Default | Quality::Color => index.channels(),
    }
}
