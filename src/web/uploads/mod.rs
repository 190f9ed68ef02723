//! Uploads, by tus 1.0.0 (`docs/uploads.md`).
//!
//! At these endpoints, customers send originals in parts. The rows are changed by [`crate::uploads`]; here is the protocol, and the way of the bytes.

mod content;
mod metadata;
mod pace;
pub mod protocol;
mod receive;
mod spool;
mod store;

use std::path::PathBuf;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::Service;
use super::admission::read_only;
use super::endpoint::Call;
use super::idempotency::{self, Keyed};
use super::scheduler::Holder;
use super::slots::Slots;
use crate::classes::customer_storage::quota;
use crate::database::Conn;
use crate::fairness::{Limiter, Shares};
use crate::hydra::Problem;
use crate::resource::{UnitOfWork, transaction};
use crate::storage::Storage;
use crate::uploads::{self, Upload, origin};
use protocol::{EXPIRES, LENGTH, METADATA, OFFSET};

/// Turns of writing to the disk, and those for customers that have none.
const SHARES: Shares = Shares { capacity: 4, extra: 4 };

/// Threads that uploads write with, at most.
pub const TURNS: usize = SHARES.capacity + SHARES.extra;

/// Parts that are written to a bucket at the same time, each held in memory.
///
/// They are few, so that each has enough of a slow line to end in time.
const PUTS: Shares = Shares { capacity: 3, extra: 1 };

/// The settings of uploads.
#[derive(Debug, Clone)]
pub struct Settings {
    pub storage: Storage,
    /// Folder for parts while they are received.
    pub folder: PathBuf,
    /// Bytes of an upload, at most.
    pub max_bytes: u64,
}

/// The state that all uploads of a process share.
#[derive(Debug)]
pub struct Uploads {
    settings: Settings,
    /// Turns of writing to the disk or the bucket, by customer.
    turns: Limiter<i32>,
    /// Turns of writing a part to a bucket, by customer.
    ///
    /// One is taken before one of `turns`, which would else be held meanwhile.
    puts: Limiter<i32>,
    /// Requests that add to uploads.
    receiving: Slots,
    /// Requests that read uploads.
    sending: Slots,
}

impl Uploads {
    pub fn new(settings: Settings) -> Self {
        let receiving = Slots::new(receive::BOUNDS, receive::TOO_MANY);
        let sending = Slots::new(content::BOUNDS, content::TOO_MANY);
        let (turns, puts) = (Limiter::new(SHARES), Limiter::new(PUTS));
        Self { settings, turns, puts, receiving, sending }
    }

    /// Returns how many bytes an upload has at most.
    pub fn max_bytes(&self) -> u64 {
        self.settings.max_bytes
    }
}

/// The upload that a request is about.
#[derive(Debug, Clone)]
struct At {
    customer: i32,
    id: String,
}

/// The properties of an upload that a request declares.
#[derive(Debug, Clone)]
struct Declared {
    length: i64,
    metadata: String,
}

/// Makes an upload of as many bytes as the request declares, and takes their room.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] for another version of the protocol, [`Problem::Unreadable`] for headers that are
/// missing or malformed, [`Problem::UploadTooLarge`] and [`Problem::QuotaExceeded`], and the problems of an `Idempotency-Key`.
pub async fn create(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, request, context, .. } = call;
    let customer = customer(call)?;
    check_writer(call)?;
    protocol::check_version(request)?;
    let declared = declared(service, request);
    let base = service.site.base.clone();
    let key = idempotency::key::of_request(request)?;
    let state = [LENGTH, METADATA].map(|name| request.headers().get(name));
    // Headers stand for the body, which is empty.
    let state = state.map(|value| value.map_or(&[][..], HeaderValue::as_bytes)).join(&b'\n');
    let keyed = key.and_then(|key| Keyed::new(service, request, context, (key, &state)));
    if let Some(keyed) = keyed {
        let act = declared.map(|declared| {
            move |s: &mut UnitOfWork<'_>| {
                made(s.conn, customer, &declared).map(|upload| at(&base, customer, &upload))
            }
        });
        return idempotency::answer_act(service, keyed, act).await;
    }
    let declared = declared?;
    let make = write(service, customer, move |conn| made(conn, customer, &declared));
    Ok(at(&base, customer, &make.await?))
}

/// Reads what a request declares.
fn declared(service: &Service, request: &HttpRequest) -> Result<Declared, Problem> {
    let headers = request.headers();
    let limit_bytes = service.uploads.max_bytes();
    let length = protocol::bytes(headers, &LENGTH);
    if length.as_ref().is_ok_and(|length| *length > limit_bytes) {
        return Err(Problem::UploadTooLarge { limit_bytes });
    }
    protocol::check_extensions(headers)?;
    let (length, metadata) = (length?, metadata::read(headers)?);
    if length == 0 {
        let words = "the header upload-length is 0, and an empty file is no original";
        return Err(Problem::Unreadable(words.into()));
    }
    // More than that is no setting.
    Ok(Declared { length: i64::try_from(length).unwrap_or(i64::MAX), metadata })
}

/// Takes room for an upload, and makes it.
fn made(conn: &mut Conn, customer: i32, declared: &Declared) -> Result<Upload, Problem> {
    quota::reserve(conn, customer, declared.length)?;
    uploads::make(conn, customer, declared.length, &declared.metadata)
}

/// Says where an upload is that was made.
fn at(base: &str, customer: i32, upload: &Upload) -> HttpResponse {
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, origin::address(base, customer, &upload.id)));
    told(response, upload)
}

/// Answers at the address of an upload.
///
/// # Errors
/// As the functions have them that it calls; [`Problem::NotFound`] if there is no such upload.
pub async fn answer(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let customer = customer(call)?;
    let method = call.request.method();
    if ![Method::GET, Method::HEAD].contains(method) {
        check_writer(call)?;
    }
    if *method != Method::GET {
        protocol::check_version(call.request)?;
    }
    let id = call.values.get(1).cloned().unwrap_or_default();
    // What is no id may be what PostgreSQL cannot be asked for.
    if !uploads::is_id(&id) {
        return Err(uploads::missing(&id));
    }
    let at = At { customer, id };
    match *method {
        Method::GET => content::get(call, at).await,
        Method::HEAD => progress(call, at).await,
        Method::PATCH => receive::append(call, at).await,
        _ => remove(call, at).await,
    }
}

/// Tells how far an upload is.
async fn progress(call: Call<'_>, at: At) -> Result<HttpResponse, Problem> {
    let find =
        read(call.service, at.customer, move |conn| uploads::find(conn, at.customer, &at.id));
    let upload = find.await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    response.insert_header((LENGTH, upload.length));
    if !upload.metadata.is_empty() {
        response.insert_header((METADATA, upload.metadata.as_str()));
    }
    Ok(told(response, &upload))
}

/// Removes an upload, finished or not.
async fn remove(call: Call<'_>, at: At) -> Result<HttpResponse, Problem> {
    let remove =
        write(call.service, at.customer, move |conn| uploads::remove(conn, at.customer, &at.id));
    remove.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Returns a response with what every answer about an upload says.
fn told(mut response: HttpResponseBuilder, upload: &Upload) -> HttpResponse {
    response.insert_header((OFFSET, upload.received));
    if let Some(expires) = upload.expires {
        response.insert_header((EXPIRES, httpdate::fmt_http_date(expires.into())));
    }
    let mut response = response.finish();
    if response.status() != StatusCode::NO_CONTENT {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    response
}

/// Returns the customer below whose address a request is, who was admitted.
fn customer(call: Call<'_>) -> Result<i32, Problem> {
    let missing = || Problem::NotFound(format!("there is no customer {}", call.value()));
    call.value().parse().map_err(|_admitted| missing())
}

/// Refuses callers who only read.
fn check_writer(call: Call<'_>) -> Result<(), Problem> {
    match call.context.caller.get() {
        caller if caller.is_read_only() => Err(read_only(caller)),
        _ => Ok(()),
    }
}

/// Returns the whole service of a request, for what outlives it.
fn whole(request: &HttpRequest) -> Result<actix_web::web::Data<Service>, Problem> {
    let whole = request.app_data().cloned();
    whole.ok_or_else(|| Problem::internal("a request without its service"))
}

/// Does the rest of what was begun, in one transaction; it is never refused.
async fn go_on<T: Send + 'static>(
    service: &Service,
    customer: i32,
    act: impl FnMut(&mut Conn) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    service.scheduler.go_on(Holder::Customer(customer), written(service, act)).await
}

/// Changes rows in one transaction, in a turn of the customer's.
async fn write<T: Send + 'static>(
    service: &Service,
    customer: i32,
    act: impl FnMut(&mut Conn) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    service.scheduler.run(Holder::Customer(customer), written(service, act)).await
}

/// Returns an act that changes rows in one transaction.
fn written<T>(
    service: &Service,
    act: impl FnMut(&mut Conn) -> Result<T, Problem> + Send + 'static,
) -> impl FnOnce() -> Result<T, Problem> + Send + 'static {
    let database = service.database.clone();
    move || transaction::write(&database, act)
}

/// Reads rows of the primary, in a turn of the customer's.
async fn read<T: Send + 'static>(
    service: &Service,
    customer: i32,
    act: impl FnMut(&mut Conn) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let database = service.database.clone();
    let act = move || transaction::read(&database, act);
    service.scheduler.run(Holder::Customer(customer), act).await
}
