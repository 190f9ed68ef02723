//! Authentication of callers: keys and their secrets, people and their sessions.

pub mod failures;
pub mod keys;
pub mod people;
pub mod remembered;
pub mod sessions;
pub mod unknown;

pub use keys::Keys;
pub use people::Passwords;
pub use sessions::{Session, Sessions};
