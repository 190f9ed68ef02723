//! Media types of images of which nobody gave one.

use super::ImageDraft;

/// The media type of an image of which none was given or inferred: it is recognised when it is processed.
pub const UNKNOWN: &str = "image/unknown";

/// The media type that the ending of an origin's path tells, in lack of a better one (`dlcs.md` 13.1).
pub fn inferred_media_type(origin: &str) -> &'static str {
    let path = origin.split(['?', '#']).next().unwrap_or(origin);
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, e)| e);
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("tif" | "tiff") => "image/tiff",
        Some("webp") => "image/webp",
        Some("gif") => "image/gif",
        Some("jp2" | "jpx") => "image/jp2",
        _ => UNKNOWN,
    }
}

/// What was written of an image, without a media type that its origin told: another origin tells another.
pub(super) fn untold(mut draft: ImageDraft) -> ImageDraft {
    if draft.media_type == inferred_media_type(&draft.origin) {
        draft.media_type.clear();
    }
    draft
}
