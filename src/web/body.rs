//! The body of a request: bounded in size and time, of a type that is offered, and read by its meaning.

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, timeout_at};

use super::ahead::{self, Ahead};
use super::budget::{Budget, Permit};
use super::request_context::RequestContext;
use super::{MAX_BODY_BYTES, Service};
use crate::hydra::linked::{Format, ParsedBody, Syntax};
use crate::hydra::{OperationDoc, Problem};
use crate::resource::Body;

/// Bytes that are allocated for a body before any of it has come, because what is announced need not come.
const FIRST_BYTES: usize = 64 << 10;

/// Bodies up to this size, in bytes, are not accounted for: there are as many as connections.
const SMALL_BYTES: usize = 16 << 10;
/// Bytes that are reserved first for a larger body whose length is not announced.
const MEDIUM_BYTES: usize = 1 << 20;
/// Memory that a body takes while it is read and its request is done, as a multiple of its length.
const MEMORY_FACTOR: usize = 4;

/// Time that a body may take. A batch of the largest size comes in time over a line of half a megabit.
const PACE: Pace = Pace { silence: Duration::from_secs(30), whole: Duration::from_mins(5) };

/// Time that a client may take to send a body.
#[derive(Clone, Copy)]
struct Pace {
    /// Until something more of it comes.
    silence: Duration,
    /// In all.
    whole: Duration,
}

/// Media types that POST and PUT take.
pub const ACCEPT_POST: &str = "application/ld+json, application/json, text/turtle, \
     application/n-triples, application/n-quads";
/// Media types that PATCH takes; all mean the same.
pub const ACCEPT_PATCH: &str = "application/merge-patch+json, application/ld+json, application/json, \
     text/turtle, application/n-triples, application/n-quads";

/// Time that a body waits for its turn to be read, and is read, at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// The bytes of a body, and how they are to be read.
pub struct Received {
    pub bytes: web::BytesMut,
    format: Format,
    permit: Option<Permit>,
}

/// Receives the whole body of a request; `None` if there is none, and none is needed.
///
/// # Errors
/// In this order: [`Problem::TooLarge`] or [`Problem::TooSlow`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::UnsupportedEncoding`], [`Problem::Unreadable`].
pub async fn receive(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    body: Body,
    context: &RequestContext,
) -> Result<Option<Received>, Problem> {
    if body == Body::None {
        return Ok(None);
    }
    let announced = announced(request);
    let mut reservation = Reservation { budget: &service.bodies, context, permit: None };
    let bytes =
        collect((announced, MAX_BODY_BYTES), &mut payload.parts(), PACE, Some(&mut reservation))
            .await?;
    if body == Body::Optional && bytes.is_empty() {
        return Ok(None);
    }
    let format = format(request)?;
    check_encoding(request)?;
    // So some clients write that they send nothing.
    if body == Body::Optional && format == Format::Json && bytes.trim_ascii() == b"null" {
        return Ok(None);
    }
    if bytes.is_empty() {
        return Err(Problem::Unreadable("a body is expected; there is none".into()));
    }
    Ok(Some(Received { bytes, format, permit: reservation.permit }))
}

/// Reads a body as what the operation expects.
///
/// # Errors
/// Returns [`Problem::Unreadable`] or [`Problem::Malformed`]; [`Problem::Unavailable`] where too many bodies wait to be
/// read.
pub async fn read(
    service: &Service,
    request: &HttpRequest,
    received: Received,
    operation: &OperationDoc,
    context: &RequestContext,
) -> Result<(ParsedBody, Option<Permit>), Problem> {
    let Received { bytes, format, permit } = received;
    let linked = &service.linked;
    let shape = linked.shape(operation, super::request::is_strict(request));
    let path = request.uri().path();
    let customer = customer_of(path).or_else(|| context.caller.get().customer());
    let reading = linked.read(bytes.into(), format, &shape, (path, customer));
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(meaning) => meaning.map(|meaning| (meaning, permit)),
        Err(_elapsed) => {
            Err(Problem::Unavailable("too many bodies wait to be read; try again".into(), None))
        }
    }
}

/// Returns the customer below whose address a path lies.
fn customer_of(path: &str) -> Option<i32> {
    path.strip_prefix("/customers/")?.split('/').next()?.parse().ok()
}

/// Receives a small body, as one that nobody needs credentials to send.
///
/// # Errors
/// Returns [`Problem::TooLarge`], [`Problem::TooSlow`], or [`Problem::UnsupportedEncoding`].
pub async fn receive_small(
    service: &Service,
    request: &HttpRequest,
    payload: &Ahead,
    context: &RequestContext,
) -> Result<web::BytesMut, Problem> {
    let mut reservation = Reservation { budget: &service.bodies, context, permit: None };
    let announced = announced(request);
    let limit = SMALL_BYTES;
    let parts = &mut payload.parts();
    let bytes = collect((announced, limit), parts, PACE, Some(&mut reservation)).await?;
    check_encoding(request)?;
    Ok(bytes)
}

/// Returns the length of a body as its head tells it.
fn announced(request: &HttpRequest) -> usize {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    announced.and_then(|v| v.parse().ok()).unwrap_or_default()
}

async fn collect<E: std::fmt::Display>(
    (announced, limit_bytes): (usize, usize),
    payload: &mut (impl Stream<Item = Result<web::Bytes, E>> + Unpin),
    pace: Pace,
    mut reservation: Option<&mut Reservation<'_>>,
) -> Result<web::BytesMut, Problem> {
    if announced > limit_bytes {
        return Err(Problem::TooLarge { limit_bytes });
    }
    if let Some(reservation) = &mut reservation {
        reservation.extend(announced).await?;
    }
    let end = Instant::now() + pace.whole;
    let mut bytes = web::BytesMut::with_capacity(announced.min(FIRST_BYTES));
    loop {
        let silence = Instant::now() + pace.silence;
        let (until, limit) =
            if silence < end { (silence, pace.silence) } else { (end, pace.whole) };
        let too_slow = |_elapsed| Problem::TooSlow { limit_s: limit.as_secs() };
        let receiving =
            reservation.as_ref().and_then(|reservation| reservation.context.receiving());
        let part = timeout_at(until, payload.next()).await.map_err(too_slow)?;
        drop(receiving);
        let Some(part) = part else { return Ok(bytes) };
        let part = part.map_err(|error| ahead::broken(&error))?;
        if bytes.len() + part.len() > limit_bytes {
            return Err(Problem::TooLarge { limit_bytes });
        }
        if let Some(reservation) =
            reservation.as_mut().filter(|_| bytes.len() + part.len() > announced)
        {
            reservation.extend_unannounced(bytes.len() + part.len()).await?;
        }
        bytes.extend_from_slice(&part);
    }
}

/// Bytes of the budget that a body holds until what it asks for is done.
struct Reservation<'a> {
    budget: &'a Budget,
    context: &'a RequestContext,
    permit: Option<Permit>,
}

impl Reservation<'_> {
    /// Takes what a body of so many bytes needs.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if it is not free in time.
    async fn extend(&mut self, bytes: usize) -> Result<(), Problem> {
        let needed = bytes.saturating_mul(MEMORY_FACTOR).min(self.budget.share());
        match &mut self.permit {
            _ if bytes <= SMALL_BYTES => {}
            Some(held) if held.bytes() >= needed => {}
            Some(held) => held.extend(needed - held.bytes()).await?,
            None => self.permit = Some(self.budget.take(self.context.account(), needed).await?),
        }
        Ok(())
    }

    /// As [`Reservation::extend`], for a body whose length is not announced: it is taken for a medium one first, and
    /// then for one of the largest, so that bodies that come in parts do not wait for one another at each part.
    async fn extend_unannounced(&mut self, bytes: usize) -> Result<(), Problem> {
        if bytes <= SMALL_BYTES {
            return Ok(());
        }
        let taken_for = if bytes <= MEDIUM_BYTES { MEDIUM_BYTES } else { MAX_BODY_BYTES };
        self.extend(taken_for).await
    }
}

/// Returns whether a content type is of the media types that bodies are read in.
pub fn is_read(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ACCEPT_POST.split(", ").any(|offered| offered.eq_ignore_ascii_case(media_type))
}

fn format(request: &HttpRequest) -> Result<Format, Problem> {
    let offered = match request.method().as_str() {
        "PATCH" => ACCEPT_PATCH,
        _ => ACCEPT_POST,
    };
    let Some(given) = request.headers().get(CONTENT_TYPE) else {
        return Ok(Format::Json);
    };
    let given = given.to_str().unwrap_or("that is no text");
    let media_type = given.split(';').next().unwrap_or_default().trim();
    let is_offered = offered.split(", ").any(|o| o.eq_ignore_ascii_case(media_type));
    if !is_offered && !media_type.is_empty() {
        return Err(Problem::UnsupportedMediaType { given: media_type.to_owned(), offered });
    }
    if let Some(charset) = charset(given) {
        let given = format!("{media_type} in {charset}");
        return Err(Problem::UnsupportedMediaType { given, offered });
    }
    Ok(match media_type.to_ascii_lowercase().as_str() {
        "text/turtle" => Format::Rdf(Syntax::Turtle),
        "application/n-triples" => Format::Rdf(Syntax::NTriples),
        "application/n-quads" => Format::Rdf(Syntax::NQuads),
        "application/merge-patch+json" => Format::MergePatch,
        _ => Format::Json,
    })
}

/// Returns the character set that a content type names, where it is none in which UTF-8 is read.
fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|part| part.split_once('='));
    parameters
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'))
        .find(|charset| {
            !["utf-8", "utf8", "us-ascii"].iter().any(|c| c.eq_ignore_ascii_case(charset))
        })
}

fn check_encoding(request: &HttpRequest) -> Result<(), Problem> {
    let lines = request.headers().get_all(CONTENT_ENCODING);
    let encodings = lines.flat_map(|line| line.to_str().unwrap_or("that is no text").split(','));
    let mut unread = encodings
        .map(str::trim)
        .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"));
    match unread.next() {
        Some(encoding) => Err(Problem::UnsupportedEncoding(encoding.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    type Part = Result<web::Bytes, Infallible>;

    fn collected(parts: impl Stream<Item = Part>, pace: Pace) -> Result<web::BytesMut, Problem> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(collect(
            (0, MAX_BODY_BYTES),
            &mut Box::pin(parts),
            pace,
            None,
        ))
    }

    #[test]
    fn a_client_that_falls_silent_or_never_ends_is_given_up() {
        let byte = || Part::Ok(web::Bytes::from_static(b"x"));
        let (long, short) = (Duration::from_hours(1), Duration::from_millis(20));
        let silent = stream::iter([byte()]).chain(stream::pending());
        let patient = Pace { silence: short, whole: long };
        assert!(matches!(collected(silent, patient), Err(Problem::TooSlow { .. })));

        let dripping = stream::repeat(()).then(|()| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            byte()
        });
        let bounded = Pace { silence: long, whole: short };
        assert!(matches!(collected(dripping, bounded), Err(Problem::TooSlow { .. })));

        let quick = stream::iter([byte(), byte()]);
        assert_eq!(collected(quick, PACE).expect("a body"), "xx");
    }
}
