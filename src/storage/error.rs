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
        let kind = if is_missing_object(&words) { Kind::MissingInBucket } else { Kind::OfBucket };
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

    /// Returns whether a bucket fails at all objects alike: it does not answer, or refuses what the service may do.
    pub fn is_of_all(&self) -> bool {
        self.kind == Kind::OfBucket
    }
}

/// Returns whether the words of an error say that an object is missing, and not the bucket, or what stands before it.
pub(super) fn is_missing_object(words: &str) -> bool {
    words.contains("NoSuchKey")
}

/// Returns an error in words, with its causes.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Returns what is told of the words of an error: status and code of an answer, or what there is without one.
fn told(words: &str) -> String {
    let between = |start: &str, end: &str| {
        let (_, rest) = words.split_once(start)?;
        rest.split_once(end).map(|(found, _)| found)
    };
    let status = between("status code: ", ":");
    if let Some(code) = between("<Code>", "</Code>") {
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
}
