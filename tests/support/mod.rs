//! What tests stand on: a database each, a service each, clients that are callers, an origin.

pub mod app;
pub mod browser;
pub mod client;
pub mod collector;
pub mod database;
pub mod events;
pub mod file_server;
pub mod library;
pub mod origin;
pub mod pictures;
pub mod random;
pub mod receiver;
pub mod rows;
pub mod s3;
pub mod server;

pub use app::{App, Owner};
pub use browser::Browser;
pub use client::{Answer, Client};
pub use events::Events;
pub use library::Library;
pub use origin::Origin;
pub use receiver::{Received, Receiver};
pub use s3::S3;

use std::time::{Duration, Instant};

/// Waits until something is so: looked at every few milliseconds, for a minute at most.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < end, "waited a minute for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
