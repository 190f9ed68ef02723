use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, RenderingIntent, Transform8BitExecutor, TransformOptions,
};

use super::rows::{BoxedRows, ROWS_AT_ONCE, Rows};
use super::samples::Channels;
use super::{ImagingError, Size};

/// Rows converted to sRGB, or to gray where the picture is gray.
struct ToSrgb<'a> {
    inner: BoxedRows<'a>,
    by_profile: Option<Arc<Transform8BitExecutor>>,
    channels: Channels,
    /// Rows as the file has them.
    before: Vec<u8>,
    /// Rows as the engine gives them, where they are to be gray.
    after: Vec<u8>,
}

/// Converts rows to sRGB by their profile; one that is of no use is passed over.
///
/// Ink becomes colours in any case.
pub(super) fn to_srgb<'a>(inner: BoxedRows<'a>, profile: Option<&[u8]>) -> BoxedRows<'a> {
    let by_profile = profile.and_then(|profile| transform(profile, inner.channels()));
    let channels = match inner.channels() {
        Channels::Gray => Channels::Gray,
        Channels::Rgb | Channels::Cmyk => Channels::Rgb,
    };
    if by_profile.is_none() && inner.channels() == channels {
        return inner;
    }
    Box::new(ToSrgb { inner, by_profile, channels, before: Vec::new(), after: Vec::new() })
}

impl Rows for ToSrgb<'_> {
    fn size(&self) -> Size {
        self.inner.size()
    }

    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        // In portions, so that the rows before take little memory beside those after.
        let row = self.row_bytes();
        for rows in into.chunks_mut(row * ROWS_AT_ONCE) {
            self.convert(rows)?;
        }
        Ok(())
    }
}

impl ToSrgb<'_> {
    fn convert(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let pixels = into.len() / self.channels.count();
        self.before.resize(pixels * self.inner.channels().count(), 0);
        self.inner.read(&mut self.before)?;
        let failed = |error| ImagingError::Damaged(format!("its colour profile fails: {error}"));
        match &self.by_profile {
            None => ink_to_rgb(&self.before, into),
            Some(engine) if self.channels == Channels::Gray => {
                self.after.resize(pixels * 3, 0);
                engine.transform(&self.before, &mut self.after).map_err(failed)?;
                // Neutral all through: any of the three will do, and gray stays gray.
                for (gray, &[_, green, _]) in into.iter_mut().zip(self.after.as_chunks::<3>().0) {
                    *gray = green;
                }
            }
            Some(engine) => engine.transform(&self.before, into).map_err(failed)?,
        }
        Ok(())
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
    let engine = source
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        .inspect_err(|error| log::debug!("passing over a colour profile: {error}"))
        .ok()?;
    match changes_anything(engine.as_ref(), channels) {
        Ok(changes) => changes.then_some(engine),
        Err(error) => {
            log::debug!("passing over a colour profile: {error}");
            None
        }
    }
}

/// Tries a conversion on a grid of colours, and says whether any moves by more than a level.
///
/// Most profiles are sRGB itself under one of its many names: they need no work.
fn changes_anything(
    engine: &Transform8BitExecutor,
    channels: Channels,
) -> Result<bool, moxcms::CmsError> {
    let levels = || (0..=255_u8).step_by(17);
    let grid: Vec<u8> = match channels {
        Channels::Gray => (0..=255).collect(),
        Channels::Rgb => levels()
            .flat_map(|r| levels().flat_map(move |g| levels().flat_map(move |b| [r, g, b])))
            .collect(),
        Channels::Cmyk => vec![0; 4],
    };
    let mut converted = vec![0; grid.len() / channels.count() * 3];
    engine.transform(&grid, &mut converted)?;
    Ok(match channels {
        Channels::Gray => {
            let pairs = grid.iter().zip(converted.as_chunks::<3>().0);
            pairs.into_iter().any(|(gray, [_, green, _])| gray.abs_diff(*green) > 1)
        }
        Channels::Rgb => grid.iter().zip(&converted).any(|(a, b)| a.abs_diff(*b) > 1),
        Channels::Cmyk => true,
    })
}

fn ink_to_rgb(ink: &[u8], rgb: &mut [u8]) {
    for (&[c, m, y, k], to) in ink.as_chunks::<4>().0.iter().zip(rgb.as_chunks_mut::<3>().0) {
        *to = [c, m, y].map(|ink| {
            let light = u32::from(255 - ink) * u32::from(255 - k);
            u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
        });
    }
}
