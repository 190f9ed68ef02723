//! Answers as they are kept, made on the thread of the transaction that keeps them, and sent from there.

use std::sync::Arc;

use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::hydra::Problem;
use crate::resource::idempotency::KeptAnswer;
use crate::resource::{Conditions, Reply};
use crate::web::documents::Documents;
use crate::web::negotiate::{self, Kind, Representation};
use crate::web::problems::{self, About};
use crate::web::request::Preference;
use crate::web::respond::ResponseOptions;
use crate::web::{Service, represent, request, respond, status};

/// The properties of a request that its answer depends on.
pub struct Rendering {
    documents: Arc<Documents>,
    representation: Representation,
    of_problem: Representation,
    preference: Option<Preference>,
    patch_returns_representation: bool,
    path: String,
    asked: String,
    method: String,
    request_id: String,
    is_from_page: bool,
}

impl Rendering {
    pub fn new(service: &Service, request: &HttpRequest, request_id: String) -> Self {
        let path = request.uri().path();
        let asked = request.uri().path_and_query().map_or(path, |asked| asked.as_str());
        Self {
            documents: Arc::clone(&service.documents),
            representation: represent::wanted_of_written(request),
            of_problem: negotiate::wanted(request, Kind::Problem).unwrap_or_default(),
            preference: request::preference(request),
            patch_returns_representation: service.patch_returns_representation,
            path: path.to_owned(),
            asked: asked.to_owned(),
            method: request.method().to_string(),
            request_id,
            is_from_page: request::is_from_page(request),
        }
    }

    /// Returns the answer to a reply.
    ///
    /// # Errors
    /// Fails if it cannot be converted, which is a fault of ours.
    pub fn reply(&self, reply: Reply) -> Result<KeptAnswer, Problem> {
        let wish = ResponseOptions {
            reads: false,
            representation: self.representation,
            preference: self.preference,
            conditions: Conditions::default(),
            patch_returns_representation: self.patch_returns_representation,
            asked: &self.asked,
            has_session: false,
        };
        kept(respond::reply_now(&self.documents, reply, &wish)?)
    }

    /// Returns the answer to a problem that is the client's.
    ///
    /// # Errors
    /// Returns the problem itself if it is not: a repetition may meet a better end.
    pub fn refusal(&self, problem: Problem) -> Result<KeptAnswer, Problem> {
        if status::of_problem(&problem).is_server_error() {
            return Err(problem);
        }
        let about = About {
            asked: &self.asked,
            wanted: self.of_problem,
            path: &self.path,
            method: &self.method,
            request_id: &self.request_id,
            session: self.of_problem == Representation::Html || self.is_from_page,
            target: None,
        };
        kept(problems::problem(&problem, &self.documents, &about))
    }
}

/// Returns a response as it is kept.
///
/// # Errors
/// Fails if its body is a stream, which is a fault of ours.
pub fn kept(response: HttpResponse) -> Result<KeptAnswer, Problem> {
    let status = response.status().as_u16();
    let lines = response.headers().iter().filter_map(|(name, value)| {
        // All that is ours is ASCII.
        Some(format!("{name}: {}\n", value.to_str().ok()?))
    });
    let headers = lines.collect();
    match response.into_body().try_into_bytes() {
        Ok(body) => Ok(KeptAnswer { status, headers, body: body.to_vec() }),
        Err(_stream) => Err(Problem::internal("an answer to be kept is no text")),
    }
}

/// Returns a response that says what was kept.
///
/// # Errors
/// Fails if what was kept is no response, which is a fault of ours.
pub fn response(answer: KeptAnswer) -> Result<HttpResponse, Problem> {
    let KeptAnswer { status, headers, body } = answer;
    let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
    let mut response = HttpResponse::build(status);
    for (name, value) in headers.lines().filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::try_from(name).map_err(Problem::internal)?;
        response.append_header((name, HeaderValue::try_from(value).map_err(Problem::internal)?));
    }
    Ok(response.body(body))
}
