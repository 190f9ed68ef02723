//! The limits of a fetch.

use std::time::Duration;

/// The limits of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes.
    pub max_bytes: u64,
    /// Until a connection stands, look-up and encryption included; for each redirect anew.
    pub connect: Duration,
    /// Between two pieces of the file, and after `connect` until the answer begins.
    pub idle: Duration,
    /// For everything, redirects and storing included; see [`Limits::allowed`].
    pub total: Duration,
    /// Fewest bytes a second, over each `idle` of the file.
    pub bytes_per_second: u64,
    /// Number of redirects that are followed.
    pub redirects: u32,
}

impl Default for Limits {
    /// 2 GiB, 30 s to connect and between bytes, 10 minutes, 8 redirects (`docs/rules.md` 6.6).
    fn default() -> Self {
        Self {
            max_bytes: 2 << 30,
            connect: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            total: Duration::from_mins(10),
            bytes_per_second: 1024,
            redirects: 8,
        }
    }
}

/// Time that every fetch may take, whatever its size, unless [`Limits::total`] is less.
const BASE: Duration = Duration::from_mins(1);
/// For so many bytes a fetch may take a second more.
const BYTES_FOR_A_SECOND: u64 = 256 * 1024;

impl Limits {
    /// Returns how long a fetch that has brought so many bytes may have taken in all: a minute and a second for each
    /// 256 KiB, and never more than `total` (`docs/rules.md` 6.6).
    ///
    /// What has arrived counts, not what was announced, which may be anything.
    #[must_use]
    pub fn allowed(&self, bytes: u64) -> Duration {
        (BASE + Duration::from_secs(bytes / BYTES_FOR_A_SECOND)).min(self.total)
    }
}
