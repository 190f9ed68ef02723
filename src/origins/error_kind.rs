//! Kinds of errors of origins, as fixed words for counting.

use super::error::OriginError;

impl OriginError {
    /// Returns the kind of the error, which names nothing of the origin.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unusable(_)
            | Self::OtherScheme { .. }
            | Self::BadRedirect { .. }
            | Self::TooManyRedirects { .. } => "origin_url",
            Self::CredentialsMissing { .. }
            | Self::Refused { .. }
            | Self::LogInRefused
            | Self::NotPermitted
            | Self::Refusal { .. } => "origin_refused",
            Self::AddressRefused { .. } => "origin_address",
            Self::NoSuchHost { .. } | Self::DnsTimeout { .. } => "origin_name",
            Self::Unreachable { .. }
            | Self::NoAnswer { .. }
            | Self::Tls { .. }
            | Self::NoCommonAlgorithm { .. } => "origin_connection",
            Self::OtherHostKey { .. } => "origin_host_key",
            Self::Missing { .. } | Self::NoSuchFile => "origin_missing",
            Self::OtherStatus { status: 500..=599, .. } | Self::Failing { .. } => {
                "origin_server_error"
            }
            Self::TimedOut { .. } | Self::TooSlow { .. } => "origin_timeout",
            Self::TooLarge { .. } => "origin_too_large",
            Self::NoIdentity { .. } => "local",
            Self::Truncated { .. } | Self::Empty => "origin_truncated",
            error if error.is_local_fault() => "local",
            _ => "origin_other",
        }
    }
}
