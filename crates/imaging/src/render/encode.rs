use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::gif::GifEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError};
use png::{BitDepth, ColorType, EncodingError};

use super::{OutputFormat, Pixels, Rendering};
use crate::jpeg::{self, Encoding};
use crate::{Channels, ImagingError};

/// The speed of the search for the 256 colours of a GIF, from 1 (the best) to 30.
const GIF_SPEED: i32 = 10;

/// Encodes a picture in the format that is asked.
pub(super) fn encode(
    pixels: Pixels,
    rendering: &Rendering,
    sink: &mut dyn Write,
) -> Result<(), ImagingError> {
    match rendering.format {
        OutputFormat::Jpeg => {
            let channels = if pixels.count == 1 { Channels::Gray } else { Channels::Rgb };
            let encoding = Encoding { quality: rendering.jpeg_quality, subsampled: true };
            let jpeg = jpeg::encode(pixels.size, channels, &pixels.samples, encoding)?;
            sink.write_all(&jpeg).map_err(ImagingError::Io)
        }
        OutputFormat::Png => png(&pixels, sink),
        OutputFormat::Webp => {
            let kind = kind(pixels.count);
            let (width, height) = (pixels.size.width, pixels.size.height);
            let encoder = WebPEncoder::new_lossless(sink);
            encoder.write_image(&pixels.samples, width, height, kind).map_err(failed)
        }
        OutputFormat::Gif => {
            let pixels = pixels.in_colour();
            let (width, height) = (pixels.size.width, pixels.size.height);
            let mut encoder = GifEncoder::new_with_speed(sink, GIF_SPEED);
            encoder.encode(&pixels.samples, width, height, kind(pixels.count)).map_err(failed)
        }
        OutputFormat::Tiff => tiff(&pixels, sink),
    }
}

fn kind(count: usize) -> ExtendedColorType {
    match count {
        1 => ExtendedColorType::L8,
        2 => ExtendedColorType::La8,
        3 => ExtendedColorType::Rgb8,
        _ => ExtendedColorType::Rgba8,
    }
}

fn failed(error: ImageError) -> ImagingError {
    match error {
        ImageError::IoError(error) => ImagingError::Io(error),
        error => error.into(),
    }
}

impl Pixels {
    /// Returns the same with red, green and blue even where it is gray.
    fn in_colour(self) -> Self {
        let samples = match self.count {
            1 => self.samples.iter().flat_map(|&gray| [gray; 3]).collect(),
            2 => {
                let pixels = self.samples.as_chunks::<2>().0;
                pixels.iter().flat_map(|&[gray, alpha]| [gray, gray, gray, alpha]).collect()
            }
            _ => return self,
        };
        Self { samples, count: self.count + 2, ..self }
    }

    /// Returns black and white as one bit a pixel, rows filled up to whole bytes.
    fn packed(&self) -> Option<Vec<u8>> {
        let width = self.size.width as usize;
        (self.is_bitonal && self.count == 1).then(|| {
            let pack = |pixels: &[u8]| {
                let bits = pixels.iter().fold(0_u8, |bits, pixel| (bits << 1) | (pixel & 1));
                bits << (8 - pixels.len())
            };
            self.samples.chunks_exact(width).flat_map(|row| row.chunks(8).map(pack)).collect()
        })
    }
}

fn png(pixels: &Pixels, sink: &mut dyn Write) -> Result<(), ImagingError> {
    let failed = |error| match error {
        EncodingError::IoError(error) => ImagingError::Io(error),
        error => ImagingError::Unsupported(error.to_string()),
    };
    let mut encoder = png::Encoder::new(sink, pixels.size.width, pixels.size.height);
    encoder.set_color(match pixels.count {
        1 => ColorType::Grayscale,
        2 => ColorType::GrayscaleAlpha,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    });
    let packed = pixels.packed();
    encoder.set_depth(if packed.is_some() { BitDepth::One } else { BitDepth::Eight });
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(packed.as_ref().unwrap_or(&pixels.samples)).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// Writes a TIFF of one strip, compressed by deflate.
fn tiff(pixels: &Pixels, sink: &mut dyn Write) -> Result<(), ImagingError> {
    let packed = pixels.packed();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(packed.as_ref().unwrap_or(&pixels.samples)).map_err(ImagingError::Io)?;
    let strip = encoder.finish().map_err(ImagingError::Io)?;
    let beyond = |_| ImagingError::Io(io::ErrorKind::FileTooLarge.into());
    let length = u32::try_from(strip.len()).map_err(beyond)?;
    let gap = strip.len() % 2;
    let directory = u32::try_from(8 + strip.len() + gap).map_err(beyond)?;
    let (samples, bits) =
        (u16::try_from(pixels.count).unwrap_or(1), if packed.is_some() { 1 } else { 8 });
    let has_alpha = samples.is_multiple_of(2);
    // Tag, kind (3: 16 bits, 4: 32 bits), and one number.
    let mut entries: Vec<(u16, u16, u32)> = vec![
        (256, 4, pixels.size.width),
        (257, 4, pixels.size.height),
        (258, 3, bits),
        (259, 3, 8),
        (262, 3, if samples < 3 { 1 } else { 2 }),
        (273, 4, 8),
        (277, 3, u32::from(samples)),
        (278, 4, pixels.size.height),
        (279, 4, length),
    ];
    if has_alpha {
        entries.push((338, 3, 2));
    }
    let count = u16::try_from(entries.len()).unwrap_or(0);
    // Bits of each sample stand behind the directory where they do not fit into it.
    let behind = directory
        .checked_add(2 + 12 * u32::from(count) + 4)
        .ok_or_else(|| ImagingError::Io(io::ErrorKind::FileTooLarge.into()))?;
    let mut bytes = vec![0; gap];
    bytes.extend(count.to_le_bytes());
    for (tag, kind, number) in entries {
        let (many, value) = match (tag, samples) {
            (258, 3..) => (u32::from(samples), behind.to_le_bytes()),
            (258, 2) => (2, [8, 0, 8, 0]),
            _ => (1, number.to_le_bytes()),
        };
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(many.to_le_bytes());
        bytes.extend(value);
    }
    bytes.extend([0; 4]);
    bytes.extend([8, 0, 8, 0, 8, 0, 8, 0]);
    let head = [*b"II*\0", directory.to_le_bytes()].concat();
    for part in [head, strip, bytes] {
        sink.write_all(&part).map_err(ImagingError::Io)?;
    }
    Ok(())
}
