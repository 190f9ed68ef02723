use std::io::BufReader;

use image::metadata::Orientation;
use png::{BitDepth, ColorType, DecodingError, Limits, Reader, Transformations};

use super::bytes::Section;
use super::rows::{BoxedRows, Rows, Whole, past_the_end};
use super::samples::{Channels, blend_over, eight_bits, lay_on_white, narrow_in_place, zeroed};
use super::{Format, ImagingError, Opened, Probe, Size, memory};

/// Bytes that a PNG may spend on texts, profiles and one row of pixels.
const PNG_EXTRA_BYTES: u64 = 16 << 20;

/// A display of this exponent is what sRGB was made for: nothing is left to do.
const SRGB_GAMMA: f32 = 0.454_55;

type PngReader<'a> = Reader<BufReader<Section<'a>>>;

/// Reads the header of a PNG.
pub(super) fn inspect(section: Section<'_>) -> Result<Probe, ImagingError> {
    let reader = open_reader(section)?;
    let kind = Kind::of(&reader);
    let size = kind.size;
    let whole =
        if reader.info().interlaced { size.pixels().saturating_mul(kind.pixel()) } else { 0 };
    let orientation = orientation(&reader);
    let estimated_memory_bytes = (PNG_EXTRA_BYTES + u64::from(size.width) * kind.pixel() * 2)
        .saturating_add(whole)
        .saturating_add(memory::of_derivation(size, kind.channels, orientation));
    Ok(Probe { format: Format::Png, size, orientation, estimated_memory_bytes })
}

/// Begins to read the default image of a PNG.
pub(super) fn open(section: Section<'_>) -> Result<Opened<'_>, ImagingError> {
    let mut reader = open_reader(section)?;
    let kind = Kind::of(&reader);
    let profile = reader.info().icc_profile.as_ref().map(|profile| profile.to_vec());
    let orientation = orientation(&reader);
    let levels = levels(&reader);
    let rows: BoxedRows<'_> = if reader.info().interlaced {
        let bytes = reader.output_buffer_size().ok_or_else(|| {
            ImagingError::unsupported("an interlaced PNG that is larger than memory")
        })?;
        let mut samples = zeroed(bytes)?;
        reader.next_frame(&mut samples)?;
        kind.finish(&mut samples, levels.as_deref());
        Box::new(Whole::new(kind.size, kind.channels, samples))
    } else {
        Box::new(PngRows { reader, kind, levels, row: Vec::new() })
    };
    Ok(Opened { rows, orientation, profile })
}

fn open_reader(section: Section<'_>) -> Result<PngReader<'_>, ImagingError> {
    let bytes = usize::try_from(PNG_EXTRA_BYTES).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(section.buffered(), Limits { bytes });
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    Ok(decoder.read_info()?)
}

fn orientation(reader: &PngReader<'_>) -> Orientation {
    let exif = reader.info().exif_metadata.as_ref();
    exif.and_then(|exif| Orientation::from_exif_chunk(exif)).unwrap_or(Orientation::NoTransforms)
}

/// The samples that the decoder hands out.
#[derive(Clone, Copy)]
struct Kind {
    size: Size,
    channels: Channels,
    alpha: bool,
    wide: bool,
}

impl Kind {
    fn of(reader: &PngReader<'_>) -> Self {
        let (colour, depth) = reader.output_color_type();
        let info = reader.info();
        let channels = match colour {
            ColorType::Grayscale | ColorType::GrayscaleAlpha => Channels::Gray,
            _ => Channels::Rgb,
        };
        let alpha = matches!(colour, ColorType::GrayscaleAlpha | ColorType::Rgba);
        let size = Size { width: info.width, height: info.height };
        Self { size, channels, alpha, wide: depth == BitDepth::Sixteen }
    }

    /// Returns the bytes of a pixel as the decoder hands it out.
    fn pixel(self) -> u64 {
        (self.channels.count() as u64 + u64::from(self.alpha)) * if self.wide { 2 } else { 1 }
    }

    /// Makes 8 bits of samples, applies their gamma, and lays them on white.
    fn finish(self, samples: &mut Vec<u8>, levels: Option<&[u8]>) {
        if self.wide {
            // The alpha is linear in any case: it has to be told from the colours here.
            let last = self.channels.count();
            let all = last + usize::from(self.alpha);
            let mut place = 0;
            let place = std::cell::Cell::from_mut(&mut place);
            narrow_in_place(samples, |pair| {
                let sample = u16::from_be_bytes(pair);
                let is_colour = place.get() < last;
                place.set((place.get() + 1) % all);
                let level = levels.and_then(|levels| levels.get(usize::from(sample)));
                [level.filter(|_| is_colour).copied().unwrap_or_else(|| eight_bits(sample))]
            });
        } else if let Some(levels) = levels {
            let all = self.channels.count() + usize::from(self.alpha);
            for pixel in samples.chunks_exact_mut(all) {
                for sample in pixel.iter_mut().take(self.channels.count()) {
                    *sample = levels.get(usize::from(*sample)).copied().unwrap_or(*sample);
                }
            }
        }
        if self.alpha {
            lay_on_white(samples, self.channels);
        }
    }
}

/// Returns the sRGB level of each sample, where the file states a gamma that is not sRGB's.
///
/// A profile, code points or the mark of sRGB come before it (PNG third edition, 4.3).
fn levels(reader: &PngReader<'_>) -> Option<Vec<u8>> {
    let info = reader.info();
    let stated = info.srgb.is_some()
        || info.icc_profile.is_some()
        || info.coding_independent_code_points.is_some();
    let gamma = info.gama_chunk?.into_value();
    if stated || gamma <= 0.0 || (gamma / SRGB_GAMMA - 1.0).abs() < 0.05 {
        return None;
    }
    let wide = reader.output_color_type().1 == BitDepth::Sixteen;
    let top = if wide { u16::MAX } else { u16::from(u8::MAX) };
    let level = |sample: u16| {
        let light = (f32::from(sample) / f32::from(top)).powf(1.0 / gamma);
        let encoded = match light <= 0.003_130_8 {
            true => light * 12.92,
            false => 1.055 * light.powf(1.0 / 2.4) - 0.055,
        };
        super::samples::unit(encoded)
    };
    Some((0..=top).map(level).collect())
}

struct PngRows<'a> {
    reader: PngReader<'a>,
    kind: Kind,
    levels: Option<Vec<u8>>,
    row: Vec<u8>,
}

impl Rows for PngRows<'_> {
    fn size(&self) -> Size {
        self.kind.size
    }

    fn channels(&self) -> Channels {
        self.kind.channels
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let bytes = self.row_bytes();
        for line in into.chunks_exact_mut(bytes) {
            let row = self.reader.next_row()?.ok_or_else(past_the_end)?;
            let plain = !self.kind.wide && self.levels.is_none();
            match (plain, self.kind.alpha, self.kind.channels) {
                (true, false, _) => {
                    if row.data().len() != line.len() {
                        return Err(past_the_end());
                    }
                    line.copy_from_slice(row.data());
                }
                (true, true, Channels::Rgb) => {
                    let pixels = row.data().as_chunks::<4>().0;
                    for (to, &[r, g, b, a]) in line.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
                        *to = [r, g, b].map(|sample| blend_over(255, sample, a));
                    }
                }
                _ => {
                    self.row.clear();
                    self.row.extend_from_slice(row.data());
                    self.kind.finish(&mut self.row, self.levels.as_deref());
                    if self.row.len() != line.len() {
                        return Err(past_the_end());
                    }
                    line.copy_from_slice(&self.row);
                }
            }
        }
        Ok(())
    }
}

impl From<DecodingError> for ImagingError {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::IoError(error) => error.into(),
            DecodingError::LimitsExceeded => {
                Self::unsupported("it takes more memory than its size explains")
            }
            error => Self::Damaged(error.to_string()),
        }
    }
}
