//! Performs an operation of a class, with its effects.

use std::sync::Arc;

use super::budget::{Permit, Reservation};
use super::completion::await_completion;
use super::router::{Entry, Mounted, Route, Run};
use super::{Service, scheduler};
use crate::addresses::ImageAddress;
use crate::database::Database;
use crate::hydra::{Fault, Problem};
use crate::journal::Changes;
use crate::resource::address::{ID_RULE, NUMBER_RULE};
use crate::resource::transaction::Access;
use crate::resource::{Actor, Caller, Current, Effect, Input, Reply, Site, transaction};

/// Performs an operation, applies its effects, and waits for the jobs that it started; what it changes is the doing of
/// the actor.
///
/// Returns the reply with the permit for the bytes that were reserved.
///
/// # Errors
/// Returns the problem of the operation, and [`Problem::NotFound`] or [`Problem::Invalid`] if a part of the address
/// is malformed.
pub async fn perform(
    service: &Service,
    entry: &Entry,
    values: &[String],
    (caller, actor): (Caller, Option<Actor>),
    input: Input,
    reservation: Option<Reservation>,
) -> Result<(Reply, Option<Permit>), Problem> {
    let malformed = || malformed(entry, &input);
    let (run, writes) = match &entry.act {
        Mounted::Batched(look) => {
            let looking = look(&service.database.batcher, values, caller).ok_or_else(malformed)?;
            return input.judge(looking.await).map(|reply| (reply, None));
        }
        Mounted::Query(read) => (read(values).ok_or_else(malformed)?, false),
        Mounted::Command(write) => (write(values).ok_or_else(malformed)?, true),
    };
    let things = match entry.doc.selects_what_changes() {
        true => SELECTED,
        false => input.things(),
    };
    // Boxed, because look-ups, which are most requests, would hold the space that it takes as well.
    let work = Work {
        database: service.database.clone(),
        site: Arc::clone(&service.site),
        run,
        caller,
        actor,
        input,
        writes,
        units: scheduler::units(things),
    };
    let done = Box::pin(in_session(service, work, reservation));
    let (reply, effects, permit) = done.await?;
    let changes = apply(service, effects);
    let reply = match reply {
        Reply::Pending { job, then } => {
            let reply = Box::pin(await_completion(service, job, then, caller)).await;
            // By now there are other pixels, perhaps by another process.
            service.changes.publish(&changes);
            reply?
        }
        reply => reply,
    };
    Ok((reply, permit))
}

/// Applies the effects of what was committed in this process; returns the changes to images, which are published.
pub fn apply(service: &Service, effects: Vec<Effect>) -> Changes {
    let mut images = Vec::new();
    for effect in effects {
        match effect {
            Effect::ImageChanged { customer, space, image } => {
                images.push(ImageAddress { customer, space, image });
            }
            Effect::KeyChanged(key) => service.keys.forget(&key),
            Effect::WorkAdded => service.notifications.notify_work(),
            Effect::Note(line) => log::info!("{line}"),
        }
    }
    let changes = Changes::Images(images);
    service.changes.publish(&changes);
    changes
}

/// Returns the problem of an operation whose address cannot be read.
pub fn malformed(entry: &Entry, input: &Input) -> Problem {
    match entry.chooses {
        true => malformed_address(&input.path),
        false => Problem::NotFound("there is no such resource".into()),
    }
}

/// Returns the problem of an address at which nothing can be created.
fn malformed_address(path: &str) -> Problem {
    let reason = format!("is malformed: {path}; {NUMBER_RULE}, an id {ID_RULE}");
    // Nothing of the body is wrong.
    Fault { pointer: String::new(), ..Fault::new("address", reason) }.into()
}

/// Things that a request is about which selects them by a filter: as many as it changes at once, and perhaps a search of all.
const SELECTED: usize = 1_000;

/// An operation at an address, ready to be done on a connection.
struct Work {
    database: Database,
    site: Arc<Site>,
    run: Run,
    caller: Caller,
    actor: Option<Actor>,
    input: Input,
    writes: bool,
    /// Units of the scheduler that it counts.
    units: usize,
}

impl Work {
    fn done(self) -> Result<(Reply, Vec<Effect>), Problem> {
        let Self { database, site, run, caller, actor, input, writes, units: _ } = self;
        let access = if writes { Access::Writes(actor.as_ref()) } else { Access::Reads };
        // Judged within the transaction, so that what is refused after all is undone.
        transaction::in_session(&database, &site, caller, access, |s| input.judge(run(s, &input)))
    }
}

/// An attempt to do something for which bytes are reserved.
enum Attempt {
    Done(Reply, Vec<Effect>, Permit),
    /// The bytes are not free.
    Full(Box<Work>),
}

/// Does the work once it is its turn and the bytes reserved for it are free.
///
/// The bytes are taken when its turn has come, so that those who wait for theirs hold none; where they are not free, they
/// are waited for without a connection, and the work is then the first of its customer's to have a turn.
async fn in_session(
    service: &Service,
    work: Work,
    reservation: Option<Reservation>,
) -> Result<(Reply, Vec<Effect>, Option<Permit>), Problem> {
    let (caller, units) = (work.caller, work.units);
    let Some(reservation) = reservation else {
        let (reply, effects) = service.scheduler.run_of(caller, units, || work.done()).await?;
        return Ok((reply, effects, None));
    };
    let reserved = reservation.clone();
    let attempt = move || match reserved.try_take() {
        None => Ok(Attempt::Full(Box::new(work))),
        Some(permit) => work.done().map(|(reply, effects)| Attempt::Done(reply, effects, permit)),
    };
    match service.scheduler.run_of(caller, units, attempt).await? {
        Attempt::Done(reply, effects, permit) => Ok((reply, effects, Some(permit))),
        Attempt::Full(work) => {
            let permit = reservation.take().await?;
            let (reply, effects) =
                service.scheduler.run_next(caller, units, || work.done()).await?;
            Ok((reply, effects, Some(permit)))
        }
    }
}

/// Returns the state of an address that is posted to, because the conditions of a POST are about that state.
///
/// The new resource gets an address of its own, so that nothing is locked here; sets that a POST replaces check the
/// conditions again while they hold the lock.
///
/// # Errors
/// Returns the problem of the GET.
pub async fn current(
    service: &Service,
    route: &Route,
    values: &[String],
    caller: Caller,
    input: &Input,
) -> Result<Current, Problem> {
    let Some(entry) = route.entry("GET") else { return Ok(Current::Nothing) };
    let bare = Input {
        path: input.path.clone(),
        collection: input.collection.clone(),
        ..Input::default()
    };
    match perform(service, entry, values, (caller, None), bare, None).await?.0 {
        Reply::Shown { tag, .. } => Ok(Current::State(tag)),
        _ => Ok(Current::Unseen),
    }
}
