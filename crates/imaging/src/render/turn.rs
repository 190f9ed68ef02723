use super::geometry::{half_turn, mirror, quarter_turn};
use super::{OutputFormat, Pixels, Rendering};
use crate::samples::{blend_over, zeroed};
use crate::{ImagingError, Size};

/// Says whether a rotation leaves the picture as it is.
pub(super) fn is_none(degrees: f64) -> bool {
    degrees.rem_euclid(360.0) == 0.0
}

/// Says whether the picture no longer fills the rectangle around it.
pub(super) fn leaves_corners(degrees: f64) -> bool {
    degrees.rem_euclid(90.0) != 0.0
}

/// Returns the size of the rectangle around a picture that is turned.
pub(super) fn size(size: Size, degrees: f64) -> Size {
    if !leaves_corners(degrees) {
        return match degrees.rem_euclid(180.0) == 0.0 {
            true => size,
            false => Size { width: size.height, height: size.width },
        };
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    // Less a thousandth, so that no empty row comes of a sum that is not quite whole.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most three times the side of a picture, and at least one"
    )]
    let pixels = |length: f64| (length - 1e-3).ceil().max(1.0) as u32;
    Size {
        width: pixels(width * cos.abs() + height * sin.abs()),
        height: pixels(width * sin.abs() + height * cos.abs()),
    }
}

/// Mirrors and turns a picture; corners that are left free are transparent, in a JPEG white.
pub(super) fn turned(mut pixels: Pixels, rendering: &Rendering) -> Result<Pixels, ImagingError> {
    if rendering.mirrored {
        let row = pixels.size.width as usize * pixels.count;
        pixels.samples.chunks_exact_mut(row).for_each(|row| mirror(row, pixels.count));
    }
    let degrees = rendering.rotation.rem_euclid(360.0);
    if leaves_corners(degrees) {
        let turned = by_any_angle(&pixels, degrees)?;
        return Ok(match rendering.format {
            OutputFormat::Jpeg => on_white(turned),
            _ => turned,
        });
    }
    Ok(match degrees {
        90.0 => quarter_turn(&pixels, true)?,
        180.0 => half_turn(pixels),
        270.0 => quarter_turn(&pixels, false)?,
        _ => pixels,
    })
}

/// Turns a picture clockwise around its middle, each pixel mixed from its four neighbours.
fn by_any_angle(pixels: &Pixels, degrees: f64) -> Result<Pixels, ImagingError> {
    let size = size(pixels.size, degrees);
    let count = pixels.count + 1;
    let mut samples = zeroed(size.width as usize * size.height as usize * count)?;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let middle = |side: u32| (f64::from(side) - 1.0) / 2.0;
    let (to_x, to_y) = (middle(size.width), middle(size.height));
    let (from_x, from_y) = (middle(pixels.size.width), middle(pixels.size.height));
    let row = size.width as usize * count;
    for (y, line) in (0_u32..).zip(samples.chunks_exact_mut(row)) {
        let down = f64::from(y) - to_y;
        for (x, pixel) in (0_u32..).zip(line.chunks_exact_mut(count)) {
            let right = f64::from(x) - to_x;
            let source_x = right * cos + down * sin + from_x;
            let source_y = down * cos - right * sin + from_y;
            mix(pixels, source_x, source_y, pixel);
        }
    }
    Ok(Pixels { size, count, samples, is_bitonal: false })
}

/// Mixes the four pixels around a point; those beyond the edge are transparent.
fn mix(pixels: &Pixels, x: f64, y: f64, into: &mut [u8]) {
    let (width, height) = (f64::from(pixels.size.width), f64::from(pixels.size.height));
    if x <= -1.0 || y <= -1.0 || x >= width || y >= height {
        return;
    }
    let (left, top) = (x.floor(), y.floor());
    let mut sums = [0.0_f64; 4];
    let mut opacity = 0.0;
    for (column, share_x) in [(left, left + 1.0 - x), (left + 1.0, x - left)] {
        for (row, share_y) in [(top, top + 1.0 - y), (top + 1.0, y - top)] {
            if column < 0.0 || row < 0.0 || column >= width || row >= height {
                continue;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "within the picture, as was just seen"
            )]
            let at = (row as usize * pixels.size.width as usize + column as usize) * pixels.count;
            let pixel = pixels.samples.get(at..at + pixels.count).unwrap_or_default();
            let share = share_x * share_y;
            opacity += share;
            for (sum, &sample) in sums.iter_mut().zip(pixel) {
                *sum += share * f64::from(sample);
            }
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of samples, and a share of 1"
    )]
    let level = |number: f64| number.clamp(0.0, 255.0).round() as u8;
    if opacity > 0.0
        && let Some((alpha, colours)) = into.split_last_mut()
    {
        *alpha = level(opacity * 255.0);
        colours.iter_mut().zip(sums).for_each(|(to, sum)| *to = level(sum / opacity));
    }
}

fn on_white(mut pixels: Pixels) -> Pixels {
    let colours = pixels.count - 1;
    let mut samples = Vec::with_capacity(pixels.samples.len() / pixels.count * colours);
    for pixel in pixels.samples.chunks_exact(pixels.count) {
        if let Some((&alpha, colours)) = pixel.split_last() {
            samples.extend(colours.iter().map(|&sample| blend_over(255, sample, alpha)));
        }
    }
    pixels.samples = samples;
    pixels.count = colours;
    pixels
}
