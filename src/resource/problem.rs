//! Errors of PostgreSQL as problems.
//!
//! Constraint names carry the member they guard: `spaces_name_key` is about `name`. diesel tells apart by
//! SQLSTATE what breaks constraints, and little else: deadlocks, time-outs and full disks are known by the
//! server's words, which are English wherever the server allows it (`database::messages`). Where they are not,
//! [`unclear`] stands in.

use diesel::result::{DatabaseErrorKind, Error};

use crate::hydra::Problem;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotFound => Self::NotFound("there is no such resource".into()),
            Error::DatabaseError(kind, info) => {
                let constraint = info.constraint_name().unwrap_or_default();
                match kind {
                    DatabaseErrorKind::SerializationFailure => {
                        Self::SerializationConflict(Some(Box::new(error)))
                    }
                    _ if info.message().starts_with("deadlock detected") => {
                        Self::SerializationConflict(Some(Box::new(error)))
                    }
                    DatabaseErrorKind::UniqueViolation => match member(constraint, "_key") {
                        Some(member) => Self::taken(member),
                        None => Self::taken("id"),
                    },
                    // Of a statement that writes; a DELETE goes through `store::removed`.
                    DatabaseErrorKind::ForeignKeyViolation => match member(constraint, "_fkey") {
                        Some("customer") => Self::NotFound("there is no such customer".into()),
                        Some(member) => Self::invalid(member, "names nothing that is there"),
                        None => Self::internal(error),
                    },
                    DatabaseErrorKind::ClosedConnection => gone(error),
                    _ if info.message().contains("due to statement timeout") => too_long(error),
                    _ if is_unavailable(info.message()) => gone(error),
                    _ => Self::internal(error),
                }
            }
            Error::BrokenTransactionManager => gone(error),
            _ => Self::internal(error),
        }
    }
}

/// Treats an error without an SQLSTATE as transient where the messages of the server are not in English, because only
/// they would tell its kind; one that stays is answered 503 in the end.
pub fn unclear(problem: Problem) -> Problem {
    match problem {
        Problem::Internal(cause) if is_without_kind(&*cause) => {
            Problem::SerializationConflict(Some(cause))
        }
        other => other,
    }
}

fn is_without_kind(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(
        cause.downcast_ref::<Error>(),
        Some(Error::DatabaseError(DatabaseErrorKind::Unknown, _))
    )
}

fn member<'a>(constraint: &'a str, end: &str) -> Option<&'a str> {
    constraint.strip_suffix(end)?.rsplit('_').next()
}

/// Returns whether the server says that it cannot answer now, rather than that the statement is wrong.
fn is_unavailable(message: &str) -> bool {
    [
        "could not extend file",
        "No space left on device",
        "the database system is",
        "terminating connection",
        "server closed the connection",
        "connection to server",
        "no connection to the server",
        "SSL connection has been closed",
        "too many clients",
        "canceling statement due to lock timeout",
    ]
    .iter()
    .any(|part| message.contains(part))
}

/// Returns the problem of a statement that took too long.
fn too_long(error: Error) -> Problem {
    let words = "it takes too long to find this out; ask for less, or try again later";
    Problem::Unavailable(words.into(), Some(Box::new(error)))
}

fn gone(error: Error) -> Problem {
    Problem::Unavailable("the database does not answer; try again".into(), Some(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: DatabaseErrorKind, words: &str) -> Problem {
        Problem::from(Error::DatabaseError(kind, Box::new(words.to_owned())))
    }

    #[test]
    fn an_error_without_a_kind_may_pass_where_words_tell_nothing() {
        let german = || refused(DatabaseErrorKind::Unknown, "Verklemmung (Deadlock) entdeckt");
        assert!(matches!(german(), Problem::Internal(_)));
        assert!(matches!(unclear(german()), Problem::SerializationConflict(_)));
        let clear = refused(DatabaseErrorKind::NotNullViolation, "ein Wert fehlt");
        assert!(matches!(unclear(clear), Problem::Internal(_)));
        let ours = Problem::internal("a fault of ours");
        assert!(matches!(unclear(ours), Problem::Internal(_)));
        let english = refused(DatabaseErrorKind::Unknown, "deadlock detected");
        assert!(matches!(english, Problem::SerializationConflict(_)));
    }
}
