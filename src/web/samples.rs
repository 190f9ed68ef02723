//! Sample images, of a service that demonstrates itself as an origin.

use actix_web::HttpResponse;

use super::conditional::respond_conditionally;
use super::endpoint::Call;
use super::request;
use crate::hydra::{Problem, Tag, Variant};

/// Returns a sample image.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is none of that name.
pub async fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, context, .. } = call;
    let (name, conditions) = (call.value(), request::conditions(call.request));
    let missing = || Problem::NotFound(format!("there is no sample {name}"));
    let folder = service.samples.as_ref().ok_or_else(missing)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.starts_with('.') || !name.chars().all(allowed) {
        return Err(missing());
    }
    let file = tokio::fs::metadata(folder.join(name)).await.map_err(|_unreadable| missing())?;
    context.reserve(&service.answers, usize::try_from(file.len()).unwrap_or(usize::MAX)).await?;
    let bytes = tokio::fs::read(folder.join(name)).await.map_err(|_unreadable| missing())?;
    let is_png = name.rsplit('.').next().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let media_type = if is_png { "image/png" } else { "image/jpeg" };
    let response = HttpResponse::Ok();
    let (tag, variant) = (Tag::of(&bytes), Variant::PIXELS);
    respond_conditionally(response, tag, variant, &conditions, |mut response| {
        response.content_type(media_type).body(bytes)
    })
}
