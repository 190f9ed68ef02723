//! The kinds of faults of attempts at images.

/// The kinds of faults of attempts at images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The address of the original is none that can be fetched.
    OriginUrl,
    /// The origin refuses access.
    OriginRefused,
    /// The origin is at an address that is not allowed.
    OriginAddress,
    /// The name of the origin's host cannot be resolved.
    OriginName,
    /// There is no connection to the origin.
    OriginConnection,
    /// The origin shows another host key than before.
    OriginHostKey,
    /// There is no original.
    OriginMissing,
    /// The origin fails.
    OriginServerError,
    /// The origin is too slow.
    OriginTimeout,
    /// The original is larger than allowed.
    OriginTooLarge,
    /// The original ends early.
    OriginTruncated,
    /// The origin fails in another way.
    OriginOther,
    /// The original is no image that can be read.
    Image,
    /// A storage policy has no room.
    Quota,
    /// This machine fails, such as by a full disk.
    Local,
    /// The storage does not take an object.
    Storage,
    /// The database does not answer.
    Database,
}

impl FaultKind {
    pub(super) const ALL: [Self; 17] = [
        Self::OriginUrl,
        Self::OriginRefused,
        Self::OriginAddress,
        Self::OriginName,
        Self::OriginConnection,
        Self::OriginHostKey,
        Self::OriginMissing,
        Self::OriginServerError,
        Self::OriginTimeout,
        Self::OriginTooLarge,
        Self::OriginTruncated,
        Self::OriginOther,
        Self::Image,
        Self::Quota,
        Self::Local,
        Self::Storage,
        Self::Database,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OriginUrl => "origin_url",
            Self::OriginRefused => "origin_refused",
            Self::OriginAddress => "origin_address",
            Self::OriginName => "origin_name",
            Self::OriginConnection => "origin_connection",
            Self::OriginHostKey => "origin_host_key",
            Self::OriginMissing => "origin_missing",
            Self::OriginServerError => "origin_server_error",
            Self::OriginTimeout => "origin_timeout",
            Self::OriginTooLarge => "origin_too_large",
            Self::OriginTruncated => "origin_truncated",
            Self::OriginOther => "origin_other",
            Self::Image => "image",
            Self::Quota => "quota",
            Self::Local => "local",
            Self::Storage => "storage",
            Self::Database => "database",
        }
    }
}
