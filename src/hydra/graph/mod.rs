//! Our own documents as graphs: the JSON that the class tables write, read by the context it names.
//!
//! It knows the JSON-LD that is written here and no more: prefixes, terms, `@id`, `@type`, coercion to `@id`,
//! `@vocab` or a datatype, sets, nodes in nodes. So it fetches nothing, fails at nothing that is written here, and
//! takes microseconds. What others write is the business of a whole processor. The crate `oxjsonld` could make the RDF forms,
//! but not the expanded and flattened ones, which come from the same graph: there would be two mechanisms in place of one.

mod flat;
mod node;
mod terms;
#[cfg(test)]
mod tests;
mod write;

pub use terms::{Coerced, Terms};

use std::io;

use serde_json::Value;

use flat::Graph;
use node::Node;

/// A way to write a graph down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Expanded JSON-LD: every term an IRI, without a context.
    Expanded,
    /// Flattened JSON-LD: the same, each node once at the top, blank nodes with labels.
    Flattened,
    Turtle,
    /// One triple a line. There is one graph only, so that N-Quads has the same lines.
    NTriples,
}

/// Writes a document of ours in another form; the same document always has the same bytes.
///
/// # Errors
/// Fails if the buffer takes no more, which a buffer in memory always does.
pub fn write(document: &Value, terms: &Terms, form: Form) -> io::Result<Vec<u8>> {
    let top = Node::read(document, terms);
    match form {
        Form::Expanded => Ok(write::expanded(&top)),
        Form::Flattened => Ok(write::flattened(&Graph::of(&top))),
        Form::Turtle => write::turtle(&Graph::of(&top), terms),
        Form::NTriples => write::n_triples(&Graph::of(&top)),
    }
}
