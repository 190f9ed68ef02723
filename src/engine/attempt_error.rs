//! Reasons why attempts at images come to nothing, and whose they are: the image's, the origin's, or the service's.

use std::error::Error;

use super::retries::PassingFault;
use super::with_cause;
use crate::derivation::DerivationError;
use crate::hydra::Problem;
use crate::origins::OriginError;
use crate::storage::StorageError;

/// The reason why an attempt came to nothing.
pub(super) enum AttemptError {
    /// The image's own; in words that a librarian understands.
    Image(String),
    /// The origin's, and it may pass.
    Passing(PassingFault),
    /// The service's own (a full disk, no database), which says nothing of the image: its job is tried again later.
    /// In words for the log.
    Service { words: String, is_of_all: bool },
}

impl AttemptError {
    pub(super) fn service(error: &(dyn Error + 'static)) -> Self {
        Self::Service { words: with_cause(error), is_of_all: is_of_all(error) }
    }
}

impl From<OriginError> for AttemptError {
    fn from(error: OriginError) -> Self {
        if error.is_local_fault() {
            Self::service(&error)
        } else if error.is_transient() {
            let retry_after = error.retry_after();
            Self::Passing(PassingFault { words: error.to_string(), retry_after })
        } else {
            Self::Image(error.to_string())
        }
    }
}

impl From<DerivationError> for AttemptError {
    fn from(error: DerivationError) -> Self {
        match error {
            DerivationError::Image(words) => Self::Image(words),
            DerivationError::Service(_) | DerivationError::System(_) => Self::service(&error),
        }
    }
}

impl From<Problem> for AttemptError {
    fn from(problem: Problem) -> Self {
        Self::service(&problem)
    }
}

/// Returns whether a fault affects all images, such as a full disk or a bucket that does not answer.
pub(super) fn is_of_all(error: &(dyn Error + 'static)) -> bool {
    use std::io::ErrorKind::{OutOfMemory, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| {
        let of_system = cause.downcast_ref::<std::io::Error>().is_some_and(|error| {
            matches!(error.kind(), OutOfMemory | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
        });
        let problem = cause.downcast_ref::<Problem>();
        let of_storage = cause.downcast_ref::<StorageError>().is_some_and(StorageError::is_of_all);
        of_system
            || of_storage
            || matches!(problem, Some(Problem::Unavailable(..) | Problem::SerializationConflict(_)))
    })
}
