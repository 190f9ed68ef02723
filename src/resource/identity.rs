//! The identity that a body gives itself: `@id`, `@type` and `id` (`docs/rules.md` 2.2, 2.3, 4.3).

use serde_json::{Map, Value};

use super::address::{self, path_of};
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
pub fn check_place(
    body: &mut Map<String, Value>,
    base: &str,
    path: &str,
    id: &str,
    faults: &mut Vec<Fault>,
) {
    if let Some(given) = body.remove("@id")
        && !given.is_null()
        && !given.as_str().is_some_and(|iri| is_blank(iri) || is_here(iri, base, path))
    {
        faults.push(Fault::new("@id", format!("differs from the address, {base}{path}")));
    }
    for name in ["id", OTHER_ID] {
        if let Some(given) = body.remove(name)
            && !given.is_null()
            && !text_of(&given).is_some_and(|given| given == id || is_same(&given, base, path))
        {
            faults.push(Fault::new(name, format!("differs from the address, which says {id}")));
        }
    }
}

/// Takes the id that a POST chose, and refuses an `@id`, which only the server gives.
///
/// `collection` is the whole address of what is posted to: an id may come with it in front.
pub fn take_choice(
    body: &mut Map<String, Value>,
    collection: &str,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    if let Some(given) = body.remove("@id")
        && !given.is_null()
        && !given.as_str().is_some_and(is_blank)
    {
        faults
            .push(Fault::new("@id", "is given by the server; leave it out, or PUT to the address"));
    }
    let (id, model) = (body.remove("id"), body.remove(OTHER_ID));
    let given = match (id.filter(|v| !v.is_null()), model.filter(|v| !v.is_null())) {
        (Some(id), Some(model)) if id != model => {
            faults.push(Fault::new(OTHER_ID, "differs from id"));
            return None;
        }
        (id, model) => id.or(model)?,
    };
    if let Some(id) = text_of(&given) {
        let bare = id.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
        Some(bare.map_or_else(|| id.clone(), ToOwned::to_owned))
    } else {
        faults.push(Fault::new("id", "must be a string"));
        None
    }
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

fn is_here(iri: &str, base: &str, path: &str) -> bool {
    iri.strip_prefix(base) == Some(path) || iri == path || iri.is_empty()
}

/// Returns whether an id is the address in another spelling: whole, or `customer/space/id`.
fn is_same(given: &str, base: &str, path: &str) -> bool {
    let joined = || {
        let values = address::match_path("/customers/{c}/spaces/{s}/images/{i}", path)?;
        Some(values.join("/") == given)
    };
    is_here(given, base, path) && !given.is_empty() || joined() == Some(true)
}

/// The last segment of a reference, and the path it was part of when there was one.
pub fn segments(reference: &str) -> (Option<&str>, &str) {
    (path_of(reference), reference.rsplit('/').next().unwrap_or(reference))
}
