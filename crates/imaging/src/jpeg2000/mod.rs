mod boxes;
mod ffi;
mod header;

use image::metadata::Orientation;

use self::ffi::Codestream;
use self::header::{Channel, Colours, Header};
use super::bytes::ReadAt;
use super::rows::{Rows, past_the_end};
use super::samples::{Channels, blend_over, ycbcr_to_rgb, zeroed};
use super::{Format, ImagingError, Opened, Probe, Size, memory};

/// Rows decoded at a time of a picture that is one tile: more are faster, and take more memory.
const UNTILED_ROWS: u32 = 1024;

/// Samples of a strip, 4 bytes each, that are held at most; strips of wider pictures are lower.
const STRIP_BYTES: u64 = 192 << 20;

/// Reads the boxes and the main header of a JPEG 2000.
pub(super) fn inspect(source: &dyn ReadAt) -> Result<Probe, ImagingError> {
    let header = Header::read(source)?;
    let size = header.size();
    if size.pixels() == 0 {
        return Err(ImagingError::damaged("its width or height is nought"));
    }
    let orientation = Orientation::NoTransforms;
    let strip = strip_bytes(&header, strip_rows(&header));
    // Of a single tile OpenJPEG holds all compressed data, what it knows of each of its blocks,
    // and coefficients beside the samples: five times a strip, as measured.
    let working = match header.grid.tiles {
        1 => {
            let samples = size.pixels() * header.grid.components.len() as u64;
            (strip * 5 + samples / 7).saturating_add(header.codestream_bytes.saturating_mul(2))
        }
        tiles => {
            let tile = header.grid.tile.pixels() * header.grid.components.len() as u64 * 4;
            let row = header.codestream_bytes / tiles * u64::from(across(&header));
            strip + (tile * 3).min(strip * 3) + row + tiles * (10 << 10)
        }
    };
    let estimated_memory_bytes =
        working.saturating_add(memory::of_derivation(size, header.colours.channels(), orientation));
    Ok(Probe { format: Format::Jpeg2000, size, orientation, estimated_memory_bytes })
}

/// Begins to read a JPEG 2000, strip by strip.
pub(super) fn open(source: &dyn ReadAt) -> Result<Opened<'_>, ImagingError> {
    let mut header = Header::read(source)?;
    let profile = header.profile.take();
    let channels = header.colours.channels();
    let row = header.size().width as usize * channels.count();
    let rows = Strips {
        size: header.size(),
        next: header.grid.top,
        scale: scales(&header),
        header,
        codestream: None,
        strip: Vec::new(),
        at: 0,
        row,
    };
    Ok(Opened { rows: Box::new(rows), orientation: Orientation::NoTransforms, profile })
}

fn across(header: &Header<'_>) -> u32 {
    (header.grid.right - header.grid.left).div_ceil(header.grid.tile.width).max(1)
}

fn strip_bytes(header: &Header<'_>, rows: u32) -> u64 {
    let width = u64::from(header.grid.right - header.grid.left);
    width * u64::from(rows) * header.grid.components.len() as u64 * 4
}

/// Returns the rows of the reference grid that are decoded at a time.
fn strip_rows(header: &Header<'_>) -> u32 {
    let height = header.grid.bottom - header.grid.top;
    let mut rows = match header.grid.tiles {
        1 => UNTILED_ROWS,
        _ => header.grid.tile.height,
    };
    rows = rows.min(height);
    while rows > 64 && strip_bytes(header, rows) > STRIP_BYTES {
        rows = rows.div_ceil(2);
    }
    rows
}

/// The way from a number to a level of 8 bits.
#[derive(Clone, Copy)]
struct Scale {
    offset: i64,
    top: i64,
}

impl Scale {
    fn level(self, sample: i32) -> u8 {
        let number = (i64::from(sample) + self.offset).clamp(0, self.top);
        match self.top {
            255 => u8::try_from(number).unwrap_or(u8::MAX),
            top => u8::try_from((number * 255 + top / 2) / top).unwrap_or(u8::MAX),
        }
    }
}

fn scales(header: &Header<'_>) -> Vec<Scale> {
    let scale = |component: &header::Component| Scale {
        offset: if component.signed { 1 << (component.bits - 1) } else { 0 },
        top: (1 << component.bits) - 1,
    };
    header.grid.components.iter().map(scale).collect()
}

struct Strips<'a> {
    header: Header<'a>,
    size: Size,
    /// The row of the reference grid that the next strip begins with.
    next: u32,
    scale: Vec<Scale>,
    /// Of a picture that is one tile, kept from strip to strip.
    codestream: Option<Codestream<'a>>,
    /// Finished rows.
    strip: Vec<u8>,
    /// The first byte of them not yet given out.
    at: usize,
    row: usize,
}

impl Strips<'_> {
    fn next_strip(&mut self) -> Result<(), ImagingError> {
        let grid = &self.header.grid;
        let rows = strip_rows(&self.header);
        let top = self.next;
        if top >= grid.bottom {
            return Err(past_the_end());
        }
        // Not across the border of two rows of tiles, which would be decoded twice.
        let within = (top - grid.tile_top) % grid.tile.height;
        let to_border = grid.tile.height - within;
        let bottom = top.saturating_add(rows.min(to_border)).min(grid.bottom);
        let edge = |edge: u32| i32::try_from(edge).unwrap_or(i32::MAX);
        let mut codestream = if let Some(codestream) = self.codestream.take() {
            codestream
        } else {
            let Header { codestream, tail, codestream_bytes, .. } = &self.header;
            // The head of each tile before the strip is read, and its data are passed over.
            let buffer_bytes = if self.header.grid.tiles == 1 { 1 << 16 } else { 1 << 12 };
            Codestream::open(codestream.clone(), tail, *codestream_bytes, buffer_bytes)?
        };
        codestream.decode((edge(grid.left), edge(grid.right)), (edge(top), edge(bottom)))?;
        self.compose(&codestream, top, bottom)?;
        // OpenJPEG decodes another part only of a picture that is one tile.
        if self.header.grid.tiles == 1 {
            self.codestream = Some(codestream);
        }
        self.next = bottom;
        Ok(())
    }

    /// Makes rows of pixels out of components.
    fn compose(
        &mut self,
        codestream: &Codestream<'_>,
        top: u32,
        bottom: u32,
    ) -> Result<(), ImagingError> {
        let header = &self.header;
        let components = codestream.components();
        let first = header.channels.first().map_or(0, |channel| channel.component);
        let down = header.grid.components.get(first).map_or(1, |component| component.step.1);
        let (from, to) = (top.div_ceil(down), bottom.div_ceil(down));
        let bytes = (to - from) as usize * self.row;
        if self.strip.len() != bytes {
            self.strip = zeroed(bytes)?;
        }
        self.at = 0;
        let count = header.colours.channels().count();
        let width = self.size.width as usize;
        let mut alpha = vec![0; if header.alpha.is_some() { width } else { 0 }];
        for (y, line) in (from..to).zip(self.strip.chunks_exact_mut(self.row)) {
            for (place, channel) in header.channels.iter().enumerate() {
                let levels = line.iter_mut().skip(place).step_by(count);
                levels_of(header, &self.scale, &components, *channel, (y * down, top), levels)?;
            }
            if header.colours == Colours::YCbCr {
                line.as_chunks_mut::<3>().0.iter_mut().for_each(|p| *p = ycbcr_to_rgb(*p));
            }
            if let Some((channel, premultiplied)) = header.alpha {
                let levels = alpha.iter_mut();
                levels_of(header, &self.scale, &components, channel, (y * down, top), levels)?;
                let background = if header.colours == Colours::Cmyk { 0 } else { 255 };
                for (pixel, &opacity) in line.chunks_exact_mut(count).zip(&alpha) {
                    for sample in pixel {
                        *sample = match premultiplied {
                            true => blend_over(background, 0, opacity).saturating_add(*sample),
                            false => blend_over(background, *sample, opacity),
                        };
                    }
                }
            }
        }
        Ok(())
    }
}

/// Gives the levels of a channel in a row of the reference grid, in a strip that begins at `top`.
fn levels_of<'a>(
    header: &Header<'_>,
    scale: &[Scale],
    components: &[ffi::Component<'_>],
    channel: Channel,
    (y, top): (u32, u32),
    into: impl Iterator<Item = &'a mut u8>,
) -> Result<(), ImagingError> {
    let missing = || ImagingError::damaged("a component of it is missing");
    let component = components.get(channel.component).ok_or_else(missing)?;
    let described = header.grid.components.get(channel.component).ok_or_else(missing)?;
    let scale = scale.get(channel.component).copied().ok_or_else(missing)?;
    let first = header.channels.first().map_or(0, |channel| channel.component);
    let base = header.grid.components.get(first).map_or((1, 1), |component| component.step);
    let (width, height) = (component.width as usize, component.height as usize);
    let line = (y / described.step.1).saturating_sub(top.div_ceil(described.step.1)) as usize;
    let line = line.min(height.saturating_sub(1));
    let samples = component.samples.get(line * width..(line + 1) * width).ok_or_else(missing)?;
    if let Some(column) = channel.column {
        let palette = &header.palette;
        for (to, &index) in into.zip(samples) {
            let index = usize::try_from(index).unwrap_or(0).saturating_mul(palette.columns);
            *to = palette.levels.get(index.saturating_add(column)).copied().unwrap_or_default();
        }
    } else if described.step.0 == base.0 {
        into.zip(samples).for_each(|(to, sample)| *to = scale.level(*sample));
    } else {
        let left = header.grid.left;
        let start = left.div_ceil(described.step.0);
        let from = left.div_ceil(base.0);
        for (x, to) in (from..).zip(into) {
            let place = (x * base.0 / described.step.0).saturating_sub(start) as usize;
            let sample = samples.get(place).or(samples.last()).ok_or_else(missing)?;
            *to = scale.level(*sample);
        }
    }
    Ok(())
}

impl Rows for Strips<'_> {
    fn size(&self) -> Size {
        self.size
    }

    fn channels(&self) -> Channels {
        self.header.colours.channels()
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            if self.at == self.strip.len() {
                self.next_strip()?;
            }
            let ready = self.strip.get(self.at..).unwrap_or_default();
            let some = ready.len().min(rest.len());
            if let (Some(to), Some(from)) = (rest.get_mut(..some), ready.get(..some)) {
                to.copy_from_slice(from);
            }
            done += some;
            self.at += some;
        }
        Ok(())
    }
}
