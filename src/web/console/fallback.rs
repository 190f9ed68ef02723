//! A document for readers without script: everything that it says, its links to be clicked.
//!
//! All that is shown may come from strangers: every text is escaped, and only web addresses become links.

use std::collections::HashSet;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::names::{name, text};
use crate::hydra::graph::{Coerced, Terms};

/// Terms that are shown apart, or that only programs need.
const ASIDE: [&str; 9] = [
    "@context",
    "@id",
    "@type",
    "rdf:type",
    "hydra:operation",
    "member",
    "view",
    "hydra:title",
    "hydra:description",
];

/// Returns what a document says, below its heading.
pub fn content(node: &Map<String, Value>, terms: &Terms, base: &str) -> Markup {
    Content { terms, base, marked: HashSet::new() }.document(node)
}

struct Content<'a> {
    terms: &'a Terms,
    base: &'a str,
    /// Anchors that were given.
    marked: HashSet<String>,
}

impl Content<'_> {
    /// Writes the node at the top: its neighbours, its members, and what may be done with it.
    fn document(&mut self, node: &Map<String, Value>) -> Markup {
        let members = node.get("member").and_then(Value::as_array);
        let operations = node.get("hydra:operation").and_then(Value::as_array);
        html! {
            @if let Some(view) = node.get("view").and_then(Value::as_object) {
                nav aria-label="Pages" {
                    @for term in ["first", "previous", "next", "last"] {
                        @if let Some(address) = text(view, term) { (self.link(address, term)) " " }
                    }
                }
            }
            @for member in members.into_iter().flatten().filter_map(Value::as_object) {
                (self.folded(member))
            }
            (self.entries(node))
            @if let Some(operations) = operations {
                h2 { "Operations" }
                ul {
                    @for operation in operations.iter().filter_map(Value::as_object) {
                        (self.operation(operation))
                    }
                }
            }
        }
    }

    fn operation(&self, operation: &Map<String, Value>) -> Markup {
        let said = |term| text(operation, term).unwrap_or_default();
        html! {
            li {
                code { (said("hydra:method")) } " " (said("hydra:title"))
                @for (term, word) in [("hydra:expects", "takes"), ("hydra:returns", "returns")] {
                    @if let Some(class) = operation.get(term).and_then(|c| c.get("@id")?.as_str()) {
                        ", " (word) " " (self.link(&self.terms.iri(class), local(class)))
                    }
                }
            }
        }
    }

    /// Writes a node within a document, to be opened.
    fn folded(&mut self, node: &Map<String, Value>) -> Markup {
        let class = node.get("@type").and_then(|types| match types {
            Value::Array(types) => types.first()?.as_str(),
            one => one.as_str(),
        });
        let class = class.unwrap_or_default();
        // What has neither name nor class is told by what is said of it.
        let members = || node.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let label = name(node).unwrap_or_else(|| match class {
            "" => members(),
            class => class.to_owned(),
        });
        let id = text(node, "@id").map(|id| self.terms.iri(id).into_owned());
        // What the vocabulary describes is found by its fragment.
        let anchor = id.as_deref().and_then(|id| id.split_once('#')).filter(|(page, anchor)| {
            page.strip_prefix(self.base) == Some("/vocab")
                && !class.is_empty()
                && self.marked.insert((*anchor).to_owned())
        });
        html! {
            details id=[anchor.map(|(_, anchor)| anchor)] {
                summary {
                    @match &id {
                        Some(id) => (self.link(id, &label)),
                        None => (label),
                    }
                    @if !class.is_empty() && class != label { " " (class) }
                }
                (self.entries(node))
            }
        }
    }

    fn entries(&mut self, node: &Map<String, Value>) -> Markup {
        html! {
            dl {
                @for (key, value) in node.iter().filter(|(key, _)| !ASIDE.contains(&key.as_str())) {
                    @if let Some((iri, coerced)) = self.terms.property(key) {
                        dt {
                            @if iri.starts_with(self.base) { (self.link(&iri, key)) } @else { (key) }
                        }
                        dd { (self.value(value, coerced)) }
                    }
                }
            }
        }
    }

    fn value(&mut self, value: &Value, coerced: Coerced<'_>) -> Markup {
        match (value, coerced) {
            (Value::Array(values), _) => html! {
                ul { @for value in values { li { (self.value(value, coerced)) } } }
            },
            (Value::Object(node), _) => match text(node, "@id") {
                Some(id) if node.len() == 1 => self.address(&self.terms.iri(id)),
                _ => self.folded(node),
            },
            (Value::String(text), Coerced::Id) => self.address(&self.terms.iri(text)),
            (Value::String(text), Coerced::Vocab) => self.link(&self.terms.vocab_iri(text), text),
            (Value::String(text), Coerced::Datatype(_)) => self.address(text),
            (Value::String(text), Coerced::Plain) => html! { (text) },
            (other, _) => html! { (other.to_string()) },
        }
    }

    /// Writes an address by itself: below the base, as it is there.
    fn address(&self, address: &str) -> Markup {
        let below = address.strip_prefix(self.base).filter(|below| below.starts_with('/'));
        self.link(address, below.unwrap_or(address))
    }

    /// Writes a link, where the address may be clicked; its text elsewhere.
    fn link(&self, address: &str, label: &str) -> Markup {
        let is_own = address.strip_prefix(self.base).is_some_and(|below| below.starts_with('/'));
        html! {
            @if is_own {
                a href=(address) { (label) }
            } @else if is_web(address) {
                a href=(address) rel="noreferrer nofollow" { (label) }
            } @else {
                (label)
            }
        }
    }
}

/// Returns the name of a class without its prefix.
fn local(class: &str) -> &str {
    class.rsplit(':').next().unwrap_or(class)
}

/// Returns whether an address may be clicked: one of the web, and of no other kind.
fn is_web(address: &str) -> bool {
    let starts = |scheme: &str| {
        address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts("http://") || starts("https://")
}
