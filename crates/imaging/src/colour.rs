use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, RenderingIntent, Transform8BitExecutor, TransformOptions,
};

use super::ImagingError;
use super::pixels::{Channels, Pixels, zeroed};

/// The way from the colours of one image to sRGB, for any number of pictures of it.
pub(super) struct ToSrgb {
    by_profile: Option<Arc<Transform8BitExecutor>>,
}

impl ToSrgb {
    /// Prepares the conversion; a profile that is of no use is passed over.
    pub(super) fn new(profile: Option<&[u8]>, channels: Channels) -> Self {
        Self { by_profile: profile.and_then(|profile| transform(profile, channels)) }
    }

    /// Converts to sRGB, or to gray where the picture is gray.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if memory runs out.
    pub(super) fn convert(&self, pixels: Pixels) -> Result<Pixels, ImagingError> {
        let Some(transform) = &self.by_profile else { return Ok(without_profile(pixels)) };
        let count = pixels.samples.len() / pixels.channels.count();
        let mut rgb = zeroed(count * Channels::Rgb.count())?;
        if let Err(error) = transform.transform(&pixels.samples, &mut rgb) {
            log::debug!("passing over a colour profile: {error}");
            return Ok(without_profile(pixels));
        }
        if pixels.channels == Channels::Gray {
            // Neutral all through: any of the three will do, and gray stays gray.
            let gray = rgb.as_chunks::<3>().0.iter().map(|&[_, green, _]| green).collect();
            return Ok(Pixels { samples: gray, ..pixels });
        }
        Ok(Pixels { channels: Channels::Rgb, samples: rgb, ..pixels })
    }
}

fn transform(profile: &[u8], channels: Channels) -> Option<Arc<Transform8BitExecutor>> {
    let (layout, space) = match channels {
        Channels::Gray => (Layout::Gray, DataColorSpace::Gray),
        Channels::Rgb => (Layout::Rgb, DataColorSpace::Rgb),
        // moxcms has four samples a pixel as Rgba, whatever they mean.
        Channels::Cmyk => (Layout::Rgba, DataColorSpace::Cmyk),
    };
    let source = ColorProfile::new_from_slice(profile)
        .inspect_err(|error| log::debug!("passing over a broken colour profile: {error}"))
        .ok()?;
    if source.color_space != space {
        log::debug!("passing over a {:?} profile of a {channels:?} image", source.color_space);
        return None;
    }
    // Perceptual tables differ from one colour engine to the next; this one is agreed on.
    let options = TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    };
    source
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        .inspect_err(|error| log::debug!("passing over a colour profile: {error}"))
        .ok()
}

fn without_profile(mut pixels: Pixels) -> Pixels {
    if pixels.channels == Channels::Cmyk {
        super::pixels::narrow_in_place(&mut pixels.samples, |[c, m, y, k]| {
            [c, m, y].map(|ink| {
                let light = u32::from(255 - ink) * u32::from(255 - k);
                u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
            })
        });
        pixels.channels = Channels::Rgb;
    }
    pixels
}

/// YCbCr to RGB after JFIF: BT.601 over the full range, in 16 bits of fraction.
pub(super) fn ycbcr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let y = (i32::from(y) << 16) + (1 << 15);
    let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + 91_881 * cr;
    let green = y - 22_554 * cb - 46_802 * cr;
    let blue = y + 116_130 * cb;
    [red, green, blue].map(|v| u8::try_from((v >> 16).clamp(0, 255)).unwrap_or(u8::MAX))
}
