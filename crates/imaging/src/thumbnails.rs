use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};

use super::colour::ToSrgb;
use super::pixels::{Channels, Pixels};
use super::{Decoded, ImagingError, Size, Thumbnail, jpeg};

/// Returns the edges a thumbnail is made for: largest first, each once, none beyond the image.
pub(super) fn edges_within(size: Size, edges: &[u32]) -> Vec<u32> {
    let mut within: Vec<u32> =
        edges.iter().copied().filter(|edge| (1..=size.longest()).contains(edge)).collect();
    within.sort_unstable_by(|a, b| b.cmp(a));
    within.dedup();
    within
}

/// Makes a thumbnail for each of `edges`, which are those of [`edges_within`].
pub(super) fn make(decoded: &Decoded, edges: &[u32]) -> Result<Vec<Thumbnail>, ImagingError> {
    let to_srgb = ToSrgb::new(decoded.profile.as_deref(), decoded.pixels.channels);
    let mut made: Vec<(u32, Pixels)> = Vec::new();
    let mut thumbnails = Vec::new();
    for &edge in edges {
        let larger = made.iter().rev().find(|(larger, _)| *larger >= edge.saturating_add(edge / 2));
        let picture = if let Some((_, larger)) = larger {
            // From 1.5 times the size on, more than 52 dB from a thumbnail of the original.
            resize(larger, fit(upright(decoded.stored, decoded.orientation), edge))?
        } else {
            // Colours and orientation come last, where there are fewest pixels.
            let resized = resize(&decoded.pixels, fit(decoded.stored, edge))?;
            orient(to_srgb.convert(resized)?, decoded.orientation)?
        };
        thumbnails.push(Thumbnail { size: picture.size, jpeg: jpeg::encode(&picture)? });
        made.push((edge, picture));
    }
    Ok(thumbnails)
}

/// Returns the size of an image once its orientation is applied.
pub(super) fn upright(stored: Size, orientation: Orientation) -> Size {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => Size { width: stored.height, height: stored.width },
        _ => stored,
    }
}

/// Returns the size whose longest edge is `edge`, the other rounded to the nearest, at least 1.
fn fit(size: Size, edge: u32) -> Size {
    let longest = u64::from(size.longest());
    let shrunk = |full: u32| {
        let scaled = (u64::from(full) * u64::from(edge) * 2 + longest) / (longest * 2);
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    Size { width: shrunk(size.width), height: shrunk(size.height) }
}

fn resize(pixels: &Pixels, size: Size) -> Result<Pixels, ImagingError> {
    if size == pixels.size {
        return Ok(pixels.clone());
    }
    let kind = match pixels.channels {
        Channels::Gray => PixelType::U8,
        Channels::Rgb => PixelType::U8x3,
        Channels::Cmyk => PixelType::U8x4,
    };
    let source = ImageRef::new(pixels.size.width, pixels.size.height, &pixels.samples, kind)
        .map_err(|error| ImagingError::Damaged(error.to_string()))?;
    let mut target = Image::new(size.width, size.height, kind);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false);
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| ImagingError::Damaged(error.to_string()))?;
    Ok(Pixels { size, channels: pixels.channels, samples: target.into_vec() })
}

fn orient(pixels: Pixels, orientation: Orientation) -> Result<Pixels, ImagingError> {
    let Pixels { size: Size { width, height }, channels, samples } = pixels;
    let picture = match channels {
        Channels::Gray => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
    };
    let Some(mut picture) = picture else {
        return Err(ImagingError::damaged("its rows are cut short"));
    };
    picture.apply_orientation(orientation);
    let size = Size { width: picture.width(), height: picture.height() };
    Ok(Pixels { size, channels, samples: picture.into_bytes() })
}
