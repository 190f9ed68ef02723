//! GET: the bytes of a finished upload, for its customer's own callers.
//!
//! They are whatever was sent, so that nothing that a browser would run is let run: it saves them, takes them for no other type,
//! and gives them no rights where a person opens them all the same.

use std::error::Error;
use std::io;
use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{At, metadata, read, whole};
use crate::fairness::Shares;
use crate::hydra::{Problem, Tag, Variant};
use crate::storage::StorageError;
use crate::uploads::parts::{self, Part};
use crate::web::Service;
use crate::web::conditional::not_modified;
use crate::web::connection::ChunksBody;
use crate::web::endpoint::Call;
use crate::web::range::{self, Wanted};
use crate::web::repeated::Repeated;
use crate::web::request;
use crate::web::slots::{Bounds, Slot};

/// Bytes that are read at a time: of a file, and of a bucket.
///
/// Each request to a bucket takes its time.
const PIECE: (u64, u64) = (64 << 10, 1 << 20);

/// Requests that are answered at once.
///
/// Each holds a piece for as long as its client takes; so all take 32 MiB at most.
pub const BOUNDS: Bounds = Bounds { each: 8, shares: Shares { capacity: 24, extra: 8 } };

/// The detail of the problem of a request beyond them.
pub const TOO_MANY: &str = "too many uploads are being read; end some, or try again";

/// Returns the bytes of an upload, or a range of them.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such upload, it is not finished, or its first bytes are lost,
/// [`Problem::PreconditionFailed`] if `If-Match` is not met, and [`Problem::Unavailable`] where too many are read, or the store is
/// away.
pub async fn get(call: Call<'_>, at: At) -> Result<HttpResponse, Problem> {
    let Call { service, context, .. } = call;
    let At { customer, id } = at.clone();
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
    let slot = Arc::new(service.uploads.sending.take(at.customer)?);
    let reader = Reader { service: whole(call.request)?, at, slot };
    let mut pieces = pieces(parts, range, reader.most());
    let Some(first) = pieces.next() else { return Ok(response.finish()) };
    let first = reader.begin(first).await?;
    let rest = stream::iter(pieces).then(move |piece| reader.clone().go_on(piece));
    let body = stream::iter([Ok(first)]).chain(rest);
    Ok(response.body(ChunksBody::new(context.connection.clone(), body)))
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

/// A piece of an upload: the key of its object, and where it is in it.
type Piece = (String, Range<u64>);

/// Returns the pieces of a range of parts, in order, of so many bytes at most.
fn pieces(parts: Vec<Part>, range: Range<u64>, most: u64) -> impl Iterator<Item = Piece> {
    parts.into_iter().flat_map(move |part| {
        let (key, start) = (part.key(), part.start.cast_unsigned());
        // Within the part.
        let first = range.start.max(start) - start;
        let end = range.end.saturating_sub(start).min(part.length.cast_unsigned());
        let pieces = 0..end.saturating_sub(first).div_ceil(most);
        let starts = pieces.map(move |piece| first + piece * most);
        starts.map(move |start| (key.clone(), start..end.min(start + most)))
    })
}

/// The reader of the pieces of an upload for one request; cheap to clone.
#[derive(Clone)]
struct Reader {
    service: Data<Service>,
    at: At,
    /// Held by each read too, so that nobody begins many by breaking off.
    slot: Arc<Slot>,
}

impl Reader {
    /// Returns how many bytes are read at a time, at most.
    fn most(&self) -> u64 {
        match self.service.uploads.settings.storage.is_bucket() {
            true => PIECE.1,
            false => PIECE.0,
        }
    }

    /// Reads a piece in a turn of the customer's.
    ///
    /// It is read to its end in a task of its own: nobody asks for more of an answer while its client takes nothing, and the
    /// turn is not to be held for so long.
    async fn read(&self, (key, range): Piece) -> Result<Bytes, StorageError> {
        let (reader, of) = (self.clone(), key.clone());
        let read = actix_web::rt::spawn(async move {
            let Self { service, at, slot } = reader;
            let turn = service.uploads.turns.acquire(at.customer, 1).await;
            let read = service.uploads.settings.storage.get(&key, range).await;
            drop((turn, slot));
            read
        });
        read.await.unwrap_or_else(|broken| Err(StorageError::of(&of, broken)))
    }

    /// Reads the first piece, on which the status of the answer depends.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if it is lost, or the upload was removed meanwhile, and [`Problem::Unavailable`] if it cannot
    /// be read now.
    async fn begin(&self, piece: Piece) -> Result<Bytes, Problem> {
        let error = match self.read(piece).await {
            Ok(bytes) => return Ok(bytes),
            Err(error) => error,
        };
        let storage = &self.service.uploads.settings.storage;
        if error.is_missing() && storage.confirm().await.is_ok() {
            let At { customer, id } = self.at.clone();
            let look =
                read(&self.service, customer, move |conn| parts::finished(conn, customer, &id));
            look.await?;
            self.log(&error);
            let words = "part of this upload is lost; delete it, and send the file anew";
            return Err(Problem::NotFound(words.into()));
        }
        let words = "the store does not give what was sent; try again";
        Err(Problem::Unavailable(words.into(), Some(Box::new(error))))
    }

    /// Reads a piece after the first; if that fails, the answer breaks off.
    async fn go_on(self, piece: Piece) -> io::Result<Bytes> {
        self.read(piece).await.map_err(|error| {
            self.log(&error);
            io::Error::other(error)
        })
    }

    /// Logs why an upload is not read; the error names the key of the object.
    fn log(&self, error: &dyn Error) {
        let At { customer, id } = &self.at;
        let line = format!("the upload {id} of customer {customer} cannot be read: {error}");
        match NOT_READ.count("", Instant::now()) {
            None => log::debug!("{line}"),
            Some(more) => log::error!("{line}; as {more} requests found of uploads since"),
        }
    }
}

/// Lines about uploads that cannot be read.
static NOT_READ: LazyLock<Repeated> = LazyLock::new(Repeated::default);
