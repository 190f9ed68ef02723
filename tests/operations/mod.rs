//! Operations: metrics, probes, traces, backups, and files that are kept for them.

pub mod backups;
mod files;
mod metrics;
mod probes;
mod proxies;
mod restores;
mod rotation;
pub mod scrape;
mod traces;
