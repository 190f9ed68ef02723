//! What tests stand on: a database each, a service each, clients that are callers, an origin.

pub mod app;
pub mod client;
pub mod database;
pub mod origin;

pub use app::{App, Owner};
pub use client::{Answer, Client};
pub use origin::Origin;
