//! Hydria: a digital library image service with a Hydra/JSON-LD hypermedia API on PostgreSQL.
//!
//! The modules, each of which uses only those of its own layer and of the layers listed above it
//! (`tests/architecture.rs` checks this).

pub mod config;
pub mod database;
pub mod delivery;
pub mod derivation;
pub mod derivatives;
pub mod fairness;
pub mod hydra;
pub mod iiif;
pub mod metrics;
pub mod origins;

pub mod schema;
pub mod secrets;
pub mod storage;
pub mod traces;

pub mod resource;

pub mod addresses;

pub mod counters;
pub mod journal;
pub mod queue;
pub mod uploads;

pub mod classes;

pub mod auth;

pub mod backup;

pub mod engine;

pub mod web;

pub mod cli;
