//! The queue and the work of the engine: images, and the messages that are sent of changes.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::fault_kind::FaultKind;
use super::{Counted, MetricsError, counters, gauge, gauges, histograms, whole};
use crate::fairness::Usage;

/// Upper bounds of the times of stages, in seconds: an original may take minutes to fetch or to read.
const SECONDS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0];

/// A stage of the processing of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The original comes from its origin.
    Fetch,
    /// The image waits for memory and for a core.
    Wait,
    /// The original is decoded.
    Decode,
    /// Tiles and thumbnails are made of it. Decoding goes on in between, and is not counted here.
    Derive,
    /// The object is written to the store.
    Store,
    /// The outcome is written to the database.
    Settle,
}

impl Stage {
    const ALL: [Self; 6] =
        [Self::Fetch, Self::Wait, Self::Decode, Self::Derive, Self::Store, Self::Settle];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Wait => "wait",
            Self::Decode => "decode",
            Self::Derive => "derive",
            Self::Store => "store",
            Self::Settle => "settle",
        }
    }
}

/// The end of an attempt at an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    Done,
    /// The image has an error.
    Failed,
    /// Its origin failed for a reason that may pass, and it is tried again later.
    Retried,
    /// The service failed, and it is tried again later.
    PutOff,
    /// It was sent again or removed meanwhile, or another worker has it.
    Superseded,
}

impl AttemptOutcome {
    const ALL: [Self; 5] =
        [Self::Done, Self::Failed, Self::Retried, Self::PutOff, Self::Superseded];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::PutOff => "put_off",
            Self::Superseded => "superseded",
        }
    }
}

/// The end of an attempt to send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It was answered by a status from 200 to 299.
    Received,
    /// It was answered by another status.
    Refused,
    /// There was no answer.
    Unanswered,
}

impl Sent {
    const ALL: [Self; 3] = [Self::Received, Self::Refused, Self::Unanswered];

    const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
        }
    }
}

/// The state of the queue and of what follows changes, in the whole database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Images in the queue, those that are being processed as well.
    pub images: i64,
    /// Seconds for which the one has waited that has waited longest of those that may be claimed; 0 where none waits.
    pub oldest_s: i64,
    /// Changes of which it is not known yet whether one before them is still to come.
    pub unsettled: i64,
    pub webhooks_enabled: i64,
    /// Webhooks that were switched off because they failed.
    pub webhooks_given_up: i64,
    /// Enabled webhooks whose last attempt failed.
    pub webhooks_failing: i64,
    /// Changes between the enabled webhook that is furthest behind and the last one.
    pub webhook_lag: i64,
}

/// Metrics of the engine.
#[derive(Debug)]
pub struct EngineMetrics {
    stages: HistogramVec,
    attempts: IntCounterVec,
    errors: IntCounterVec,
    claimed: IntCounterVec,
    at_work: IntGauge,
    memory: IntGaugeVec,
    webhook_attempts: IntCounterVec,
    purges: IntCounterVec,
    queue_images: IntGauge,
    queue_oldest: IntGauge,
    unsettled: IntGauge,
    webhooks: IntGaugeVec,
    webhook_lag: IntGauge,
    sampled: IntGauge,
}

impl EngineMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let counters = |name, help, labels| counters(registry, (name, help), labels);
        let gauge = |name, help| gauge(registry, (name, help));
        let gauges = |name, help, labels| gauges(registry, (name, help), labels);
        let stages = ("hydria_ingest_stage_seconds", "Time of each stage of processing an image");
        let made = Self {
            stages: histograms(registry, stages, &["stage"], &SECONDS)?,
            attempts: counters(
                "hydria_ingest_attempts_total",
                "Attempts at images that ended, by how",
                &["outcome"],
            )?,
            errors: counters(
                "hydria_ingest_errors_total",
                "Attempts at images that came to nothing, by the kind of the fault",
                &["kind"],
            )?,
            claimed: counters(
                "hydria_ingest_claimed_total",
                "Jobs that were claimed: those that a request waits for, and others",
                &["queue"],
            )?,
            at_work: gauge("hydria_ingest_images", "Images at which this process works")?,
            memory: gauges(
                "hydria_ingest_memory_bytes",
                "Memory that reading images is expected to take, and may take in all",
                &["state"],
            )?,
            webhook_attempts: counters(
                "hydria_webhook_attempts_total",
                "Attempts to send a message to a webhook, by what came of them",
                &["outcome"],
            )?,
            purges: counters(
                "hydria_purges_total",
                "Requests to caches that name changed images, by what came of them",
                &["outcome"],
            )?,
            queue_images: gauge(
                "hydria_queue_images",
                "Images in the queue of the database, those at work as well",
            )?,
            queue_oldest: gauge(
                "hydria_queue_oldest_seconds",
                "Time for which the image has waited that has waited longest",
            )?,
            unsettled: gauge(
                "hydria_journal_unsettled_changes",
                "Changes that followers may not read yet, because a transaction before them is open",
            )?,
            webhooks: gauges("hydria_webhooks", "Webhooks by their state", &["state"])?,
            webhook_lag: gauge(
                "hydria_webhook_lag_changes",
                "Changes, of all customers, since the position of the enabled webhook that is furthest behind",
            )?,
            sampled: gauge(
                "hydria_sampled_timestamp_seconds",
                "Time at which the queue, changes and webhooks were last looked at; 0: never",
            )?,
        };
        // Those that have not occurred are told as well, as 0.
        for stage in Stage::ALL {
            made.stages.with_label_values(&[stage.name()]);
        }
        for kind in FaultKind::ALL {
            made.errors.with_label_values(&[kind.name()]);
        }
        for outcome in AttemptOutcome::ALL {
            made.attempts.with_label_values(&[outcome.name()]);
        }
        for outcome in Sent::ALL {
            made.webhook_attempts.with_label_values(&[outcome.name()]);
            made.purges.with_label_values(&[outcome.name()]);
        }
        Ok(made)
    }

    /// Counts an image as one at which this process works.
    pub fn begun(&self) -> Counted {
        Counted::new(&self.at_work)
    }

    /// Counts a time for a stage.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stages.with_label_values(&[stage.name()]).observe(took.as_secs_f64());
    }

    pub fn ended(&self, outcome: AttemptOutcome) {
        self.attempts.with_label_values(&[outcome.name()]).inc();
    }

    /// Counts a fault of an attempt by its kind.
    pub fn fault(&self, kind: FaultKind) {
        self.errors.with_label_values(&[kind.name()]).inc();
    }

    pub fn claimed(&self, is_immediate: bool) {
        let queue = if is_immediate { "immediate" } else { "queued" };
        self.claimed.with_label_values(&[queue]).inc();
    }

    pub fn webhook(&self, outcome: Sent) {
        self.webhook_attempts.with_label_values(&[outcome.name()]).inc();
    }

    pub fn purge(&self, outcome: Sent) {
        self.purges.with_label_values(&[outcome.name()]).inc();
    }

    /// Sets the memory of reading, given in MiB.
    pub fn set_memory(&self, Usage { held, capacity, .. }: Usage) {
        let bytes = |mebibytes: usize| whole(mebibytes.saturating_mul(1 << 20));
        self.memory.with_label_values(&["held"]).set(bytes(held));
        self.memory.with_label_values(&["capacity"]).set(bytes(capacity));
    }

    /// Sets what was seen in the database at a time, in seconds since 1970.
    pub fn set_backlog(&self, backlog: &Backlog, now: i64) {
        self.queue_images.set(backlog.images);
        self.queue_oldest.set(backlog.oldest_s);
        self.unsettled.set(backlog.unsettled);
        self.webhooks.with_label_values(&["enabled"]).set(backlog.webhooks_enabled);
        self.webhooks.with_label_values(&["failing"]).set(backlog.webhooks_failing);
        self.webhooks.with_label_values(&["given_up"]).set(backlog.webhooks_given_up);
        self.webhook_lag.set(backlog.webhook_lag);
        self.sampled.set(now);
    }
}
