//! The query of an address: pairs as received, paging, and what a collection knows of the rest.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;

use crate::hydra::collection::{DEFAULT_SIZE, MAX_SIZE, ORDER, Order, PAGE_KEY, PAGING, Page};
use crate::hydra::{Fault, Variable};

/// The query of a request, in the order received.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// As received, without the question mark; `None`: there was no question mark.
    pub raw: Option<String>,
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone)]
struct Pair {
    raw: String,
    name: String,
    /// Nothing where it is no text: escapes that are not UTF-8, or U+0000.
    value: Option<String>,
}

impl Query {
    pub fn parse(raw: Option<&str>) -> Self {
        let parts = raw.unwrap_or_default().split('&').filter(|part| !part.is_empty());
        let pairs = parts.filter_map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Some(Pair { raw: part.to_owned(), name: decode(name)?, value: decode(value) })
        });
        Self { raw: raw.map(ToOwned::to_owned), pairs: pairs.collect() }
    }

    /// Faults of those of these variables whose values are no text; what is not known is ignored.
    pub fn check_texts<'a>(
        &self,
        variables: impl IntoIterator<Item = &'a Variable>,
        faults: &mut Vec<Fault>,
    ) {
        for variable in variables {
            let unreadable = |p: &&Pair| p.name == variable.name && p.value.is_none();
            if let Some(pair) = self.pairs.iter().find(unreadable) {
                faults.push(Fault::new(&pair.name, "must be text in UTF-8 without U+0000"));
            }
        }
    }

    /// Names of the parameters that are not known, in the spelling received, each once.
    pub fn unknown(&self, is_known: impl Fn(&str) -> bool) -> Vec<&str> {
        let (mut unknown, mut seen) = (Vec::new(), HashSet::new());
        for part in self.raw.as_deref().unwrap_or_default().split('&').filter(|p| !p.is_empty()) {
            let (name, _) = part.split_once('=').unwrap_or((part, ""));
            let known = decode(name).is_some_and(|name| is_known(&name));
            if !known && seen.insert(name) {
                unknown.push(name);
            }
        }
        unknown
    }

    /// The last value given to a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|p| p.name == name).and_then(|p| p.value.as_deref())
    }

    /// All values given to a parameter, in the order received; nothing within: it is no text.
    pub fn values(&self, name: &str) -> Vec<Option<&str>> {
        self.pairs.iter().filter(|p| p.name == name).map(|p| p.value.as_deref()).collect()
    }

    /// The last value given to a parameter, if it was given; none within: it is no text.
    pub fn given(&self, name: &str) -> Option<Option<&str>> {
        self.pairs.iter().rev().find(|p| p.name == name).map(|p| p.value.as_deref())
    }

    /// The pairs of these variables as received, joined: what a collection's address keeps.
    pub fn only<'a>(&self, variables: impl IntoIterator<Item = &'a Variable>) -> String {
        let names: Vec<&str> = variables.into_iter().map(|v| v.name).collect();
        let known = |p: &&Pair| names.contains(&p.name.as_str());
        self.pairs.iter().filter(known).map(|p| p.raw.as_str()).collect::<Vec<_>>().join("&")
    }

    /// Returns the page asked for, by what can be read of it.
    pub fn page(&self) -> Page {
        self.checked_page(&mut Vec::new())
    }

    /// Returns the page asked for (`docs/rules.md` 5.1); `itemsPerPage` is another name of `pageSize`.
    pub fn checked_page(&self, faults: &mut Vec<Fault>) -> Page {
        // A key that cannot be read is ignored (`docs/rules.md` 3.5).
        self.check_texts(PAGING.iter().filter(|v| **v != PAGE_KEY), faults);
        let number = self.integer("page", faults).unwrap_or(1).max(1);
        let size = match self.get("pageSize") {
            Some(_) => self.integer("pageSize", faults),
            None => self.integer("itemsPerPage", faults),
        };
        let size = size.filter(|s| *s > 0).unwrap_or(DEFAULT_SIZE).min(MAX_SIZE);
        Page { number: number.min(i64::MAX / MAX_SIZE), size }
    }

    /// The key of the page asked for, as page links carry it; it may be that of another list.
    pub fn page_key(&self) -> Option<&str> {
        self.get(PAGE_KEY.name)
    }

    /// The order asked for, by one of these members (`docs/rules.md` 5.3); `None`: the default one.
    pub fn order(
        &self,
        orderable: &'static [&'static str],
        faults: &mut Vec<Fault>,
    ) -> Option<Order> {
        self.check_texts(&ORDER, faults);
        let given = |name: &str| self.get(name).map(str::trim).filter(|text| !text.is_empty());
        let (name, text, descending) = match (given("orderBy"), given("orderByDescending")) {
            (Some(_), Some(_)) => {
                faults.push(Fault::new("orderBy", "and orderByDescending exclude one another"));
                return None;
            }
            (Some(text), None) => ("orderBy", text, false),
            (None, Some(text)) => ("orderByDescending", text, true),
            (None, None) => return None,
        };
        let found = orderable.iter().find(|by| by.eq_ignore_ascii_case(text));
        if found.is_none() {
            let known = orderable.join(", ");
            faults.push(Fault::new(name, format!("must be one of {known}; not {text}")));
        }
        found.map(|by| Order { by, descending })
    }

    /// An integer; a number of any length beyond what is countable is read as the nearest there is.
    fn integer(&self, name: &str, faults: &mut Vec<Fault>) -> Option<i64> {
        let text = self.get(name).filter(|text| !text.is_empty())?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            faults.push(Fault::new(name, format!("must be a whole number, not {text}")));
            return None;
        }
        let nearest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        Some(text.parse().unwrap_or(nearest))
    }
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into())
}
