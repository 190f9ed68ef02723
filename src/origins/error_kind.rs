//! Kinds of errors of origins, for counting.

use super::error::OriginError;
use crate::metrics::fault_kind::FaultKind;

impl OriginError {
    /// Returns the kind of the error, which names nothing of the origin.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Unusable(_)
            | Self::OtherScheme { .. }
            | Self::BadRedirect { .. }
            | Self::TooManyRedirects { .. } => FaultKind::OriginUrl,
            Self::CredentialsMissing { .. }
            | Self::Refused { .. }
            | Self::LogInRefused
            | Self::NotPermitted
            | Self::Refusal { .. } => FaultKind::OriginRefused,
            Self::AddressRefused { .. } => FaultKind::OriginAddress,
            Self::NoSuchHost { .. } | Self::DnsTimeout { .. } => FaultKind::OriginName,
            Self::Unreachable { .. }
            | Self::NoAnswer { .. }
            | Self::Tls { .. }
            | Self::NoCommonAlgorithm { .. } => FaultKind::OriginConnection,
            Self::OtherHostKey { .. } => FaultKind::OriginHostKey,
            Self::Missing { .. } | Self::NoSuchFile => FaultKind::OriginMissing,
            Self::OtherStatus { status: 500..=599, .. } | Self::Failing { .. } => {
                FaultKind::OriginServerError
            }
            Self::TimedOut { .. } | Self::TooSlow { .. } => FaultKind::OriginTimeout,
            Self::TooLarge { .. } => FaultKind::OriginTooLarge,
            Self::NoIdentity { .. } => FaultKind::Local,
            Self::Truncated { .. } | Self::Empty => FaultKind::OriginTruncated,
            error if error.is_local_fault() => FaultKind::Local,
            _ => FaultKind::OriginOther,
        }
    }
}
