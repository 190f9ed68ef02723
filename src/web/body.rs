//! The body of a request: bounded in size and time, of a type that is offered, and JSON.

use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;
use serde_path_to_error::Segment;
use tokio::time::{Instant, timeout_at};

use super::MAX_BODY_BYTES;
use crate::hydra::{Fault, Problem};
use crate::resource::Body;

/// Room for a body before any of it has come; what is announced need not come.
const FIRST_BYTES: usize = 64 << 10;

/// How long a body may take. A batch of the largest size comes in time over a line of half a megabit.
const PACE: Pace = Pace { silence: Duration::from_secs(30), whole: Duration::from_mins(5) };

/// How long a client may take to send a body.
#[derive(Clone, Copy)]
struct Pace {
    /// Until something more of it comes.
    silence: Duration,
    /// In all.
    whole: Duration,
}

/// Media types that POST and PUT take.
pub const ACCEPT_POST: &str = "application/ld+json, application/json";
/// Media types that PATCH takes; all mean the same.
pub const ACCEPT_PATCH: &str =
    "application/merge-patch+json, application/ld+json, application/json";

/// Reads the body of a request as JSON; none: there is none.
///
/// # Errors
/// In this order: [`Problem::TooLarge`] or [`Problem::TooSlow`], [`Problem::UnsupportedMediaType`],
/// [`Problem::Unreadable`] or [`Problem::Malformed`].
pub async fn read(
    request: &HttpRequest,
    payload: &mut web::Payload,
    body: Body,
) -> Result<Option<Value>, Problem> {
    if body == Body::None {
        return Ok(None);
    }
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let announced = announced.and_then(|v| v.parse().ok()).unwrap_or_default();
    let bytes = collect(announced, payload, PACE).await?;
    if body == Body::Optional && bytes.is_empty() {
        return Ok(None);
    }
    check_type(request)?;
    if bytes.is_empty() {
        return Err(Problem::Unreadable("a body is expected; there is none".into()));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|e| Problem::Unreadable(format!("the body is not UTF-8: {e}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map(Some).map_err(|error| Problem::Malformed(fault(text, &error)))
}

async fn collect<E: std::fmt::Display>(
    announced: usize,
    payload: &mut (impl Stream<Item = Result<web::Bytes, E>> + Unpin),
    pace: Pace,
) -> Result<web::BytesMut, Problem> {
    const TOO_LARGE: Problem = Problem::TooLarge { limit_bytes: MAX_BODY_BYTES };
    if announced > MAX_BODY_BYTES {
        return Err(TOO_LARGE);
    }
    let end = Instant::now() + pace.whole;
    let mut bytes = web::BytesMut::with_capacity(announced.min(FIRST_BYTES));
    loop {
        let silence = Instant::now() + pace.silence;
        let (until, limit) =
            if silence < end { (silence, pace.silence) } else { (end, pace.whole) };
        let too_slow = |_elapsed| Problem::TooSlow { limit_s: limit.as_secs() };
        let Some(part) = timeout_at(until, payload.next()).await.map_err(too_slow)? else {
            return Ok(bytes);
        };
        let part = part.map_err(|e| Problem::Unreadable(format!("the body broke off: {e}")))?;
        if bytes.len() + part.len() > MAX_BODY_BYTES {
            return Err(TOO_LARGE);
        }
        bytes.extend_from_slice(&part);
    }
}

/// Where and why a text is no JSON: line and column, and the member in which that is.
fn fault(text: &str, error: &serde_json::Error) -> Fault {
    let mut reading = serde_json::Deserializer::from_str(text);
    // Read once more, for it takes longer to keep track of the place.
    let place = serde_path_to_error::deserialize::<_, Value>(&mut reading).err();
    let (mut member, mut pointer) = (String::new(), String::new());
    for segment in place.iter().flat_map(|place| place.path().iter()) {
        match segment {
            Segment::Seq { index } => {
                member += &format!("[{index}]");
                pointer += &format!("/{index}");
            }
            Segment::Map { key } => {
                member += if member.is_empty() { "" } else { "." };
                member += key;
                pointer += &format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    Fault { pointer, ..Fault::new(member, format!("is not JSON: {error}")) }
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let offered = match request.method().as_str() {
        "PATCH" => ACCEPT_PATCH,
        _ => ACCEPT_POST,
    };
    let Some(given) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or("that is no text");
    let media_type = given.split(';').next().unwrap_or_default().trim();
    let is_offered = offered.split(", ").any(|o| o.eq_ignore_ascii_case(media_type));
    if is_offered || media_type.is_empty() {
        Ok(())
    } else {
        Err(Problem::UnsupportedMediaType { given: media_type.to_owned(), offered })
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
        runtime.expect("a runtime").block_on(collect(0, &mut Box::pin(parts), pace))
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

    #[test]
    fn a_body_that_is_no_json_is_told_its_place() {
        let told = |text: &str| {
            let error = serde_json::from_str::<Value>(text).expect_err("no JSON");
            let fault = fault(text, &error);
            (fault.member, fault.pointer, fault.reason)
        };
        let (member, pointer, reason) = told("{\"member\": [{\"a/b\": 1},\n {\"origin\": nul}]}");
        assert_eq!((member.as_str(), pointer.as_str()), ("member[1].origin", "/member/1/origin"));
        assert!(reason.contains("line 2 column"), "{reason}");
        let (member, pointer, reason) = told("nonsense");
        assert_eq!((member.as_str(), pointer.as_str()), ("", ""));
        assert!(reason.contains("line 1 column"), "{reason}");
        assert_eq!(told("{\"a/b\": {\"c~\": [}").1, "/a~1b/c~0/0");
    }
}
