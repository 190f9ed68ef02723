//! Sample images, of a service that demonstrates itself as an origin.

use std::path::Path;

use actix_web::HttpResponse;
use actix_web::http::header;

use super::Service;
use super::asking::Asking;
use super::conditional::respond_conditionally;
use crate::hydra::{Problem, Tag};
use crate::resource::Conditions;

/// A sample image, of a service that demonstrates itself as an origin.
///
/// # Errors
/// [`Problem::NotFound`] where there is none of that name.
pub async fn sample(
    service: &Service,
    folder: &Path,
    name: &str,
    conditions: &Conditions,
    asking: &Asking,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::NotFound(format!("there is no sample {name}"));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.starts_with('.') || !name.chars().all(allowed) {
        return Err(missing());
    }
    let file = tokio::fs::metadata(folder.join(name)).await.map_err(|_unreadable| missing())?;
    asking.reserve(&service.answers, usize::try_from(file.len()).unwrap_or(usize::MAX)).await?;
    let bytes = tokio::fs::read(folder.join(name)).await.map_err(|_unreadable| missing())?;
    let is_png = name.rsplit('.').next().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let media_type = if is_png { "image/png" } else { "image/jpeg" };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=3600"));
    respond_conditionally(response, Tag::of(&bytes), "", conditions, |mut response| {
        response.content_type(media_type).body(bytes)
    })
}
