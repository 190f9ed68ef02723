use std::io::{BufRead, Read, Seek};

use tiff::decoder::DecodingResult;

use super::{Colours, Page};
use crate::colour::ycbcr_to_rgb;
use crate::jpeg::{self, Conversion, Header};
use crate::pixels::{Channels, blend_over, eight_bits, zeroed};
use crate::{ImagingError, Size};

/// The reading of an alpha sample.
#[derive(Clone, Copy)]
pub(super) enum Alpha {
    /// The colours are multiplied by it already.
    Associated,
    Unassociated,
}

impl Alpha {
    fn lay(self, background: u8, sample: u8, opacity: u8) -> u8 {
        match self {
            Self::Associated => blend_over(background, 0, opacity).saturating_add(sample),
            Self::Unassociated => blend_over(background, sample, opacity),
        }
    }
}

/// A strip or tile, decoded to 8 bits a sample.
struct Chunk {
    width: usize,
    samples: Vec<u8>,
}

impl<R: BufRead + Seek> Page<R> {
    /// Reads all strips or tiles, each at its place.
    pub(super) fn read(&mut self) -> Result<Vec<u8>, ImagingError> {
        let count = self.colours.channels().count();
        let width = self.size.width as usize;
        let pixels = usize::try_from(self.size.pixels()).unwrap_or(usize::MAX);
        let mut canvas = zeroed(pixels.saturating_mul(count))?;
        let across = self.size.width.div_ceil(self.chunk.width);
        let a_plane = across.saturating_mul(self.size.height.div_ceil(self.chunk.height));
        let chunks = u32::try_from(self.offsets.len()).unwrap_or(u32::MAX);
        for index in 0..chunks {
            let plane = (index / a_plane) as usize;
            let wanted = plane < count || (plane == count && self.alpha.is_some());
            if plane > 0 && !(self.planar && wanted) {
                break;
            }
            let left = (index % a_plane % across * self.chunk.width) as usize;
            let top = (index % a_plane / across * self.chunk.height) as usize;
            let chunk = self.chunk(index).map_err(|error| match error {
                // It is within the file, so that it ends early, not the file.
                ImagingError::Truncated => ImagingError::damaged("a strip or tile is incomplete"),
                error => error,
            })?;
            let rows = chunk.samples.chunks_exact(chunk.width * self.samples);
            let lines = canvas.chunks_exact_mut(width * count).skip(top);
            for (line, row) in lines.zip(rows) {
                let Some(line) = line.get_mut(left * count..) else { break };
                let line = line.chunks_exact_mut(count);
                if self.planar {
                    self.place_plane(line, row, plane);
                } else {
                    self.place(line, row);
                }
            }
        }
        if self.colours == Colours::YCbCr && (self.planar || !self.compressed_as_jpeg) {
            for pixel in canvas.as_chunks_mut::<3>().0 {
                *pixel = ycbcr_to_rgb(*pixel);
            }
        }
        Ok(canvas)
    }

    /// Lays a row of whole pixels on the canvas, without what is no colour.
    fn place<'a>(&self, line: impl Iterator<Item = &'a mut [u8]>, row: &[u8]) {
        let background = self.background();
        for (pixel, from) in line.zip(row.chunks_exact(self.samples)) {
            match (self.alpha, from.get(pixel.len())) {
                (Some(alpha), Some(&opacity)) => {
                    for (to, &sample) in pixel.iter_mut().zip(from) {
                        *to = alpha.lay(background, sample, opacity);
                    }
                }
                _ => pixel.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
            }
        }
    }

    /// Lays a row of one colour, or of alpha behind all the colours, on the canvas.
    fn place_plane<'a>(&self, line: impl Iterator<Item = &'a mut [u8]>, row: &[u8], plane: usize) {
        let background = self.background();
        for (pixel, &from) in line.zip(row) {
            if let Some(sample) = pixel.get_mut(plane) {
                *sample = from;
            } else if let Some(alpha) = self.alpha {
                for sample in pixel {
                    *sample = alpha.lay(background, *sample, from);
                }
            }
        }
    }

    /// White in the colours of the page.
    fn background(&self) -> u8 {
        if self.colours.channels() == Channels::Cmyk { 0 } else { 255 }
    }

    fn chunk(&mut self, index: u32) -> Result<Chunk, ImagingError> {
        let (width, height) = self.decoder.chunk_data_dimensions(index);
        let size = Size { width, height };
        if self.compressed_as_jpeg {
            return self.jpeg_chunk(index as usize, size);
        }
        let samples = match self.decoder.read_chunk(index)? {
            DecodingResult::U8(samples) if self.bits == 8 => samples,
            DecodingResult::U8(samples) => {
                spread(&samples, self.bits, width as usize * self.samples)?
            }
            DecodingResult::U16(samples) => samples.into_iter().map(eight_bits).collect(),
            DecodingResult::U32(samples) => {
                samples.into_iter().map(|sample| sample.to_be_bytes()[0]).collect()
            }
            DecodingResult::F16(samples) => {
                samples.into_iter().map(|sample| unit(sample.to_f32())).collect()
            }
            DecodingResult::F32(samples) => samples.into_iter().map(unit).collect(),
            _ => return Err(ImagingError::unsupported("a TIFF with signed or 64-bit samples")),
        };
        Ok(Chunk { width: width as usize, samples })
    }

    /// Decodes a strip or tile that is a JPEG, less the tables it shares with the others.
    ///
    /// Not by the TIFF decoder: that one leaves YCbCr as it is, takes any size the JPEG
    /// itself states, and fills up what is missing.
    fn jpeg_chunk(&mut self, index: usize, size: Size) -> Result<Chunk, ImagingError> {
        let place = self.offsets.get(index).zip(self.lengths.get(index));
        let Some((&offset, &length)) = place else {
            return Err(ImagingError::damaged("a strip is missing"));
        };
        let mut stream = Vec::new();
        // Without its end-of-image marker, and the strip without its start.
        stream.extend(self.jpeg_tables.iter().take(self.jpeg_tables.len().saturating_sub(2)));
        self.decoder.goto_offset_u64(offset)?;
        self.decoder.inner().by_ref().take(length).read_to_end(&mut stream)?;
        let start = self.jpeg_tables.len().saturating_sub(2);
        if start > 0 && stream.len() >= start + 2 {
            stream.drain(start..start + 2);
        }
        let header = Header::read(&mut stream.as_slice())?;
        let stated = header.size;
        let fits = stated.width >= size.width
            && stated.height >= size.height
            && stated.width <= self.chunk.width
            && stated.height <= self.chunk.height;
        if !fits || header.sampling.len() != self.samples {
            let what = "a strip or tile has another size than the page says";
            return Err(ImagingError::damaged(what));
        }
        let conversion = match self.colours {
            Colours::YCbCr => Conversion::AsMarked,
            _ => Conversion::Never,
        };
        let mut pixels = jpeg::decode(stream.as_slice(), &header, 8, conversion)?;
        if self.colours == Colours::WhiteIsZero {
            pixels.samples.iter_mut().for_each(|sample| *sample = !*sample);
        }
        Ok(Chunk { width: pixels.size.width as usize, samples: pixels.samples })
    }
}

/// Samples of 1, 2 or 4 bits, rows filled up to whole bytes, as 8 bits each.
fn spread(packed: &[u8], bits: u8, samples_a_row: usize) -> Result<Vec<u8>, ImagingError> {
    if !matches!(bits, 1 | 2 | 4) {
        return Err(ImagingError::Unsupported(format!("a TIFF with {bits} bits a sample")));
    }
    let top = u8::MAX >> (8 - bits);
    let of_byte = |&byte: &u8| {
        (0..8 / bits).rev().map(move |place| ((byte >> (place * bits)) & top) * (255 / top))
    };
    let row_bytes = samples_a_row.div_ceil(usize::from(8 / bits));
    let mut spread = Vec::with_capacity(packed.len() / row_bytes.max(1) * samples_a_row);
    for row in packed.chunks_exact(row_bytes.max(1)) {
        spread.extend(row.iter().flat_map(of_byte).take(samples_a_row));
    }
    Ok(spread)
}

/// Returns a float between 0 and 1 as 8 bits; anything beyond is cut, what is no number is black.
fn unit(sample: f32) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped just before; NaN becomes 0 in the cast"
    )]
    let level = (sample.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    level
}
