//! The operations that classes share.
//!
//! Each constructor asks for the capability it uses, so a class cannot advertise what it cannot do.

use super::address::Address;
use super::body::{read_new, read_replacement, read_update, retry_if_created_concurrently};
use super::operation::{Act, Body, Operation};
use super::page::listed;
use super::reply::{Outcome, Reply};
use super::site::{Input, UnitOfWork};
use super::statuses;
use super::store::{Create, List, Locked, Remove, Replace, Retrieve, Update};
use crate::hydra::{OperationDoc, Problem};

/// GET of one resource.
pub const fn retrieve<R: Retrieve>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "retrieve",
            method: "GET",
            title: "Retrieve",
            expects: None,
            returns: Some(R::NAME),
            statuses: statuses::FOUND,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::None,
        chooses: false,
        act: Act::Batched(|s, wanted| {
            let addresses: Vec<_> = wanted.iter().map(|(at, _)| at.clone()).collect();
            let found = R::find_each(s, &addresses);
            wanted
                .iter()
                .zip(found)
                .map(|((_, caller), found)| {
                    s.caller = *caller;
                    found.map(|resource| Reply::shown(Outcome::Found, &resource, s))
                })
                .collect()
        }),
    }
}

/// GET of one resource that counts rows: it takes longer than a look-up, and so keeps none waiting.
pub const fn retrieve_counting<R: Retrieve>() -> Operation<R::Address> {
    Operation {
        act: Act::Query(|s, at, _input| {
            let found = R::find(s, at)?;
            Ok(Reply::shown(Outcome::Found, &found, s))
        }),
        ..retrieve::<R>()
    }
}

/// GET of a collection beneath an `A`.
pub const fn list<A: Address, R: List<A>>(collection: &'static str) -> Operation<A> {
    list_by(collection, listed::<A, R>)
}

/// GET of a collection beneath an `A`, where several are of the same class.
pub const fn list_by<A: Address>(
    collection: &'static str,
    act: fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>,
) -> Operation<A> {
    Operation {
        doc: OperationDoc {
            name: "list",
            method: "GET",
            title: "List",
            expects: None,
            returns: Some(collection),
            statuses: statuses::LISTED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::None,
        chooses: false,
        act: Act::Query(act),
    }
}

/// POST of a resource into a collection beneath an `A`.
pub const fn create<A: Address, R: Create<A>>() -> Operation<A> {
    Operation {
        doc: OperationDoc {
            name: "create",
            method: "POST",
            title: "Create",
            expects: Some(R::NAME),
            returns: Some(R::NAME),
            statuses: statuses::MADE,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: false,
        act: Act::Command(|s, into, input| {
            let (chosen, draft) = read_new::<A, R>(s, into, input)?;
            let made = R::insert(s, into, chosen, draft)?;
            Ok(Reply::shown(Outcome::Created, &made, s))
        }),
    }
}

/// PUT of a resource to its address, which makes it where it is free.
pub const fn replace<R: Replace>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "replace",
            method: "PUT",
            title: "Create or replace",
            expects: Some(R::NAME),
            returns: Some(R::NAME),
            statuses: statuses::REPLACED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: true,
        act: Act::Command(|s, at, input| {
            let (locked, draft) = read_replacement::<R>(s, at, input)?;
            Ok(if let Some(locked) = locked {
                let saved = R::save(s, locked, draft)?;
                Reply::shown(Outcome::Replaced, &saved, s)
            } else {
                let made = R::insert_at(s, at, draft).map_err(retry_if_created_concurrently)?;
                Reply::shown(Outcome::Created, &made, s)
            })
        }),
    }
}

/// PATCH of the members that the body names.
pub const fn update<R: Update>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "update",
            method: "PATCH",
            title: "Update the members that are given",
            expects: Some(R::NAME),
            returns: Some(R::NAME),
            statuses: statuses::UPDATED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: false,
        act: Act::Command(|s, at, input| {
            let (locked, draft) = read_update::<R>(s, at, input)?;
            let saved = R::save(s, locked, draft)?;
            Ok(Reply::shown(Outcome::Updated, &saved, s))
        }),
    }
}

/// DELETE of a resource.
pub const fn remove<R: Remove>() -> Operation<R::Address> {
    Operation {
        doc: OperationDoc {
            name: "remove",
            method: "DELETE",
            title: "Delete",
            expects: None,
            returns: None,
            statuses: statuses::REMOVED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::None,
        chooses: false,
        act: Act::Command(|s, at, input| {
            let locked = Locked::to_remove(s, at, input)?;
            R::remove(s, locked)?;
            Ok(Reply::Removed)
        }),
    }
}

/// POST to a collection of references: a collection or an array replaces the set, one reference adds.
pub const fn refer<A: Address>(
    member: &'static str,
    collection: &'static str,
    act: fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>,
) -> Operation<A> {
    Operation {
        doc: OperationDoc {
            name: "add",
            method: "POST",
            title: "Add one, or replace all",
            expects: Some(member),
            returns: Some(collection),
            statuses: statuses::ADDED,
            parameters: &[],
            administrators_only: false,
        },
        body: Body::Required,
        chooses: false,
        act: Act::Command(act),
    }
}
