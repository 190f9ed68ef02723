//! The identity that a body gives itself: `@id`, `@type` and `id` (`docs/rules.md` 2.2, 2.3, 4.3).

use serde_json::{Map, Value};

use super::Resource;
use super::address::{self, Address as _, path_of, path_to};
use super::literal::whole;
use crate::hydra::Fault;
use crate::hydra::context::OTHER_ID;

const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";

/// Returns whether an `@type` names this class, alone or among others; none at all names any.
///
/// By its bare name, or as a term of the vocabulary at `base`: with its prefix, or whole.
fn is_type(kind: &Value, class: &str, base: &str) -> bool {
    match kind {
        Value::String(name) => is_named(name, class, base),
        Value::Array(names) => {
            names.is_empty() || names.iter().any(|name| is_type(name, class, base))
        }
        _ => false,
    }
}

fn is_named(name: &str, class: &str, base: &str) -> bool {
    let Some(start) = name.strip_suffix(class) else { return false };
    let of_hydra = class == "Collection" && (start == "hydra:" || start == HYDRA);
    let is_ours = start.strip_prefix(base) == Some("/vocab#");
    start.is_empty() || start == "vocab:" || is_ours || of_hydra
}

/// Removes `@type` and refuses one that names no class of `classes`.
pub fn check_type(
    body: &mut Map<String, Value>,
    classes: &[&str],
    base: &str,
    faults: &mut Vec<Fault>,
) {
    let Some(kind) = body.remove("@type") else { return };
    if !kind.is_null() && !classes.iter().any(|class| is_type(&kind, class, base)) {
        let expected = classes.join(" or ");
        faults.push(Fault::new("@type", format!("must be {expected} here, or left out")));
    }
}

/// Checks what a body that is written to an address says of where it is.
///
/// `path` is that address below the base; `id` its last segment.
pub fn check_place<R: Resource>(
    body: &mut Map<String, Value>,
    base: &str,
    path: &str,
    id: &str,
    faults: &mut Vec<Fault>,
) {
    if let Some(given) = body.remove("@id")
        && !given.is_null()
        && !given.as_str().is_some_and(|iri| {
            is_blank(iri) || iri.is_empty() || iri == path || iri.strip_prefix(base) == Some(path)
        })
    {
        faults.push(Fault::new("@id", format!("differs from the address, {base}{path}")));
    }
    for name in ["id", OTHER_ID] {
        let is_same = |given: &str| match spelled::<R>(given, base) {
            Some(at) => path_to::<R>(&at) == path,
            None => given == id,
        };
        if let Some(given) = body.remove(name)
            && !given.is_null()
            && !text_of(&given).is_some_and(|given| is_same(&given))
        {
            faults.push(Fault::new(name, format!("differs from the address, which says {id}")));
        }
    }
}

/// Takes the id that a POST to the path of a collection chose, in any spelling, and refuses an `@id`, which only the
/// server gives.
pub fn take_choice<R: Resource>(
    body: &mut Map<String, Value>,
    base: &str,
    (tenant, collection): (Option<i32>, &str),
    faults: &mut Vec<Fault>,
) -> Option<String> {
    if let Some(given) = body.remove("@id")
        && !given.is_null()
        && !given.as_str().is_some_and(is_blank)
    {
        faults
            .push(Fault::new("@id", "is given by the server; leave it out, or PUT to the address"));
    }
    let id = take_id(body, faults)?;
    let at = spelled::<R>(&id, base);
    let path = at.as_ref().map(path_to::<R>);
    let path = path.as_deref().or_else(|| id.strip_prefix(base));
    // Services may be posted to the collection of nested ones, which is not the one that their addresses begin with.
    let own = address::parent_of(R::TEMPLATE);
    let posted_to = address::match_path(own, collection);
    let is_of_tenant = at.as_ref().is_some_and(|at| at.customer() == tenant);
    let segment = path.and_then(|path| {
        let (parent, segment) = path.rsplit_once('/')?;
        let is_here = match &posted_to {
            // Decoded, because the path asked for may be spelled otherwise.
            Some(values) => address::match_path(own, parent).as_ref() == Some(values),
            None => is_of_tenant || parent == collection,
        };
        is_here.then_some(segment)
    });
    Some(segment.map_or_else(|| id.clone(), ToOwned::to_owned))
}

/// Takes the id of a body, as it is spelled there.
pub fn take_id(body: &mut Map<String, Value>, faults: &mut Vec<Fault>) -> Option<String> {
    let (id, model) = (body.remove("id"), body.remove(OTHER_ID));
    let given = match (id.filter(|v| !v.is_null()), model.filter(|v| !v.is_null())) {
        (Some(id), Some(model)) if id != model => {
            faults.push(Fault::new(OTHER_ID, "differs from id"));
            return None;
        }
        (id, model) => id.or(model)?,
    };
    let text = text_of(&given);
    if text.is_none() {
        faults.push(Fault::new("id", "must be a string"));
    }
    text
}

/// Reads the address of a resource of this service: whole, or its path.
pub fn named<R: Resource>(iri: &str, base: &str) -> Option<R::Address> {
    address::unfill::<R::Address>(R::TEMPLATE, iri.strip_prefix(base).unwrap_or(iri))
}

/// Reads an id that is spelled as an address: whole, as a path, or in the short form of its class.
pub fn spelled<R: Resource>(id: &str, base: &str) -> Option<R::Address> {
    named::<R>(id, base).or_else(|| R::from_short_form(id))
}

/// Text of a string, or of a whole number, which clients write for numbered ids.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        other => whole(other).map(|number| number.to_string()),
    }
}

/// Returns whether it names nothing but within its body, and so says nothing of an address.
fn is_blank(iri: &str) -> bool {
    iri.starts_with("_:")
}

/// The last segment of a reference, and the path it was part of when there was one.
pub fn segments(reference: &str) -> (Option<&str>, &str) {
    (path_of(reference), reference.rsplit('/').next().unwrap_or(reference))
}
