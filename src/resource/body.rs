//! A body is read into a draft: over the defaults, or over what is stored; every fault is collected.

use serde_json::{Map, Value};

use super::Resource;
use super::address::{Address, path_to};
use super::condition::Current;
use super::property::ParseContext;
use super::site::{Input, UnitOfWork};
use super::store::{Create, Locked, Replace, Update};
use super::{identity, size, strict};
use crate::hydra::{Fault, Problem};

/// Reads the body of a POST.
///
/// # Errors
/// Returns [`Problem::Invalid`] with every fault of the body.
pub fn read_new<A: Address, R: Create<A>>(
    s: &mut UnitOfWork<'_>,
    into: &A,
    input: &Input,
) -> Result<(Option<String>, R::Draft), Problem> {
    let mut body = input.object(R::NAME)?;
    let draft = R::initial_draft(s, into)?;
    let mut faults = Vec::new();
    identity::check_type(&mut body, R::ACCEPTED, &s.site.base, &mut faults);
    let chosen = {
        let collection = (into.customer(), input.path.as_str());
        identity::take_choice::<R>(&mut body, &s.site.base, collection, &mut faults)
    };
    R::check_parent(into, &mut body, &mut faults);
    let context = ParseContext {
        site: s.site,
        tenant: into.customer(),
        path: &input.path,
        new: true,
        id: None,
        strict: input.strict,
    };
    let mut draft = read::<R>(draft, body, context, &mut faults);
    faults.extend(size::fault::<R>(None, &mut draft));
    check_stored::<R>(s, into.customer(), None, &mut draft, &mut faults)?;
    if faults.is_empty() { Ok((chosen, draft)) } else { Err(faults.into()) }
}

/// An address that was free a moment ago: the act is tried again, and will find what is there.
pub fn retry_if_created_concurrently(problem: Problem) -> Problem {
    match problem {
        Problem::Invalid(faults) if faults.iter().any(|f| f.taken && f.member == "id") => {
            Problem::SerializationConflict(None)
        }
        other => other,
    }
}

/// Reads the body of a PUT: over what is stored, or over the defaults where the address is free.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`], [`Problem::Invalid`] with every fault of the body.
pub fn read_replacement<R: Replace>(
    s: &mut UnitOfWork<'_>,
    at: &R::Address,
    input: &Input,
) -> Result<(Option<Locked<R>>, R::Draft), Problem> {
    let body = input.object(R::NAME)?;
    let locked = match Locked::<R>::to_change(s, at, input) {
        Ok(locked) => Some(locked),
        Err(Problem::NotFound(_)) => None,
        Err(other) => return Err(other),
    };
    let draft = if let Some(locked) = &locked {
        locked.draft()
    } else {
        let fresh = R::initial_draft_at(s, at);
        // A parent that is missing goes before the conditions, what else is wrong after (`docs/rules.md` 1.1).
        if !matches!(fresh, Err(Problem::NotFound(_))) {
            input.conditions.allow(Current::Nothing)?;
        }
        fresh?
    };
    let draft = read_at::<R>(s, at, locked.as_deref(), draft, body, input)?;
    Ok((locked, draft))
}

fn read_at<R: Update>(
    s: &mut UnitOfWork<'_>,
    at: &R::Address,
    locked: Option<&R>,
    draft: R::Draft,
    mut body: Map<String, Value>,
    input: &Input,
) -> Result<R::Draft, Problem> {
    let mut faults = Vec::new();
    let path = path_to::<R>(at);
    let id = path.rsplit('/').next().unwrap_or_default();
    identity::check_type(&mut body, R::ACCEPTED, &s.site.base, &mut faults);
    identity::check_place::<R>(&mut body, &s.site.base, &path, id, &mut faults);
    R::check_fixed(at, locked, &mut body, &mut faults);
    let context = ParseContext {
        site: s.site,
        tenant: at.customer(),
        path: &input.path,
        new: locked.is_none(),
        id: locked.is_none().then_some(id),
        strict: input.strict,
    };
    let mut draft = read::<R>(draft, body, context, &mut faults);
    faults.extend(size::fault(locked, &mut draft));
    check_stored::<R>(s, at.customer(), Some(at), &mut draft, &mut faults)?;
    if faults.is_empty() { Ok(draft) } else { Err(faults.into()) }
}

/// Adds the faults of a draft that only the database can find: those of its rows, then those of the class.
///
/// # Errors
/// Fails if the database does not answer.
pub fn check_stored<R: Resource>(
    s: &mut UnitOfWork<'_>,
    tenant: Option<i32>,
    at: Option<&R::Address>,
    draft: &mut R::Draft,
    faults: &mut Vec<Fault>,
) -> Result<(), Problem> {
    for property in R::CLASS.properties {
        faults.extend(property.check_stored(s, tenant, at, draft)?);
    }
    faults.extend(R::check(s, tenant, at, draft)?);
    Ok(())
}

/// Reads `body` into `draft`, collecting every fault and not the first only.
pub fn read<R: Resource>(
    mut draft: R::Draft,
    mut body: Map<String, Value>,
    context: ParseContext<'_>,
    faults: &mut Vec<Fault>,
) -> R::Draft {
    for property in R::CLASS.properties {
        property.take(&mut draft, &mut body, context, faults);
    }
    if context.strict {
        strict::check_rest(&body, faults);
    }
    draft
}

/// Reads the body of a PATCH over what is stored.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is nothing, [`Problem::PreconditionFailed`], [`Problem::Invalid`] with
/// every fault of the body.
pub fn read_update<R: Update>(
    s: &mut UnitOfWork<'_>,
    at: &R::Address,
    input: &Input,
) -> Result<(Locked<R>, R::Draft), Problem> {
    let body = input.object(R::NAME)?;
    let locked = Locked::<R>::to_change(s, at, input)?;
    let draft = read_at::<R>(s, at, Some(&locked), locked.draft(), body, input)?;
    Ok((locked, draft))
}
