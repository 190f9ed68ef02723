//! Who asks: keys and their secrets.

pub mod keys;

pub use keys::Keys;
