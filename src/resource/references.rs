//! Sets of references, which a POST replaces or adds to (`docs/rules.md` 7.1).

use serde_json::Value;

use crate::hydra::{Fault, Problem};
use crate::resource::address::Address;
use crate::resource::page::collection_reply;
use crate::resource::property::MAX_COUNT;
use crate::resource::reference::resolve;
use crate::resource::*;

/// Returns the set that a body makes of the one that is held: references as `stored` has them, in order, each once.
///
/// A collection or an array replaces it, one reference adds.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if the set is in another state than the request allows,
/// [`Problem::Invalid`] with every reference that names no `R` of this tenant.
pub fn changed<A: Address, R: List<A>, S: PartialEq>(
    s: &mut UnitOfWork<'_>,
    of: &A,
    tenant: Option<i32>,
    input: &Input,
    held: Vec<S>,
    stored: fn(R::Address) -> S,
) -> Result<Vec<S>, Problem> {
    if !matches!(input.body, Some(Value::Object(_) | Value::Array(_))) {
        return Err(Problem::Unreadable(
            "a reference, a collection or an array is expected".into(),
        ));
    }
    if !input.conditions.is_empty()
        && let Reply::Shown { tag, .. } = whole_collection::<A, R>(s, of, input)?
    {
        input.conditions.allow(Current::State(tag))?;
    }
    let view = input.body.as_ref().and_then(|body| body.get("view"));
    let others = ["next", "previous"].map(|page| view.and_then(|view| view.get(page)));
    if others.into_iter().flatten().any(|page| !page.is_null()) {
        let reason = "is of a page: that would remove what is on the others; give the whole set";
        return Err(Problem::invalid("view", reason));
    }
    let mut faults = Vec::new();
    if let Some(Value::Object(body)) = input.body.as_ref().filter(|_| input.strict)
        && body.contains_key("member")
    {
        strict::check_collection(body, &mut faults);
    }
    let context = ParseContext {
        site: s.site,
        tenant,
        path: &input.path,
        new: false,
        id: None,
        strict: input.strict,
    };
    let (given, mut set, place): (_, _, Place) = match &input.body {
        Some(Value::Array(members)) => (members.as_slice(), Vec::new(), |n| format!("/{n}")),
        body => match body.as_ref().and_then(|body| body.get("member")) {
            // One value of a property that may hold several need not stand in an array (JSON-LD).
            Some(member @ Value::Object(_)) => {
                (std::slice::from_ref(member), Vec::new(), |_| "/member".into())
            }
            Some(Value::Array(members)) => {
                (members.as_slice(), Vec::new(), |n| format!("/member/{n}"))
            }
            Some(_) => return Err(Problem::invalid("member", "must be an array")),
            None if body.iter().any(|b| b.get("@id").or_else(|| b.get("id")).is_some()) => {
                (body.as_slice(), held, |_| String::new())
            }
            None => {
                let reason = "is required: references, or whole resources; or give one by @id";
                return Err(Problem::invalid("member", reason));
            }
        },
    };
    let too_many = || Problem::invalid("member", format!("must have at most {MAX_COUNT} items"));
    if given.len() > MAX_COUNT {
        return Err(too_many());
    }
    faults.extend(add::<R, S>(given, context, stored, place, &mut set));
    match faults.is_empty() {
        true if set.len() > MAX_COUNT => Err(too_many()),
        true => Ok(set),
        false => Err(faults.into()),
    }
}

/// Where in a body the reference of a number stands: a JSON pointer.
type Place = fn(usize) -> String;

/// Adds what references name to a set; returns a fault for each that names nothing.
fn add<R: Resource, S: PartialEq>(
    given: &[Value],
    context: ParseContext<'_>,
    stored: fn(R::Address) -> S,
    place: Place,
    set: &mut Vec<S>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, value) in given.iter().enumerate() {
        match resolve::<R>(value, context).map(stored) {
            Ok(reference) if set.contains(&reference) => {}
            Ok(reference) => set.push(reference),
            Err(reason) => {
                let pointer = place(index);
                let fault = Fault::new(format!("member[{index}]"), reason);
                faults.push(Fault { pointer, ..fault });
            }
        }
    }
    faults
}

/// Refuses ids that are not among those known.
///
/// # Errors
/// Returns [`Problem::Invalid`] about `member`, with a fault for each.
pub fn all_known(ids: &[String], known: &[String], member: &str) -> Result<(), Problem> {
    let unknown = ids.iter().filter(|id| !known.contains(id));
    let faults: Vec<Fault> =
        unknown.map(|id| Fault::new(member, format!("names {id}, which is not there"))).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// The collection as it stands after the change, from its first page.
///
/// # Errors
/// Fails if the database does not answer.
pub fn whole_collection<A: Address, R: List<A>>(
    s: &mut UnitOfWork<'_>,
    of: &A,
    input: &Input,
) -> Result<Reply, Problem> {
    let bare = Input {
        path: input.path.clone(),
        collection: input.collection.clone(),
        ..Input::default()
    };
    let listing = R::list(s, of, ListRequest::of(&bare))?;
    Ok(collection_reply(s, &bare, &listing.members, listing.total))
}
