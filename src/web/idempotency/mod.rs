//! POSTs that name an `Idempotency-Key`: done once, and answered alike each time
//! (`docs/adr/0027-answers-kept-with-their-effects.md`).

pub mod key;
pub mod render;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{HttpRequest, HttpResponse};

pub use key::key;

use super::budget::Permit;
use super::completion::await_completion;
use super::perform::{apply, malformed};
use super::request_context::RequestContext;
use super::router::{Entry, Mounted, Run};
use super::{Service, request, scheduler};
use crate::hydra::Problem;
use crate::hydra::linked::SourceMap;
use crate::resource::idempotency::{self, Begun, Done, KeptAnswer, KeyedRequest, Once};
use crate::resource::pending::PendingJob;
use crate::resource::reply::Then;
use crate::resource::{Caller, Input, Reply, UnitOfWork, transaction};
use render::{Rendering, kept, response};

/// Time that a repetition waits for the answer of the first request.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time after which a repetition asks for the answer again: at first, and at most.
const INTERVAL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Interval at which an answer that waits for an image says that it may come.
const RENEWAL: Duration = Duration::from_secs(3);

/// The input of a request, where its faults are in the body, and the body's bytes.
pub type Prepared = (Input, SourceMap, Option<Permit>);

/// A request that names a key.
pub struct Keyed {
    caller: Caller,
    request: KeyedRequest,
    rendering: Rendering,
    /// Time until which it waits for another.
    until: Instant,
}

impl Keyed {
    /// Returns `None` for a visitor, who is refused anyway.
    pub fn new(
        service: &Service,
        request: &HttpRequest,
        context: &RequestContext,
        (key, body): (String, &[u8]),
    ) -> Option<Self> {
        let caller = context.caller.get();
        let (customer, actor) = (caller.customer()?, context.actor.borrow().clone()?);
        let secrets = &service.site.secrets;
        let named = secrets.digest([actor.path().as_bytes(), key.as_bytes()]);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let method = request.method().as_str();
        let strict = [u8::from(request::is_strict(request))];
        let fingerprint = secrets.digest([method.as_bytes(), target.as_bytes(), &strict, body]);
        let lock = named.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        let request_id = context.id.clone();
        Some(Self {
            caller,
            request: KeyedRequest { customer, actor, key, fingerprint, lock },
            rendering: Rendering::new(service, request, request_id),
            until: Instant::now() + PATIENCE,
        })
    }
}

/// Job to wait for once a request is committed.
type Pending = Option<(PendingJob, Then)>;

/// Work on a connection that makes the answer which is kept with it.
type Act = Box<dyn FnMut(&mut UnitOfWork<'_>, &Rendering) -> Result<Done<Pending>, Problem> + Send>;

/// Intent of a request: an act, or a refusal that was found before it.
enum Intent {
    Act { act: Act, source_map: SourceMap },
    Refusal(KeptAnswer),
}

/// A request with all that it needs on a connection.
struct Work {
    database: crate::database::Database,
    site: Arc<crate::resource::Site>,
    keyed: Keyed,
    intent: Intent,
}

impl Work {
    fn new(service: &Service, keyed: Keyed, intent: Intent) -> Self {
        let (database, site) = (service.database.clone(), Arc::clone(&service.site));
        Self { database, site, keyed, intent }
    }

    fn once(&mut self) -> Result<Once<Pending>, Problem> {
        let Self { database, site, keyed, intent } = self;
        let Keyed { caller, request, rendering, .. } = keyed;
        match intent {
            Intent::Act { act, source_map } => {
                let act = |s: &mut UnitOfWork<'_>| act(s, rendering);
                let refused = |problem| rendering.refusal(source_map.map_pointers(problem));
                idempotency::once(database, site, *caller, request, act, refused)
            }
            Intent::Refusal(answer) => {
                // It is refused once more, so that it is treated as any refusal is.
                let act = |_: &mut UnitOfWork<'_>| Err(Problem::Unreadable(String::new()));
                let refused = |_again| Ok(answer.clone());
                idempotency::once(database, site, *caller, request, act, refused)
            }
        }
    }
}

/// Returns the answer of a request that was done before.
///
/// While it is being done elsewhere, it waits for that, with neither a thread nor a connection.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the key was used for another request, [`Problem::Unavailable`] if it takes too long.
pub async fn repeated(service: &Service, keyed: &Keyed) -> Result<Option<HttpResponse>, Problem> {
    let mut interval = INTERVAL.0;
    loop {
        let (database, request) = (service.database.clone(), keyed.request.clone());
        let look = move || idempotency::look(&database, &request);
        match service.scheduler.run(keyed.caller, look).await? {
            Begun::First => return Ok(None),
            Begun::Answered(answer) => return response(answer).map(Some),
            Begun::Running => {
                let left = keyed.until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    let words = "the first request with this Idempotency-Key is still being done; try again";
                    return Err(Problem::Unavailable(words.into(), None));
                }
                tokio::time::sleep(interval.min(left)).await;
                interval = (interval * 2).min(INTERVAL.1);
            }
        }
    }
}

/// Does a request that names a key, and answers it.
///
/// If it turns out to be a repetition, it is answered as before.
///
/// # Errors
/// Returns the problems of [`repeated`], and those of the operation that are not kept.
pub async fn answer(
    service: &Service,
    entry: &Entry,
    values: &[String],
    keyed: Keyed,
    prepared: Result<Prepared, Problem>,
) -> Result<HttpResponse, Problem> {
    let (prepared, _held) = match prepared {
        Ok((input, source_map, held)) => (Ok((input, source_map)), held),
        Err(problem) => (Err(problem), None),
    };
    let refusal = |problem| keyed.rendering.refusal(problem).map(Intent::Refusal);
    let (intent, units) = match prepared {
        Err(problem) => (refusal(problem)?, 1),
        Ok((input, source_map)) => match run(entry, values) {
            Some(run) => {
                let units = scheduler::units(input.things());
                (Intent::Act { act: operation(run, Box::new(input)), source_map }, units)
            }
            None => (refusal(malformed(entry, &input))?, 1),
        },
    };
    do_once(service, units, Work::new(service, keyed, intent)).await
}

/// Returns the act of an operation of a class.
fn operation(run: Run, input: Box<Input>) -> Act {
    Box::new(move |s, rendering| {
        let (reply, value) = match input.judge(run(s, &input))? {
            // As it is now: that is the answer where the process dies while it waits.
            Reply::Pending { job, then } => (then(s)?, Some((job, then))),
            reply => (reply, None),
        };
        let answer = rendering.reply(reply)?;
        Ok(Done { answer, is_provisional: value.is_some(), value })
    })
}

/// Does an act of an endpoint once, and answers it.
///
/// It is done as [`answer`] does operations of classes. A problem in place of an act is a refusal that was found before it.
///
/// # Errors
/// Returns the problems of [`repeated`], and those of the act that are not kept.
pub async fn answer_act(
    service: &Service,
    keyed: Keyed,
    act: Result<
        impl FnMut(&mut UnitOfWork<'_>) -> Result<HttpResponse, Problem> + Send + 'static,
        Problem,
    >,
) -> Result<HttpResponse, Problem> {
    if let Some(response) = repeated(service, &keyed).await? {
        return Ok(response);
    }
    let intent = match act {
        Err(problem) => Intent::Refusal(keyed.rendering.refusal(problem)?),
        Ok(mut act) => {
            let act: Act = Box::new(move |s, _rendering| {
                Ok(Done { answer: kept(act(s)?)?, is_provisional: false, value: None })
            });
            Intent::Act { act, source_map: SourceMap::default() }
        }
    };
    do_once(service, 1, Work::new(service, keyed, intent)).await
}

/// Does what takes so many units, unless it was done, and applies its effects.
async fn do_once(service: &Service, units: usize, work: Work) -> Result<HttpResponse, Problem> {
    let caller = work.keyed.caller;
    let mut work = Box::new(work);
    loop {
        let attempt = move || work.once().map(|once| (work, once));
        let (tried, once) = service.scheduler.run_of(caller, units, attempt).await?;
        match once {
            Once::Again(answer) | Once::Refused(answer) => return response(answer),
            Once::Done(done, effects) => {
                let changes = apply(service, effects);
                let Some(pending) = done.value else { return response(done.answer) };
                let answer = conclude(service, *tried, pending).await;
                // By now there are other pixels, perhaps by another process.
                service.changes.publish(&changes);
                return response(answer?);
            }
            // One that came at the same moment was first.
            Once::Running => match repeated(service, &tried.keyed).await? {
                Some(response) => return Ok(response),
                None => work = tried,
            },
        }
    }
}

/// Waits for the processing of an image, and keeps what comes of it as the answer.
async fn conclude(
    service: &Service,
    work: Work,
    (job, then): (PendingJob, Then),
) -> Result<KeptAnswer, Problem> {
    let Work { database, keyed: Keyed { caller, request, rendering, .. }, .. } = work;
    let request = Arc::new(request);
    let mut waiting = pin!(await_completion(service, job, then, caller));
    let reply = loop {
        match tokio::time::timeout(RENEWAL, &mut waiting).await {
            Ok(reply) => break reply,
            Err(_elapsed) => {
                let (database, request) = (database.clone(), Arc::clone(&request));
                let renew = move || {
                    transaction::write(&database, |conn| idempotency::renew(conn, &request))
                };
                // Where that fails, repetitions get the provisional answer, which is true too.
                if let Err(problem) = service.scheduler.go_on(caller, renew).await {
                    log::debug!("a provisional answer is not renewed: {problem}");
                }
            }
        }
    };
    // The image may have been removed meanwhile.
    let answer =
        reply.map_or_else(|problem| rendering.refusal(problem), |reply| rendering.reply(reply))?;
    let conclude = move || {
        transaction::write(&database, |conn| idempotency::conclude(conn, &request, &answer))
    };
    service.scheduler.go_on(caller, conclude).await
}

/// Returns what a command does at an address; none where that is malformed.
fn run(entry: &Entry, values: &[String]) -> Option<Run> {
    match &entry.act {
        Mounted::Command(write) => write(values),
        Mounted::Batched(_) | Mounted::Query(_) => None,
    }
}
