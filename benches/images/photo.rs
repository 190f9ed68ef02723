//! Photographs as large as wanted, drawn of the samples.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use image::RgbImage;

use crate::Failure;
use crate::load::Random;

/// Samples with colours, edges and texture.
const SAMPLES: [&str; 3] = ["astronaut.png", "chelsea.png", "coffee.png"];

/// Edge of the panels, each of which shows one of the samples, in pixels.
const PANEL: u32 = 2500;

/// Deviation of the noise from its mean at most, in steps of a sample, so that a pixel takes as many bits as in a
/// camera's pictures.
const NOISE: i32 = 5;

/// Draws a photograph and writes it as a JPEG.
pub fn draw(width: u32, height: u32, to: &Path) -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let samples = SAMPLES
        .iter()
        .map(|name| {
            let bytes = std::fs::read(folder.join(name))?;
            Ok(image::load_from_memory(&bytes)?.to_rgb8())
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_fastest_defaults();
    encoder.set_color_space(mozjpeg::ColorSpace::JCS_YCbCr);
    encoder.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
    encoder.set_size(width as usize, height as usize);
    encoder.set_quality(92.0);
    let mut encoder = encoder.start_compress(BufWriter::new(File::create(to)?))?;
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut row = Vec::with_capacity(width as usize * 3);
    for y in 0..height {
        row.clear();
        for start in (0..width).step_by(PANEL as usize) {
            let number = start / PANEL + y / PANEL * 2;
            let sample = samples.iter().cycle().nth((number % 3) as usize).ok_or("no samples")?;
            let end = width.min(start + PANEL);
            paint(
                sample,
                (number / 3).is_multiple_of(2),
                y % PANEL,
                end - start,
                &mut random,
                &mut row,
            );
        }
        encoder.write_scanlines(&row)?;
    }
    encoder.finish()?.flush()?;
    Ok(())
}

/// Paints one row of a panel: a sample that is scaled up, with noise.
fn paint(
    sample: &RgbImage,
    is_mirrored: bool,
    y: u32,
    width: u32,
    random: &mut Random,
    row: &mut Vec<u8>,
) {
    let (last_x, last_y) = (sample.width() - 1, sample.height() - 1);
    // Places in 256ths of a pixel.
    let y = y * last_y * 256 / PANEL;
    for x in 0..width {
        let x = if is_mirrored { PANEL - 1 - x } else { x };
        let x = x * last_x * 256 / PANEL;
        let (left, top, across, down) = (x >> 8, y >> 8, x & 255, y & 255);
        let at =
            |dx: u32, dy: u32| sample.get_pixel((left + dx).min(last_x), (top + dy).min(last_y)).0;
        let corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
        let noise = random.next();
        for channel in 0..3_usize {
            let [nw, ne, sw, se] =
                corners.map(|pixel| u32::from(pixel.get(channel).copied().unwrap_or_default()));
            let (north, south) =
                (nw * (256 - across) + ne * across, sw * (256 - across) + se * across);
            let value = (north * (256 - down) + south * down) >> 16;
            let grain = i32::try_from((noise >> (channel * 16)) & 0xFFFF).unwrap_or_default();
            let grain = grain % (2 * NOISE + 1) - NOISE;
            let value = i32::try_from(value).unwrap_or_default() + grain;
            row.push(u8::try_from(value.clamp(0, 255)).unwrap_or_default());
        }
    }
}
