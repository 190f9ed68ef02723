//! The place where the status of a reply or a problem is chosen; 304 is chosen in `conditional.rs`.

use actix_web::http::StatusCode;

use crate::hydra::Problem;
use crate::resource::{Outcome, Reply};

/// Returns the status of a reply; `representation`: the client wants to see what it changed.
pub fn of_reply(reply: &Reply, representation: bool) -> StatusCode {
    match reply {
        Reply::Shown { outcome: Outcome::Created | Outcome::CreatedWithSecret, .. }
        | Reply::Stored { new: true } => StatusCode::CREATED,
        Reply::Shown { outcome: Outcome::Updated, .. } if !representation => {
            StatusCode::RESET_CONTENT
        }
        Reply::Shown { outcome: Outcome::Accepted, .. } => StatusCode::ACCEPTED,
        Reply::Removed | Reply::Changed => StatusCode::RESET_CONTENT,
        Reply::Shown { .. } | Reply::Stored { .. } | Reply::Bare { .. } | Reply::Pending { .. } => {
            StatusCode::OK
        }
    }
}

/// Returns the status of a problem (`docs/rules.md` 1.1, 2.5).
pub fn of_problem(problem: &Problem) -> StatusCode {
    match problem {
        Problem::Unauthenticated | Problem::RoleRequired(_) => StatusCode::UNAUTHORIZED,
        Problem::Forbidden(_) => StatusCode::FORBIDDEN,
        Problem::NotFound(_) => StatusCode::NOT_FOUND,
        Problem::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        Problem::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
        Problem::TooLarge { .. } | Problem::UploadTooLarge { .. } | Problem::BeyondEnd { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Problem::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
        Problem::HeadTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Problem::UnsupportedMediaType { .. } | Problem::UnsupportedEncoding(_) => {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
        Problem::TooSlow { .. } | Problem::BelowLeastRate { .. } => StatusCode::REQUEST_TIMEOUT,
        Problem::Unreadable(_) | Problem::Malformed(_) | Problem::Invalid(_) => {
            StatusCode::BAD_REQUEST
        }
        Problem::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
        Problem::Conflict(_) | Problem::OffsetConflict { .. } | Problem::SeveralAccounts(_) => {
            StatusCode::CONFLICT
        }
        Problem::QuotaExceeded(_) => StatusCode::INSUFFICIENT_STORAGE,
        Problem::Unavailable(..) | Problem::SerializationConflict(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Problem::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Returns whether the service failed, which is a matter for its log.
///
/// A quota that is used up is none of its failures, and anybody can meet it as often as they like.
pub fn is_failure(status: StatusCode) -> bool {
    matches!(status, StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hydra::problem::of_each_kind;

    #[test]
    fn nobody_can_fill_the_log_by_asking_for_too_much() {
        let problems = of_each_kind();
        let failures = problems.iter().filter(|problem| is_failure(of_problem(problem)));
        let kinds: Vec<&str> = failures.map(Problem::kind).collect();
        assert_eq!(kinds, ["Unavailable", "InternalError"]);
    }
}
