use std::io;

use super::ImagingError;

/// The meaning of the samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One sample: 0 is black, 255 is white.
    Gray,
    /// Red, green and blue.
    Rgb,
    /// Amounts of ink: 0 is none, 255 is full.
    Cmyk,
}

impl Channels {
    /// Returns the samples, and so bytes, of one pixel.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// Returns a buffer of zeros, refused rather than aborting where memory is short.
pub(crate) fn zeroed(bytes: usize) -> Result<Vec<u8>, ImagingError> {
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(bytes).is_err() {
        return Err(ImagingError::Io(io::ErrorKind::OutOfMemory.into()));
    }
    buffer.resize(bytes, 0);
    Ok(buffer)
}

/// Replaces each `FROM` bytes by `TO` bytes within the same buffer.
///
/// A second buffer would double the memory of images that come as 16 bit or with alpha.
pub(crate) fn narrow_in_place<const FROM: usize, const TO: usize>(
    samples: &mut Vec<u8>,
    rule: impl Fn([u8; FROM]) -> [u8; TO],
) {
    const { assert!(TO <= FROM) };
    let pixels = samples.len() / FROM;
    for pixel in 0..pixels {
        let Some(from) = samples.get(pixel * FROM..).and_then(<[u8]>::first_chunk) else { break };
        let to = rule(*from);
        if let Some(place) = samples.get_mut(pixel * TO..).and_then(<[u8]>::first_chunk_mut) {
            *place = to;
        }
    }
    samples.truncate(pixels * TO);
}

/// Returns a sample of 16 bits, rounded to 8.
pub(crate) fn eight_bits(sample: u16) -> u8 {
    let [high, _] = (sample - (sample >> 8)).saturating_add(128).to_be_bytes();
    high
}

/// Returns a sample laid on `background` with the given opacity, 255 being opaque.
pub(crate) fn blend_over(background: u8, sample: u8, opacity: u8) -> u8 {
    let (background, sample, opacity) =
        (u32::from(background), u32::from(sample), u32::from(opacity));
    let mixed = (sample * opacity + background * (255 - opacity) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

/// Returns a float between 0 and 1 as 8 bits; anything beyond is cut, what is no number is black.
pub(crate) fn unit(sample: f32) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped just before; NaN becomes 0 in the cast"
    )]
    let level = (sample.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    level
}

/// Removes the alpha of 8-bit gray or RGB samples by laying them on white.
pub(crate) fn lay_on_white(samples: &mut Vec<u8>, channels: Channels) {
    match channels {
        Channels::Gray => narrow_in_place(samples, |[v, a]| [blend_over(255, v, a)]),
        Channels::Rgb => {
            narrow_in_place(samples, |[r, g, b, a]| [r, g, b].map(|v| blend_over(255, v, a)));
        }
        Channels::Cmyk => {}
    }
}

/// Converts YCbCr to RGB after JFIF: BT.601 over the full range, in 16 bits of fraction.
pub(crate) fn ycbcr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let y = (i32::from(y) << 16) + (1 << 15);
    let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + 91_881 * cr;
    let green = y - 22_554 * cb - 46_802 * cr;
    let blue = y + 116_130 * cb;
    [red, green, blue].map(|v| u8::try_from((v >> 16).clamp(0, 255)).unwrap_or(u8::MAX))
}
