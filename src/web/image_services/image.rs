//! The service of an image itself, at level 2.

use actix_web::HttpResponse;
use actix_web::http::header;

use super::accept::Wish;
use super::headers::{Store, vary_by_accept};
use super::pixels::send;
use super::{Asked, description, find, refused};
use crate::delivery::Pyramid;
use crate::hydra::Problem;
use crate::iiif::{Description, DescriptionAccess, ImageRequest, Level, PixelAccess, resolve};

fn pyramid<'a>(asked: &'a Asked<'_>) -> Result<&'a Pyramid, Problem> {
    asked.image.pyramid.as_ref().ok_or_else(|| find::missing(asked.path.service))
}

/// Returns the description of an image, or that of its open tier, or a refusal.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn describe(asked: &Asked<'_>, wish: Wish) -> Result<HttpResponse, Problem> {
    let source = pyramid(asked)?.source();
    let limits = asked.limits(source.size);
    let whole = || Description::of_image(asked.id, asked.version(), source, limits);
    match asked.image.protection.description() {
        _ if asked.is_opened => description::send(asked, wish, whole()),
        DescriptionAccess::Open => description::send(asked, wish, whole()),
        DescriptionAccess::Tier { longest_edge } => {
            let tier =
                Description::of_tier(asked.id, asked.version(), source, limits, longest_edge);
            description::send(asked, wish, tier)
        }
        DescriptionAccess::NeedsRole { tier: Some(_) } => {
            let base = &asked.call.service.site.base;
            let location = format!("{base}{}/info.json", asked.path.degraded());
            let mut answer = HttpResponse::Found();
            let mut answer = answer.insert_header((header::LOCATION, location)).finish();
            Store::Nobody.write(&mut answer, asked);
            vary_by_accept(&mut answer);
            Ok(answer)
        }
        DescriptionAccess::NeedsRole { tier: None } | DescriptionAccess::Closed => {
            Ok(description::refuse(asked, wish, whole()))
        }
    }
}

/// Returns the pixels of an image; nothing if their object is not there any more.
///
/// # Errors
/// Returns [`Problem::Invalid`], [`Problem::RoleRequired`], [`Problem::Unavailable`].
pub async fn pixels(
    asked: &Asked<'_>,
    request: &ImageRequest,
) -> Result<Option<HttpResponse>, Problem> {
    let source = pyramid(asked)?.source();
    let limits = asked.limits(source.size);
    let protection = asked.image.protection;
    if asked.is_opened {
        let resolved = resolve(request, source, limits).map_err(|error| refused(&error))?;
        // Also what anybody may have: the answer is that to a session.
        return send(asked, Level::Two, Store::Nobody, &resolved).await;
    }
    let (resolved, access) =
        protection.resolve(request, source, limits).map_err(|error| refused(&error))?;
    match access {
        PixelAccess::Open => send(asked, Level::Two, Store::ForSeconds, &resolved).await,
        PixelAccess::NeedsRole => Err(Problem::RoleRequired(
            "these pixels are open only to those who hold a role of the image",
        )),
        PixelAccess::Closed => Err(Problem::RoleRequired("these pixels are closed to the public")),
    }
}
