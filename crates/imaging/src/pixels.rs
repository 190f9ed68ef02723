use std::io;

use super::{ImagingError, Size};

/// The meaning of the samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Gray,
    Rgb,
    /// Amounts of ink: 0 is none, 255 is full.
    Cmyk,
}

impl Channels {
    /// Samples, and so bytes, of one pixel.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// A picture in memory: rows from the top, 8 bits a sample, nothing between rows.
#[derive(Clone, Debug)]
pub(super) struct Pixels {
    pub(super) size: Size,
    pub(super) channels: Channels,
    pub(super) samples: Vec<u8>,
}

/// Returns a buffer of zeros, refused rather than aborting where memory is short.
pub(super) fn zeroed(bytes: usize) -> Result<Vec<u8>, ImagingError> {
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
pub(super) fn narrow_in_place<const FROM: usize, const TO: usize>(
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
pub(super) fn eight_bits(sample: u16) -> u8 {
    let [high, _] = (sample - (sample >> 8)).saturating_add(128).to_be_bytes();
    high
}

/// Returns a sample laid on `background` with the given opacity, 255 being opaque.
pub(super) fn blend_over(background: u8, sample: u8, opacity: u8) -> u8 {
    let (background, sample, opacity) =
        (u32::from(background), u32::from(sample), u32::from(opacity));
    let mixed = (sample * opacity + background * (255 - opacity) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

/// Removes the alpha of 8-bit gray or RGB samples by laying them on white.
pub(super) fn lay_on_white(samples: &mut Vec<u8>, channels: Channels) {
    match channels {
        Channels::Gray => narrow_in_place(samples, |[v, a]| [blend_over(255, v, a)]),
        Channels::Rgb => {
            narrow_in_place(samples, |[r, g, b, a]| [r, g, b].map(|v| blend_over(255, v, a)));
        }
        Channels::Cmyk => {}
    }
}
