//! Errors of fetching from an origin, in words for those who look after images.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::url::OriginUrlError;

/// The reason why an origin gave no file; worth another try if [`is_transient`](Self::is_transient).
///
/// Its words go to the customer: they hold no credentials, no paths and no internal addresses.
#[derive(Debug)]
pub enum OriginError {
    /// The origin is no URL that can be fetched.
    Unusable(OriginUrlError),
    /// The strategy needs credentials that were never given (`docs/rules.md` 7.2).
    CredentialsMissing { words: &'static str },
    /// The strategy that was chosen does not fetch URLs of this scheme.
    OtherScheme { strategy: &'static str, scheme: String },
    /// The patterns of the customer's rules took longer than one image may be looked at.
    PatternsTooSlow { after: Duration },
    /// No address of the host is public or allowed; `address` is for the log only.
    AddressRefused { host: String, address: Option<IpAddr> },
    /// The host's name is not known.
    NoSuchHost { host: String },
    /// The host's name could not be looked up just now.
    DnsTimeout { host: String },
    /// No connection could be made.
    Unreachable { host: String, source: Box<dyn Error + Send + Sync> },
    /// No trusted connection could be made: most often the certificate.
    Tls { host: String, source: Box<dyn Error + Send + Sync> },
    /// The connection ended before an answer, or the answer is not HTTP.
    NoAnswer { source: Box<dyn Error + Send + Sync> },
    /// 404 or 410.
    Missing { status: u16 },
    /// 401 or 403.
    Refused { status: u16 },
    /// Another status that is neither a success nor a redirect, and how long the origin asks to be left alone.
    OtherStatus { status: u16, retry_after: Option<Duration> },
    /// More redirects than are followed.
    TooManyRedirects { limit: u32 },
    /// A redirect to nowhere, or (`why`) to what cannot be fetched.
    BadRedirect { why: Option<OriginUrlError> },
    /// Something took longer than it may.
    TimedOut { phase: Phase, after: Duration },
    /// The file came more slowly than `bytes_per_second`, over a time of `over`.
    TooSlow { bytes_per_second: u64, over: Duration },
    /// A file beyond the limit, announced or found.
    TooLarge { limit_bytes: u64 },
    /// The connection ended within the file; `expected` is what was announced, in bytes.
    Truncated { expected: Option<u64>, got: u64 },
    /// A success with no bytes.
    Empty,
    /// Compressed in a way that is not read, or twice.
    UnknownEncoding { coding: String },
    /// Said to be compressed, and it is not, or is damaged.
    BadEncoding,
    /// The host shows another key than the one by which it is known; both are hashes.
    OtherHostKey { host: String, shown: String, expected: String },
    /// The host encrypts in no way that is known here.
    NoCommonAlgorithm { host: String, source: Box<dyn Error + Send + Sync> },
    /// The user, the password or the key is not accepted.
    LogInRefused,
    /// There is no such file, or nothing that the user may know of.
    NoSuchFile,
    /// The user may not read the file.
    NotPermitted,
    /// The server refuses for good, with this code or word.
    Refusal { words: String },
    /// The server refuses for now, with this code or word.
    Failing { words: String },
    /// Keys are kept of as many hosts of a strategy as may be.
    TooManyHosts { limit: i64 },
    /// The keys of hosts could not be looked up here.
    HostKeys { source: Box<dyn Error + Send + Sync> },
    /// The service could not obtain its own identity in S3.
    NoIdentity { source: Box<dyn Error + Send + Sync> },
    /// The file could not be stored here.
    Io(io::Error),
    /// The HTTP client could not be set up here.
    Client { source: Box<dyn Error + Send + Sync> },
}

/// The phase of a fetch in which time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking up the host, connecting and agreeing on encryption.
    Connecting,
    /// Until the first of the answer, connecting included.
    Waiting,
    /// Between two pieces of the file.
    Reading,
    /// All of it.
    InAll,
}

impl OriginError {
    /// Returns whether the fault is this server's, not the origin's: disk, memory, set-up.
    #[must_use]
    pub const fn is_local_fault(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Client { .. } | Self::HostKeys { .. })
    }

    /// Returns whether another try, later, may well succeed with nothing changed (`docs/rules.md` 6.9).
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::DnsTimeout { .. }
            | Self::Unreachable { .. }
            | Self::NoAnswer { .. }
            | Self::TimedOut { .. }
            | Self::TooSlow { .. }
            | Self::Truncated { .. }
            | Self::NoIdentity { .. }
            | Self::Failing { .. }
            | Self::HostKeys { .. }
            | Self::Io(_) => true,
            Self::OtherStatus { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Returns how long the origin asks to be left alone; `None` where it says nothing of it.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::OtherStatus { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(why) => why.fmt(f),
            Self::CredentialsMissing { words } => {
                write!(f, "the origin strategy needs {words}, and none have been given")
            }
            Self::OtherScheme { strategy, scheme } => write!(
                f,
                "the origin strategy {strategy} does not fetch {scheme}:// origins; one that does must \
                 match this origin first"
            ),
            Self::PatternsTooSlow { after } => write!(
                f,
                "the patterns of the origin strategies take longer than {}; simplify them",
                Seconds(*after)
            ),
            Self::AddressRefused { host, .. } => write!(
                f,
                "the origin's host {host} has no public address; the operator of this server can \
                 allow it with HYDRIA_ORIGIN_ALLOW"
            ),
            Self::NoSuchHost { host } => write!(f, "there is no host named {host}"),
            Self::DnsTimeout { host } => {
                write!(f, "the name {host} could not be looked up just now")
            }
            Self::Unreachable { host, .. } => write!(f, "the origin's host {host} is out of reach"),
            Self::Tls { host, .. } => {
                write!(f, "no secure connection to {host}: its certificate may be out of order")
            }
            Self::NoAnswer { .. } => {
                f.write_str("the origin ended the connection without a proper answer")
            }
            Self::Missing { status } => {
                write!(f, "the origin has no such file ({})", Status(*status))
            }
            Self::Refused { status } => {
                write!(f, "the origin wants credentials or refuses these ({})", Status(*status))
            }
            Self::OtherStatus { status, .. } => {
                write!(f, "the origin answered {}", Status(*status))
            }
            Self::TooManyRedirects { limit } => {
                write!(f, "the origin redirects more than {limit} times")
            }
            Self::BadRedirect { why: None } => f.write_str("the origin redirects to nowhere"),
            Self::BadRedirect { why: Some(why) } => {
                write!(f, "the origin redirects to what cannot be used: {why}")
            }
            Self::TimedOut { phase, after } => write!(f, "{phase} {}", Seconds(*after)),
            Self::TooSlow { bytes_per_second, over } => write!(
                f,
                "the origin sent fewer than {bytes_per_second} bytes a second for {}",
                Seconds(*over)
            ),
            Self::TooLarge { limit_bytes } => {
                write!(f, "the origin's file is larger than {limit_bytes} bytes")
            }
            Self::Truncated { expected: Some(expected), got } => {
                write!(f, "the origin broke off after {got} of {expected} bytes")
            }
            Self::Truncated { expected: None, got } => {
                write!(f, "the origin broke off after {got} bytes, before the file's end")
            }
            Self::Empty => f.write_str("the origin sent an empty file"),
            Self::UnknownEncoding { coding } => {
                write!(f, "the origin sent the file compressed as {coding}, which nobody asked for")
            }
            Self::BadEncoding => f.write_str(
                "the origin says that it sent the file compressed as gzip, and it cannot be decompressed",
            ),
            Self::OtherHostKey { host, shown, expected } => write!(
                f,
                "the origin's host {host} shows the key {shown}, and is known by {expected}; if it has \
                 another key now, write the credentials of the origin strategy again"
            ),
            Self::NoCommonAlgorithm { host, .. } => {
                write!(f, "the origin's host {host} encrypts in no way that is safe and known here")
            }
            Self::LogInRefused => {
                f.write_str("the origin refuses the user, the password or the key")
            }
            Self::NoSuchFile => f.write_str("the origin has no such file"),
            Self::NotPermitted => f.write_str("the origin does not let this user read the file"),
            Self::Refusal { words } => write!(f, "the origin refused: {words}"),
            Self::Failing { words } => write!(f, "the origin refused for now: {words}"),
            Self::TooManyHosts { limit } => write!(
                f,
                "keys of {limit} hosts are kept for this origin strategy already, and no more are"
            ),
            Self::HostKeys { .. } => {
                f.write_str("this server could not look up the key of the host just now")
            }
            Self::NoIdentity { .. } => {
                f.write_str("this server could not get its own credentials for S3 just now")
            }
            Self::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
                f.write_str("this server has no space left to store the file")
            }
            Self::Io(_) => f.write_str("this server could not store the file"),
            Self::Client { .. } => f.write_str("this server could not set up fetching"),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "the origin did not accept a connection within",
            Self::Waiting => "the origin did not answer within",
            Self::Reading => "the origin fell silent within the file for",
            Self::InAll => "the file did not arrive in full within",
        })
    }
}

struct Status(u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = reqwest::StatusCode::from_u16(self.0).ok().and_then(|s| s.canonical_reason());
        match reason {
            Some(reason) => write!(f, "{} {reason}", self.0),
            None => self.0.fmt(f),
        }
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs_f64() {
            1.0 => f.write_str("1 second"),
            seconds => write!(f, "{seconds} seconds"),
        }
    }
}

impl Error for OriginError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable { source, .. }
            | Self::Tls { source, .. }
            | Self::NoAnswer { source }
            | Self::NoCommonAlgorithm { source, .. }
            | Self::HostKeys { source }
            | Self::NoIdentity { source }
            | Self::Client { source } => Some(source.as_ref()),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
