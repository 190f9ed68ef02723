//! Descriptions as they are sent: `info.json`.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::Asked;
use super::accept::Wish;
use super::headers::Store;
use crate::hydra::{Problem, Tag, Variant};
use crate::iiif::{self, Description};
use crate::web::conditional::respond_conditionally;

/// Returns a description as the answer to a request.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn send(
    asked: &Asked<'_>,
    wish: Wish,
    description: Description<'_>,
) -> Result<HttpResponse, Problem> {
    let version = description.version;
    let profile = description.level.profile_link(version);
    let document = document(asked, description);
    let is_json_ld = wish.is_json_ld(version);
    let variant = Variant::text(if is_json_ld { "" } else { "json" });
    let tag = Tag::of(document.as_bytes());
    let mut response = HttpResponse::Ok();
    response.append_header((header::LINK, profile)).insert_header((header::VARY, "Accept"));
    let mut answer =
        respond_conditionally(response, tag, variant, asked.conditions, |mut response| {
            response.content_type(iiif::media_type(version, is_json_ld)).body(document)
        })?;
    Store::of(asked).write(&mut answer, asked);
    Ok(answer)
}

/// Returns a description as the refusal of a request: viewers need all of it to go on.
pub fn refuse(asked: &Asked<'_>, wish: Wish, description: Description<'_>) -> HttpResponse {
    let version = description.version;
    let is_json_ld = wish.is_json_ld(version);
    let mut response = HttpResponseBuilder::new(StatusCode::UNAUTHORIZED);
    response
        .append_header((header::LINK, description.level.profile_link(version)))
        .insert_header((header::VARY, "Accept"))
        .insert_header((header::WWW_AUTHENTICATE, "Session realm=\"Hydria\""));
    let mut answer = response
        .content_type(iiif::media_type(version, is_json_ld))
        .body(document(asked, description));
    Store::Nobody.write(&mut answer, asked);
    answer
}

fn document(asked: &Asked<'_>, description: Description<'_>) -> String {
    let (rights, attribution) = (&asked.image.rights, &asked.image.required_statement);
    let (rights, attribution) = (rights.as_deref(), attribution.as_deref());
    Description { rights, attribution, ..description }.to_json().to_string()
}
