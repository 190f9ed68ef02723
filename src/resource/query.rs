//! The query of an address: pairs as received, paging, and what a collection knows of the rest.

use percent_encoding::percent_decode_str;

use crate::hydra::collection::{DEFAULT_SIZE, MAX_SIZE, Page};
use crate::hydra::{Fault, Problem, Variable};

/// The query of a request, in the order received.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// As received, without the question mark; none: there was no question mark.
    pub raw: Option<String>,
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone)]
struct Pair {
    raw: String,
    name: String,
    value: String,
}

impl Query {
    /// # Errors
    /// [`Problem::Unreadable`] where an escape is not UTF-8.
    pub fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for part in raw.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let pair = decode(name).zip(decode(value)).ok_or_else(|| {
                Problem::Unreadable(format!("the query parameter {part} is not UTF-8"))
            })?;
            pairs.push(Pair { raw: part.to_owned(), name: pair.0, value: pair.1 });
        }
        Ok(Self { raw: raw.map(ToOwned::to_owned), pairs })
    }

    /// The last value given to a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|p| p.name == name).map(|p| p.value.as_str())
    }

    /// The pairs of these variables as received, joined: what a collection's address keeps.
    pub fn only(&self, variables: &[Variable]) -> String {
        let known = |p: &&Pair| variables.iter().any(|v| v.name == p.name);
        self.pairs.iter().filter(known).map(|p| p.raw.as_str()).collect::<Vec<_>>().join("&")
    }

    /// The page asked for (`rules.md` 5.1); `itemsPerPage` is another name of `pageSize`.
    pub fn page(&self, faults: &mut Vec<Fault>) -> Page {
        let number = self.integer("page", faults).unwrap_or(1).max(1);
        let size = match self.get("pageSize") {
            Some(_) => self.integer("pageSize", faults),
            None => self.integer("itemsPerPage", faults),
        };
        let size = size.filter(|s| *s > 0).unwrap_or(DEFAULT_SIZE).min(MAX_SIZE);
        Page { number: number.min(i64::MAX / MAX_SIZE), size }
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
    percent_decode_str(&spaced).decode_utf8().ok().map(Into::into)
}
