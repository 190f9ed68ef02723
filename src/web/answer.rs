//! The one handler: who asks, what for, may they, and what comes of it, in the order of `rules.md` 1.1.

use std::time::{Duration, Instant};

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::acts::{self, Holder};
use super::ahead::Ahead;
use super::asking::Asking;
use super::connection::Connection;
use super::negotiate::{self, Kind};
use super::parameters::{self, Found, Understood};
use super::router::{Entry, Mounted, Route, Run};
use super::shape::finalize;
use super::{Service, body, represent, request, respond, thumbs};
use crate::classes::Customer;
use crate::classes::addresses::CustomerAddress;
use crate::hydra::linked::{ParsedBody, SourceMap};
use crate::hydra::{Fault, Problem};
use crate::resource::address::{ID_RULE, NUMBER_RULE, canonical_number, decode};
use crate::resource::operation::{Job, Then};
use crate::resource::{
    Caller, Current, Effect, Input, Query, Reply, Retrieve, UnitOfWork, transaction,
};

/// How often a request that waits looks for itself, in case it was not told.
const LOOK: Duration = Duration::from_secs(1);

/// How long a request waits for what is done on another thread: a little longer than any statement may take.
const PATIENCE: Duration = Duration::from_secs(65);

/// Answers any request there is.
pub async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> HttpResponse {
    let asking = Asking::new(&request);
    let _at_work = asking.connection.as_ref().map(Connection::answering);
    let payload = Ahead::new(payload);
    let attempt = payload.while_readable(attempt(&service, &request, &payload, &asking));
    let response = finalize(&service.documents, &request, &asking.caller, attempt).await;
    if let Some(connection) = asking.connection.as_ref().filter(|_| payload.has_ended()) {
        connection.request_was_read();
    }
    asking.sent(response)
}

/// An attempt whose answer is within the budget.
async fn attempt(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    asking: &Asking,
) -> Result<HttpResponse, Problem> {
    let response = attempted(service, request, payload, asking).await?;
    asking.measure(&service.answers, &response).await?;
    Ok(response)
}

async fn attempted(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    asking: &Asking,
) -> Result<HttpResponse, Problem> {
    request::check_head(request, asking.connection.as_ref())?;
    let path = request.uri().path();
    let is_preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    // A browser brings no credentials with it, and shows a script no answer that it does not allow.
    if is_preflight || (path == "*" && *request.method() == Method::OPTIONS) {
        return Ok(respond::options(&allow(service, path)));
    }
    request::check_single(request)?;
    // Wrong credentials are told wherever they come, at open addresses too; but on the IIIF side those that do
    // not count are none, for what is open must not close to a viewer with an old cookie or key.
    if request::is_of_api(path)
        && let Some(given) = request.headers().get(header::AUTHORIZATION)
    {
        let address = request.peer_addr().map(|peer| peer.ip());
        asking.caller.set(service.keys.verify(given.as_bytes(), address).await?);
    }
    if let Some(answer) = thumbs::answer(service, request, path, asking).await {
        return answer;
    }
    dispatch(service, request, payload, path, asking).await
}

/// What is open to all of the addresses that are no resources of a class.
const LOOKED_AT: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// What the service does at any address, for `OPTIONS *`.
const ANYWHERE: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The methods that an address has, where there is one.
fn allow(service: &Service, path: &str) -> Vec<&'static str> {
    match service.router.find(path) {
        _ if path == "*" => ANYWHERE.to_vec(),
        Some((route, _)) => route.allow(),
        None => LOOKED_AT.to_vec(),
    }
}

async fn dispatch(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    path: &str,
    asking: &Asking,
) -> Result<HttpResponse, Problem> {
    let (method, caller) = (request.method(), asking.caller.get());
    if let Some(document) = document(service, request, path, asking) {
        let found = parameters::read(request, Understood::default());
        return match *method {
            Method::GET | Method::HEAD => {
                let asked = Input { faults: found.faults, ..Input::default() };
                asked.judge(document.await)
            }
            Method::OPTIONS => Ok(respond::options(&LOOKED_AT)),
            _ => Err(Problem::MethodNotAllowed(LOOKED_AT.to_vec())),
        };
    }
    admit(service, path, method, caller).await?;
    let missing = || Problem::NotFound(format!("there is nothing at {path}"));
    let (route, values) = service.router.find(path).ok_or_else(missing)?;
    let allow = route.allow();
    if method == Method::OPTIONS {
        return Ok(respond::options(&allow));
    }
    let Some(entry) = route.entry(method.as_str()) else {
        return Err(Problem::MethodNotAllowed(allow));
    };
    let reads = entry.doc.method == "GET";
    if caller == Caller::Visitor && !reads {
        return Err(Problem::Unauthenticated);
    }
    if entry.doc.administrators_only && !caller.is_administrator() {
        return Err(Problem::Forbidden("this is for administrators only".into()));
    }
    if request::is_forged(request, &service.site.base) {
        return Err(Problem::Forbidden(
            "a POST from another site needs the Content-Type of a body that is read here".into(),
        ));
    }
    let understood =
        Understood { collection: route.collection.as_deref(), operation: Some(&entry.doc) };
    let Found { mut faults, ignored } = parameters::read(request, understood);
    let strict = request::is_strict(request);
    let read = body::read(service, request, payload, (entry.body, &entry.doc), asking).await?;
    let (read, _held) = read.unzip();
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
        path: path.to_owned(),
        collection: route.collection.clone(),
    };
    let conditions = input.conditions.clone();
    if entry.doc.method == "POST" && !conditions.is_empty() {
        conditions.allow(current(service, route, &values, caller, &input).await?)?;
    }
    let converted = lists(entry, &input).then(|| is_converted(request));
    if let Some(converted) = converted {
        let rows = input.query.page(&mut Vec::new()).size;
        asking.reserve_list(&service.answers, rows, converted).await?;
    }
    let reply = perform(service, entry, &values, caller, input).await;
    let reply = reply.map_err(|problem| source_map.map_pointers(problem))?;
    if let (Some(converted), Reply::Shown { body, .. }) = (converted, &reply) {
        asking.written(body.len(), converted);
    }
    let wish = respond::ResponseOptions {
        reads,
        representation: represent::wanted(request, &reply)?,
        preference: request::preference(request),
        conditions,
        patch_returns_representation: service.patch_returns_representation,
        asked: request.uri().path_and_query().map_or(path, |asked| asked.as_str()),
    };
    let mut response = respond::reply(&service.documents, reply, &wish).await?;
    if reads && response.status().is_success() {
        respond::accepts(&mut response, &allow);
    }
    if let Some(ignored) = ignored.filter(|_| reads) {
        response.headers_mut().insert(parameters::IGNORED, ignored);
    }
    Ok(response)
}

/// Whether an operation answers with a page of a collection.
fn lists(entry: &Entry, input: &Input) -> bool {
    matches!(entry.act, Mounted::Query(_)) && input.collection.is_some()
}

/// Whether what the class tables write is converted for this request.
fn is_converted(request: &HttpRequest) -> bool {
    negotiate::wanted(request, Kind::Data).is_some_and(|wanted| !wanted.is_as_written())
}

/// What GET shows at an address that is posted to, which is what the conditions of a POST are about.
///
/// What is made does not stand there, so this is no more than a look; sets that a POST replaces look again
/// while they hold them.
async fn current(
    service: &Service,
    route: &Route,
    values: &[String],
    caller: Caller,
    input: &Input,
) -> Result<Current, Problem> {
    let Some(entry) = route.entry("GET") else { return Ok(Current::Nothing) };
    let bare = Input {
        path: input.path.clone(),
        collection: input.collection.clone(),
        ..Input::default()
    };
    match perform(service, entry, values, caller, bare).await? {
        Reply::Shown { tag, .. } => Ok(Current::State(tag)),
        _ => Ok(Current::Unseen),
    }
}

/// Documents that are no resources of a class: the vocabulary, contexts, whether the service is well.
fn document<'a>(
    service: &'a Service,
    request: &'a HttpRequest,
    path: &'a str,
    asking: &'a Asking,
) -> Option<impl Future<Output = Result<HttpResponse, Problem>> + 'a> {
    let context = path.strip_prefix("/contexts/");
    let sample = path.strip_prefix("/samples/").zip(service.samples.as_ref());
    let is_ours = ["/vocab", "/openapi.json", "/healthz"].contains(&path);
    if !is_ours && context.is_none() && sample.is_none() {
        return None;
    }
    Some(async move {
        let conditions = request::conditions(request);
        if sample.is_none() {
            asking.is_shared();
        }
        if let Some(name) = context {
            let missing = || Problem::NotFound(format!("there is no context {name}"));
            let context = service.documents.contexts.get(name).ok_or_else(missing)?;
            return respond::document(respond::JSON_LD, context, &conditions);
        }
        if let Some((name, folder)) = sample {
            return thumbs::sample(service, folder, name, &conditions, asking).await;
        }
        if path == "/vocab" {
            return represent::vocabulary(&service.documents, request).await;
        }
        if path == "/openapi.json" {
            return respond::document("application/json", &service.documents.openapi, &conditions);
        }
        let database = service.database.clone();
        service.acts.run(Holder::Service, move || transaction::ping(&database)).await?;
        Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n"))
    })
}

/// The one check of tenants: whether the caller may enter the address at all, whatever is there.
async fn admit(
    service: &Service,
    path: &str,
    method: &Method,
    caller: Caller,
) -> Result<(), Problem> {
    let mut segments = path.trim_start_matches('/').split('/');
    if segments.next() != Some("customers") {
        return Ok(());
    }
    if caller == Caller::Visitor {
        return if method == Method::OPTIONS { Ok(()) } else { Err(Problem::Unauthenticated) };
    }
    let Some(segment) = segments.next().filter(|segment| !segment.is_empty()) else {
        return Ok(());
    };
    let named: Option<i32> = decode(segment).and_then(|text| canonical_number(&text));
    let missing = || Problem::NotFound(format!("there is no customer {segment}"));
    match named {
        Some(customer) if caller.customer() == Some(customer) => Ok(()),
        Some(customer) if caller.may_enter(customer) => {
            let (database, site) = (service.database.clone(), service.site.clone());
            let at = CustomerAddress { customer };
            let found = service.acts.run(caller, move || {
                let find = |s: &mut UnitOfWork<'_>| Customer::find(s, &at).map(|_| ());
                transaction::in_session(&database, &site, caller, false, find).map(|_| ())
            });
            found.await.map_err(|problem| match problem {
                Problem::NotFound(_) => missing(),
                other => other,
            })
        }
        None if caller.is_administrator() => Err(missing()),
        _ => Err(Problem::Forbidden("this key acts for another customer".into())),
    }
}

async fn perform(
    service: &Service,
    entry: &Entry,
    values: &[String],
    caller: Caller,
    input: Input,
) -> Result<Reply, Problem> {
    let malformed = || match entry.chooses {
        true => malformed_address(&input.path),
        false => Problem::NotFound("there is no such resource".into()),
    };
    let (run, writes) = match &entry.act {
        Mounted::Batched(look) => {
            let looking = look(&service.database.batcher, values, caller).ok_or_else(malformed)?;
            return input.judge(looking.await);
        }
        Mounted::Query(read) => (read(values).ok_or_else(malformed)?, false),
        Mounted::Command(write) => (write(values).ok_or_else(malformed)?, true),
    };
    let (reply, effects) = in_session(service, run, caller, input, writes).await?;
    for effect in effects {
        match effect {
            Effect::KeyChanged(key) => service.keys.forget(&key),
            Effect::WorkAdded => service.notifications.notify_work(),
            Effect::Note(line) => log::info!("{line}"),
        }
    }
    match reply {
        Reply::Pending { job, then } => await_completion(service, job, then, caller).await,
        reply => Ok(reply),
    }
}

/// An address that nothing can be made at.
fn malformed_address(path: &str) -> Problem {
    let reason = format!("is malformed: {path}; {NUMBER_RULE}, an id {ID_RULE}");
    // Nothing of the body is wrong.
    Fault { pointer: String::new(), ..Fault::new("address", reason) }.into()
}

async fn in_session(
    service: &Service,
    run: Run,
    caller: Caller,
    input: Input,
    writes: bool,
) -> Result<(Reply, Vec<Effect>), Problem> {
    let (database, site) = (service.database.clone(), service.site.clone());
    let units = acts::units(input.things());
    let act = move || {
        // Within the transaction, so that what is refused after all is undone.
        transaction::in_session(&database, &site, caller, writes, |s| input.judge(run(s, &input)))
    };
    service.acts.run_of(caller, units, act).await
}

/// Waits until no job is left, without a thread or a connection, and shows what came of it.
async fn await_completion(
    service: &Service,
    job: Job,
    then: Then,
    caller: Caller,
) -> Result<Reply, Problem> {
    let until = Instant::now() + service.wait;
    let mut told = None;
    loop {
        let (database, job) = (service.database.clone(), Job::clone(&job));
        let look = move || transaction::read(&database, |conn| job(conn));
        let waits = service.acts.go_on(caller, look).await;
        let left = until.saturating_duration_since(Instant::now());
        match waits {
            Ok(None) => break,
            _ if left.is_zero() => break,
            Ok(Some(number)) => {
                // It is asked once more after listening began, so that nothing falls between.
                if !matches!(&told, Some((heard, _)) if *heard == number) {
                    told = Some((number, service.notifications.completion(number)));
                    continue;
                }
            }
            // What was asked for is written: a database that is away for a moment is waited for too.
            Err(Problem::Unavailable(..)) => {}
            Err(problem) => return Err(problem),
        }
        let wait = left.min(LOOK);
        match &mut told {
            Some((_, settled)) => {
                if tokio::time::timeout(wait, settled).await.is_ok() {
                    told = None;
                }
            }
            None => tokio::time::sleep(wait).await,
        }
    }
    let (database, site) = (service.database.clone(), service.site.clone());
    let act = move || {
        let show = |s: &mut UnitOfWork<'_>| then(s);
        transaction::in_session(&database, &site, caller, false, show).map(|(reply, _)| reply)
    };
    service.acts.go_on(caller, act).await
}

pub(super) async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, web::block(act)).await {
        Ok(done) => done.unwrap_or_else(|error| Err(Problem::internal(error))),
        Err(_elapsed) => {
            Err(Problem::Unavailable("the database does not answer; try again".into(), None))
        }
    }
}
