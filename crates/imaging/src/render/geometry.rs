//! Pixels that change places without changing otherwise.

use super::Pixels;
use crate::samples::zeroed;
use crate::{ImagingError, Size};

/// Pixels of a block that is turned at a time: its rows and columns both stay in the cache.
const BLOCK: usize = 32;

/// Mirrors a row at the vertical axis.
pub(super) fn mirror(row: &mut [u8], count: usize) {
    match count {
        1 => row.reverse(),
        2 => row.as_chunks_mut::<2>().0.reverse(),
        3 => row.as_chunks_mut::<3>().0.reverse(),
        _ => row.as_chunks_mut::<4>().0.reverse(),
    }
}

/// Turns a picture by 180 degrees.
pub(super) fn half_turn(mut pixels: Pixels) -> Pixels {
    mirror(&mut pixels.samples, pixels.count);
    pixels
}

/// Turns a picture by 90 degrees, clockwise or not.
pub(super) fn quarter_turn(pixels: &Pixels, clockwise: bool) -> Result<Pixels, ImagingError> {
    let count = pixels.count;
    let (width, height) = (pixels.size.width as usize, pixels.size.height as usize);
    let mut samples = zeroed(pixels.samples.len())?;
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for x in left..(left + BLOCK).min(width) {
                let line = if clockwise { x } else { width - 1 - x };
                for y in top..(top + BLOCK).min(height) {
                    let column = if clockwise { height - 1 - y } else { y };
                    let from = (y * width + x) * count;
                    let to = (line * height + column) * count;
                    let from = pixels.samples.get(from..from + count);
                    if let Some((to, from)) = samples.get_mut(to..to + count).zip(from) {
                        to.copy_from_slice(from);
                    }
                }
            }
        }
    }
    let size = Size { width: pixels.size.height, height: pixels.size.width };
    Ok(Pixels { size, samples, ..*pixels })
}
