//! Uploads, by tus 1.0.0 (`docs/uploads.md`): endpoints at which customers send originals in parts.
//!
//! The rows are changed by [`crate::uploads`]; here is the protocol, and the way of the bytes.

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
use super::scheduler::Holder;
use crate::classes::customer_storage::quota;
use crate::fairness::{Limiter, Shares};
use crate::hydra::Problem;
use crate::resource::transaction;
use crate::storage::Storage;
use crate::uploads::{self, Upload, origin};
use protocol::{EXPIRES, LENGTH, METADATA, OFFSET};

/// Customers whose uploads write to the disk at the same time, and those beyond them that have nothing under way.
const SHARES: Shares = Shares { capacity: 4, extra: 4 };

/// Threads that uploads write with, at most.
pub const TURNS: usize = SHARES.capacity + SHARES.extra;

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
}

impl Uploads {
    pub fn new(settings: Settings) -> Self {
        Self { settings, turns: Limiter::new(SHARES) }
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

/// Makes an upload of as many bytes as the request declares, for which room is taken.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] for another version of the protocol, [`Problem::Unreadable`] for headers that are
/// missing or malformed, [`Problem::TooLarge`] and [`Problem::QuotaExceeded`].
pub async fn create(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, request, .. } = call;
    let customer = customer(call)?;
    protocol::check_version(request)?;
    check_writer(call)?;
    let headers = request.headers();
    protocol::check_extensions(headers)?;
    let length = protocol::bytes(headers, &LENGTH)?;
    let metadata = metadata::read(headers)?;
    if length == 0 {
        let words = "the header upload-length is 0, and an empty file is no original";
        return Err(Problem::Unreadable(words.into()));
    }
    let limit = service.uploads.max_bytes();
    let length = i64::try_from(length).ok().filter(|_| length <= limit);
    let Some(length) = length else {
        return Err(Problem::TooLarge {
            limit_bytes: usize::try_from(limit).unwrap_or(usize::MAX),
        });
    };
    let make = write(service, customer, move |conn| {
        quota::reserve(conn, customer, length)?;
        uploads::make(conn, customer, length, &metadata)
    });
    let upload = make.await?;
    let mut response = HttpResponse::Created();
    let address = origin::address(&service.site.base, customer, &upload.id);
    response.insert_header((header::LOCATION, address));
    Ok(told(response, &upload))
}

/// Answers at the address of an upload.
///
/// # Errors
/// As the functions have them that it calls; [`Problem::NotFound`] if there is no such upload.
pub async fn answer(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let customer = customer(call)?;
    let id = call.values.get(1).cloned().unwrap_or_default();
    // What is no id may be what PostgreSQL cannot be asked for.
    if !uploads::is_id(&id) {
        return Err(uploads::missing(&id));
    }
    let at = At { customer, id };
    let method = call.request.method();
    if *method == Method::GET {
        return content::get(call, at).await;
    }
    protocol::check_version(call.request)?;
    if *method == Method::HEAD {
        return progress(call, at).await;
    }
    check_writer(call)?;
    match *method {
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

/// Does something with the rows in one transaction, in a turn of the customer's.
async fn write<T: Send + 'static>(
    service: &Service,
    customer: i32,
    act: impl FnMut(&mut crate::database::Conn) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let database = service.database.clone();
    let act = move || transaction::write(&database, act);
    service.scheduler.run(Holder::Customer(customer), act).await
}

/// Reads rows of the primary, in a turn of the customer's.
async fn read<T: Send + 'static>(
    service: &Service,
    customer: i32,
    act: impl FnMut(&mut crate::database::Conn) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let database = service.database.clone();
    let act = move || transaction::read(&database, act);
    service.scheduler.run(Holder::Customer(customer), act).await
}
