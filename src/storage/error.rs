//! Reasons why an object was neither written, read nor removed.

use std::error::Error;
use std::fmt;
use std::io;

/// Characters of the words of a server that are told, at most.
const WORDS: usize = 300;

/// The reason why an object was neither written, read nor removed.
#[derive(Debug)]
pub struct StorageError {
    key: String,
    source: Box<dyn Error + Send + Sync>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    OfFile,
    /// A bucket that answers says that there is no such object.
    MissingInBucket,
    /// The server of a bucket refuses a request, perhaps that one alone.
    Refused,
    OfBucket,
}

impl StorageError {
    /// Returns the error of an object with its cause.
    pub fn of(key: &str, source: impl Error + Send + Sync + 'static) -> Self {
        Self { key: key.to_owned(), source: Box::new(source), kind: Kind::OfFile }
    }

    /// Returns the error of an object in a bucket, in words without the body of the answer, which may repeat credentials.
    pub(super) fn of_bucket(key: &str, source: &(dyn Error + 'static)) -> Self {
        let words = with_causes(source);
        let kind = match status(&words) {
            _ if is_missing_object(&words) => Kind::MissingInBucket,
            Some(status) if is_refusal(status) => Kind::Refused,
            _ => Kind::OfBucket,
        };
        Self { key: key.to_owned(), source: told(&words).into(), kind }
    }

    /// Returns whether there is no such object, and trying again is of no use.
    pub fn is_missing(&self) -> bool {
        let of_store = self.source.downcast_ref::<object_store::Error>();
        let of_system = self.source.downcast_ref::<io::Error>().map(io::Error::kind);
        self.kind == Kind::MissingInBucket
            || matches!(of_store, Some(object_store::Error::NotFound { .. }))
            || of_system == Some(io::ErrorKind::NotFound)
    }

    /// Returns whether the server of a bucket answered, and refused what was asked.
    pub(super) fn is_refusal(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Returns whether a bucket fails at all objects alike: it is not there, or does not answer.
    ///
    /// Use [`super::Storage::confirm`] to find out whether a bucket that refuses one request refuses others too.
    pub fn is_of_all(&self) -> bool {
        self.kind == Kind::OfBucket
    }
}

/// Returns whether the words of an error say that an object is missing, and not the bucket, or what stands before it.
pub(super) fn is_missing_object(words: &str) -> bool {
    words.contains("NoSuchKey")
}

/// Returns the status of an answer, in digits and words, that an error tells of.
fn status(words: &str) -> Option<&str> {
    words.split_once("status code: ")?.1.split(':').next()
}

/// Returns whether a status is the client's fault, and not that of a server that has too much to do, or of a gateway before it.
fn is_refusal(status: &str) -> bool {
    status.starts_with('4') && !["404", "408", "429"].iter().any(|code| status.starts_with(code))
}

/// Returns an error in words, with its causes.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Returns what is told of the words of an error: status and code of an answer, or what there is without one.
fn told(words: &str) -> String {
    let status = status(words);
    let code = words.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    if let Some((code, _)) = code {
        return format!("the server answers {} {code}", status.unwrap_or("an error"));
    }
    match status {
        Some(status) => format!("the server answers {status}"),
        None => words.split('<').next().unwrap_or_default().chars().take(WORDS).collect(),
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store fails at {}: {}", self.key, self.source)
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_servers_are_told_by_status_and_code_alone() {
        let body = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>SignatureDoesNotMatch</Code>\
            <AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        assert_eq!(told(body), "the server answers 403 Forbidden SignatureDoesNotMatch");
        assert_eq!(told("no route: <html>"), "no route: ");
        let gateway = "status code: 404 Not Found: <html>";
        assert!(!is_missing_object(gateway));
    }

    #[test]
    fn what_a_server_refuses_is_told_from_a_server_that_is_away() {
        let kind = |words: &'static str| StorageError::of_bucket("a", &io::Error::other(words));
        for refused in [
            "status code: 403 Forbidden: <Code>AccessDenied</Code>",
            "status code: 400 Bad Request: ",
        ] {
            assert!(!kind(refused).is_of_all(), "{refused}");
        }
        for away in [
            "status code: 503 Slow Down: ",
            "status code: 404 Not Found: <html>",
            "connection refused",
        ] {
            assert!(kind(away).is_of_all(), "{away}");
        }
        let missing = kind("status code: 404 Not Found: <Code>NoSuchKey</Code>");
        assert!(missing.is_missing() && !missing.is_of_all());
    }
}
