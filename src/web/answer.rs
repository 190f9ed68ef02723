//! The one handler: who asks, what for, may they, and what comes of it, in the order of `rules.md` 1.1.

use std::time::{Duration, Instant};

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::router::{Entry, Mounted, Run};
use super::{Service, body, request, respond, thumbs};
use crate::classes::customer::CustomerAddress;
use crate::classes::{Customer, job};
use crate::hydra::Problem;
use crate::resource::address::{canonical_number, decode};
use crate::resource::operation::Then;
use crate::resource::{Caller, Effect, Input, Query, Reply, Retrieve, Session, transaction};

/// How often a request that waits looks for itself, in case it was not told.
const LOOK: Duration = Duration::from_secs(1);

/// Answers any request there is.
pub async fn answer(
    request: HttpRequest,
    mut payload: web::Payload,
    service: web::Data<Service>,
) -> HttpResponse {
    let began = Instant::now();
    let id = request::new_id();
    let path = request.uri().path().to_owned();
    let (result, caller) = attempt(&service, &request, &mut payload, &path).await;
    let mut response = result.unwrap_or_else(|problem| {
        respond::problem(&problem, &service.site, &path, request.method().as_str(), &id)
    });
    let shared = is_shared(&path) && response.status().is_success();
    respond::finish(&mut response, &service.site, &id, shared);
    log::info!(
        target: "hydria::access",
        "{} {} {} {:.1} ms {} {id}",
        request.method(),
        request.uri(),
        response.status().as_u16(),
        began.elapsed().as_secs_f64() * 1000.0,
        caller.customer().map_or_else(|| "-".to_owned(), |c| c.to_string()),
    );
    response
}

/// Whether what is there is the same for everybody.
fn is_shared(path: &str) -> bool {
    ["/vocab", "/contexts/", "/thumbs/", "/samples/"].iter().any(|start| path.starts_with(start))
}

async fn attempt(
    service: &Service,
    request: &HttpRequest,
    payload: &mut web::Payload,
    path: &str,
) -> (Result<HttpResponse, Problem>, Caller) {
    if let Some(answer) = thumbs::answer(service, request, path).await {
        return (answer, Caller::Visitor);
    }
    let caller = match request.headers().get(header::AUTHORIZATION) {
        None => Caller::Visitor,
        Some(given) => match service.keys.verify(given.as_bytes()).await {
            Ok(caller) => caller,
            Err(problem) => return (Err(problem), Caller::Visitor),
        },
    };
    (dispatch(service, request, payload, path, caller).await, caller)
}

async fn dispatch(
    service: &Service,
    request: &HttpRequest,
    payload: &mut web::Payload,
    path: &str,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let method = request.method();
    if let Some(document) = document(service, path) {
        let allow = vec!["GET", "HEAD", "OPTIONS"];
        return match *method {
            Method::GET | Method::HEAD => document.await,
            Method::OPTIONS => Ok(respond::options(&allow)),
            _ => Err(Problem::MethodNotAllowed(allow)),
        };
    }
    admit(service, path, method, caller).await?;
    let missing = || Problem::NotFound(format!("there is nothing at {path}"));
    let (route, values) = service.router.find(path).ok_or_else(missing)?;
    if method == Method::OPTIONS {
        return Ok(respond::options(&route.allow()));
    }
    let entry =
        route.entry(method.as_str()).ok_or_else(|| Problem::MethodNotAllowed(route.allow()))?;
    let changes = entry.doc.method != "GET";
    if caller == Caller::Visitor && changes {
        return Err(Problem::Unauthenticated);
    }
    if entry.doc.administrators_only && !caller.is_administrator() {
        return Err(Problem::Forbidden("this is for administrators only".into()));
    }
    let body = body::read(request, payload, entry.body).await?;
    let input = Input {
        body,
        query: Query::parse(request.uri().query()),
        path: path.to_owned(),
        collection: route.collection.clone(),
    };
    let reply = perform(service, entry, &values, caller, input).await?;
    let preference = request::preference(request);
    Ok(respond::reply(reply, preference, service.patch_returns_representation))
}

/// Documents that are no resources of a class: the vocabulary, contexts, whether the service is well.
fn document<'a>(
    service: &'a Service,
    path: &'a str,
) -> Option<impl Future<Output = Result<HttpResponse, Problem>> + 'a> {
    let context = path.strip_prefix("/contexts/");
    let sample = path.strip_prefix("/samples/").zip(service.samples.as_ref());
    if path != "/vocab" && path != "/healthz" && context.is_none() && sample.is_none() {
        return None;
    }
    Some(async move {
        if let Some(name) = context {
            let missing = || Problem::NotFound(format!("there is no context {name}"));
            return service
                .documents
                .contexts
                .get(name)
                .map(|context| respond::document(context))
                .ok_or_else(missing);
        }
        if let Some((name, folder)) = sample {
            return thumbs::sample(folder, name).await;
        }
        if path == "/vocab" {
            return Ok(respond::document(&service.documents.vocabulary));
        }
        let database = service.database.clone();
        blocking(move || transaction::ping(&database)).await?;
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
            let found = blocking(move || {
                let find = |s: &mut Session<'_>| Customer::find(s, &at).map(|_| ());
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
        true => Problem::invalid("@id", "is malformed: its last part can be no id here"),
        false => Problem::NotFound("there is no such resource".into()),
    };
    let (run, writes) = match &entry.act {
        Mounted::Look(look) => {
            let looking = look(&service.database.door, values, caller).ok_or_else(malformed)?;
            return looking.await;
        }
        Mounted::Read(read) => (read(values).ok_or_else(malformed)?, false),
        Mounted::Write(write) => (write(values).ok_or_else(malformed)?, true),
    };
    let (reply, effects) = in_session(service, run, caller, input, writes).await?;
    for effect in effects {
        match effect {
            Effect::KeyRemoved(key) => service.keys.forget(&key),
            Effect::WorkAdded => service.notices.tell_work(),
        }
    }
    match reply {
        Reply::Pending { job, then } => settled(service, job, then, caller).await,
        reply => Ok(reply),
    }
}

async fn in_session(
    service: &Service,
    run: Run,
    caller: Caller,
    input: Input,
    writes: bool,
) -> Result<(Reply, Vec<Effect>), Problem> {
    let (database, site) = (service.database.clone(), service.site.clone());
    blocking(move || transaction::in_session(&database, &site, caller, writes, |s| run(s, &input)))
        .await
}

/// Waits until a job is settled, without a thread or a connection, and shows what came of it.
async fn settled(
    service: &Service,
    number: i64,
    then: Then,
    caller: Caller,
) -> Result<Reply, Problem> {
    let until = Instant::now() + service.wait;
    let mut told = service.notices.settled(number);
    loop {
        // Asked after listening began, so that nothing falls between.
        let database = service.database.clone();
        let waits =
            blocking(move || transaction::read(&database, |conn| job::is_waiting(conn, number)));
        let left = until.saturating_duration_since(Instant::now());
        match waits.await {
            Ok(false) => break,
            _ if left.is_zero() => break,
            // What was asked for is written: a database that is away for a moment is waited for too.
            Ok(true) | Err(Problem::Unavailable(..)) => {}
            Err(problem) => return Err(problem),
        }
        if tokio::time::timeout(left.min(LOOK), &mut told).await.is_ok() {
            break;
        }
    }
    let (database, site) = (service.database.clone(), service.site.clone());
    let mut then = Some(then);
    blocking(move || {
        let show = |s: &mut Session<'_>| match then.take() {
            Some(then) => then(s),
            None => Err(Problem::Unavailable("the database does not answer".into(), None)),
        };
        transaction::in_session(&database, &site, caller, false, show).map(|(reply, _)| reply)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    web::block(act).await.unwrap_or_else(|error| Err(Problem::internal(error)))
}
