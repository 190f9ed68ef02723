//! Replies and problems become responses, with the headers that every response has.

use std::error::Error as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::body::{ACCEPT_PATCH, ACCEPT_POST};
use super::request::Preference;
use super::status;
use crate::hydra::{Problem, Writer};
use crate::resource::{Outcome, Reply, Site};

const JSON_LD: &str = "application/ld+json";
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Link, Location, ETag, Last-Modified, Allow, Accept-Patch, Accept-Post, \
     Content-Location, Preference-Applied, WWW-Authenticate, Vary, X-Request-Id",
);
const VARY: HeaderValue = HeaderValue::from_static("Accept, Prefer, Authorization, Origin");

/// The response to a reply.
pub fn reply(
    reply: Reply,
    preference: Option<Preference>,
    patch_returns_representation: bool,
) -> HttpResponse {
    let representation = match preference {
        Some(preference) => preference == Preference::Representation,
        None => patch_returns_representation,
    };
    let mut response = HttpResponse::build(status::of_reply(&reply, representation));
    match reply {
        Reply::Shown { outcome, id, body } => {
            let shows = outcome != Outcome::Updated || representation;
            if outcome == Outcome::Created {
                response.insert_header((header::LOCATION, id.as_str()));
            }
            if outcome == Outcome::Updated
                && let Some(preference) = preference
            {
                response.insert_header((PREFERENCE_APPLIED, preference.applied()));
            }
            if outcome != Outcome::Found {
                response.insert_header((header::CONTENT_LOCATION, id.as_str()));
            }
            if shows {
                return response.content_type(JSON_LD).body(body);
            }
            empty(response)
        }
        Reply::Bare(body) => response.content_type("application/json").body(body),
        Reply::Removed | Reply::Stored { .. } | Reply::Pending { .. } => empty(response),
    }
}

/// No content and no type, but its length: a 205 says that it is 0 (RFC 9110, section 15.3.6).
fn empty(mut response: HttpResponseBuilder) -> HttpResponse {
    response.insert_header((header::CONTENT_LENGTH, "0")).body("")
}

/// The response to a problem, as RFC 9457 and Hydra have it (`hydra.md` 8).
pub fn problem(
    problem: &Problem,
    site: &Site,
    path: &str,
    method: &str,
    request_id: &str,
) -> HttpResponse {
    let status = status::of_problem(problem);
    if status.is_server_error() {
        let cause = problem.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        log::error!("request {request_id} {method} {path}: {problem}{cause}");
    }
    let mut response = HttpResponse::build(status);
    match problem {
        Problem::Unauthenticated => {
            let challenge = "Basic realm=\"Hydria\", charset=\"UTF-8\"";
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        Problem::MethodNotAllowed(methods) => {
            response.insert_header((header::ALLOW, methods.join(", ")));
        }
        Problem::UnsupportedMediaType { .. } if method == "PATCH" => {
            response.insert_header(("Accept-Patch", ACCEPT_PATCH));
        }
        Problem::UnsupportedMediaType { .. } => {
            response.insert_header(("Accept-Post", ACCEPT_POST));
        }
        Problem::Unavailable(..) | Problem::Collision(_) => {
            response.insert_header((header::RETRY_AFTER, "2"));
        }
        _ => {}
    }
    let context = format!(
        "<{}/contexts/Error.jsonld>; rel=\"http://www.w3.org/ns/json-ld#context\"; \
         type=\"application/ld+json\"",
        site.base
    );
    response.append_header((header::LINK, context));
    response
        .content_type("application/problem+json")
        .body(problem_body(problem, status, site, path, request_id))
}

fn problem_body(
    problem: &Problem,
    status: StatusCode,
    site: &Site,
    path: &str,
    request_id: &str,
) -> Vec<u8> {
    let title = status.canonical_reason().unwrap_or("Error");
    let detail = problem.to_string();
    let mut out = Writer::with_capacity(512);
    out.object(|out| {
        out.key("@context");
        out.address(&[&site.base, "/contexts/Error.jsonld"]);
        out.entry("@type", "Error");
        out.key("type");
        out.address(&[&site.base, "/vocab#", problem.kind()]);
        out.entry("title", title);
        out.key("status");
        out.number(i64::from(status.as_u16()));
        out.entry("detail", &detail);
        out.entry("instance", &format!("{}{path}", site.base));
        out.entry("hydra:title", title);
        out.entry("hydra:description", &detail);
        out.entry("requestId", request_id);
        if let Problem::Invalid(faults) = problem {
            out.key("violations");
            out.array(|out| {
                for fault in faults {
                    out.object(|out| {
                        out.entry("@type", "ConstraintViolation");
                        out.entry("propertyPath", &fault.member);
                        out.entry("message", &fault.to_string());
                        out.entry("pointer", &format!("#{}", fault.pointer));
                    });
                }
            });
        }
    });
    out.finish()
}

/// Adds what every response has (`hydra.md` 2).
pub fn finish(response: &mut HttpResponse, site: &Site, request_id: &str, shared: bool) {
    let documentation =
        format!("<{}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\"", site.base);
    let headers = response.headers_mut();
    // First among the links: one client looks at the first only.
    let others: Vec<HeaderValue> = headers.remove(header::LINK).collect();
    if let Ok(documentation) = HeaderValue::try_from(documentation) {
        headers.append(header::LINK, documentation);
    }
    headers.append(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.append(REQUEST_ID, request_id);
    }
    if !shared {
        headers.append(header::VARY, VARY);
        headers.append(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    for link in others {
        headers.append(header::LINK, link);
    }
}

/// The answer to OPTIONS, for preflights as for those that ask what there is.
pub fn options(allow: &[&'static str]) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response
        .insert_header((header::ALLOW, allow.join(", ")))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow.join(", ")))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Accept, If-Match, If-None-Match, Prefer",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"));
    if allow.contains(&"PATCH") {
        response.insert_header(("Accept-Patch", ACCEPT_PATCH));
    }
    if allow.contains(&"POST") {
        response.insert_header(("Accept-Post", ACCEPT_POST));
    }
    response.finish()
}

/// A document about the API: public, the same for everybody.
pub fn document(body: &[u8]) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JSON_LD)
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(body.to_vec())
}
