//! Lines of the log about requests: bounded in size, and in number where strangers can bring it about.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Instant;

use super::repeated::Repeated;
use crate::hydra::Problem;

/// Lines about requests that could not be answered just now.
static UNAVAILABLE: LazyLock<Repeated> = LazyLock::new(Repeated::default);

/// Logs a failure: each fault of ours, and one a minute of those that clients can bring about.
pub fn failed(problem: &Problem, (method, path): (&str, &str), request_id: &str) {
    let cause = problem.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let path = excerpt(path);
    let line = format!("request {request_id} {method} {path}: {problem}{cause}");
    if matches!(problem, Problem::Internal(_)) {
        log::error!(request = request_id; "{line}");
        return;
    }
    match UNAVAILABLE.count(&problem.to_string(), Instant::now()) {
        None => log::debug!(request = request_id; "{line}"),
        Some(0) => log::warn!(request = request_id; "{line}"),
        Some(more) => {
            log::warn!(request = request_id; "{line}; as {more} requests were answered since");
        }
    }
}

/// The address of a client as the log shows it.
pub struct Client(pub Option<IpAddr>);

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// Bytes of what a client sent that a line of the log shows.
const MAX_LOGGED_BYTES: usize = 500;

/// Returns what a line of the log shows of something that a client sent.
pub fn excerpt(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_LOGGED_BYTES {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(MAX_LOGGED_BYTES);
    Cow::Owned(format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_is_shown_in_part() {
        assert_eq!(excerpt("/short"), "/short");
        let long = excerpt(&"ä".repeat(20_000)).into_owned();
        assert!(long.len() < 600 && long.ends_with("ä… (40000 bytes)"), "{long}");
    }
}
