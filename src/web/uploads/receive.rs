//! PATCH: bytes of an upload as they come, passed on to who stores them.
//!
//! Whatever ends the request, what came until then is stored: by a task of its own, because the handler ends with its
//! connection.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::pace::Pace;
use super::protocol::{OFFSET, PART, bytes};
use super::store::store;
use super::{At, read, told, whole};
use crate::database::Conn;
use crate::fairness::Shares;
use crate::hydra::Problem;
use crate::uploads::parts;
use crate::web::ahead;
use crate::web::endpoint::Call;
use crate::web::slots::Bounds;

/// Pieces of a body that wait to be written, at most; each has some 16 KiB.
const PIECES: usize = 2;

/// Requests that are received at once.
///
/// Each takes some 160 KiB for as long as it lasts: 64 that are gathered, 32 that wait, and 64 that the HTTP layer holds; so all
/// take 20 MiB at most, and nothing of what other requests share.
pub const BOUNDS: Bounds = Bounds { each: 32, shares: Shares { capacity: 96, extra: 32 } };

/// The detail of the problem of a request beyond them.
pub const TOO_MANY: &str =
    "too many requests that add to uploads are under way; end some, or try again";

/// Interval at which a request that gets nothing looks whether it is to end.
const TICK: Duration = Duration::from_secs(1);

/// Adds the body of a request to an upload, and tells how far it is then.
///
/// # Errors
/// Returns [`Problem::UnsupportedMediaType`] and [`Problem::UnsupportedEncoding`]; [`Problem::OffsetConflict`] if the upload
/// does not stand where the request goes on, or another request begins to; [`Problem::BeyondEnd`] for more than was declared;
/// [`Problem::BelowLeastRate`]; [`Problem::Unavailable`] where too many are under way.
pub async fn append(call: Call<'_>, at: At) -> Result<HttpResponse, Problem> {
    let Call { service, request, .. } = call;
    let headers = request.headers();
    check_type(call)?;
    let offset = bytes(headers, &OFFSET)?;
    let unreachable = || Problem::Unreadable("the header upload-offset is too large".into());
    let offset = i64::try_from(offset).map_err(|_too_large| unreachable())?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced: Option<u64> = announced.and_then(|value| value.parse().ok());
    let At { customer, id } = at;
    let slot = service.uploads.receiving.take(customer)?;
    let look = move |conn: &mut Conn| parts::look(conn, customer, &id, (offset, announced));
    let upload = read(service, customer, look).await?;
    let end = End { missing: upload.missing(), length: upload.length };
    let (sender, pieces) = mpsc::channel(PIECES);
    let storing = actix_web::rt::spawn(store(whole(request)?, (customer, upload), pieces, slot));
    let received = receive(call, end, sender).await;
    let stored = storing.await.unwrap_or_else(|broken| Err(Problem::internal(broken)));
    // What could not be stored goes before what was wrong with the rest.
    let upload = stored?;
    received?;
    Ok(told(HttpResponse::NoContent(), &upload))
}

/// The end of an upload.
#[derive(Clone, Copy)]
struct End {
    /// Bytes that are not there yet.
    missing: u64,
    length: i64,
}

/// Passes the body on by pieces, until it ends or nobody takes it.
async fn receive(call: Call<'_>, end: End, sender: mpsc::Sender<Bytes>) -> Result<(), Problem> {
    let Call { service, context, payload, .. } = call;
    let mut body = payload.parts();
    let mut pace = Pace::begin(Instant::now());
    let mut came = 0_u64;
    loop {
        if service.readiness.is_stopping() {
            let words = "this process is stopping; go on from Upload-Offset";
            return Err(Problem::Unavailable(words.into(), None));
        }
        let receiving = context.receiving();
        let next = timeout(TICK, body.next()).await;
        drop(receiving);
        let Ok(next) = next else {
            pace.check(Instant::now())?;
            continue;
        };
        let Some(piece) = next else { return Ok(()) };
        let piece = piece.map_err(|error| ahead::broken(&error))?;
        came += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if came > end.missing {
            return Err(Problem::BeyondEnd { length: end.length });
        }
        pace.came(piece.len());
        pace.check(Instant::now())?;
        let began = Instant::now();
        if sender.send(piece).await.is_err() {
            // It could not be stored, which is told by who stores it.
            return Ok(());
        }
        pace.waited(began.elapsed());
    }
}

fn check_type(call: Call<'_>) -> Result<(), Problem> {
    let text = |name| {
        let value = call.request.headers().get(name);
        value.map(|value| value.to_str().unwrap_or("that is no text").trim())
    };
    let given = text(CONTENT_TYPE).unwrap_or("that is not named");
    if !given.eq_ignore_ascii_case(PART) {
        return Err(Problem::UnsupportedMediaType { given: given.to_owned(), offered: PART });
    }
    match text(CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(Problem::UnsupportedEncoding(encoding.to_owned()))
        }
        _ => Ok(()),
    }
}
