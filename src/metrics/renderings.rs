//! Admission of renderings: the lanes, who holds them, and what was refused.

use prometheus::{IntCounterVec, IntGaugeVec, Registry};

use super::{MetricsError, counters, gauges, whole};
use crate::fairness::Usage;

/// A lane of renderings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    Small,
    Large,
}

impl Lane {
    const ALL: [Self; 2] = [Self::Small, Self::Large];

    const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
        }
    }
}

/// The outcome of a rendering that was asked for and was not in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Admitted,
    /// There was no room.
    Refused,
    /// There was no room, and it waited, because refusals are only observed.
    Observed,
    /// It would take more memory than one rendering may.
    NeverAllowed,
}

impl Admission {
    const ALL: [Self; 4] = [Self::Admitted, Self::Refused, Self::Observed, Self::NeverAllowed];

    const fn name(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Observed => "observed",
            Self::NeverAllowed => "never_allowed",
        }
    }
}

/// Metrics of renderings.
#[derive(Debug, Clone)]
pub struct Renderings {
    admissions: IntCounterVec,
    threads: IntGaugeVec,
    memory: IntGaugeVec,
    waiting: IntGaugeVec,
}

impl Renderings {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let admissions = (
            "hydria_render_admissions_total",
            "Renderings that were asked for and not kept, by lane and by what became of them",
        );
        let threads =
            ("hydria_render_threads", "Threads of a lane of renderings: those at work, and all");
        let memory = (
            "hydria_render_memory_bytes",
            "Memory that renderings of a lane are expected to take, and may take in all",
        );
        let waiting = ("hydria_render_waiting", "Renderings that wait for memory or a thread");
        let made = Self {
            admissions: counters(registry, admissions, &["lane", "outcome"])?,
            threads: gauges(registry, threads, &["lane", "state"])?,
            memory: gauges(registry, memory, &["lane", "state"])?,
            waiting: gauges(registry, waiting, &["lane"])?,
        };
        for lane in Lane::ALL {
            for outcome in Admission::ALL {
                made.admissions.with_label_values(&[lane.name(), outcome.name()]);
            }
        }
        Ok(made)
    }

    pub fn admission(&self, lane: Lane, outcome: Admission) {
        self.admissions.with_label_values(&[lane.name(), outcome.name()]).inc();
    }

    /// Sets the state of a lane; memory is in MiB.
    pub fn set_lane(&self, lane: Lane, threads: Usage, memory: Usage) {
        let bytes = |mebibytes: usize| whole(mebibytes.saturating_mul(1 << 20));
        let lane = lane.name();
        self.threads.with_label_values(&[lane, "busy"]).set(whole(threads.held));
        self.threads.with_label_values(&[lane, "capacity"]).set(whole(threads.capacity));
        self.memory.with_label_values(&[lane, "held"]).set(bytes(memory.held));
        self.memory.with_label_values(&[lane, "capacity"]).set(bytes(memory.capacity));
        let waiting = threads.waiting.saturating_add(memory.waiting);
        self.waiting.with_label_values(&[lane]).set(whole(waiting));
    }
}
