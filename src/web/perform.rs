//! Performs an operation of a class, with its effects.

use std::sync::Arc;
use std::time::Duration;

use super::budget::{Permit, Reservation};
use super::completion::await_completion;
use super::router::{Entry, Mounted, Route, Run};
use super::scheduler::Scheduler;
use super::{Service, scheduler};
use crate::addresses::ImageAddress;
use crate::database::Database;
use crate::database::replica::Replica;
use crate::hydra::{Fault, Problem};
use crate::journal::Changes;
use crate::resource::address::{ID_RULE, NUMBER_RULE};
use crate::resource::transaction::Access;
use crate::resource::{
    Actor, Caller, Current, Effect, Input, Reply, Site, UnitOfWork, transaction,
};

/// Time that a replica may take to answer, and to have a turn for it: one that stands still sends nothing, and its connections
/// stay as they are.
const AT_REPLICA: Duration = Duration::from_secs(2);

/// The servers that may answer a request which reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    /// The primary alone: what is read decides about a write.
    Primary,
    /// The replica too.
    Any,
}

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
    (reservation, servers): (Option<Reservation>, Servers),
) -> Result<(Reply, Option<Permit>), Problem> {
    let input = Arc::new(input);
    let readers = match service.replica {
        Some(_) => readers(caller, &input.path),
        None => Vec::new(),
    };
    let replica = service.replica.as_ref().filter(|_| servers == Servers::Any);
    let malformed = || malformed(entry, &input);
    let (run, writes) = match &entry.act {
        Mounted::Batched(look) => {
            if let Some(database) = replica.and_then(|replica| replica.for_readers(&readers)) {
                let looking = look(database, values, caller).ok_or_else(malformed)?;
                if let Ok(reply) = tokio::time::timeout(AT_REPLICA, looking).await
                    && let Ok(reply) = input.judge(reply)
                {
                    return Ok((reply, None));
                }
            }
            let looking = look(&service.database, values, caller).ok_or_else(malformed)?;
            return input.judge(looking.await).map(|reply| (reply, None));
        }
        Mounted::Query(read) => {
            if let Some(database) = replica.and_then(|replica| replica.for_readers(&readers)) {
                let work = Work {
                    database: database.clone(),
                    replica: None,
                    readers: Vec::new(),
                    site: Arc::clone(&service.site),
                    run: read(values).ok_or_else(malformed)?,
                    caller,
                    actor: None,
                    input: Arc::clone(&input),
                    writes: false,
                    units: scheduler::units(input.things()),
                };
                let answering = in_session(&service.at_replica, work, reservation.clone());
                // The primary answers what the replica does not have, cannot answer, or does not answer in time.
                let answered = Box::pin(tokio::time::timeout(AT_REPLICA, answering)).await;
                if let Ok(Ok((reply, _, permit))) = answered {
                    return Ok((reply, permit));
                }
            }
            (read(values).ok_or_else(malformed)?, false)
        }
        Mounted::Command(write) => (write(values).ok_or_else(malformed)?, true),
    };
    let things = match entry.doc.selects_what_changes() {
        true => SELECTED,
        false => input.things(),
    };
    // Boxed, because look-ups, which are most requests, would hold the space that it takes as well.
    let work = Work {
        database: service.database.clone(),
        replica: service.replica.clone().filter(|_| writes),
        readers: readers.clone(),
        site: Arc::clone(&service.site),
        run,
        caller,
        actor,
        input,
        writes,
        units: scheduler::units(things),
    };
    let done = Box::pin(in_session(&service.scheduler, work, reservation));
    let (reply, effects, permit) = done.await?;
    let changes = apply(service, effects);
    let reply = match reply {
        Reply::Pending { job, then } => {
            let reply = Box::pin(await_completion(service, job, then, caller)).await;
            // By now there are other pixels, perhaps by another process.
            service.changes.publish(&changes);
            if let Some(replica) = &service.replica {
                replica.wrote(&readers);
            }
            reply?
        }
        reply => reply,
    };
    Ok((reply, permit))
}

/// Returns the customers whose writes a request is to see: the caller's own, and those at the address.
pub fn readers(caller: Caller, path: &str) -> Vec<i32> {
    let at = path.strip_prefix("/customers/").and_then(|rest| rest.split('/').next()?.parse().ok());
    caller.customer().into_iter().chain(at).collect()
}

/// Applies the effects of what was committed in this process; returns the changes to images, which are published.
pub fn apply(service: &Service, effects: Vec<Effect>) -> Changes {
    let mut images = Vec::new();
    for effect in effects {
        match effect {
            Effect::ImageChanged { customer, space, image } => {
                images.push(ImageAddress { customer, space, image });
            }
            Effect::KeyChanged(key) => {
                service.keys.forget(&key);
                service.sessions.forget();
            }
            Effect::PortalUserChanged => service.sessions.forget(),
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
    /// The replica that is told of what is written.
    replica: Option<Replica>,
    /// Customers who are to see it.
    readers: Vec<i32>,
    site: Arc<Site>,
    run: Run,
    caller: Caller,
    actor: Option<Actor>,
    input: Arc<Input>,
    writes: bool,
    /// Units of the scheduler that it counts.
    units: usize,
}

impl Work {
    fn done(self) -> Result<(Reply, Vec<Effect>), Problem> {
        let Self { database, replica, readers, site, run, caller, actor, input, writes, units: _ } =
            self;
        let access = if writes { Access::Writes(actor.as_ref()) } else { Access::Reads };
        // Judged within the transaction, so that what is refused after all is undone.
        let act = |s: &mut UnitOfWork<'_>| input.judge(run(s, &input));
        let done = transaction::in_session(&database, &site, caller, access, act);
        // What failed may have been written all the same, or have met a state that the replica does not show yet.
        if let Some(replica) = replica {
            replica.wrote(&readers);
        }
        done
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
    scheduler: &Scheduler,
    work: Work,
    reservation: Option<Reservation>,
) -> Result<(Reply, Vec<Effect>, Option<Permit>), Problem> {
    let (caller, units) = (work.caller, work.units);
    let Some(reservation) = reservation else {
        let (reply, effects) = scheduler.run_of(caller, units, || work.done()).await?;
        return Ok((reply, effects, None));
    };
    let reserved = reservation.clone();
    let attempt = move || match reserved.try_take() {
        None => Ok(Attempt::Full(Box::new(work))),
        Some(permit) => work.done().map(|(reply, effects)| Attempt::Done(reply, effects, permit)),
    };
    match scheduler.run_of(caller, units, attempt).await? {
        Attempt::Done(reply, effects, permit) => Ok((reply, effects, Some(permit))),
        Attempt::Full(work) => {
            let permit = reservation.take().await?;
            let (reply, effects) = scheduler.run_next(caller, units, || work.done()).await?;
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
    let bounds = (None, Servers::Primary);
    match perform(service, entry, values, (caller, None), bare, bounds).await?.0 {
        Reply::Shown { tag, .. } => Ok(Current::State(tag)),
        _ => Ok(Current::Unseen),
    }
}
