//! Sessions of people, for pages in a browser (`docs/sessions.md`): log-in, log-out, and who is logged in.

pub mod cookie;
mod form;
pub mod place;

use std::sync::LazyLock;
use std::time::Instant;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use chrono::SecondsFormat;
use serde_json::json;

use super::endpoint::Call;
use super::repeated::Repeated;
use super::scheduler::Holder;
use super::{Service, body, forgery, lines, public_address};
use crate::auth::Session;
use crate::auth::people::{Account, LogInTurn, Passwords, accounts};
use crate::auth::sessions::{Proof, Who};
use crate::hydra::Problem;
use crate::resource::transaction;
use crate::secrets::Secret;
use form::{Credentials, Fields, Kind};

/// The path at which sessions are answered for.
pub const ADDRESS: &str = "/console/session";

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Returns the address of a page that logs in with the token of a link, which stands where no server is told of it.
pub fn link(base: &str, token: &Secret) -> String {
    format!("{base}/#log-in={}", token.reveal())
}

/// Returns the session of a request, which renews it, unless it is about the session itself.
///
/// # Errors
/// Returns [`Problem::Unavailable`] if the database does not answer.
pub async fn under_way(
    service: &Service,
    request: &HttpRequest,
) -> Result<Option<Session>, Problem> {
    let Some(token) = cookie::read(request, &service.site.base) else { return Ok(None) };
    let Some(session) = service.sessions.get(&token).await? else { return Ok(None) };
    // Who only asks how long the session goes on makes it no longer.
    if session.is_to_renew() && !request.uri().path().starts_with(ADDRESS) {
        let renewed = service.scheduler.run(session.caller, service.sessions.renewal(&token));
        if let Err(problem) = renewed.await {
            log::debug!("a session is not renewed: {problem}");
        }
    }
    Ok(Some(session))
}

/// Answers at `/console/session`.
///
/// # Errors
/// Returns [`Problem::Unauthenticated`], [`Problem::Forbidden`] and the problems of a body, as the method has them.
pub async fn answer(call: Call<'_>) -> Result<HttpResponse, Problem> {
    match call.request.method().as_str() {
        "POST" => log_in(call).await,
        "DELETE" => log_out(call, None).await,
        _ => who_am_i(call),
    }
}

/// Answers at `/console/session/end`: logs out for a page without a script, and leads it on.
///
/// # Errors
/// Returns [`Problem::Forbidden`] for requests from elsewhere, and the problems of the body.
pub async fn end(call: Call<'_>) -> Result<HttpResponse, Problem> {
    check_origin(call)?;
    let body = body::receive_small(call.service, call.request, call.payload, call.context).await?;
    let root = root(call.service);
    let target = match body.is_empty() {
        true => root,
        false => Fields::read(form::kind(call.request)?, &body)?.take_target(&root)?,
    };
    log_out(call, Some(target)).await
}

/// Returns the path of the root, as browsers ask for it.
fn root(service: &Service) -> String {
    format!("{}/", public_address::path(&service.site.base))
}

/// Refuses what no page of ours has sent: a log-in too, so that no other site logs anybody in as somebody else.
fn check_origin(call: Call<'_>) -> Result<(), Problem> {
    match forgery::is_own(call.request, &call.service.site.base) {
        true => Ok(()),
        false => Err(forgery::foreign()),
    }
}

/// Tells who is logged in.
///
/// # Errors
/// Returns [`Problem::Unauthenticated`] if nobody is.
fn who_am_i(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let session = call.context.session.borrow();
    let session = session.as_ref().ok_or(Problem::Unauthenticated)?;
    let base = &call.service.site.base;
    let (kind, name) = match &session.who {
        Who::Key(key) => ("Key", key),
        Who::PortalUser(email) => ("PortalUser", email),
    };
    let moment =
        |moment: chrono::DateTime<chrono::Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({
        "kind": kind,
        "name": name,
        "address": format!("{base}{}", session.actor.path()),
        "customer": format!("{base}/customers/{}", session.customer),
        "customerName": session.customer_name,
        "role": if session.caller.is_read_only() { "readonly" } else { "admin" },
        "administrator": session.caller.is_administrator(),
        // At the latest, and if nothing is asked until then.
        "expires": moment(session.expires()),
        "idle": moment(session.ends()),
    });
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, NO_STORE)).content_type("application/json");
    Ok(response.body(body.to_string()))
}

/// Begins a session for whoever shows a right secret, password or link.
///
/// # Errors
/// Returns [`Problem::Forbidden`] for requests from elsewhere, and over http from other machines;
/// [`Problem::Unauthenticated`], the later the more were wrong before; [`Problem::SeveralAccounts`] if the password is
/// that of several accounts; and the problems of the body.
async fn log_in(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, request, context, .. } = call;
    check_origin(call)?;
    let base = &service.site.base;
    place::check(base, [request.peer_addr().map(|peer| peer.ip()), context.client.get()])?;
    let body = body::receive_small(service, request, call.payload, context).await?;
    let kind = form::kind(request)?;
    let mut fields = Fields::read(kind, &body)?;
    let target = fields.take_target(&root(service))?;
    if kind == Kind::Form {
        // A form that is refused is shown again, and leads there too.
        context.target.replace(Some(target.clone()));
    }
    let (proof, _turn) = match proven(call, fields.take_credentials()?).await {
        Err(Problem::Unauthenticated) => return Err(refused(call)),
        proven => proven?,
    };
    let earlier = live_token(call).await?;
    let holder = proof.customer().map_or(Holder::LogIns, Holder::Customer);
    let begin = service.sessions.beginning(proof, earlier.as_ref());
    let token = match service.scheduler.run(holder, begin).await {
        Err(Problem::Unauthenticated) => {
            let _late = service.keys.refusal("", context.client.get()).await;
            return Err(refused(call));
        }
        token => token?,
    };
    if let Some(earlier) = &earlier {
        service.sessions.forget_one(earlier);
    }
    if let Some(session) = service.sessions.get(&token).await? {
        log::info!("{} logs in from {}", session.actor.path(), lines::Client(context.client.get()));
    }
    let mut response = match kind {
        Kind::Form => HttpResponse::SeeOther(),
        Kind::Json => HttpResponse::NoContent(),
    };
    if kind == Kind::Form {
        response.insert_header((LOCATION, target));
    }
    response.insert_header((SET_COOKIE, cookie::set(base, &token)?));
    Ok(response.insert_header((CACHE_CONTROL, NO_STORE)).finish())
}

/// Notes that a log-in was refused, for whoever watches the log, without what was sent.
fn refused(call: Call<'_>) -> Problem {
    static REFUSED: LazyLock<Repeated> = LazyLock::new(Repeated::default);
    let client = lines::Client(call.context.client.get()).to_string();
    if let Some(left_out) = REFUSED.count(&client, Instant::now()) {
        log::warn!("a log-in from {client} is refused; {left_out} since the last such line");
    }
    Problem::Unauthenticated
}

/// Returns the token of a request, if its session is under way.
async fn live_token(call: Call<'_>) -> Result<Option<Secret>, Problem> {
    let Some(token) = cookie::read(call.request, &call.service.site.base) else { return Ok(None) };
    Ok(call.service.sessions.get(&token).await?.map(|_session| token))
}

/// Returns what allows a log-in, and the turn within which it is begun, if one was needed.
async fn proven(
    call: Call<'_>,
    credentials: Credentials,
) -> Result<(Proof, Option<LogInTurn>), Problem> {
    let Call { service, context, .. } = call;
    let address = context.client.get();
    match credentials {
        Credentials::Key { key, secret } => {
            let (caller, _) = service.keys.check(&key, &secret, address).await?;
            let customer = caller.customer().ok_or(Problem::Unauthenticated)?;
            Ok((Proof::Key { customer, key }, None))
        }
        Credentials::Link(token) => {
            Ok((Proof::Link(token), Some(service.passwords.turn(address).await?)))
        }
        Credentials::Person { email, password, customer } => {
            // Rust writes the lower case of İ with a dot of its own, PostgreSQL without: it is one address.
            let account = format!("person {}", email.to_lowercase().replace('\u{307}', ""));
            service.keys.take_try(&account, address).await?;
            let turn = service.passwords.turn(address).await?;
            let database = service.database.clone();
            let look = move || {
                transaction::read(&database, |conn| accounts(conn, &email, customer.as_deref()))
            };
            let found = service.scheduler.run(Holder::LogIns, look).await?;
            let matching = Passwords::matching(turn, found, password).await?;
            if !matching.is_empty() {
                service.keys.forgive(&account, address);
            }
            match <[Account; 1]>::try_from(matching) {
                Ok([account]) => Ok((Proof::Password(account), None)),
                Err(none) if none.is_empty() => Err(Problem::Unauthenticated),
                Err(several) => {
                    let names = several.into_iter().map(|account| account.customer_name);
                    Err(Problem::SeveralAccounts(names.collect()))
                }
            }
        }
    }
}

/// Ends the session of the request, if it has one, and has the browser forget its cookie.
///
/// `target`: the path that a page without a script is led on to.
///
/// # Errors
/// Returns [`Problem::Forbidden`] for requests from elsewhere.
async fn log_out(call: Call<'_>, target: Option<String>) -> Result<HttpResponse, Problem> {
    let Call { service, request, .. } = call;
    check_origin(call)?;
    let base = &service.site.base;
    if let Some(token) = cookie::read(request, base)
        && let Some(session) = service.sessions.get(&token).await?
    {
        let holder = Holder::Customer(session.customer);
        service.scheduler.run(holder, service.sessions.end(&token)).await?;
        service.sessions.forget_one(&token);
    }
    let mut response = match &target {
        Some(_) => HttpResponse::SeeOther(),
        None => HttpResponse::NoContent(),
    };
    if let Some(target) = target {
        response.insert_header((LOCATION, target));
    }
    response.insert_header((SET_COOKIE, cookie::cleared(base)?));
    Ok(response.insert_header((CACHE_CONTROL, NO_STORE)).finish())
}
