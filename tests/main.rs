//! One binary: every test speaks HTTP to a real server on a real PostgreSQL.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

mod architecture;
mod classes;
mod clients;
mod cluster;
mod console;
mod contract;
mod delivery;
mod engine;
mod limits;
mod operations;
mod process;
mod schema;
mod support;
mod uploads;
