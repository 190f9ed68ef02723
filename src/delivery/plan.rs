//! Plans the answer to a request: which stored bytes it copies, or which rendering it makes.

use std::ops::Range;

use imaging::render::{OutputFormat, Quality, Rendering};

use super::image::{Image, Pyramid};
use crate::iiif::{self, Resolved, Size};
use crate::metrics::renderings::Lane;

/// Quality of the JPEGs that are rendered, the same as of those that are stored.
const JPEG_QUALITY: u8 = 85;

/// Tells how an answer is made.
#[derive(Debug)]
pub(super) enum Plan {
    /// Copies these bytes of the object.
    Copy(Range<u64>),
    Render(Rendering),
}

/// The answer to a request as it will be made.
#[derive(Debug)]
pub struct Planned {
    pub(super) plan: Plan,
    /// The lane that it takes unless it is kept; `None`: it is a copy, which takes none.
    pub lane: Option<Lane>,
}

/// Returns how a request is answered: as a copy wherever it is stored as it stands.
pub(super) fn plan(pyramid: &Pyramid, resolved: &Resolved) -> Plan {
    let index = &pyramid.index;
    if resolved.can_be_copied() {
        let whole = imaging::Size { width: resolved.size.width, height: resolved.size.height };
        let stored = resolved.is_whole.then(|| index.stored_whole(whole)).flatten();
        let tile = || {
            let tile = resolved.tile?;
            index.tile(usize::try_from(tile.level).ok()?, tile.column, tile.row)
        };
        if let Some(range) = stored.map(imaging::container::Stored::range).or_else(tile) {
            return Plan::Copy(range);
        }
    }
    Plan::Render(rendering(resolved))
}

fn rendering(resolved: &Resolved) -> Rendering {
    let size = |size: Size| imaging::Size { width: size.width, height: size.height };
    Rendering {
        x: resolved.region.x,
        y: resolved.region.y,
        region: size(resolved.region.size),
        output: size(resolved.size),
        mirrored: resolved.rotation.is_mirrored,
        rotation: resolved.rotation.degrees.to_f64(),
        quality: match resolved.quality {
            iiif::Quality::Default => Quality::Default,
            iiif::Quality::Color => Quality::Color,
            iiif::Quality::Gray => Quality::Gray,
            iiif::Quality::Bitonal => Quality::Bitonal,
        },
        format: match resolved.format {
            iiif::Format::Jpeg => OutputFormat::Jpeg,
            iiif::Format::Png => OutputFormat::Png,
            iiif::Format::WebP => OutputFormat::Webp,
            iiif::Format::Gif => OutputFormat::Gif,
            iiif::Format::Tiff => OutputFormat::Tiff,
        },
        jpeg_quality: JPEG_QUALITY,
    }
}

/// Returns the name of a rendering: what it is made of, and how.
///
/// The time tells objects apart that have one key, as after a database was restored.
pub fn name(image: &Image, rendering: &Rendering) -> String {
    let Image { object, modified, .. } = image;
    let Rendering { x, y, region, output, mirrored, rotation, quality, format, .. } = rendering;
    let quality = match quality {
        Quality::Default | Quality::Color => "default",
        Quality::Gray => "gray",
        Quality::Bitonal => "bitonal",
    };
    format!(
        "{object} {modified:?} {x},{y},{},{} {},{} {mirrored} {rotation} {quality} {format:?}",
        region.width, region.height, output.width, output.height
    )
}
