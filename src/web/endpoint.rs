//! The type of an endpoint: an address that is no resource of a class.

use std::pin::Pin;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use super::ahead::Ahead;
use super::methods::allowed;
use super::parameters::{self, Understood};
use super::request_context::RequestContext;
use super::uploads::protocol;
use super::{Parts, Service, respond};
use crate::hydra::Problem;
use crate::hydra::openapi::SharedDoc;
use crate::metrics::http::RequestClass;
use crate::resource::Input;

/// One endpoint: a row of [`super::endpoints::ENDPOINTS`].
pub struct Endpoint {
    /// URI template; `{name}` is one segment, `{+name}` at the end all that follows.
    pub template: &'static str,
    /// Methods that its handler answers; HEAD stands beside GET, and OPTIONS is answered for all.
    pub methods: &'static [&'static str],
    pub audience: Audience,
    pub caching: Caching,
    /// The class by which its requests are counted, unless its handler says otherwise.
    pub class: RequestClass,
    /// Tells whether scripts of other sites may read its answers (CORS).
    pub cross_origin: bool,
    /// Its entry in the OpenAPI document, if it has one.
    pub doc: Option<EndpointDoc>,
    /// Returns whether a service that is made of these parts has it.
    pub is_mounted: fn(&Parts) -> bool,
    pub handler: Handler,
}

/// The callers that an endpoint is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Clients of the API, with or without a key: credentials that they send must be right, and the parameters of
    /// their requests are judged.
    Clients,
    /// Viewers of images, and crawlers: credentials and parameters are not looked at, because what is open must not close
    /// to a viewer with an old cookie or key.
    Viewers,
}

/// The permission to store successful answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Stored by the client only, and revalidated each time, as answers of classes are.
    Private,
    /// The same for every caller: stored by any cache, as the value of `Cache-Control` says.
    Shared(&'static str),
    /// Stored as each answer says itself.
    Chosen,
}

/// The entry of an endpoint in the OpenAPI document, beyond its template.
#[derive(Debug, Clone, Copy)]
pub struct EndpointDoc {
    /// Its `operationId`.
    pub name: &'static str,
    pub title: &'static str,
    /// Its one media type; `None` if it is offered in the representations of resources.
    pub media_type: Option<&'static str>,
    /// Tells whether its answers have an entity tag.
    pub tagged: bool,
}

/// A request to an endpoint.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub service: &'a Service,
    pub request: &'a HttpRequest,
    /// Values of the variables of the template.
    pub values: &'a [String],
    pub context: &'a RequestContext,
    /// The body; endpoints that take none leave it unread.
    pub payload: &'a Ahead,
}

impl<'a> Call<'a> {
    /// Returns the value of the first variable of the template.
    pub fn value(self) -> &'a str {
        self.values.first().map_or("", String::as_str)
    }
}

/// An answer that is being made.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, Problem>> + 'a>>;

/// Answers a request of one of the methods of an endpoint.
pub type Handler = for<'a> fn(Call<'a>) -> Answer<'a>;

impl Endpoint {
    /// Returns the methods for `Allow`.
    pub fn allow(&self) -> Vec<&'static str> {
        allowed(self.methods.iter().copied())
    }

    /// Returns whether its answers are the same for every caller.
    pub fn is_shared(&self) -> bool {
        matches!(self.caching, Caching::Shared(_) | Caching::Chosen)
    }

    /// Returns its entry in the OpenAPI document, if it has one.
    pub fn documentation(&self) -> Option<SharedDoc> {
        self.doc.map(|EndpointDoc { name, title, media_type, tagged }| SharedDoc {
            template: self.template,
            name,
            title,
            media_type,
            tagged,
        })
    }

    /// Answers a request by its handler, and adds the caching of the row.
    ///
    /// # Errors
    /// Returns [`Problem::MethodNotAllowed`] for methods that the row does not have, [`Problem::Invalid`] if
    /// parameters are refused, and the problems of the handler.
    pub async fn answer(&self, call: Call<'_>) -> Result<HttpResponse, Problem> {
        let method = match *call.request.method() {
            Method::OPTIONS => {
                let mut response = respond::options(&self.allow());
                if self.class == RequestClass::Upload {
                    protocol::describe(&mut response, call.service.uploads.max_bytes());
                }
                return Ok(response);
            }
            Method::HEAD => "GET",
            ref method => method.as_str(),
        };
        if !self.methods.contains(&method) {
            return Err(Problem::MethodNotAllowed(self.allow()));
        }
        let faults = match self.audience {
            Audience::Clients => parameters::read(call.request, Understood::default()).faults,
            Audience::Viewers => Vec::new(),
        };
        let input = Input { faults, ..Input::default() };
        if method != "GET" {
            // Nothing undoes what the handler does.
            input.judge(Ok(()))?;
        }
        let mut response = input.judge((self.handler)(call).await)?;
        // A page for people says itself that it is not stored.
        if let Caching::Shared(value) = self.caching
            && !response.headers().contains_key(CACHE_CONTROL)
        {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
        }
        Ok(response)
    }
}
