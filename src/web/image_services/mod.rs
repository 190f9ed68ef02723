//! The image services of IIIF: images, their open thumbnails, and the open tiers of protected images (`docs/iiif.md`).

mod accept;
mod body;
mod degraded;
mod description;
mod find;
mod headers;
mod image;
mod pixels;
mod thumbnails;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};

use super::endpoint::Call;
use crate::delivery::Image;
use crate::hydra::Problem;
use crate::iiif::path::{ImageService, ServicePath, Target};
use crate::iiif::{
    DescriptionAccess, ImageRequest, Limits, RequestError, Size, TILE_EDGE, Version,
};
use crate::metrics::http::RequestClass;
use crate::resource::Conditions;
use crate::web::{request, session};
use accept::{Wish, wish};
pub use find::{CustomerNames, Rows, customer_names};
use headers::{Store, see_other, vary_by_accept};

/// The settings of the image services.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest edge of an answer, in pixels; `None`: that of the image.
    pub max_edge: Option<u32>,
    /// Seconds for which caches may show what is open without asking.
    pub cache_seconds: u32,
}

impl Settings {
    /// Returns the limits for an image of a size in pixels.
    ///
    /// They are never below the tiles, and always bounded, so that upscaling is offered.
    fn limits(&self, image: Size) -> Limits {
        Limits::of_edges(longest_edge(self.max_edge.unwrap_or_else(|| image.longest_edge())))
    }
}

/// Returns the longest edge of an answer in pixels, where one is set: it is never below the tiles.
pub fn longest_edge(set: u32) -> u32 {
    set.max(TILE_EDGE)
}

/// A request to an image service, with the image that it is about.
struct Asked<'a> {
    call: Call<'a>,
    conditions: &'a Conditions,
    path: &'a ServicePath<'a>,
    /// The absolute URI of the service, in the spelling asked for.
    id: &'a str,
    image: Arc<Image>,
    /// Tells whether a session opens what is not open to anybody.
    is_opened: bool,
}

impl Asked<'_> {
    fn version(&self) -> Version {
        self.path.version()
    }

    fn limits(&self, image: Size) -> Limits {
        self.call.service.image_services.limits(image)
    }
}

/// Time after which it is judged anew whether an answer may be sent, because the image may have been closed while it
/// was made.
const JUDGED_ANEW: Duration = Duration::from_millis(5);

/// Answers below `/iiif-img/`, `/thumbs/` and `/degraded/`.
///
/// # Errors
/// Returns [`Problem::NotFound`] if no such image is served there, [`Problem::Invalid`] for what is malformed or outside
/// the image, [`Problem::RoleRequired`] for pixels that are not open, and [`Problem::Unavailable`] if there is no room for
/// a rendering.
pub async fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let conditions = &request::conditions(call.request);
    let path = &find::read(call.request.uri().path())?;
    let id = &format!("{}{}", call.service.site.base, path.id_path());
    let asked = async |fresh: bool| -> Result<Asked<'_>, Problem> {
        let image = find::image(call.service, path, fresh).await?;
        let is_opened = is_opened(call, path, &image).await;
        let asked = Asked { call, conditions, path, id, image, is_opened };
        match is_served(&asked) {
            true => Ok(asked),
            false => Err(find::missing(path.service)),
        }
    };
    match path.target {
        Target::CanvasId => Err(find::missing(path.service)),
        Target::Unknown => {
            // An identifier with a slash that is not encoded is read as another image, and more often than not as none.
            asked(false).await?;
            let expected = "must be info.json or region/size/rotation/quality.format";
            Err(Problem::invalid("what follows the image", expected))
        }
        Target::Service => {
            call.context.class.set(RequestClass::Info);
            let asked = asked(false).await?;
            let mut answer = see_other(&format!("{id}/info.json"));
            Store::of(&asked).write(&mut answer, &asked);
            Ok(answer)
        }
        Target::Description => {
            call.context.class.set(RequestClass::Info);
            let asked = asked(false).await?;
            let wish = wish(call.request);
            match path.named_version.is_none() && wish.version == Some(Version::V2) {
                true => {
                    let path = path.in_version(Version::V2);
                    let mut answer =
                        see_other(&format!("{}{path}/info.json", call.service.site.base));
                    Store::of(&asked).write(&mut answer, &asked);
                    vary_by_accept(&mut answer);
                    Ok(answer)
                }
                false => describe(&asked, wish),
            }
        }
        Target::Pixels(segments) => {
            let request = ImageRequest::parse(path.version(), segments).map_err(|e| refused(&e))?;
            if path.service == ImageService::Thumbnails {
                thumbnails::check(&request)?;
            }
            let began = Instant::now();
            let first = asked(false).await?;
            let mut is_gone = true;
            if let Some(answer) = pixels(&first, &request).await? {
                // What took no time was judged just now.
                if began.elapsed() < JUDGED_ANEW {
                    return Ok(answer);
                }
                let now = asked(false).await?;
                if now.is_opened == first.is_opened && now.image.shows_the_same(&first.image) {
                    return Ok(answer);
                }
                is_gone = false;
            }
            // It was replaced, closed or opened since it was looked up.
            let again = asked(is_gone).await?;
            pixels(&again, &request).await?.ok_or_else(|| pixels::lost(&again.image))
        }
    }
}

/// Returns whether a session of the image's customer opens it at its own address, where it is not open to anybody.
///
/// What cannot be looked up now counts as none, as a cookie that is over does (`docs/rules.md` 1.6).
async fn is_opened(call: Call<'_>, path: &ServicePath<'_>, image: &Image) -> bool {
    if path.service != ImageService::Image
        || image.protection.description() == DescriptionAccess::Open
    {
        return false;
    }
    let session = session::under_way(call.service, call.request).await;
    let caller = session.ok().flatten().map(|session| session.caller);
    caller.is_some_and(|caller| caller.may_enter(image.at.customer))
}

/// Returns whether the service of a request has anything of the image.
fn is_served(asked: &Asked<'_>) -> bool {
    let image = &asked.image;
    match asked.path.service {
        ImageService::Image => image.pyramid.is_some(),
        ImageService::Thumbnails => image.open_thumbnails().next().is_some(),
        ImageService::Degraded => {
            image.pyramid.is_some() && image.protection.degraded_edge().is_some()
        }
    }
}

fn describe(asked: &Asked<'_>, wish: Wish) -> Result<HttpResponse, Problem> {
    match asked.path.service {
        ImageService::Image => image::describe(asked, wish),
        ImageService::Thumbnails => thumbnails::describe(asked, wish),
        ImageService::Degraded => degraded::describe(asked, wish),
    }
}

/// Returns the pixels of a request; nothing if their object is not there any more.
async fn pixels(
    asked: &Asked<'_>,
    request: &ImageRequest,
) -> Result<Option<HttpResponse>, Problem> {
    match asked.path.service {
        ImageService::Image => image::pixels(asked, request).await,
        ImageService::Thumbnails => thumbnails::pixels(asked, request).await,
        ImageService::Degraded => degraded::pixels(asked, request).await,
    }
}

/// Returns the problem of a request for pixels that is malformed, outside the image, or too large.
fn refused(error: &RequestError) -> Problem {
    Problem::invalid(error.part.name(), error.fault.to_string())
}

/// Returns the value of `Cache-Control` for what is open to anybody.
pub fn open_caching(settings: &Settings) -> HeaderValue {
    let value = format!("public, max-age={}, must-revalidate", settings.cache_seconds);
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("public, no-cache"))
}

/// The name of the header that tells browsers not to guess types.
const NOSNIFF: (header::HeaderName, HeaderValue) =
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
