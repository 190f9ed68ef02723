//! Media types of images of which nobody gave one.

use super::ImageDraft;

/// The media type of an image of which none was given or inferred: it is recognised when it is processed.
pub const UNKNOWN: &str = "image/unknown";

/// The media type that the ending of an origin's path tells, in lack of a better one.
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

/// Settles the media type of an image that is about to be written; `existing`: what is stored of it so far.
///
/// One that a body gives stays, unless it only repeats what is shown. Any other is believed until the content is
/// known: that of a known content as long as the origin stays, or else what the origin's ending tells.
pub(super) fn settle(draft: &mut ImageDraft, existing: Option<&ImageDraft>) {
    let kept =
        existing.filter(|existing| !existing.media_type_given && existing.origin == draft.origin);
    let is_repeated = existing.is_some_and(|existing| existing.media_type == draft.media_type);
    draft.media_type_given = match is_repeated {
        true => existing.is_some_and(|existing| existing.media_type_given),
        false => !draft.media_type.trim().is_empty(),
    };
    if !draft.media_type_given {
        draft.media_type = match kept {
            Some(kept) => kept.media_type.clone(),
            None => inferred_media_type(&draft.origin).to_owned(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(origin: &str, media_type: &str, given: bool) -> ImageDraft {
        ImageDraft {
            origin: origin.to_owned(),
            media_type: media_type.to_owned(),
            media_type_given: given,
            ..ImageDraft::default()
        }
    }

    fn settled(mut draft: ImageDraft, existing: Option<&ImageDraft>) -> (String, bool) {
        settle(&mut draft, existing);
        (draft.media_type, draft.media_type_given)
    }

    #[test]
    fn what_a_body_says_is_told_from_what_is_inferred_or_found() {
        let own = |text: &str, given| (text.to_owned(), given);
        assert_eq!(settled(draft("/a.jpg", "", false), None), own("image/jpeg", false));
        assert_eq!(settled(draft("/a.jpg", "image/jpeg", false), None), own("image/jpeg", true));
        let found = draft("/a.jpg", "image/png", false);
        assert_eq!(settled(found.clone(), Some(&found)), own("image/png", false));
        let nulled = draft("/a.jpg", "", false);
        assert_eq!(settled(nulled.clone(), Some(&found)), own("image/png", false));
        let other = draft("/b.gif", "image/png", false);
        assert_eq!(settled(other, Some(&found)), own("image/gif", false));
        let said = draft("/a.jpg", "image/own", false);
        assert_eq!(settled(said, Some(&found)), own("image/own", true));
        let given = draft("/a.jpg", "image/own", true);
        assert_eq!(
            settled(draft("/b.gif", "image/own", true), Some(&given)),
            own("image/own", true)
        );
        assert_eq!(settled(nulled, Some(&given)), own("image/jpeg", false));
    }
}
