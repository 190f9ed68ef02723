//! The lengths of the names that the contexts of a body shorten.
//!
//! A term of three letters may stand for an IRI of a megabyte, and be used ten thousand times. So the length is
//! known, or at least bounded, before anything is expanded.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// Stands for what terms without a prefix relate to.
const VOCABULARY: &str = "@vocab";

/// The definitions in the contexts of a body, by term.
#[derive(Debug, Default)]
pub struct Lengths<'a> {
    /// Texts that a term stands for, in any of the contexts.
    terms: HashMap<&'a str, Vec<&'a str>>,
    vocabularies: Vec<&'a str>,
    bases: Vec<&'a str>,
    /// Bytes of all these texts.
    sum: usize,
}

/// Bounds of what the contexts of a body stand for, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The longest of the names.
    pub longest: usize,
    /// All of them together.
    pub total: usize,
}

impl<'a> Lengths<'a> {
    /// Adds the definition of a term, or of a keyword.
    pub fn define(&mut self, term: &'a str, definition: &'a Value) {
        match (term, definition) {
            (VOCABULARY, Value::String(text)) => {
                self.sum += text.len();
                self.vocabularies.push(text);
            }
            ("@base", Value::String(text)) => {
                self.sum += text.len();
                self.bases.push(text);
            }
            (_, Value::String(text)) => self.stands_for(term, text),
            (_, Value::Object(members)) => self.expands(term, members),
            // By itself it may relate to the vocabulary.
            _ => self.stands_for(term, term),
        }
    }

    fn expands(&mut self, term: &'a str, members: &'a Map<String, Value>) {
        self.stands_for(term, term);
        for text in members.values().filter_map(Value::as_str) {
            self.stands_for(term, text);
        }
    }

    fn stands_for(&mut self, term: &'a str, text: &'a str) {
        self.sum += text.len();
        self.terms.entry(term).or_default().push(text);
    }

    /// Returns the bounds, where a context may hold `times` within itself, as one that is scoped to a term does.
    ///
    /// Where one term leads round to itself, as it may in several contexts, those of any order.
    pub fn bounds(&self, times: usize) -> Bounds {
        let base = self.bases.iter().map(|base| base.len()).max().unwrap_or_default();
        let (known, under_way) = (HashMap::new(), HashSet::new());
        let mut walk = Walk { lengths: self, times, known, under_way };
        let terms: Option<Vec<usize>> = self.terms.keys().map(|term| walk.length(term)).collect();
        let vocabulary = walk.length(VOCABULARY);
        let (Some(terms), Some(vocabulary)) = (terms, vocabulary) else {
            let longest = self.sum * times;
            return Bounds { longest, total: longest * self.terms.len().max(1) };
        };
        Bounds {
            longest: base + vocabulary.max(terms.iter().copied().max().unwrap_or_default()),
            total: base + vocabulary + terms.iter().sum::<usize>(),
        }
    }
}

/// One walk from terms to what they are made of.
struct Walk<'a, 'b> {
    lengths: &'b Lengths<'a>,
    times: usize,
    known: HashMap<&'b str, usize>,
    under_way: HashSet<&'b str>,
}

impl<'b> Walk<'_, 'b> {
    /// Longest that a term can stand for; none where it leads round to itself.
    fn length(&mut self, term: &'b str) -> Option<usize> {
        if let Some(known) = self.known.get(term) {
            return Some(*known);
        }
        if !self.under_way.insert(term) {
            return None;
        }
        let mut length = 0;
        if term == VOCABULARY {
            // A relative one is added to the one before, which may be itself.
            for text in &self.lengths.vocabularies {
                let times = if text.contains(':') { 1 } else { self.times };
                length += times * self.made_of(text, term)?;
            }
        } else {
            for text in self.lengths.terms.get(term).into_iter().flatten() {
                length = length.max(self.made_of(text, term)?);
            }
        }
        self.under_way.remove(term);
        self.known.insert(term, length);
        Some(length)
    }

    /// Longest that a text can become: with what its prefix stands for, as another term, in the vocabulary.
    fn made_of(&mut self, text: &'b str, term: &str) -> Option<usize> {
        let prefix = text.split_once(':').map_or(text, |(prefix, _)| prefix);
        if prefix != term && self.lengths.terms.contains_key(prefix) {
            let rest = text.len() - prefix.len();
            return Some(rest.saturating_sub(1) + self.length(prefix)?);
        }
        let is_whole = text.contains(':') || term == VOCABULARY;
        let before = if is_whole { 0 } else { self.length(VOCABULARY)? };
        Some(before + text.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bounds(contexts: &[Value]) -> Bounds {
        let mut lengths = Lengths::default();
        for (term, definition) in contexts.iter().filter_map(Value::as_object).flatten() {
            lengths.define(term, definition);
        }
        lengths.bounds(1)
    }

    #[test]
    fn what_is_relative_grows_where_its_context_holds_within_itself() {
        let bounds = |context: Value| {
            let mut lengths = Lengths::default();
            for (term, definition) in context.as_object().into_iter().flatten() {
                lengths.define(term, definition);
            }
            lengths.bounds(3).longest
        };
        assert_eq!(bounds(json!({ "@vocab": "http://a/", "p": "http://b/" })), 9);
        assert_eq!(bounds(json!({ "@vocab": "abc/" })), 12);
        assert_eq!(bounds(json!({ "p": "q:1", "q": "p:2" })), 18);
    }

    #[test]
    fn a_name_is_as_long_as_all_that_it_is_made_of() {
        let longest = |context: Value| bounds(&[context]).longest;
        assert_eq!(longest(json!({})), 0);
        assert_eq!(longest(json!({ "p": "http://a/" })), 9);
        assert_eq!(longest(json!({ "q": { "@id": "p:bc" }, "p": "http://a/" })), 11);
        assert_eq!(longest(json!({ "@vocab": "http://a/", "name": "title" })), 14);
        assert_eq!(longest(json!({ "@vocab": "p:", "p": "http://a/", "t": { "@type": "x" } })), 10);
        assert_eq!(bounds(&[json!({ "p": "http://a/", "q": "p:b" })]).total, 9 + 10);
    }

    #[test]
    fn terms_that_lead_round_are_as_long_as_everything() {
        let (there, back) = (json!({ "p": "q:1", "q": "http://a/" }), json!({ "q": "p:22" }));
        assert_eq!(bounds(&[there, back]), Bounds { longest: 16, total: 32 });
        let twice = [json!({ "@vocab": "http://a/" }), json!({ "@vocab": "b/" })];
        assert_eq!(bounds(&twice).longest, 11, "the second relates to the first");
    }
}
