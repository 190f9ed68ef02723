//! The binary as it is run: a process, its data folder, its private PostgreSQL.

mod binding;
mod bucket;
mod bulk;
mod commands;
mod database;
mod demo;
mod followed;
mod ftp;
pub mod home;
mod killed;
mod log;
mod messages;
mod register;
mod reingest;
mod repeated;
mod s3;
mod start;
mod stop;
mod torture;
mod worker;
