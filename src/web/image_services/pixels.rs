//! Pixels as they are sent.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::{Instant, UNIX_EPOCH};

use actix_web::body::BodyStream;
use actix_web::http::header::{self, HttpDate};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream::empty;
use percent_encoding::percent_decode_str;

use super::body::StoredParts;
use super::headers::Store;
use super::{Asked, NOSNIFF};
use crate::addresses::ImageAddress;
use crate::delivery::{DeliveryError, Image, Parts, Pixels, Planned};
use crate::hydra::{Problem, Tag, Variant};
use crate::iiif::path::ImageService;
use crate::iiif::{Level, Resolved, canonical_and_profile, content_disposition};
use crate::metrics::http::RequestClass;
use crate::metrics::renderings::Lane;
use crate::resource::Freshness;
use crate::web::connection::PartsBody;
use crate::web::range::{self, Wanted};
use crate::web::repeated::Repeated;

/// Answers that are longer than this, in bytes, are sent in turns, so that tiles never wait for many of them.
const LONG: u64 = 64 << 10;

/// Returns the pixels of a resolved request as the answer; nothing if their object is not there any more.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met, [`Problem::Invalid`] if the answer could never be
/// made, and [`Problem::Unavailable`] if it cannot now.
pub async fn send(
    asked: &Asked<'_>,
    level: Level,
    store: Store,
    resolved: &Resolved,
) -> Result<Option<HttpResponse>, Problem> {
    let (service, request) = (asked.call.service, asked.call.request);
    let tag = tag(asked, resolved);
    let entity_tag = tag.entity_tag("");
    let modified = HttpDate::from(asked.image.modified);
    let is_held = match asked.conditions.judge(tag, Variant::PIXELS)? {
        Freshness::Unchanged(_) => true,
        // A part of an image is open only if all of it is. Whole images at the same address have other sizes as it is closed,
        // of which a time tells nothing.
        Freshness::Changed => {
            asked.path.service == ImageService::Image
                && !resolved.is_whole
                && is_unmodified(asked, modified)
        }
    };
    let mut response = HttpResponseBuilder::new(StatusCode::OK);
    let links = canonical_and_profile(asked.id, &resolved.canonical, level, asked.version());
    response
        .append_header((header::LINK, links))
        .insert_header((header::ETAG, entity_tag.as_str()))
        .insert_header((header::LAST_MODIFIED, modified))
        .insert_header(NOSNIFF);
    let mut answer = if is_held {
        response.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        let planned = service.delivery.plan(&asked.image, resolved);
        if let Ok(planned) = &planned {
            asked.call.context.class.set(class(asked.path.service, planned));
        }
        let pixels = match planned {
            Ok(planned) => service.delivery.pixels(&asked.image, planned).await,
            Err(error) => Err(error),
        };
        let pixels = match pixels {
            Ok(pixels) => pixels,
            Err(DeliveryError::Missing) => return Ok(None),
            Err(error) => return Err(problem(error, &asked.image)),
        };
        let length = pixels.length();
        response.insert_header((header::ACCEPT_RANGES, "bytes"));
        response.content_type(resolved.format.media_type());
        match range::wanted(request, &entity_tag, length) {
            Wanted::Unsatisfiable => {
                response.insert_header((header::CONTENT_RANGE, format!("bytes */{length}")));
                response.status(StatusCode::RANGE_NOT_SATISFIABLE).finish()
            }
            Wanted::Whole => {
                if let Some(name) = file_name(asked, resolved) {
                    response.insert_header((header::CONTENT_DISPOSITION, name));
                }
                match begun(asked, pixels).await? {
                    Some(pixels) => body(asked, response, pixels),
                    None => return Ok(None),
                }
            }
            Wanted::Part(part) => {
                let last = part.end.saturating_sub(1);
                let content = format!("bytes {}-{last}/{length}", part.start);
                response.insert_header((header::CONTENT_RANGE, content));
                response.status(StatusCode::PARTIAL_CONTENT);
                match begun(asked, pixels.part(part)).await? {
                    Some(pixels) => body(asked, response, pixels),
                    None => return Ok(None),
                }
            }
        }
    };
    let store = match answer.status() {
        StatusCode::RANGE_NOT_SATISFIABLE => Store::Nobody,
        _ => store,
    };
    store.write(&mut answer, asked);
    Ok(Some(answer))
}

/// Returns the tag of the state of pixels.
///
/// An object never changes, and no key is used twice but after a database was restored, which the time tells. `max` means
/// other pixels as an image is closed, so that the canonical form alone does not tell the state.
fn tag(asked: &Asked<'_>, resolved: &Resolved) -> Tag {
    let Resolved { region, size, canonical, .. } = resolved;
    let Image { object, modified, .. } = &*asked.image;
    let modified = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut state = Vec::with_capacity(256);
    for text in [object, asked.path.service.element(), canonical] {
        state.extend_from_slice(text.as_bytes());
        state.push(0);
    }
    state.extend_from_slice(&modified.to_be_bytes());
    let pixels = [region.x, region.y, region.size.width, region.size.height];
    for number in pixels.into_iter().chain([size.width, size.height]) {
        state.extend_from_slice(&number.to_be_bytes());
    }
    Tag::of(&state)
}

/// Returns the class of a request by what it costs.
fn class(service: ImageService, planned: &Planned) -> RequestClass {
    match planned.lane {
        None if service == ImageService::Thumbnails => RequestClass::Thumbnail,
        None => RequestClass::Copy,
        Some(Lane::Small) => RequestClass::Small,
        Some(Lane::Large) => RequestClass::Large,
    }
}

/// Returns whether a reader who names no state has pixels of this time already.
fn is_unmodified(asked: &Asked<'_>, modified: HttpDate) -> bool {
    let headers = asked.call.request.headers();
    if headers.contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
    let since = since.and_then(|since| since.parse::<HttpDate>().ok());
    since.is_some_and(|since| modified <= since)
}

/// Returns pixels whose first bytes are there, where any are sent; nothing if their object is not there any more.
///
/// # Errors
/// Returns [`Problem::Unavailable`] if they cannot be read now.
async fn begun(asked: &Asked<'_>, pixels: Pixels) -> Result<Option<Pixels>, Problem> {
    if asked.call.request.method() == Method::HEAD {
        return Ok(Some(pixels));
    }
    match asked.call.service.delivery.begun(pixels).await {
        Ok(pixels) => Ok(Some(pixels)),
        Err(DeliveryError::Missing) => Ok(None),
        Err(error) => Err(problem(error, &asked.image)),
    }
}

fn body(asked: &Asked<'_>, mut response: HttpResponseBuilder, pixels: Pixels) -> HttpResponse {
    let length = pixels.length();
    let parts = match Parts::new(Arc::clone(&asked.call.service.delivery), pixels) {
        Ok(parts) => parts,
        Err(bytes) => return response.body(bytes),
    };
    let Some(connection) = asked.call.context.connection.clone() else {
        return HttpResponse::InternalServerError().finish();
    };
    response.no_chunking(length);
    if asked.call.request.method() == Method::HEAD {
        return response.body(BodyStream::new(empty::<Result<_, Infallible>>()));
    }
    response.body(PartsBody::new(StoredParts(parts), connection, length > LONG))
}

/// Returns the value of `Content-Disposition`, if the request asks for a file name.
fn file_name(asked: &Asked<'_>, resolved: &Resolved) -> Option<String> {
    let mut parameters = asked.call.request.query_string().split('&');
    let template = parameters.find_map(|parameter| parameter.strip_prefix("filename="))?;
    let template = template.replace('+', " ");
    let template = percent_decode_str(&template).decode_utf8().ok()?;
    let ImageAddress { space, image, .. } = &asked.image.at;
    content_disposition(&template, image, *space, resolved.format)
}

/// Returns the problem of pixels that cannot be delivered.
fn problem(error: DeliveryError, image: &Image) -> Problem {
    match error {
        DeliveryError::NeverAllowed { .. } => Problem::invalid("size", error.to_string()),
        DeliveryError::Render(imaging::ImagingError::Unsupported(words)) => {
            Problem::invalid("size", format!("asks for {words}"))
        }
        DeliveryError::Render(_) => damaged(&image.at, &error),
        DeliveryError::Overloaded => Problem::Unavailable(error.to_string(), None),
        DeliveryError::Missing | DeliveryError::Storage(_) | DeliveryError::Io(_) => {
            Problem::Unavailable(error.to_string(), Some(error.into()))
        }
    }
}

/// Lines about objects that are lost.
static LOST: LazyLock<Repeated> = LazyLock::new(Repeated::default);

/// Logs that the store lacks an object that a row names, which is a fault of the service, and returns the problem.
pub fn lost(image: &Image) -> Problem {
    log_lost(&image.at, "lost");
    Problem::NotFound("the pixels of the image are not there any more".into())
}

/// Logs that the object of an image or its index is damaged, which is a fault of the service, and returns the problem.
pub fn damaged(at: &ImageAddress, error: &dyn std::error::Error) -> Problem {
    log_lost(at, &format!("damaged ({error})"));
    Problem::NotFound("the stored pixels of the image are damaged".into())
}

/// Logs that the object of an image is lost or damaged.
fn log_lost(at: &ImageAddress, how: &str) {
    let ImageAddress { customer, space, image } = at;
    let line = format!("the derivatives of image {customer}/{space}/{image} are {how}");
    match LOST.count("", Instant::now()) {
        None => log::debug!("{line}"),
        Some(more) => log::error!(
            "{line}, and {more} were asked for before; `hydria check --repair` makes them again"
        ),
    }
}
