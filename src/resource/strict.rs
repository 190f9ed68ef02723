//! Strict handling of bodies: members that nothing reads are refused where a client asks for it (RFC 7240).

use serde_json::{Map, Value};

use crate::hydra::Fault;

/// Members of every answer that no row reads, and that a body may bring back.
const OF_ANSWERS: [&str; 3] = ["@context", "hydra:operation", "rdf:type"];

/// Members of a collection besides, which a body may bring back.
const OF_COLLECTIONS: [&str; 8] =
    ["@id", "@type", "member", "totalItems", "view", "search", "memberAssertion", "manages"];

/// Finds fault with what is left of a body after everything that is known was taken out of it.
pub fn check_rest(rest: &Map<String, Value>, faults: &mut Vec<Fault>) {
    let unknown = rest.keys().filter(|name| !OF_ANSWERS.contains(&name.as_str()));
    faults.extend(unknown.map(|name| Fault::unknown(name)));
}

/// Finds fault with members of a collection that no collection has.
pub fn check_collection(collection: &Map<String, Value>, faults: &mut Vec<Fault>) {
    let known = |name: &str| OF_ANSWERS.contains(&name) || OF_COLLECTIONS.contains(&name);
    let unknown = collection.keys().filter(|name| !known(name));
    faults.extend(unknown.map(|name| Fault::unknown(name)));
}
