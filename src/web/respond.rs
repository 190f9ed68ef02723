//! Replies become responses, with the headers that every response has.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::body::{ACCEPT_PATCH, ACCEPT_POST};
use super::conditional::{not_modified, respond_conditionally, tagged, varying};
use super::documents::{Document, Documents};
use super::negotiate::{Kind, Representation};
use super::represent::Answered;
use super::request::Preference;
use super::{represent, status};
use crate::hydra::{Problem, Tag, Variant};
use crate::resource::{Conditions, Outcome, Reply};

pub const JSON_LD: &str = "application/ld+json";
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const ACCEPT_PATCH_NAME: HeaderName = HeaderName::from_static("accept-patch");
pub(super) const ACCEPT_POST_NAME: HeaderName = HeaderName::from_static("accept-post");
/// Methods that a script elsewhere may try, at every address: what it meets there, it can then read.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const VARY: &str = "Accept, Prefer, Authorization, Cookie, Origin";

/// The properties of a request that decide how its reply is sent.
pub struct ResponseOptions<'a> {
    /// Tells whether it only reads: GET or HEAD.
    pub reads: bool,
    pub representation: Representation,
    pub preference: Option<Preference>,
    pub conditions: Conditions,
    /// Tells whether PATCH shows the resource when nothing is preferred.
    pub patch_returns_representation: bool,
    /// Path and query as received.
    pub asked: &'a str,
    /// Tells whether the caller is known by a session.
    pub has_session: bool,
}

/// A response to a reply, but for its body where that is still to be converted.
enum Composed {
    Whole(HttpResponse),
    Open(HttpResponseBuilder, Unconverted),
}

/// A document as the class tables wrote it, with the answer that it stands in.
struct Unconverted {
    written: Vec<u8>,
    answered: Answered,
}

/// Returns the response to a reply.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if it reads, and `If-Match` is not met; fails where a document cannot be converted,
/// which is a fault of the service.
pub async fn reply(
    documents: &Arc<Documents>,
    reply: Reply,
    wish: &ResponseOptions<'_>,
) -> Result<HttpResponse, Problem> {
    match compose(documents, reply, wish)? {
        Composed::Whole(response) => Ok(response),
        Composed::Open(mut response, Unconverted { written, answered }) => {
            let body = represent::body(documents, written, wish.representation, &answered);
            Ok(response.body(body.await?))
        }
    }
}

/// Returns the response to a reply as [`reply`] does, made on this thread.
///
/// # Errors
/// Fails as [`reply`] does, and where a very large document is being converted already.
pub fn reply_now(
    documents: &Documents,
    reply: Reply,
    wish: &ResponseOptions<'_>,
) -> Result<HttpResponse, Problem> {
    match compose(documents, reply, wish)? {
        Composed::Whole(response) => Ok(response),
        Composed::Open(mut response, Unconverted { written, answered }) => {
            let wanted = wish.representation;
            Ok(response.body(represent::body_now(documents, &written, wanted, &answered)?))
        }
    }
}

fn compose(
    documents: &Documents,
    reply: Reply,
    wish: &ResponseOptions<'_>,
) -> Result<Composed, Problem> {
    let shows_updated = match wish.preference {
        Some(preference) => preference == Preference::Representation,
        None => wish.patch_returns_representation,
    };
    let wanted = wish.representation;
    let status = status::of_reply(&reply, shows_updated);
    let answered = |path: &str, tag: Tag| Answered {
        path: path.to_owned(),
        status: status.as_u16(),
        tag: Some(tag.entity_tag("")),
        has_session: wish.has_session,
        target: None,
    };
    let mut response = HttpResponse::build(status);
    match reply {
        Reply::Shown { body, tag, .. } if wish.reads => {
            let conditions = &wish.conditions;
            let variant = Variant::text(wanted.suffix());
            let unchanged = not_modified(&mut response, tag, variant, conditions)?;
            if let Some(unchanged) = unchanged {
                return Ok(Composed::Whole(unchanged));
            }
            represent::head(&mut response, wanted, Kind::Data, &body);
            let answered = answered(wish.asked, tag);
            Ok(Composed::Open(response, Unconverted { written: body, answered }))
        }
        Reply::Shown { outcome, id, body, tag } => {
            let is_minimal = wish.preference == Some(Preference::Minimal);
            // What GET does not show is shown whatever is preferred.
            let shows = match outcome {
                Outcome::CreatedWithSecret | Outcome::Reported | Outcome::Accepted => true,
                Outcome::Updated => shows_updated,
                Outcome::Found | Outcome::Created | Outcome::Replaced => !is_minimal,
            };
            if matches!(outcome, Outcome::Created | Outcome::CreatedWithSecret | Outcome::Accepted)
            {
                response.insert_header((header::LOCATION, id.as_str()));
            }
            // Without content, it would say that the empty body is what GET shows; a 205 cannot be misread.
            if matches!(outcome, Outcome::Created | Outcome::Replaced) && shows
                || outcome == Outcome::Updated
            {
                response.insert_header((header::CONTENT_LOCATION, id.as_str()));
            }
            if !matches!(outcome, Outcome::Reported | Outcome::Accepted) {
                tagged(&mut response, tag, if shows { wanted.suffix() } else { "" });
            }
            if let Some(preference) = wish.preference
                && shows != is_minimal
            {
                response.insert_header((PREFERENCE_APPLIED, preference.applied()));
            }
            if shows {
                represent::head(&mut response, wanted, Kind::Data, &body);
                let answered =
                    answered(id.strip_prefix(&documents.base).unwrap_or(wish.asked), tag);
                return Ok(Composed::Open(response, Unconverted { written: body, answered }));
            }
            Ok(Composed::Whole(empty(response)))
        }
        Reply::Bare { body, next } => {
            if let Some(next) = next {
                response.append_header((header::LINK, format!("<{next}>; rel=\"next\"")));
            }
            let (tag, variant) = (Tag::of(&body), Variant::text(""));
            respond_conditionally(response, tag, variant, &wish.conditions, |mut response| {
                response.content_type("application/json").body(body)
            })
            .map(Composed::Whole)
        }
        Reply::Removed | Reply::Changed | Reply::Stored { .. } | Reply::Pending { .. } => {
            Ok(Composed::Whole(empty(response)))
        }
    }
}

/// Returns a response without content and type, but with its length: a 205 says that it is 0 (RFC 9110, section 15.3.6).
fn empty(mut response: HttpResponseBuilder) -> HttpResponse {
    response.insert_header((header::CONTENT_LENGTH, "0")).body("")
}

/// Adds the headers of every response.
///
/// `is_shared` tells that the answer is the same for every caller and says itself how it may be stored; `exposed` names the
/// headers that scripts of other sites may read, if they may read the answer at all.
pub fn finish(
    response: &mut HttpResponse,
    documentation: Option<&HeaderValue>,
    request_id: &str,
    is_shared: bool,
    exposed: Option<HeaderValue>,
) {
    let headers = response.headers_mut();
    // First among the links: one client looks at the first only.
    let others: Vec<HeaderValue> = headers.remove(header::LINK).collect();
    if let Some(documentation) = documentation {
        headers.append(header::LINK, documentation.clone());
    }
    if let Some(exposed) = exposed {
        headers.append(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.append(REQUEST_ID, request_id);
    }
    if !is_shared && !headers.contains_key(header::CACHE_CONTROL) {
        varying(headers, VARY);
        headers.append(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    for link in others {
        headers.append(header::LINK, link);
    }
}

/// Says that a preference was honoured, beside those that the response names already.
pub fn applied(response: &mut HttpResponse, preference: &'static str) {
    let headers = response.headers_mut();
    let others = headers.get(&PREFERENCE_APPLIED).and_then(|others| others.to_str().ok());
    let all = others.map_or_else(
        || Ok(HeaderValue::from_static(preference)),
        |others| HeaderValue::try_from(format!("{others}, {preference}")),
    );
    if let Ok(all) = all {
        headers.insert(PREFERENCE_APPLIED, all);
    }
}

/// Adds a link to the description of the API for programs that do not know Hydra (RFC 8631).
pub fn describe(response: &mut HttpResponse, base: &str) {
    let link = format!("<{base}/openapi.json>; rel=\"service-desc\"; type=\"application/json\"");
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().append(header::LINK, link);
    }
}

/// Returns the answer to OPTIONS, for preflights as for those that ask what there is.
pub fn options(allow: &[&'static str]) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response
        .insert_header((header::ALLOW, allow.join(", ")))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Accept, If-Match, If-None-Match, If-Modified-Since, If-Range, Range, Prefer, Idempotency-Key, Last-Event-ID, \
             Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"));
    let mut response = response.finish();
    accepts(&mut response, allow);
    response
}

/// Says what bodies an address takes, which has these methods (RFC 5789, section 3.1; LDP, section 7.1).
pub fn accepts(response: &mut HttpResponse, allow: &[&'static str]) {
    for (method, name, types) in
        [("PATCH", ACCEPT_PATCH_NAME, ACCEPT_PATCH), ("POST", ACCEPT_POST_NAME, ACCEPT_POST)]
    {
        if allow.contains(&method) {
            response.headers_mut().insert(name, HeaderValue::from_static(types));
        }
    }
}

/// Returns a document about the API, in the one media type that it has: public, the same for everybody.
///
/// Contexts are among them, which are JSON-LD whatever is accepted.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn document(
    media_type: &'static str,
    document: &Document,
    conditions: &Conditions,
) -> Result<HttpResponse, Problem> {
    let (tag, variant) = (document.tag, Variant::text(""));
    respond_conditionally(HttpResponse::Ok(), tag, variant, conditions, |mut response| {
        response.content_type(media_type).body(document.body.clone())
    })
}
