//! The service of open thumbnails, at level 0.

use actix_web::HttpResponse;

use super::accept::Wish;
use super::headers::Store;
use super::pixels::send;
use super::{Asked, description, find};
use crate::delivery::Image;
use crate::hydra::{Fault, Problem};
use crate::iiif::{
    self, Description, Extent, Format, ImageRequest, Level, Limits, Part, Quality, Rectangle,
    Region, Resolved, Rotation, Size, SizeForm, Source, Version,
};

/// Returns the sizes of open thumbnails, largest first.
fn open_sizes(image: &Image) -> Vec<Size> {
    image.open_thumbnails().map(|of| Size::new(of.width, of.height)).collect()
}

/// Returns the description of a level 0 service.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn describe(asked: &Asked<'_>, wish: Wish) -> Result<HttpResponse, Problem> {
    let sizes = open_sizes(&asked.image);
    let thumbnails = Description::of_thumbnails(asked.id, asked.version(), &sizes);
    let thumbnails = thumbnails.ok_or_else(|| find::missing(asked.path.service))?;
    description::send(asked, wish, thumbnails)
}

/// Refuses what a level 0 service does not do.
///
/// # Errors
/// Returns [`Problem::Invalid`] with every part of the request that is refused.
pub fn check(request: &ImageRequest) -> Result<(), Problem> {
    let mut faults = Vec::new();
    if request.region != Region::Full {
        faults.push(Fault::new(Part::Region.name(), "must be full"));
    }
    let upscales = request.version == Version::V3 && request.size.may_upscale;
    if matches!(request.size.extent, Extent::Percent(_)) || upscales {
        faults.push(Fault::new(Part::Size.name(), "must be w,h or w, or ,h or !w,h or max"));
    }
    if request.rotation != Rotation::NONE {
        faults.push(Fault::new(Part::Rotation.name(), "must be 0"));
    }
    if !matches!(request.quality, Quality::Default | Quality::Color) {
        faults.push(Fault::new(Part::Quality.name(), "must be default or color"));
    }
    if request.format != Format::Jpeg {
        faults.push(Fault::new(Part::Format.name(), "must be jpg"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// Returns the pixels of an open size: those of a stored thumbnail, or of one that is scaled down; nothing if their
/// object is not there any more.
///
/// # Errors
/// Returns [`Problem::NotFound`] for a size that is not open, and the problems of [`send`].
pub async fn pixels(
    asked: &Asked<'_>,
    request: &ImageRequest,
) -> Result<Option<HttpResponse>, Problem> {
    let none = || Problem::NotFound("there is no open thumbnail of this size".into());
    let image = &asked.image;
    let resolved = resolved(&open_sizes(image), request).ok_or_else(none)?;
    let mut stored = image.open_thumbnails();
    let is_exact = stored.any(|of| Size::new(of.width, of.height) == resolved.size);
    match &image.pyramid {
        Some(pyramid) => {
            // Of the whole image, at the size that was resolved against the largest thumbnail.
            let whole = Resolved { region: Rectangle::whole(pyramid.size), tile: None, ..resolved };
            send(asked, Level::Zero, Store::Revalidated, &whole).await
        }
        // A version before made it, and stored nothing that it could be scaled from.
        None if !is_exact => Err(none()),
        None => send(asked, Level::Zero, Store::Revalidated, &resolved).await,
    }
}

/// Returns what a request means for thumbnails of these sizes, the largest first; nothing if it means none.
fn resolved(open: &[Size], request: &ImageRequest) -> Option<Resolved> {
    let source = Source { size: *open.first()?, stored: open };
    let request = match request.size.extent {
        // A stored size within the box is meant, however it was rounded when it was made.
        Extent::Within(within) => {
            let fits = |size: &&Size| {
                let touches = size.width == within.width || size.height == within.height;
                touches && !size.exceeds(within)
            };
            let stored = open.iter().find(fits);
            let exact = |size: &Size| SizeForm { extent: Extent::Exact(*size), ..request.size };
            ImageRequest { size: stored.map_or(request.size, exact), ..*request }
        }
        _ => *request,
    };
    let resolved = iiif::resolve(&request, source, Limits::NONE).ok()?;
    (!resolved.size.exceeds(source.size)).then_some(resolved)
}
