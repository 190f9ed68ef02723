//! What operators need: metrics, probes, traces, backups, and files that are kept for them.

mod backups;
mod metrics;
mod probes;
mod proxies;
pub mod scrape;
mod traces;
