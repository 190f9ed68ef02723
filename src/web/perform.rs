//! Performs an operation of a class, with its effects.

use super::completion::await_completion;
use super::router::{Entry, Mounted, Route, Run};
use super::{Service, acts};
use crate::hydra::{Fault, Problem};
use crate::resource::address::{ID_RULE, NUMBER_RULE};
use crate::resource::{Caller, Current, Effect, Input, Reply, transaction};

/// Performs an operation, applies its effects, and waits for the jobs that it started.
///
/// # Errors
/// Returns the problem of the operation, and [`Problem::NotFound`] or [`Problem::Invalid`] if a part of the address
/// is malformed.
pub async fn perform(
    service: &Service,
    entry: &Entry,
    values: &[String],
    caller: Caller,
    input: Input,
) -> Result<Reply, Problem> {
    let malformed = || match entry.chooses {
        true => malformed_address(&input.path),
        false => Problem::NotFound("there is no such resource".into()),
    };
    let (run, writes) = match &entry.act {
        Mounted::Batched(look) => {
            let looking = look(&service.database.batcher, values, caller).ok_or_else(malformed)?;
            return input.judge(looking.await);
        }
        Mounted::Query(read) => (read(values).ok_or_else(malformed)?, false),
        Mounted::Command(write) => (write(values).ok_or_else(malformed)?, true),
    };
    // Boxed, because look-ups, which are most requests, would hold the space that it takes as well.
    let done = Box::pin(in_session(service, run, caller, input, writes));
    let (reply, effects) = done.await?;
    for effect in effects {
        match effect {
            Effect::KeyChanged(key) => service.keys.forget(&key),
            Effect::WorkAdded => service.notifications.notify_work(),
            Effect::Note(line) => log::info!("{line}"),
        }
    }
    match reply {
        Reply::Pending { job, then } => {
            Box::pin(await_completion(service, job, then, caller)).await
        }
        reply => Ok(reply),
    }
}

/// Returns the problem of an address at which nothing can be created.
fn malformed_address(path: &str) -> Problem {
    let reason = format!("is malformed: {path}; {NUMBER_RULE}, an id {ID_RULE}");
    // Nothing of the body is wrong.
    Fault { pointer: String::new(), ..Fault::new("address", reason) }.into()
}

async fn in_session(
    service: &Service,
    run: Run,
    caller: Caller,
    input: Input,
    writes: bool,
) -> Result<(Reply, Vec<Effect>), Problem> {
    let (database, site) = (service.database.clone(), service.site.clone());
    let units = acts::units(input.things());
    let act = move || {
        // Within the transaction, so that what is refused after all is undone.
        transaction::in_session(&database, &site, caller, writes, |s| input.judge(run(s, &input)))
    };
    service.acts.run_of(caller, units, act).await
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
    match perform(service, entry, values, caller, bare).await? {
        Reply::Shown { tag, .. } => Ok(Current::State(tag)),
        _ => Ok(Current::Unseen),
    }
}
