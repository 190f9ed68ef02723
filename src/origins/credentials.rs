//! What an origin is shown to let this service in.

use std::fmt;

/// A user and a password for an origin; neither printable nor serialisable.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

impl Credentials {
    /// Takes both as they are given.
    ///
    /// A colon in `user` is read as the end of it by origins (RFC 7617, section 2).
    #[must_use]
    pub const fn new(user: String, password: String) -> Self {
        Self { user, password }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}
