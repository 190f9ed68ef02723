//! The operations that classes share.
//!
//! Each constructor asks for the capability it uses, so a class cannot advertise what it cannot do.

use super::address::Address;
use super::body::{read_new, read_replacement, read_update, retry_if_created_concurrently};
use super::operation::{Operation, Perform, delete, get, patch, post, put};
use super::reply::{Outcome, Reply};
use super::site::UnitOfWork;
use super::statuses;
use super::store::{Create, Locked, Remove, Replace, Retrieve, Update};

/// GET of one resource.
pub const fn retrieve<R: Retrieve>() -> Operation<R::Address> {
    get("retrieve", "Retrieve").returns::<R>().looks_up(|s, wanted| {
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
    })
}

/// GET of one resource that counts rows: it takes longer than a look-up, and so keeps none waiting.
pub const fn retrieve_counting<R: Retrieve>() -> Operation<R::Address> {
    get("retrieve", "Retrieve").returns::<R>().reads(|s, at, _input| {
        let found = R::find(s, at)?;
        Ok(Reply::shown(Outcome::Found, &found, s))
    })
}

/// GET of a collection below an `A`.
pub const fn list_by<A: Address>(collection: &'static str, act: Perform<A>) -> Operation<A> {
    get("list", "List").returns_a(collection).answering(statuses::LISTED).reads(act)
}

/// POST of a resource into a collection below an `A`.
pub const fn create<A: Address, R: Create<A> + Retrieve>() -> Operation<A> {
    post("create", "Create").expects::<R>().returns::<R>().writes(|s, into, input| {
        let (chosen, draft) = read_new::<A, R>(s, into, input)?;
        let made = R::insert(s, into, chosen, draft)?;
        Ok(written(s, Outcome::Created, &made))
    })
}

/// PUT of a resource to its address, which makes it where it is free.
pub const fn replace<R: Replace + Retrieve>() -> Operation<R::Address> {
    let put = put("replace", "Create or replace").expects::<R>().returns::<R>();
    put.choosing_the_address().writes(|s, at, input| {
        let (locked, draft) = read_replacement::<R>(s, at, input)?;
        Ok(if let Some(locked) = locked {
            let saved = R::overwrite(s, locked, draft)?;
            written(s, Outcome::Replaced, &saved)
        } else {
            let made = R::insert_at(s, at, draft).map_err(retry_if_created_concurrently)?;
            written(s, Outcome::Created, &made)
        })
    })
}

/// PATCH of the members that the body names.
pub const fn update<R: Update + Retrieve>() -> Operation<R::Address> {
    let patch = patch("update", "Update the members that are given");
    patch.expects::<R>().returns::<R>().writes(|s, at, input| {
        let (locked, draft) = read_update::<R>(s, at, input)?;
        let saved = R::save(s, locked, draft)?;
        Ok(written(s, Outcome::Updated, &saved))
    })
}

/// Answers with what was written, as it is once the job is done that its store waits for.
pub fn written<R: Retrieve>(s: &mut UnitOfWork<'_>, outcome: Outcome, resource: &R) -> Reply {
    let Some(job) = s.pending.take() else { return Reply::shown(outcome, resource, s) };
    let at = resource.address();
    let then = move |s: &mut UnitOfWork<'_>| Ok(Reply::shown(outcome, &R::find(s, &at)?, s));
    Reply::Pending { job, then: Box::new(then) }
}

/// DELETE of a resource.
pub const fn remove<R: Remove>() -> Operation<R::Address> {
    delete("remove", "Delete").writes(|s, at, input| {
        let locked = Locked::to_remove(s, at, input)?;
        R::remove(s, locked)?;
        Ok(Reply::Removed)
    })
}

/// POST to a collection of references: a collection or an array replaces the set, one reference adds.
pub const fn refer<A: Address>(
    member: &'static str,
    collection: &'static str,
    act: Perform<A>,
) -> Operation<A> {
    let post = post("add", "Add one, or replace all").expects_a(member).returns_a(collection);
    post.answering(statuses::ADDED).writes(act)
}
