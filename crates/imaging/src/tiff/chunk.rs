//! The rows of a strip or tile, as 8 bits a sample.

use std::io::{BufRead, Read};
use std::rc::Rc;

use super::kind::{Colours, Compression, Numbers, Predictor};
use super::page::Page;
use super::stream;
use crate::ImagingError;
use crate::jpeg::JpegRows;
use crate::rows::Rows;
use crate::samples::{unit, ycbcr_to_rgb, zeroed};

/// A strip or tile that is read row by row.
pub(super) struct Chunk<'a> {
    width: usize,
    samples: usize,
    source: Source<'a>,
}

enum Source<'a> {
    Jpeg(Box<Jpeg<'a>>),
    Blocks(Blocks<'a>),
    Bare(Box<Bare<'a>>),
}

struct Jpeg<'a> {
    rows: JpegRows<Box<dyn BufRead + 'a>>,
    row: Vec<u8>,
    inverted: bool,
}

impl<'a> Chunk<'a> {
    pub(super) fn open(page: &Page<'a>, index: usize) -> Result<Self, ImagingError> {
        let (width, samples) = (page.chunk.width as usize, page.chunk_samples());
        let source = if matches!(page.compression, Compression::Jpeg | Compression::OldJpeg) {
            let convert = page.colours == Colours::YCbCr && !page.planar;
            let rows = stream::open_jpeg(page, index, convert)?;
            let row = zeroed(rows.row_bytes())?;
            let inverted = page.colours == Colours::WhiteIsZero;
            Source::Jpeg(Box::new(Jpeg { rows, row, inverted }))
        } else if page.is_blocks() {
            Source::Blocks(Blocks::open(page, index)?)
        } else {
            Source::Bare(Box::new(Bare::open(page, index)?))
        };
        Ok(Self { width, samples, source })
    }

    /// Gives the next row to `into`, as many pixels as that holds.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        debug_assert!(into.len() <= self.width * self.samples);
        match &mut self.source {
            Source::Jpeg(jpeg) => {
                jpeg.rows.read(&mut jpeg.row)?;
                into.iter_mut().zip(&jpeg.row).for_each(|(to, from)| *to = *from);
                if jpeg.inverted {
                    for sample in into {
                        *sample = !*sample;
                    }
                }
                Ok(())
            }
            Source::Blocks(blocks) => blocks.read(into),
            Source::Bare(bare) => bare.read(into),
        }
    }
}

/// Samples of any depth, packed into rows of whole bytes.
struct Bare<'a> {
    reader: Box<dyn Read + 'a>,
    row: Vec<u8>,
    /// For a predictor that sorts bytes.
    sorted: Vec<u8>,
    bits: u16,
    little_endian: bool,
    numbers: Numbers,
    predictor: Predictor,
    samples: usize,
    /// The level of each number, where there are at most 16 bits of it.
    levels: Rc<[u8]>,
    /// Tells whether numbers of 8 bits are levels as they are.
    plain: bool,
}

impl<'a> Bare<'a> {
    fn open(page: &Page<'a>, index: usize) -> Result<Self, ImagingError> {
        let levels = Rc::clone(&page.levels);
        let plain = page.bits == 8 && (0..=u8::MAX).eq(levels.iter().copied());
        let bytes = usize::try_from(page.bare_bytes()).unwrap_or(usize::MAX);
        Ok(Self {
            reader: stream::open(page, index)?,
            row: zeroed(bytes)?,
            sorted: Vec::new(),
            bits: page.bits,
            little_endian: page.layout.little_endian,
            numbers: page.numbers,
            predictor: page.predictor,
            samples: page.chunk_samples(),
            levels,
            plain,
        })
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        if self.plain && self.predictor == Predictor::None && into.len() == self.row.len() {
            return Ok(self.reader.read_exact(into)?);
        }
        self.reader.read_exact(&mut self.row)?;
        match self.predictor {
            Predictor::None => {}
            Predictor::Horizontal => self.add_up(),
            Predictor::Float => self.sort_bytes(),
        }
        match (self.bits, self.numbers) {
            (8, _) if self.plain => {
                into.iter_mut().zip(&self.row).for_each(|(to, from)| *to = *from);
            }
            (16, Numbers::Float) => self.words(into, |word| unit(half(word))),
            (32, Numbers::Float) => {
                let level = |number: u32| unit(f32::from_bits(number));
                self.double_words(into, level);
            }
            (64, Numbers::Float) => self.longs(into),
            (8, _) => {
                for (to, &number) in into.iter_mut().zip(&self.row) {
                    *to = self.levels.get(usize::from(number)).copied().unwrap_or_default();
                }
            }
            (16, _) => {
                let levels = &self.levels;
                self.words(into, |word| levels.get(usize::from(word)).copied().unwrap_or_default());
            }
            (24, _) => {
                let top = if self.little_endian { 2 } else { 0 };
                let flip = if self.numbers == Numbers::Signed { 0x80 } else { 0 };
                for (to, bytes) in into.iter_mut().zip(self.row.chunks_exact(3)) {
                    *to = bytes.get(top).copied().unwrap_or_default() ^ flip;
                }
            }
            (32, _) => {
                let flip = if self.numbers == Numbers::Signed { 0x80 } else { 0 };
                self.double_words(into, |number| number.to_be_bytes()[0] ^ flip);
            }
            _ => self.spread(into),
        }
        Ok(())
    }

    fn words(&self, into: &mut [u8], level: impl Fn(u16) -> u8) {
        let read = if self.little_endian { u16::from_le_bytes } else { u16::from_be_bytes };
        for (to, &bytes) in into.iter_mut().zip(self.row.as_chunks().0) {
            *to = level(read(bytes));
        }
    }

    fn double_words(&self, into: &mut [u8], level: impl Fn(u32) -> u8) {
        let read = if self.little_endian { u32::from_le_bytes } else { u32::from_be_bytes };
        for (to, &bytes) in into.iter_mut().zip(self.row.as_chunks().0) {
            *to = level(read(bytes));
        }
    }

    fn longs(&self, into: &mut [u8]) {
        let read = if self.little_endian { f64::from_le_bytes } else { f64::from_be_bytes };
        for (to, &bytes) in into.iter_mut().zip(self.row.as_chunks().0) {
            #[expect(clippy::cast_possible_truncation, reason = "8 bits are left of it anyway")]
            let number = read(bytes) as f32;
            *to = unit(number);
        }
    }

    /// Samples of 1 to 15 bits, from the highest bit of each byte.
    fn spread(&self, into: &mut [u8]) {
        let bits = u32::from(self.bits);
        let mask = (1_u32 << bits) - 1;
        let mut bytes = self.row.iter();
        let (mut held, mut count) = (0_u32, 0);
        for to in into {
            while count < bits {
                held = (held << 8) | u32::from(bytes.next().copied().unwrap_or_default());
                count += 8;
            }
            count -= bits;
            let number = (held >> count) & mask;
            *to = self.levels.get(number as usize).copied().unwrap_or_default();
        }
    }

    /// Undoes the differences between a sample and that of the pixel before.
    fn add_up(&mut self) {
        let samples = self.samples;
        match self.bits {
            8 => add_up_bytes(&mut self.row, samples),
            16 => {
                let little = self.little_endian;
                let read = if little { u16::from_le_bytes } else { u16::from_be_bytes };
                let write = if little { u16::to_le_bytes } else { u16::to_be_bytes };
                let mut before = vec![0_u16; samples];
                for pixel in self.row.chunks_exact_mut(samples * 2) {
                    for (sum, bytes) in before.iter_mut().zip(pixel.as_chunks_mut().0) {
                        *sum = sum.wrapping_add(read(*bytes));
                        *bytes = write(*sum);
                    }
                }
            }
            _ => {
                let little = self.little_endian;
                let read = if little { u32::from_le_bytes } else { u32::from_be_bytes };
                let write = if little { u32::to_le_bytes } else { u32::to_be_bytes };
                let mut before = vec![0_u32; samples];
                for pixel in self.row.chunks_exact_mut(samples * 4) {
                    for (sum, bytes) in before.iter_mut().zip(pixel.as_chunks_mut().0) {
                        *sum = sum.wrapping_add(read(*bytes));
                        *bytes = write(*sum);
                    }
                }
            }
        }
    }

    /// Undoes the sorting of the bytes of floats by their weight, highest first.
    fn sort_bytes(&mut self) {
        add_up_bytes(&mut self.row, self.samples);
        let width = usize::from(self.bits / 8);
        let count = self.row.len() / width;
        self.sorted.clear();
        self.sorted.resize(self.row.len(), 0);
        for (place, plane) in self.row.chunks_exact(count.max(1)).enumerate() {
            let place = if self.little_endian { width - 1 - place } else { place };
            let targets = self.sorted.iter_mut().skip(place).step_by(width);
            targets.zip(plane).for_each(|(to, from)| *to = *from);
        }
        std::mem::swap(&mut self.row, &mut self.sorted);
    }
}

fn add_up_bytes(row: &mut [u8], samples: usize) {
    /// Knows the number of samples when it is compiled, which the common ones are worth.
    fn fixed<const N: usize>(row: &mut [u8]) {
        let mut before = [0_u8; N];
        for pixel in row.as_chunks_mut::<N>().0 {
            for (sum, sample) in before.iter_mut().zip(pixel) {
                *sum = sum.wrapping_add(*sample);
                *sample = *sum;
            }
        }
    }
    match samples {
        1 => fixed::<1>(row),
        3 => fixed::<3>(row),
        4 => fixed::<4>(row),
        _ => {
            let mut before = vec![0_u8; samples];
            for pixel in row.chunks_exact_mut(samples) {
                for (sum, sample) in before.iter_mut().zip(pixel) {
                    *sum = sum.wrapping_add(*sample);
                    *sample = *sum;
                }
            }
        }
    }
}

/// Returns a float of 16 bits as one of 32.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((bits >> 10) & 31, f32::from(bits & 0x3FF));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(i32::from(exponent) - 15),
    }
}

/// YCbCr whose blocks of pixels share their colour: first each pixel's light, then Cb and Cr.
struct Blocks<'a> {
    reader: Box<dyn Read + 'a>,
    across: usize,
    down: usize,
    /// A row of blocks.
    packed: Vec<u8>,
    /// The row of pixels within it that comes next.
    next: usize,
}

impl<'a> Blocks<'a> {
    fn open(page: &Page<'a>, index: usize) -> Result<Self, ImagingError> {
        let (across, down) = (page.subsampling.0 as usize, page.subsampling.1 as usize);
        let packed = zeroed(usize::try_from(page.bare_bytes()).unwrap_or(usize::MAX))?;
        Ok(Self { reader: stream::open(page, index)?, across, down, packed, next: 0 })
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        if self.next == 0 {
            self.reader.read_exact(&mut self.packed)?;
        }
        let all = self.across * self.down;
        let blocks = self.packed.chunks_exact(all + 2);
        let pixels = into.as_chunks_mut::<3>().0.chunks_mut(self.across);
        for (pixels, block) in pixels.zip(blocks) {
            let Some((light, &[cb, cr])) = block
                .split_at_checked(all)
                .and_then(|(light, colour)| Some((light, colour.first_chunk::<2>()?)))
            else {
                continue;
            };
            let light = light.iter().skip(self.next * self.across);
            for (pixel, &y) in pixels.iter_mut().zip(light) {
                *pixel = [y, cb, cr];
            }
        }
        for pixel in into.as_chunks_mut::<3>().0 {
            *pixel = ycbcr_to_rgb(*pixel);
        }
        self.next = (self.next + 1) % self.down;
        Ok(())
    }
}
