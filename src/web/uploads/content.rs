//! GET: the bytes of a finished upload, for its customer's own callers.
//!
//! They are whatever was sent, so that nothing that a browser would run is let run: it saves them, takes them for no other type,
//! and gives them no rights where a person opens them all the same.

use std::io;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{At, metadata, read, whole};
use crate::hydra::Problem;
use crate::uploads::parts::{self, Part};
use crate::web::Service;
use crate::web::connection::ChunksBody;
use crate::web::endpoint::Call;

/// Bytes that are read at a time.
const PIECE: u64 = 64 << 10;

/// Returns the bytes of an upload.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, or it is not finished.
pub async fn get(call: Call<'_>, at: At) -> Result<HttpResponse, Problem> {
    let Call { service, context, .. } = call;
    let At { customer, id } = at;
    let find = read(service, customer, move |conn| parts::finished(conn, customer, &id));
    let (upload, parts) = find.await?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(upload.media_type.as_deref().unwrap_or("application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&upload.metadata)))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .no_chunking(upload.length.cast_unsigned());
    let pieces = pieces(whole(call.request)?, customer, parts);
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

/// Reads parts, one piece after another, each in a turn of the customer's.
fn pieces(
    service: Data<Service>,
    customer: i32,
    parts: Vec<Part>,
) -> impl Stream<Item = io::Result<Bytes>> {
    let ranges = parts.into_iter().flat_map(|part| {
        let (key, length) = (part.key(), part.length.cast_unsigned());
        let starts = (0..length.div_ceil(PIECE)).map(|piece| piece * PIECE);
        starts.map(move |start| (key.clone(), start..length.min(start + PIECE)))
    });
    stream::iter(ranges).then(move |(key, range)| {
        let service = service.clone();
        async move {
            let uploads = &service.uploads;
            let _turn = uploads.turns.acquire(customer, 1).await;
            uploads.settings.storage.get(&key, range).await.map_err(io::Error::other)
        }
    })
}
