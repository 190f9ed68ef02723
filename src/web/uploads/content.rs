//! GET: the bytes of a finished upload, for its customer's own callers.
//!
//! They are whatever was sent, so that nothing that a browser would run is let run: it saves them, takes them for no other type,
//! and gives them no rights where a person opens them all the same.

use std::io;
use std::ops::Range;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::slots::{Bounds, Slot};
use super::{At, metadata, read, whole};
use crate::fairness::Shares;
use crate::hydra::{Problem, Tag, Variant};
use crate::uploads::parts::{self, Part};
use crate::web::Service;
use crate::web::conditional::not_modified;
use crate::web::connection::ChunksBody;
use crate::web::endpoint::Call;
use crate::web::range::{self, Wanted};
use crate::web::request;

/// Bytes that are read of a file at a time, and of a bucket, where each request takes its time.
const PIECE: (u64, u64) = (64 << 10, 1 << 20);

/// Requests that are answered at once. Each holds a piece for as long as its client takes; so all take 32 MiB at most.
pub const BOUNDS: Bounds = Bounds { each: 8, shares: Shares { capacity: 24, extra: 8 } };

/// The detail of the problem of a request beyond them.
pub const TOO_MANY: &str = "too many uploads are being read; end some, or try again";

/// Returns the bytes of an upload, or a range of them.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, or it is not finished, [`Problem::PreconditionFailed`] if `If-Match` is not
/// met, and [`Problem::Unavailable`] where too many are read.
pub async fn get(call: Call<'_>, at: At) -> Result<HttpResponse, Problem> {
    let Call { service, context, .. } = call;
    let At { customer, id } = at;
    // What is finished never changes.
    let tag = Tag::of(format!("{customer}/{id}").as_bytes());
    let find = read(service, customer, move |conn| parts::finished(conn, customer, &id));
    let (upload, parts) = find.await?;
    let mut response = HttpResponse::Ok();
    let conditions = request::conditions(call.request);
    if let Some(held) = not_modified(&mut response, tag, Variant::PIXELS, &conditions)? {
        return Ok(held);
    }
    response
        .content_type(upload.media_type.as_deref().unwrap_or("application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&upload.metadata)))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::ACCEPT_RANGES, "bytes"));
    let length = upload.length.cast_unsigned();
    let range = match range::wanted(call.request, &tag.entity_tag(Variant::PIXELS.suffix), length) {
        Wanted::Whole => 0..length,
        Wanted::Part(range) => {
            let last = range.end.saturating_sub(1);
            let content = format!("bytes {}-{last}/{length}", range.start);
            response.status(StatusCode::PARTIAL_CONTENT);
            response.insert_header((header::CONTENT_RANGE, content));
            range
        }
        Wanted::Unsatisfiable => {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{length}")));
            return Ok(response.status(StatusCode::RANGE_NOT_SATISFIABLE).finish());
        }
    };
    response.no_chunking(range.end - range.start);
    let slot = service.uploads.sending.take(customer)?;
    let pieces = pieces((whole(call.request)?, slot), customer, (parts, range));
    Ok(response.body(ChunksBody::new(context.connection.clone(), pieces)))
}

/// Says that a browser saves the file, and under which name.
fn disposition(metadata: &str) -> String {
    match metadata::filename(metadata) {
        None => "attachment".into(),
        // RFC 8187; the other form cannot say all names.
        Some(name) => {
            format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(&name, NON_ALPHANUMERIC))
        }
    }
}

/// Reads a range of parts, one piece after another, each in a turn of the customer's.
fn pieces(
    (service, slot): (Data<Service>, Slot),
    customer: i32,
    (parts, range): (Vec<Part>, Range<u64>),
) -> impl Stream<Item = io::Result<Bytes>> {
    let most = match service.uploads.settings.storage.is_bucket() {
        true => PIECE.1,
        false => PIECE.0,
    };
    let ranges = parts.into_iter().flat_map(move |part| {
        let (key, start) = (part.key(), part.start.cast_unsigned());
        // Within the part.
        let first = range.start.max(start) - start;
        let end = range.end.saturating_sub(start).min(part.length.cast_unsigned());
        let pieces = 0..end.saturating_sub(first).div_ceil(most);
        let starts = pieces.map(move |piece| first + piece * most);
        starts.map(move |start| (key.clone(), start..end.min(start + most)))
    });
    stream::iter(ranges).then(move |(key, range)| {
        let service = service.clone();
        let _held = &slot;
        async move {
            let uploads = &service.uploads;
            let _turn = uploads.turns.acquire(customer, 1).await;
            uploads.settings.storage.get(&key, range).await.map_err(io::Error::other)
        }
    })
}
