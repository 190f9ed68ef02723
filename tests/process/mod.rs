//! The binary as it is run: a process, its data folder, its private PostgreSQL.

mod commands;
mod database;
mod demo;
mod home;
mod killed;
mod start;
mod stop;
mod worker;
