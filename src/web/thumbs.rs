//! Thumbnails for everybody: open sizes only, level 0, exact sizes.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;
use serde_json::json;

use super::conditional::respond_conditionally;
use super::endpoint::Call;
use super::repeated::Repeated;
use super::request_context::RequestContext;
use super::router::queue;
use super::{Service, request};
use crate::addresses::ImageAddress;
use crate::classes::image::lookup::ServedImage;
use crate::classes::image::thumbnails::thumbnail_service;
use crate::database::lookup_batcher::BatchQueue;
use crate::derivatives::StoredThumbnail;
use crate::hydra::{Problem, Tag};
use crate::resource::address::{Address as _, Parts, decode};
use crate::resource::{Conditions, Freshness, Site};

/// Answers below `/thumbs/`.
///
/// # Errors
/// Returns [`Problem::NotFound`] if no open thumbnail is meant, and [`Problem::Invalid`] for parameters of the image
/// request that a level 0 service does not have.
pub async fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, context, .. } = call;
    let (rest, conditions) = (call.value(), &request::conditions(call.request));
    let segments: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
    let missing = || Problem::NotFound("there are no open thumbnails of such an image".into());
    let [customer, space, image, asked @ ..] = segments.as_slice() else { return Err(missing()) };
    let values: Option<Vec<String>> =
        [customer, space, image].map(|s| decode(s)).into_iter().collect();
    let values = values.ok_or_else(missing)?;
    if values.get(1).is_some_and(|space| space.parse::<i64>().is_err()) {
        return Err(Problem::invalid("space", "must be a number"));
    }
    let at = ImageAddress::read(&mut Parts(values.iter())).ok_or_else(missing)?;
    let image = find(service, &at).await.map_err(|problem| match problem {
        // In the words for an image that is protected: whether there is one is not told.
        Problem::NotFound(_) => missing(),
        other => other,
    })?;
    let open: Vec<StoredThumbnail> = image.open_thumbnails().collect();
    if open.is_empty() {
        return Err(missing());
    }
    match asked {
        [] => Ok(HttpResponse::SeeOther()
            .insert_header((
                header::LOCATION,
                format!("{}{}/info.json", service.site.base, thumbnail_service(&image.address())),
            ))
            .finish()),
        ["info.json"] => info(service, &image, &open, conditions),
        [region, size, rotation, file] => {
            check(region, rotation, file)?;
            let wanted = choose(size, &open)?;
            if let Some(response) = pixels(service, &image, wanted, conditions, context).await? {
                return Ok(response);
            }
            // It may have been replaced since it was looked up, and the old one removed.
            let again = find(service, &at).await?;
            let open: Vec<StoredThumbnail> = again.open_thumbnails().collect();
            let wanted = choose(size, &open)?;
            let found = pixels(service, &again, wanted, conditions, context).await?;
            found.ok_or_else(|| lost(&again))
        }
        _ => Err(Problem::NotFound("there is no such form of a thumbnail's address".into())),
    }
}

/// The queue at which images of thumbnails are looked up, because a page of thumbnails is requested at once.
pub type Images = Arc<BatchQueue<ImageAddress, Result<ServedImage, Problem>>>;

pub fn images(site: &Arc<Site>) -> Images {
    queue(site, ServedImage::find_each)
}

async fn find(service: &Service, at: &ImageAddress) -> Result<ServedImage, Problem> {
    service.database.batcher.load(&service.images, at.clone()).await
}

/// Returns the description of a level 0 service (Image API 3.0).
fn info(
    service: &Service,
    image: &ServedImage,
    open: &[StoredThumbnail],
    conditions: &Conditions,
) -> Result<HttpResponse, Problem> {
    let largest = open.first();
    let sizes: Vec<_> =
        open.iter().rev().map(|t| json!({ "width": t.width, "height": t.height })).collect();
    let document = json!({
        "@context": "http://iiif.io/api/image/3/context.json",
        "id": format!("{}{}", service.site.base, thumbnail_service(&image.address())),
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level0",
        "width": largest.map(|t| t.width),
        "height": largest.map(|t| t.height),
        "sizes": sizes,
    });
    let document = document.to_string();
    let media_type = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"";
    let response = HttpResponse::Ok();
    respond_conditionally(response, Tag::of(document.as_bytes()), "", conditions, |mut response| {
        response.content_type(media_type).body(document)
    })
}

/// Refuses what a level 0 service does not do.
fn check(region: &str, rotation: &str, file: &str) -> Result<(), Problem> {
    let mut faults = Vec::new();
    if region != "full" {
        faults.push(crate::hydra::Fault::new("region", "must be full"));
    }
    if rotation != "0" {
        faults.push(crate::hydra::Fault::new("rotation", "must be 0"));
    }
    if !matches!(file, "default.jpg" | "color.jpg") {
        faults.push(crate::hydra::Fault::new("quality and format", "must be default.jpg"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// Returns the stored thumbnail that a size means exactly.
fn choose(size: &str, open: &[StoredThumbnail]) -> Result<StoredThumbnail, Problem> {
    let size = decode(size).unwrap_or_default();
    if matches!(size.as_str(), "max" | "full") {
        return open.first().copied().ok_or_else(|| none(&size));
    }
    let (confined, plain) = match size.strip_prefix('!') {
        Some(plain) => (true, plain),
        None => (false, size.as_str()),
    };
    let wrong = || Problem::invalid("size", "must be w,h or w, or ,h or !w,h or max, in pixels");
    let (width, height) = plain.split_once(',').ok_or_else(wrong)?;
    let number = |text: &str| match text {
        "" => Ok(None),
        text => match text.parse::<u64>() {
            Ok(0) => Err(wrong()),
            // A number beyond all sizes is well formed, and finds nothing.
            _ if text.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Some(text.parse().unwrap_or(u64::MAX)))
            }
            _ => Err(wrong()),
        },
    };
    let (width, height) = (number(width)?, number(height)?);
    let fits = |t: &&StoredThumbnail| {
        let (w, h) = (u64::from(t.width), u64::from(t.height));
        match (width, height) {
            (Some(width), Some(height)) if confined => {
                w <= width && h <= height && (w == width || h == height)
            }
            (Some(width), Some(height)) => (w, h) == (width, height),
            (Some(width), None) => w == width && !confined,
            (None, Some(height)) => h == height && !confined,
            (None, None) => false,
        }
    };
    if (width.is_none() && height.is_none()) || (confined && (width.is_none() || height.is_none()))
    {
        return Err(wrong());
    }
    open.iter().find(fits).copied().ok_or_else(|| none(&size))
}

fn none(size: &str) -> Problem {
    Problem::NotFound(format!("there is no open thumbnail of size {size}"))
}

/// Returns the pixels of a thumbnail; nothing where its object is not there any more.
async fn pixels(
    service: &Service,
    image: &ServedImage,
    wanted: StoredThumbnail,
    conditions: &Conditions,
    context: &RequestContext,
) -> Result<Option<HttpResponse>, Problem> {
    let Some(key) = image.object.as_deref() else { return Ok(None) };
    // An object never changes, and no key is used twice.
    let tag = Tag::of(format!("{key} {}", wanted.offset).as_bytes());
    let response = HttpResponse::Ok();
    let range = wanted.offset..wanted.offset + wanted.length;
    let jpeg = match conditions.judge(tag, "")? {
        Freshness::Unchanged => Ok(Bytes::new()),
        Freshness::Changed => {
            let bytes = usize::try_from(wanted.length).unwrap_or(usize::MAX);
            context.reserve(&service.answers, bytes).await?;
            service.storage.get(key, range).await
        }
    };
    match jpeg {
        Ok(jpeg) => respond_conditionally(response, tag, "", conditions, |mut response| {
            response.content_type("image/jpeg").body(jpeg)
        })
        .map(Some),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => {
            let words = "the thumbnail cannot be read; try again".into();
            Err(Problem::Unavailable(words, Some(error.into())))
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
