//! The definitions of the terms of a context, looked up once a key.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

/// The terms of one context of ours.
#[derive(Debug, Default)]
pub struct Terms {
    terms: HashMap<String, Term>,
}

#[derive(Debug)]
struct Term {
    iri: String,
    coercion: Coercion,
    /// Tells whether compact IRIs may begin with it (JSON-LD 1.1, section 4.1.5).
    is_prefix: bool,
}

/// The type of the texts of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coerced<'a> {
    Plain,
    /// Addresses of nodes.
    Id,
    /// Addresses of nodes, or terms of the context.
    Vocab,
    /// Literals of this datatype, an IRI.
    Datatype(&'a str),
}

#[derive(Debug)]
enum Coercion {
    Plain,
    Id,
    Vocab,
    Datatype(String),
}

impl Terms {
    /// Reads the context that a document has under `@context`; one without has no terms.
    pub fn of(document: &Value) -> Self {
        let mut terms = Self::default();
        let definitions = document.get("@context").and_then(Value::as_object);
        // The other terms are written with prefixes, so these come first.
        let is_whole = |definition: &Value| definition.as_str().is_some_and(|i| i.contains("://"));
        let (whole, rest): (Vec<_>, Vec<_>) =
            definitions.into_iter().flatten().partition(|(_, definition)| is_whole(definition));
        for (term, definition) in whole.into_iter().chain(rest) {
            terms.define(term, definition);
        }
        terms
    }

    fn define(&mut self, term: &str, definition: &Value) {
        let plain = definition.as_str();
        let Some(iri) = plain.or_else(|| definition.get("@id")?.as_str()) else { return };
        let coercion = match definition.get("@type").and_then(Value::as_str) {
            None => Coercion::Plain,
            Some("@id") => Coercion::Id,
            Some("@vocab") => Coercion::Vocab,
            Some(datatype) => Coercion::Datatype(self.iri(datatype).into_owned()),
        };
        let is_prefix = plain.is_some() && iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
        let iri = self.iri(iri).into_owned();
        self.terms.insert(term.to_owned(), Term { iri, coercion, is_prefix });
    }

    /// Returns the IRI that a compact one stands for; others stand for themselves.
    pub fn iri<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match text.split_once(':') {
            Some((prefix, rest)) if !rest.starts_with("//") => match self.terms.get(prefix) {
                Some(term) if term.is_prefix => Cow::Owned([&term.iri, rest].concat()),
                _ => Cow::Borrowed(text),
            },
            _ => Cow::Borrowed(text),
        }
    }

    /// Returns the IRI that a term or a compact IRI stands for, as types and values of `@vocab` are written.
    pub fn vocab_iri<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        match self.terms.get(text) {
            Some(term) => Cow::Borrowed(&term.iri),
            None => self.iri(text),
        }
    }

    /// Returns the property that a key stands for, and the kind of its texts; `None` if the key has no meaning.
    pub fn property<'a>(&'a self, key: &'a str) -> Option<(Cow<'a, str>, Coerced<'a>)> {
        match self.terms.get(key) {
            Some(term) => {
                let coerced = match &term.coercion {
                    Coercion::Plain => Coerced::Plain,
                    Coercion::Id => Coerced::Id,
                    Coercion::Vocab => Coerced::Vocab,
                    Coercion::Datatype(datatype) => Coerced::Datatype(datatype),
                };
                Some((Cow::Borrowed(&term.iri), coerced))
            }
            None if key.contains(':') => Some((self.iri(key), Coerced::Plain)),
            None => None,
        }
    }

    /// Returns every prefix with the IRI it stands for.
    pub fn prefixes(&self) -> impl Iterator<Item = (&str, &str)> {
        let prefixes = self.terms.iter().filter(|(_, term)| term.is_prefix);
        prefixes.map(|(prefix, term)| (prefix.as_str(), term.iri.as_str()))
    }
}
