//! Problems become responses: documents of RFC 9457 and Hydra, in the representation that is asked for.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;

use super::documents::Documents;
use super::negotiate::{Kind, Representation};
use super::represent::Answered;
use super::respond::{ACCEPT_PATCH_NAME, ACCEPT_POST_NAME};
use super::{lines, represent, status};
use crate::hydra::{Fault, Problem, Writer};

/// The request of a problem, and the form in which the problem is sent.
pub struct About<'a> {
    pub wanted: Representation,
    pub path: &'a str,
    /// Path and query as received.
    pub asked: &'a str,
    pub method: &'a str,
    pub request_id: &'a str,
    /// Tells whether a browser's password box would stand over a page or a picture.
    pub session: bool,
    /// The path that a log-in without script was to lead on to.
    pub target: Option<&'a str>,
}

/// Returns the response to a problem, as RFC 9457 and Hydra have it.
pub fn problem(problem: &Problem, documents: &Documents, about: &About<'_>) -> HttpResponse {
    let About { wanted, path, asked, method, request_id, session, target } = *about;
    let status = status::of_problem(problem);
    if status::is_failure(status) {
        lines::failed(problem, (method, path), request_id);
    }
    let mut response = HttpResponse::build(status);
    match problem {
        Problem::Unauthenticated => {
            let challenge = match session {
                true => "Session realm=\"Hydria\"",
                false => "Basic realm=\"Hydria\", charset=\"UTF-8\"",
            };
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        Problem::RoleRequired(_) => {
            response.insert_header((header::WWW_AUTHENTICATE, "Session realm=\"Hydria\""));
        }
        Problem::MethodNotAllowed(methods) => {
            response.insert_header((header::ALLOW, methods.join(", ")));
        }
        Problem::UnsupportedMediaType { offered, .. } => {
            let name = if method == "PATCH" { ACCEPT_PATCH_NAME } else { ACCEPT_POST_NAME };
            response.insert_header((name, *offered));
            // What RFC 9110 (section 12.5.1) has for all methods, PUT among them.
            response.insert_header((header::ACCEPT, *offered));
        }
        // RFC 9110, section 12.5.3.
        Problem::UnsupportedEncoding(_) => {
            response.insert_header((header::ACCEPT_ENCODING, "identity"));
        }
        // What still comes of the body would be taken for the next request.
        Problem::TooSlow { .. } | Problem::BelowLeastRate { .. } => {
            response.force_close();
        }
        Problem::Unavailable(..) | Problem::SerializationConflict(_) => {
            response.insert_header((header::RETRY_AFTER, "2"));
        }
        _ => {}
    }
    let written = problem_body(problem, status, &documents.base, (method, path), request_id);
    // Small, and so made here; as it was written, should that ever fail.
    let answered = Answered {
        path: asked.to_owned(),
        status: status.as_u16(),
        tag: None,
        has_session: false,
        target: target.map(str::to_owned),
    };
    let (wanted, body) = match represent::convert(documents, &written, wanted, &answered) {
        Ok(body) => (wanted, body),
        Err(_) => (Representation::JsonLd, written.clone()),
    };
    represent::head(&mut response, wanted, Kind::Problem, &written);
    response.body(body)
}

fn problem_body(
    problem: &Problem,
    status: StatusCode,
    base: &str,
    (method, path): (&str, &str),
    request_id: &str,
) -> Vec<u8> {
    let title = status.canonical_reason().unwrap_or("Error");
    let detail = problem.to_string();
    let mut out = Writer::with_capacity(512);
    out.object(|out| {
        out.key("@context");
        out.address(&[base, "/contexts/Error.jsonld"]);
        out.entry("@type", "Error");
        out.key("type");
        out.address(&[base, "/vocab#", problem.kind()]);
        out.entry("title", title);
        out.key("status");
        out.number(i64::from(status.as_u16()));
        out.entry("detail", &detail);
        out.entry("instance", &format!("{base}{path}"));
        out.entry("hydra:title", title);
        out.entry("hydra:description", &detail);
        out.entry("requestId", request_id);
        if let Problem::SeveralAccounts(customers) = problem {
            out.key("customers");
            out.array(|out| customers.iter().for_each(|name| out.text(name)));
        }
        let faults: &[Fault] = match problem {
            Problem::Invalid(faults) => faults,
            Problem::Malformed(fault) => std::slice::from_ref(fault),
            _ => &[],
        };
        if !faults.is_empty() {
            out.key("violations");
            let in_body = matches!(method, "POST" | "PUT" | "PATCH");
            out.array(|out| faults.iter().for_each(|fault| violation(fault, in_body, out)));
        }
    });
    out.finish()
}

/// `in_body`: it is about the body, and not about the query.
fn violation(fault: &Fault, in_body: bool, out: &mut Writer) {
    out.object(|out| {
        out.entry("@type", "ConstraintViolation");
        out.entry("propertyPath", &fault.member);
        out.entry("message", &fault.to_string());
        match &fault.node {
            Some(node) => out.entry("node", node),
            None if in_body => out.entry("pointer", &format!("#{}", fault.pointer)),
            None => {}
        }
    });
}
