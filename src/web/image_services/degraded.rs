//! The service of the open tier of an image that has roles.

use actix_web::HttpResponse;

use super::accept::Wish;
use super::headers::Store;
use super::pixels::send;
use super::{Asked, description, find, refused};
use crate::delivery::Pyramid;
use crate::hydra::Problem;
use crate::iiif::{Description, ImageRequest, Level, Rectangle, Size, Source, resolve};

/// Returns the pyramid, and the longest edge of the open tier in pixels.
fn tier<'a>(asked: &'a Asked<'_>) -> Result<(&'a Pyramid, u32), Problem> {
    let image = &asked.image;
    let tier = image.pyramid.as_ref().zip(image.protection.degraded_edge());
    tier.ok_or_else(|| find::missing(asked.path.service))
}

/// Returns the description of the open tier.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn describe(asked: &Asked<'_>, wish: Wish) -> Result<HttpResponse, Problem> {
    let (pyramid, edge) = tier(asked)?;
    let (source, limits) = (pyramid.source(), asked.limits(pyramid.size));
    let tier = Description::of_tier(asked.id, asked.version(), source, limits, edge);
    description::send(asked, wish, tier)
}

/// Returns pixels of the open tier, of which every region can be asked; nothing if their object is not there any more.
///
/// # Errors
/// Returns [`Problem::Invalid`], [`Problem::Unavailable`].
pub async fn pixels(
    asked: &Asked<'_>,
    request: &ImageRequest,
) -> Result<Option<HttpResponse>, Problem> {
    let (pyramid, edge) = tier(asked)?;
    let full = pyramid.source();
    let tier = full.confined(edge);
    let limits = asked.limits(full.size).tightened(edge);
    let mut resolved = resolve(request, tier, limits).map_err(|error| refused(&error))?;
    // Upscaling would show what the full image has between the pixels of the tier.
    if resolved.size.exceeds(resolved.region.size) {
        return Err(Problem::invalid(
            "size",
            "is larger than the region, and the open tier is not upscaled",
        ));
    }
    // The pixels are those of the full image: the same part of it, at the size that was resolved against the tier.
    resolved.region = scaled(resolved.region, tier, full);
    resolved.tile = None;
    send(asked, Level::Zero, Store::ForSeconds, &resolved).await
}

/// Returns the part of the full image that a region of the tier is, in whole pixels.
fn scaled(region: Rectangle, tier: Source<'_>, full: Source<'_>) -> Rectangle {
    let edge = |start: u32, length: u32, tier: u32, full: u32| {
        let (tier, full) = (u64::from(tier.max(1)), u64::from(full));
        let first = u64::from(start) * full / tier;
        let last = (u64::from(start) + u64::from(length)) * full;
        let last = last.div_ceil(tier).clamp(first + 1, full.max(first + 1));
        let pixels = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        (pixels(first), pixels(last - first))
    };
    let (x, width) = edge(region.x, region.size.width, tier.size.width, full.size.width);
    let (y, height) = edge(region.y, region.size.height, tier.size.height, full.size.height);
    Rectangle { x, y, size: Size::new(width, height) }
}
