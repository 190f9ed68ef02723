//! Connections to the database, those who wait for them, and how late this process learns of changes.

use std::time::Duration;

use prometheus::{Gauge, IntGauge, IntGaugeVec, Registry};

use super::{MetricsError, gauge, gauges, registered, whole};
use crate::fairness::Usage;

/// A pool of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    Requests,
    Workers,
}

impl Pool {
    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Workers => "workers",
        }
    }
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUsage {
    /// Connections that are open.
    pub open: usize,
    /// Of these, those that nobody uses.
    pub idle: usize,
    /// Connections that may be open.
    pub capacity: usize,
    /// Threads that wait for one.
    pub waiting: usize,
}

/// Metrics of the database.
#[derive(Debug)]
pub struct DatabaseMetrics {
    connections: IntGaugeVec,
    waiting: IntGaugeVec,
    turns: IntGaugeVec,
    turns_waiting: IntGauge,
    ready: IntGauge,
    journal_lag: Gauge,
}

impl DatabaseMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let gauge = |name, help| gauge(registry, (name, help));
        let gauges = |name, help, labels| gauges(registry, (name, help), labels);
        let lag = Gauge::new(
            "hydria_journal_lag_seconds",
            "Time since the last look at the journal that came to its end began; 0 where none is taken",
        )?;
        Ok(Self {
            connections: gauges(
                "hydria_pool_connections",
                "Connections of a pool: busy, idle, and as many as there may be",
                &["pool", "state"],
            )?,
            waiting: gauges(
                "hydria_pool_waiting",
                "Threads that wait for a connection of a pool",
                &["pool"],
            )?,
            turns: gauges(
                "hydria_request_turns",
                "Turns on the database that requests have, and can have at a time",
                &["state"],
            )?,
            turns_waiting: gauge(
                "hydria_request_turns_waiting",
                "Requests that wait for a turn on the database",
            )?,
            ready: gauge("hydria_ready", "Whether the process is ready, as /readyz says")?,
            journal_lag: registered(registry, lag)?,
        })
    }

    pub fn set_pool(&self, pool: Pool, usage: PoolUsage) {
        let PoolUsage { open, idle, capacity, waiting } = usage;
        let set = |state, count: usize| {
            self.connections.with_label_values(&[pool.name(), state]).set(whole(count));
        };
        set("busy", open.saturating_sub(idle));
        set("idle", idle);
        set("capacity", capacity);
        self.waiting.with_label_values(&[pool.name()]).set(whole(waiting));
    }

    pub fn set_turns(&self, Usage { held, capacity, waiting }: Usage) {
        self.turns.with_label_values(&["busy"]).set(whole(held));
        self.turns.with_label_values(&["capacity"]).set(whole(capacity));
        self.turns_waiting.set(whole(waiting));
    }

    pub fn set_ready(&self, is_ready: bool) {
        self.ready.set(is_ready.into());
    }

    pub fn set_journal_lag(&self, lag: Duration) {
        self.journal_lag.set(lag.as_secs_f64());
    }
}
