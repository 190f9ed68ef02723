//! Streams of events: changes of a customer's images, and ends of its batches, as they happen (`docs/events.md`).
//!
//! A stream holds its position and no more: events are read from the database when there are some and the client has
//! taken what came before, in a turn of the customer's, so that who reads slowly costs nothing but its own stream.

mod stream;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use actix_web::http::{Method, header};
use actix_web::{HttpResponse, web};
use futures_util::StreamExt as _;
use tokio::sync::watch;

use super::connection::ChunksBody;
use super::endpoint::Call;
use super::slots::{Bounds, Slots};
use super::{Service, session};
use crate::fairness::Shares;
use crate::hydra::{Fault, Problem};
use crate::journal::Feed;
use crate::journal::change::{kept_after, last_given};
use crate::journal::feed::Told;
use crate::metrics::Metrics;
use crate::resource::{Caller, transaction};
use crate::secrets::Secret;
use stream::{Credentials, Place, Stream};

/// Streams of one customer at once in this process, at most.
pub const MOST: usize = 20;

/// Time that a stream waits until it is known where it begins.
const PATIENCE: Duration = Duration::from_secs(10);

/// The streams of events of a process.
pub struct Events {
    feed: Feed,
    slots: Slots,
}

impl Events {
    /// Returns no streams yet, of which a quarter of the connections may be at once.
    pub fn new(feed: Feed, connections: usize, metrics: &Metrics) -> Self {
        // Who has no stream gets one as long as there are connections.
        let shares = Shares { capacity: connections / 4, extra: connections };
        let words = format!(
            "a customer has {MOST} streams of events at a time, at most, and all customers a quarter of the connections"
        );
        let slots = Slots::new(Bounds { each: MOST, shares }, words);
        let counted = slots.clone();
        metrics.read_by(move |metrics| metrics.http.set_streams(counted.count()));
        Self { feed, slots }
    }
}

/// Answers with the events of a customer from now on, or after the one that the client has read last.
///
/// # Errors
/// Returns [`Problem::Invalid`] if `Last-Event-ID` is no number, and [`Problem::Unavailable`] where there are too
/// many streams, or the database does not answer.
pub async fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let Call { service, request, context, .. } = call;
    let caller = context.caller.get();
    let missing = || Problem::NotFound(format!("there is no customer {}", call.value()));
    let customer: i32 = call.value().parse().map_err(|_admitted| missing())?;
    let last = last_event(call)?;
    // Before anything is waited for, so that the stream learns of what ends meanwhile.
    let seen = (service.keys.changes(), service.sessions.changes());
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream");
    // Proxies that gather answers before they pass them on would pass nothing on.
    response.insert_header(("X-Accel-Buffering", "no"));
    if *request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let slot = service.events.slots.take(customer)?;
    let mut told = service.events.feed.listen();
    let place = begin(service, caller, &mut told, last).await?;
    let whole: Option<web::Data<Service>> = request.app_data().cloned();
    let service = whole.ok_or_else(|| Problem::internal("a request without its service"))?;
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|given| given.to_str().ok()).map(Secret::new);
    let credentials = match given {
        Some(given) => Some(Credentials::Key(given)),
        None => session::cookie::read(request, &service.site.base).map(Credentials::Session),
    };
    let stream = Stream {
        service,
        customer,
        caller,
        credentials,
        peer: context.client.get(),
        told,
        place,
        settled: 0,
        checked: Instant::now(),
        seen,
        spoken: Instant::now(),
        _slot: slot,
    };
    let chunks = stream.chunks().map(Ok::<_, Infallible>);
    Ok(response.body(ChunksBody::new(context.connection.clone(), chunks)))
}

/// Returns the number of the event that the client has read last, if it says so.
fn last_event(call: Call<'_>) -> Result<Option<i64>, Problem> {
    let Some(given) = call.request.headers().get("Last-Event-ID") else { return Ok(None) };
    let number = given.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
    let malformed = || {
        let fault = Fault::new("Last-Event-ID", "must be the id of an event, a whole number");
        // Nothing of a body is wrong.
        Fault { pointer: String::new(), ..fault }.into()
    };
    number.filter(|number| *number >= 0).map(Some).ok_or_else(malformed)
}

/// Returns the place at which a stream begins.
async fn begin(
    service: &Service,
    caller: Caller,
    told: &mut watch::Receiver<Told>,
    last: Option<i64>,
) -> Result<Place, Problem> {
    let silent =
        || Problem::Unavailable("changes cannot be followed just now; try again".into(), None);
    if *told.borrow() == Told::Closed {
        return Err(silent());
    }
    let now = tokio::time::timeout(PATIENCE, told.changed());
    if !matches!(now.await, Ok(Ok(()))) {
        return Err(silent());
    }
    let Told::Advance(now) = told.borrow_and_update().clone() else { return Err(silent()) };
    let Some(last) = last else {
        return Ok(Place { position: now.to, is_reset: false, is_behind: false });
    };
    let database = service.database.clone();
    let range =
        move || transaction::read(&database, |conn| Ok((kept_after(conn)?, last_given(conn)?)));
    let (kept_after, given) = service.scheduler.run(caller, range).await?;
    // One that was never given is of a later state of a database that was restored.
    let is_known = (kept_after..=given).contains(&last);
    let position = if is_known { last } else { now.to };
    Ok(Place { position, is_reset: !is_known, is_behind: is_known })
}
