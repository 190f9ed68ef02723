//! The one handler: who asks, what for, may they, and what comes of it, in the order of `docs/rules.md` 1.1.

use std::pin::pin;
use std::time::Instant;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::admission::{self, admit};
use super::ahead::Ahead;
use super::budget::Reservation;
use super::connection::Connection;
use super::endpoint::{Audience, Call};
use super::finalize::finalize;
use super::idempotency::{self, Prepared};
use super::methods::{ANYWHERE, allowed};
use super::negotiate::{self, Kind};
use super::parameters::{self, CheckedParameters, Understood};
use super::perform::{Servers, current, perform, readers};
use super::request_context::RequestContext;
use super::router::{Entry, Mounted, Route, Target};
use super::{
    Service, body, client, forgery, forwarded, represent, request, respond, session, traced,
};
use crate::classes::portal_user;
use crate::hydra::linked::{ParsedBody, SourceMap};
use crate::hydra::{Fault, Problem};
use crate::metrics::http::RequestClass;
use crate::resource::{Caller, Input, Query, Reply};

/// Answers any request there is.
pub async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> HttpResponse {
    let began = Instant::now();
    let _under_way = service.metrics.http.begun();
    let found = service.router.find(request.uri().path());
    let target = found.as_ref().map(|(target, _)| *target);
    let context = RequestContext::new(&request);
    context.class.set(class(&request, target));
    context.client.set(forwarded::client(&request, &service.proxies));
    let _at_work = context.connection.as_ref().map(Connection::answering);
    let payload = Ahead::new(payload);
    let endpoint = target.and_then(Target::endpoint);
    let response = {
        // Pinned here and passed on by reference, because a future that is passed by value is stored twice.
        let attempt = pin!(attempt(&service, &request, &payload, &context, found));
        let attempt = pin!(payload.while_readable(attempt));
        finalize(&service.documents, &request, endpoint, &context, attempt).await
    };
    traced::tell(&service, &request, target, &response, (&context, began));
    let (class, status) = (context.class.get(), response.status());
    service.metrics.http.answered(class, client::class(&request), status.as_str(), began.elapsed());
    if let Some(connection) = context.connection.as_ref().filter(|_| payload.has_ended()) {
        connection.request_was_read();
    }
    if let Some(replica) = service.replica.as_ref().filter(|_| !is_read(request.method())) {
        // However it was written, and whatever came of it.
        replica.wrote(&readers(context.caller.get(), request.uri().path()));
    }
    context.sent(response)
}

/// Returns the class by which a request is counted, unless its handler knows better.
fn class(request: &HttpRequest, target: Option<Target<'_>>) -> RequestClass {
    match target {
        None => RequestClass::Unknown,
        Some(Target::Endpoint(endpoint)) => endpoint.class,
        Some(Target::Route(_)) if request.method().is_safe() => RequestClass::Read,
        Some(Target::Route(_)) => RequestClass::Write,
    }
}

/// Returns whether a method writes nothing.
fn is_read(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// Answers within the budget of bytes.
async fn attempt(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    context: &RequestContext,
    found: Option<(Target<'_>, Vec<String>)>,
) -> Result<HttpResponse, Problem> {
    let response = attempted(service, request, payload, context, found).await?;
    context.measure(&service.answers, &response).await?;
    Ok(response)
}

async fn attempted(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    context: &RequestContext,
    found: Option<(Target<'_>, Vec<String>)>,
) -> Result<HttpResponse, Problem> {
    request::check_head(request, context.connection.as_ref())?;
    let path = request.uri().path();
    let is_preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    // A browser brings no credentials with it, and shows a script no answer that it does not allow.
    if is_preflight || (path == "*" && *request.method() == Method::OPTIONS) {
        return Ok(respond::options(&allow(path, found.as_ref().map(|(target, _)| *target))));
    }
    request::check_single(request)?;
    // Wrong credentials are refused at every address of the API, at those that need none too.
    let endpoint = found.as_ref().and_then(|(target, _)| target.endpoint());
    if endpoint.is_none_or(|endpoint| endpoint.audience == Audience::Clients) {
        identify(service, request, context).await?;
    }
    let found = match found {
        Some((Target::Endpoint(endpoint), values)) => {
            if endpoint.audience == Audience::Clients {
                admit(service, path, request.method(), context.caller.get()).await?;
            }
            return endpoint
                .answer(Call { service, request, values: &values, context, payload })
                .await;
        }
        Some((Target::Route(route), values)) => Some((route, values)),
        None => None,
    };
    dispatch(service, request, payload, found, context).await
}

/// Finds out who sends a request: by its credentials, or else by the cookie of a session.
///
/// # Errors
/// Returns [`Problem::Unauthenticated`] for wrong credentials; a cookie that is over counts as none. Returns
/// [`Problem::Forbidden`] for a request with the cookie that may change something and comes from elsewhere.
async fn identify(
    service: &Service,
    request: &HttpRequest,
    context: &RequestContext,
) -> Result<(), Problem> {
    if let Some(given) = request.headers().get(header::AUTHORIZATION) {
        let verified = service.keys.verify(given.as_bytes(), context.client.get());
        let (caller, actor) = verified.await?;
        context.caller.set(caller);
        context.actor.replace(Some(actor));
        return Ok(());
    }
    let Some(session) = session::under_way(service, request).await? else { return Ok(()) };
    if !request.method().is_safe() && !forgery::is_own(request, &service.site.base) {
        return Err(forgery::foreign());
    }
    let is_of_own_account = session.actor.path() == request.uri().path();
    let caller = session.caller;
    context.caller.set(if is_of_own_account { caller.of_own_account() } else { caller });
    context.actor.replace(Some(session.actor.clone()));
    context.session.replace(Some(session));
    Ok(())
}

/// Returns the methods that an address has; where nothing answers, those that are answered by 404 alone.
fn allow(path: &str, target: Option<Target<'_>>) -> Vec<&'static str> {
    match target {
        _ if path == "*" => ANYWHERE.to_vec(),
        Some(target) => target.allow(),
        None => allowed(std::iter::once("GET")),
    }
}

/// Answers at an address of a class.
async fn dispatch(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    found: Option<(&Route, Vec<String>)>,
    context: &RequestContext,
) -> Result<HttpResponse, Problem> {
    let (method, caller) = (request.method(), context.caller.get());
    let path = request.uri().path();
    admit(service, path, method, caller).await?;
    let missing = || Problem::NotFound(format!("there is nothing at {path}"));
    let (route, values) = found.ok_or_else(missing)?;
    let allow = route.allow();
    if method == Method::OPTIONS {
        return Ok(respond::options(allow));
    }
    let Some(entry) = route.entry(method.as_str()) else {
        return Err(Problem::MethodNotAllowed(allow.to_vec()));
    };
    let reads = entry.doc.method == "GET";
    if caller == Caller::Visitor && !reads {
        return Err(Problem::Unauthenticated);
    }
    if entry.doc.administrators_only && !caller.is_administrator() {
        return Err(Problem::Forbidden("this is for administrators only".into()));
    }
    let is_own = caller.is_reader_of_own_account() && *method == Method::PATCH;
    if !reads && caller.is_read_only() && !is_own {
        return Err(admission::read_only(caller));
    }
    if forgery::is_forged(request, &service.site.base) {
        return Err(Problem::Forbidden(
            "a POST from another site needs the Content-Type of a body that is read here".into(),
        ));
    }
    let understood =
        Understood { collection: route.collection.as_deref(), operation: Some(&entry.doc) };
    let CheckedParameters { mut faults, ignored } = parameters::read(request, understood);
    let key = idempotency::key(request, entry).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let received = body::receive(service, request, payload, entry.body, context).await?;
    let keyed = key.and_then(|key| {
        let body = received.as_ref().map_or(&[][..], |received| &received.bytes);
        idempotency::Keyed::new(service, request, context, (key, body))
    });
    if let Some(keyed) = &keyed
        && let Some(response) = Box::pin(idempotency::repeated(service, keyed)).await?
    {
        return Ok(response);
    }
    let reading = Reading { service, request, context, route, entry, values: &values };
    let prepared = Box::pin(reading.input(received, faults));
    if let Some(keyed) = keyed {
        let prepared = prepared.await;
        return idempotency::answer(service, entry, &values, keyed, prepared).await;
    }
    let (input, source_map, _held) = prepared.await?;
    let conditions = input.conditions.clone();
    let lists = entry.shows_named || is_list(entry, &input);
    let converted = lists && is_converted(request);
    let bytes = match (entry.shows_named, is_list(entry, &input)) {
        (true, _) => {
            let named = i64::try_from(input.things()).unwrap_or(i64::MAX);
            RequestContext::list_bytes(named, converted)
        }
        (_, true) => RequestContext::list_bytes(input.query.page().size, converted),
        _ => entry.answer_bytes,
    };
    let reservation =
        (bytes > 0).then(|| Reservation::new(&service.answers, context.account(), bytes));
    let actor = context.actor.borrow().clone();
    let bounds = (reservation, Servers::Any);
    let performed = perform(service, entry, &values, (caller, actor), input, bounds).await;
    if let Err(problem) = &performed {
        slow_guesses(service, context, problem).await;
    }
    let (reply, permit) = performed.map_err(|problem| source_map.map_pointers(problem))?;
    if let (Some(permit), Reply::Shown { body, .. } | Reply::Bare { body, .. }) = (permit, &reply) {
        context.written(permit, body.len(), converted);
    }
    let wish = respond::ResponseOptions {
        reads,
        representation: represent::wanted(request, &reply)?,
        preference: request::preference(request),
        conditions,
        patch_returns_representation: service.patch_returns_representation,
        asked: request.uri().path_and_query().map_or(path, |asked| asked.as_str()),
        has_session: context.session.borrow().is_some(),
    };
    let mut response = respond::reply(&service.documents, reply, &wish).await?;
    if reads && response.status().is_success() {
        respond::accepts(&mut response, allow);
    }
    if let Some(ignored) = ignored.filter(|_| reads) {
        response.headers_mut().insert(parameters::IGNORED, ignored);
    }
    Ok(response)
}

/// Waits before the answer to a wrong password so far as before that to a wrong log-in.
async fn slow_guesses(service: &Service, context: &RequestContext, problem: &Problem) {
    let is_guess = matches!(problem, Problem::Invalid(faults)
        if faults.iter().any(|fault| fault.member == portal_user::CURRENT_PASSWORD));
    let actor = context.actor.borrow().clone();
    if let Some(actor) = actor.filter(|_| is_guess) {
        service.keys.refusal(actor.path(), context.client.get()).await;
    }
}

/// A request at an address of a class whose input is read.
struct Reading<'a> {
    service: &'a Service,
    request: &'a HttpRequest,
    context: &'a RequestContext,
    route: &'a Route,
    entry: &'a Entry,
    values: &'a [String],
}

impl Reading<'_> {
    /// Reads the input of the request, and judges the conditions of a POST; `faults` are those found so far.
    ///
    /// Returns it with the way to tell of faults in the body as it was sent, and the bytes that the body holds.
    async fn input(
        &self,
        received: Option<body::Received>,
        mut faults: Vec<Fault>,
    ) -> Result<Prepared, Problem> {
        let Self { service, request, context, route, entry, values } = *self;
        let strict = request::is_strict(request);
        let read = match received {
            Some(received) => {
                Some(body::read(service, request, received, &entry.doc, context).await?)
            }
            None => None,
        };
        let (read, held) = read.unzip();
        let (body, source_map) = match read {
            Some(ParsedBody { document, source_map, unread }) => {
                faults.extend(unread.into_iter().filter(|_| strict));
                (Some(document), source_map)
            }
            None => (None, SourceMap::default()),
        };
        let input = Input {
            strict,
            faults,
            body,
            query: Query::parse(request.uri().query()),
            conditions: request::conditions(request),
            path: request.uri().path().to_owned(),
            collection: route.collection.clone(),
        };
        if entry.doc.method == "POST" && !input.conditions.is_empty() {
            let caller = context.caller.get();
            let current = Box::pin(current(service, route, values, caller, &input));
            input.conditions.allow(current.await?)?;
        }
        Ok((input, source_map, held.flatten()))
    }
}

/// Returns whether an operation answers with a page of a collection.
fn is_list(entry: &Entry, input: &Input) -> bool {
    matches!(entry.act, Mounted::Query(_)) && input.collection.is_some()
}

/// Returns whether what the class tables write is converted for this request.
fn is_converted(request: &HttpRequest) -> bool {
    negotiate::wanted(request, Kind::Data).is_some_and(|wanted| !wanted.is_as_written())
}
