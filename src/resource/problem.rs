//! What PostgreSQL refuses, in the domain's words.
//!
//! Constraint names carry the member they guard: `spaces_name_key` is about `name`.

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
                        Self::Collision(Some(Box::new(error)))
                    }
                    _ if info.message().starts_with("deadlock detected") => {
                        Self::Collision(Some(Box::new(error)))
                    }
                    DatabaseErrorKind::UniqueViolation => match member(constraint, "_key") {
                        Some(member) => Self::taken(member),
                        None => Self::taken("id"),
                    },
                    DatabaseErrorKind::ForeignKeyViolation => {
                        let message = info.message().to_owned();
                        let constraint = constraint.to_owned();
                        foreign_key(&constraint, &message, error)
                    }
                    DatabaseErrorKind::ClosedConnection => gone(error),
                    _ if is_unavailable(info.message()) => gone(error),
                    _ => Self::internal(error),
                }
            }
            Error::BrokenTransactionManager => gone(error),
            _ => Self::internal(error),
        }
    }
}

fn foreign_key(constraint: &str, message: &str, error: Error) -> Problem {
    if message.contains("is still referenced") || message.starts_with("update or delete") {
        return Problem::Conflict("it is in use; remove first what refers to it".into());
    }
    match member(constraint, "_fkey") {
        Some("customer") => Problem::NotFound("there is no such customer".into()),
        Some(member) => Problem::invalid(member, "names nothing that is there"),
        None => Problem::internal(error),
    }
}

fn member<'a>(constraint: &'a str, end: &str) -> Option<&'a str> {
    constraint.strip_suffix(end)?.rsplit('_').next()
}

/// Whether the server says that it cannot answer now, rather than that the statement is wrong.
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
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
    ]
    .iter()
    .any(|part| message.contains(part))
}

fn gone(error: Error) -> Problem {
    Problem::Unavailable("the database does not answer; try again".into(), Some(Box::new(error)))
}
