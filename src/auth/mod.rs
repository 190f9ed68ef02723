//! Authentication of callers: keys and their secrets.

pub mod failures;
pub mod keys;
pub mod unknown;

pub use keys::Keys;
