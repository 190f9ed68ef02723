//! Thumbnails for everybody: open sizes only, level 0, exact sizes (`docs/iiif.md`).

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use bytes::Bytes;

use super::accept_image::{Wish, wish};
use super::conditional::respond_conditionally;
use super::endpoint::Call;
use super::repeated::Repeated;
use super::request_context::RequestContext;
use super::router::queue;
use super::{Service, request};
use crate::addresses::ImageAddress;
use crate::classes::customer::names::by_name;
use crate::classes::image::lookup::ServedImage;
use crate::database::lookup_batcher::BatchQueue;
use crate::derivatives::StoredThumbnail;
use crate::hydra::{Fault, Problem, Tag, Variant};
use crate::iiif::path::{AskedCustomer, PathError, ServicePath, Target};
use crate::iiif::{
    self, Description, Extent, Format, ImageRequest, Level, Limits, Part, Quality, Region,
    RequestError, Resolved, Rotation, Size, SizeForm, Source, Version, canonical_link,
};
use crate::resource::address::is_id;
use crate::resource::{Conditions, Freshness, Site};

/// Answers below `/thumbs/`.
///
/// # Errors
/// Returns [`Problem::NotFound`] if no open thumbnail is meant, and [`Problem::Invalid`] for parameters of the image
/// request that a level 0 service does not have.
pub async fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, context, .. } = call;
    let conditions = &request::conditions(call.request);
    let asked = read(call.request.uri().path())?;
    let at = address(service, &asked).await?;
    let id = format!("{}{}", service.site.base, asked.id_path());
    match asked.target {
        Target::Service => {
            find(service, &at).await?;
            Ok(see_other(&format!("{id}/info.json")))
        }
        Target::Description => {
            let wish = wish(call.request);
            let image = find(service, &at).await?;
            if asked.named_version.is_none() && wish.version == Some(Version::V2) {
                let path = asked.in_version(Version::V2);
                let mut answer = see_other(&format!("{}{path}/info.json", service.site.base));
                answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
                return Ok(answer);
            }
            info(&asked, &id, &image, wish, conditions)
        }
        Target::Pixels(segments) => {
            let request = level_zero(asked.version(), segments)?;
            let answer = Answer { service, context, conditions, id: &id, request };
            if let Some(response) = answer.pixels(&find(service, &at).await?).await? {
                return Ok(response);
            }
            // It may have been replaced since it was looked up, and the old one removed.
            let again = find(service, &at).await?;
            answer.pixels(&again).await?.ok_or_else(|| lost(&again))
        }
        Target::CanvasId => Err(missing()),
    }
}

/// The queue at which images of thumbnails are looked up, because a page of thumbnails is requested at once.
pub type Images = Arc<BatchQueue<ImageAddress, Result<ServedImage, Problem>>>;

pub fn images(site: &Arc<Site>) -> Images {
    queue(site, ServedImage::find_each)
}

/// The queue at which customers are looked up by name.
pub type CustomerNames = Arc<BatchQueue<String, Result<i32, Problem>>>;

pub fn customer_names(site: &Arc<Site>) -> CustomerNames {
    queue(site, by_name)
}

/// Returns the problem that there is nothing open, in the same words for an image that is protected and for one that
/// is not there.
fn missing() -> Problem {
    Problem::NotFound("there are no open thumbnails of such an image".into())
}

fn read(path: &str) -> Result<ServicePath<'_>, Problem> {
    match iiif::path::read(path) {
        None | Some(Err(PathError::Unknown { .. })) => Err(missing()),
        Some(Err(PathError::Malformed { element, expected })) => {
            Err(Problem::invalid(element, format!("must be {expected}")))
        }
        Some(Ok(asked)) => Ok(asked),
    }
}

async fn address(service: &Service, asked: &ServicePath<'_>) -> Result<ImageAddress, Problem> {
    let customer = match &asked.customer {
        AskedCustomer::Number(number) => *number,
        // No text of the database holds it.
        AskedCustomer::Name(name) if name.contains('\0') => return Err(missing()),
        AskedCustomer::Name(name) => {
            let found = service.database.batcher.load(&service.customer_names, name.clone());
            found.await.map_err(unless_missing)?
        }
    };
    let image = Some(&asked.image).filter(|image| is_id(image)).ok_or_else(missing)?;
    Ok(ImageAddress { customer, space: asked.space, image: image.clone() })
}

/// Finds an image that has open thumbnails.
async fn find(service: &Service, at: &ImageAddress) -> Result<ServedImage, Problem> {
    let found = service.database.batcher.load(&service.images, at.clone()).await;
    let image = found.map_err(unless_missing)?;
    if image.open_thumbnails().is_empty() {
        return Err(missing());
    }
    Ok(image)
}

fn unless_missing(problem: Problem) -> Problem {
    match problem {
        Problem::NotFound(_) => missing(),
        other => other,
    }
}

fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

fn size(thumbnail: &StoredThumbnail) -> Size {
    Size::new(thumbnail.width, thumbnail.height)
}

/// Returns the description of a level 0 service.
fn info(
    asked: &ServicePath<'_>,
    id: &str,
    image: &ServedImage,
    wish: Wish,
    conditions: &Conditions,
) -> Result<HttpResponse, Problem> {
    let version = asked.version();
    let open: Vec<Size> = image.open_thumbnails().iter().map(size).collect();
    let description = Description::of_thumbnails(id, version, &open).ok_or_else(missing)?;
    let document = description.to_json().to_string();
    let is_json_ld = wish.is_json_ld(version);
    let variant = Variant::text(if is_json_ld { "" } else { "json" });
    let tag = Tag::of(document.as_bytes());
    let mut response = HttpResponse::Ok();
    response
        .append_header((header::LINK, Level::Zero.profile_link(version)))
        .append_header((header::VARY, "Accept"));
    respond_conditionally(response, tag, variant, conditions, |mut response| {
        response.content_type(iiif::media_type(version, is_json_ld)).body(document)
    })
}

/// Reads a request for pixels, and refuses what a level 0 service does not do.
fn level_zero(version: Version, segments: [&str; 4]) -> Result<ImageRequest, Problem> {
    let request = ImageRequest::parse(version, segments).map_err(|error| refused(&error))?;
    let mut faults = Vec::new();
    if request.region != Region::Full {
        faults.push(Fault::new(Part::Region.name(), "must be full"));
    }
    let upscales = version == Version::V3 && request.size.may_upscale;
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
    if faults.is_empty() { Ok(request) } else { Err(faults.into()) }
}

fn refused(error: &RequestError) -> Problem {
    Problem::invalid(error.part.name(), error.fault.to_string())
}

/// A request for the pixels of a thumbnail.
struct Answer<'a> {
    service: &'a Service,
    context: &'a RequestContext,
    conditions: &'a Conditions,
    /// The URI of the service.
    id: &'a str,
    request: ImageRequest,
}

impl Answer<'_> {
    /// Returns the open thumbnail that the request means exactly, and what it resolves to.
    fn choose(&self, image: &ServedImage) -> Result<(StoredThumbnail, Resolved), Problem> {
        let open = image.open_thumbnails();
        let stored: Vec<Size> = open.iter().map(size).collect();
        let source = Source { size: *stored.first().ok_or_else(missing)?, stored: &stored };
        let none = || Problem::NotFound("there is no open thumbnail of this size".into());
        // A size beyond all is well formed, and finds nothing.
        let request = match self.request.size.extent {
            // A stored size within the box is meant, however it was rounded when it was made.
            Extent::Within(within) => {
                let fits = |size: &&Size| {
                    let touches = size.width == within.width || size.height == within.height;
                    touches && !size.exceeds(within)
                };
                let extent = Extent::Exact(*stored.iter().find(fits).ok_or_else(none)?);
                ImageRequest { size: SizeForm { extent, ..self.request.size }, ..self.request }
            }
            _ => self.request,
        };
        let resolved = iiif::resolve(&request, source, Limits::NONE).or(Err(none()))?;
        let found = open.into_iter().find(|thumbnail| size(thumbnail) == resolved.size);
        Ok((found.ok_or_else(none)?, resolved))
    }

    /// Returns the pixels; nothing where their object is not there any more.
    async fn pixels(&self, image: &ServedImage) -> Result<Option<HttpResponse>, Problem> {
        let Self { service, context, conditions, id, request } = self;
        let (wanted, resolved) = self.choose(image)?;
        let Some(key) = image.object.as_deref() else { return Ok(None) };
        // An object never changes, and no key is used twice.
        let tag = Tag::of(format!("{key} {}", wanted.offset).as_bytes());
        let range = wanted.offset..wanted.offset + wanted.length;
        let jpeg = match conditions.judge(tag, Variant::PIXELS)? {
            Freshness::Unchanged(_) => Ok(Bytes::new()),
            Freshness::Changed => {
                let bytes = usize::try_from(wanted.length).unwrap_or(usize::MAX);
                context.reserve(&service.answers, bytes).await?;
                service.storage.get(key, range).await
            }
        };
        let mut response = HttpResponse::Ok();
        response
            .append_header((header::LINK, canonical_link(id, &resolved.canonical)))
            .append_header((header::LINK, Level::Zero.profile_link(request.version)));
        match jpeg {
            Ok(jpeg) => {
                let variant = Variant::PIXELS;
                respond_conditionally(response, tag, variant, conditions, |mut response| {
                    response.content_type(Format::Jpeg.media_type()).body(jpeg)
                })
                .map(Some)
            }
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => {
                let words = "the thumbnail cannot be read; try again".into();
                Err(Problem::Unavailable(words, Some(error.into())))
            }
        }
    }
}

/// Lines about thumbnails that are lost.
static LOST: LazyLock<Repeated> = LazyLock::new(Repeated::default);

/// Logs that the store lacks an object that a row names, which is a fault of the service, and returns the problem.
fn lost(image: &ServedImage) -> Problem {
    let ImageAddress { customer, space, image } = image.address();
    let line = format!("the thumbnails of image {customer}/{space}/{image} are lost");
    match LOST.count("", Instant::now()) {
        None => log::debug!("{line}"),
        Some(more) => log::error!(
            "{line}, and {more} were asked for before; `hydria check --repair` makes them again"
        ),
    }
    Problem::NotFound("the thumbnail is not there any more".into())
}
