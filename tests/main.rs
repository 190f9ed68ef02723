//! One binary: every test speaks HTTP to a real server on a real PostgreSQL.

mod architecture;
mod classes;
mod contract;
mod engine;
mod support;
