//! Bodies in JSON-LD, Turtle and N-Quads that use what the languages have, by chance.
//!
//! Most say something sensible in an unusual way ([`sensible`]); some put anything anywhere ([`wild`]).

mod said;
mod sensible;
mod spoil;
mod triples;
mod wild;

use serde_json::{Value, json};

use super::aims::{Aim, Kind, Subject};
use crate::support::random::Random;

pub const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";

/// Makes bodies for an operation of a service at an address.
pub struct Generator<'a> {
    pub base: &'a str,
    pub aim: &'a Aim,
    pub random: Random,
    /// Whether names are such as all processors resolve: rdflib leaves dot segments in them, and `PyLD` what has a colon
    /// in it or begins with two slashes.
    plain: bool,
    /// A number that is in the ids of members, which then say all that is required of an image.
    pub whole: Option<u64>,
    /// Terms that the contexts so far define.
    terms: Vec<String>,
}

impl<'a> Generator<'a> {
    pub fn new(base: &'a str, aim: &'a Aim, random: Random) -> Self {
        Self { base, aim, random, plain: false, whole: None, terms: Vec::new() }
    }

    /// Returns a body in JSON-LD that is never in our own terms.
    pub fn json(&mut self) -> Value {
        let mut body = match self.random.below(8) {
            0 => self.anything(),
            1 | 2 => {
                let body = self.sensible();
                self.spoiled(body)
            }
            _ => self.sensible(),
        };
        let outer = match &mut body {
            Value::Array(items) => items.first_mut(),
            body => Some(body),
        };
        if let Some(Value::Object(members)) = outer {
            let context = members.entry("@context").or_insert_with(|| json!([]));
            if context.is_string() || *context == json!([]) {
                *context = match context.take() {
                    Value::String(name) => json!([name, { "x": "urn:x:" }]),
                    _ => json!({ "x": "urn:x:" }),
                };
            }
        }
        body
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.random.one_in(times)
    }

    fn own(&mut self) -> (&'static str, Kind) {
        // Those that decide on access more often than others.
        // An image stays in its space, at an origin that there is.
        let most = self.aim.terms.len() - if self.whole.is_some() { 2 } else { 0 };
        let most = if self.one_in(2) { most.min(2) } else { most };
        self.aim.terms[self.random.below(most)]
    }

    fn own_name(&mut self) -> &'static str {
        self.own().0
    }

    fn class_iri(&self) -> String {
        format!("{}/vocab#{}", self.base, self.aim.class)
    }

    fn term_iri(&self, term: &str) -> String {
        format!("{}/{term}", self.class_iri())
    }

    /// Returns an address of the resource of the request, in one of its spellings.
    fn here(&mut self) -> String {
        let path = self.aim.path;
        let last = path.rsplit('/').next().unwrap_or_default();
        match self.random.below(7) {
            0 => path.into(),
            1 => String::new(),
            2 => last.into(),
            3 => format!("./{last}"),
            4 if !self.plain => format!("{}{path}", self.base.trim_start_matches("http:")),
            5 if !self.plain => path.replacen("/1/", "/./1/x/../", 1),
            _ => format!("{}{path}", self.base),
        }
    }

    /// Returns a name of a resource that is not at the address of the request.
    fn other(&mut self) -> String {
        let roles = match self.aim.class {
            "PortalRole" => "/portalRoles",
            _ => "/customers/1/roles",
        };
        match self.random.below(8) {
            0 => format!("{roles}/staff"),
            1 if !self.plain => format!("..{roles}/./%73taff"),
            2 => "https://elsewhere.example/role".into(),
            3 if !self.plain => format!("{roles}/one:two"),
            4 => format!("{}{roles}/clickthrough", self.base),
            5 if !self.plain => {
                format!("{}{roles}/x/../staff", self.base.trim_start_matches("http:"))
            }
            6 => "https://elsewhere.example/größer?a=b#c".into(),
            _ => format!("{}{roles}/staff", self.base),
        }
    }
}
