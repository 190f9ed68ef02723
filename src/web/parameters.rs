//! Query parameters: the one list of those that an address understands, and what is done about all others.

#[cfg(test)]
mod tests;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::negotiate::{self, FORMAT};
use super::request;
use crate::hydra::collection::{PAGING, UNOFFERED};
use crate::hydra::fault::UNKNOWN;
use crate::hydra::{CollectionDoc, Fault, OperationDoc};
use crate::resource::Query;

/// Names the parameters of a request that were not understood.
pub const IGNORED: HeaderName = HeaderName::from_static("hydria-ignored");

/// Bytes of names that the header holds, at most.
const MAX_IGNORED_BYTES: usize = 2_000;

/// The source of the parameters that an address understands: a collection, an operation, or neither.
#[derive(Clone, Copy, Default)]
pub struct Understood<'a> {
    pub collection: Option<&'a CollectionDoc>,
    pub operation: Option<&'a OperationDoc>,
}

impl Understood<'_> {
    fn is_known(self, name: &str) -> bool {
        let reads = self.operation.is_none_or(|operation| operation.method == "GET");
        let listing = self.collection.filter(|_| reads).is_some_and(|collection| {
            collection.variables().chain(&PAGING).any(|variable| variable.name == name)
                || UNOFFERED.contains(&name)
        });
        let own = self.operation.is_some_and(|o| o.parameters.iter().any(|v| v.name == name));
        name == FORMAT || listing || own
    }

    fn selects_what_changes(self) -> bool {
        self.operation.is_some_and(OperationDoc::selects_what_changes)
    }
}

/// The result of reading the parameters of a request, beside those that the operation reads.
#[derive(Debug, Default)]
pub struct CheckedParameters {
    /// Parameters that are refused.
    pub faults: Vec<Fault>,
    /// Names of those that are ignored, as the value of a header.
    pub ignored: Option<HeaderValue>,
}

/// Reads the parameters of a request that are the same at every address, and finds those that are not known.
pub fn read(request: &HttpRequest, understood: Understood<'_>) -> CheckedParameters {
    let Some(raw) = request.uri().query().filter(|raw| !raw.is_empty()) else {
        return CheckedParameters::default();
    };
    let mut found = CheckedParameters::default();
    if let Some(Err(reason)) = negotiate::format(request) {
        found.faults.push(of_query(FORMAT, reason));
    }
    let query = Query::parse(Some(raw));
    let unknown = query.unknown(|name| understood.is_known(name));
    if request::is_strict(request) || understood.selects_what_changes() {
        let named = unknown.iter().map(|name| percent_decode_str(name).decode_utf8_lossy());
        found.faults.extend(named.map(|name| of_query(&name, UNKNOWN)));
    } else if !unknown.is_empty() {
        found.ignored = listed(&unknown);
    }
    found
}

/// Returns a fault of the query, which no pointer into the body can show.
fn of_query(name: &str, reason: impl Into<String>) -> Fault {
    Fault { pointer: String::new(), ..Fault::new(name, reason) }
}

/// Names as a list, percent-encoded as they were received; a comma would begin another name.
fn listed(names: &[&str]) -> Option<HeaderValue> {
    let mut list = String::new();
    for name in names {
        let name = name.replace(',', "%2C");
        if list.len() + name.len() > MAX_IGNORED_BYTES {
            break;
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&name);
    }
    HeaderValue::try_from(list).ok().filter(|list| !list.is_empty())
}
