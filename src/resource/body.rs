//! A body is read into a draft: over the defaults, or over what is held; every fault is collected.

use serde_json::{Map, Value};

use super::Resource;
use super::address::{Address, path_to};
use super::condition::Current;
use super::property::Reading;
use super::site::{Input, Session};
use super::store::{Create, Held, Replace, Update};
use super::{identity, size, strict};
use crate::hydra::{Fault, Problem};

/// Reads the body of a POST.
///
/// # Errors
/// [`Problem::Invalid`] with every fault of the body.
pub fn read_new<A: Address, R: Create<A>>(
    s: &mut Session<'_>,
    into: &A,
    input: &Input,
) -> Result<(Option<String>, R::Draft), Problem> {
    let mut body = input.object(R::NAME)?;
    let draft = R::fresh(s, into)?;
    let mut faults = Vec::new();
    identity::check_type(&mut body, R::ACCEPTED, &s.site.base, &mut faults);
    let collection = format!("{}{}", s.site.base, input.path);
    let chosen = identity::take_choice(&mut body, &collection, &mut faults);
    R::check_parent(into, &mut body, &mut faults);
    let reading = Reading {
        site: s.site,
        tenant: into.customer(),
        path: &input.path,
        new: true,
        strict: input.strict,
    };
    let mut draft = read::<R>(draft, body, reading, &mut faults);
    faults.extend(size::fault::<R>(None, &mut draft));
    faults.extend(R::check(s, into.customer(), None, &draft)?);
    if faults.is_empty() { Ok((chosen, draft)) } else { Err(faults.into()) }
}

/// An address that was free a moment ago: the act is tried again, and will find what is there.
pub fn raced(problem: Problem) -> Problem {
    match problem {
        Problem::Invalid(faults) if faults.iter().any(|f| f.taken && f.member == "id") => {
            Problem::Collision(None)
        }
        other => other,
    }
}

/// Reads the body of a PUT: over what is held, or over the defaults where the address is free.
///
/// # Errors
/// [`Problem::PreconditionFailed`], [`Problem::Invalid`] with every fault of the body.
pub fn read_replacement<R: Replace>(
    s: &mut Session<'_>,
    at: &R::Address,
    input: &Input,
) -> Result<(Option<Held<R>>, R::Draft), Problem> {
    let body = input.object(R::NAME)?;
    let held = match Held::<R>::to_change(s, at, input) {
        Ok(held) => Some(held),
        Err(Problem::NotFound(_)) => None,
        Err(other) => return Err(other),
    };
    let draft = if let Some(held) = &held {
        held.draft()
    } else {
        let fresh = R::fresh_at(s, at);
        // A parent that is missing goes before the conditions, what else is wrong after (`rules.md` 1.1).
        if !matches!(fresh, Err(Problem::NotFound(_))) {
            input.conditions.allow(Current::Nothing)?;
        }
        fresh?
    };
    let draft = read_at::<R>(s, at, held.as_deref(), draft, body, input)?;
    Ok((held, draft))
}

fn read_at<R: Update>(
    s: &mut Session<'_>,
    at: &R::Address,
    held: Option<&R>,
    draft: R::Draft,
    mut body: Map<String, Value>,
    input: &Input,
) -> Result<R::Draft, Problem> {
    let mut faults = Vec::new();
    let path = path_to::<R>(at);
    let id = path.rsplit('/').next().unwrap_or_default();
    identity::check_type(&mut body, R::ACCEPTED, &s.site.base, &mut faults);
    identity::check_place(&mut body, &s.site.base, &path, id, &mut faults);
    R::check_fixed(at, held, &mut body, &mut faults);
    let reading = Reading {
        site: s.site,
        tenant: at.customer(),
        path: &input.path,
        new: held.is_none(),
        strict: input.strict,
    };
    let mut draft = read::<R>(draft, body, reading, &mut faults);
    faults.extend(size::fault(held, &mut draft));
    faults.extend(R::check(s, at.customer(), Some(at), &draft)?);
    if faults.is_empty() { Ok(draft) } else { Err(faults.into()) }
}

/// Reads `body` into `draft`, collecting every fault and not the first only.
pub fn read<R: Resource>(
    mut draft: R::Draft,
    mut body: Map<String, Value>,
    reading: Reading<'_>,
    faults: &mut Vec<Fault>,
) -> R::Draft {
    for property in R::CLASS.properties {
        property.take(&mut draft, &mut body, reading, faults);
    }
    if reading.strict {
        strict::check_rest(&body, faults);
    }
    draft
}

/// Reads the body of a PATCH over what is held.
///
/// # Errors
/// [`Problem::NotFound`] where there is nothing, [`Problem::PreconditionFailed`], [`Problem::Invalid`] with
/// every fault of the body.
pub fn read_update<R: Update>(
    s: &mut Session<'_>,
    at: &R::Address,
    input: &Input,
) -> Result<(Held<R>, R::Draft), Problem> {
    let body = input.object(R::NAME)?;
    let held = Held::<R>::to_change(s, at, input)?;
    let draft = read_at::<R>(s, at, Some(&held), held.draft(), body, input)?;
    Ok((held, draft))
}
