//! The process itself, under the names that programs of all kinds use for it.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{IntGauge, Registry};

use super::{MetricsError, gauge, gauges, whole};

/// Metrics of the process.
#[derive(Debug)]
pub(super) struct Process {
    memory: IntGauge,
    files: IntGauge,
}

impl Process {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let build = gauges(registry, ("hydria_build_info", "The version; always 1"), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let started = ("process_start_time_seconds", "When the process began, since 1970");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        gauge(registry, started)?.set(whole(now.as_secs()));
        Ok(Self {
            memory: gauge(registry, ("process_resident_memory_bytes", "Resident memory"))?,
            files: gauge(registry, ("process_open_fds", "Files and sockets that are open"))?,
        })
    }

    /// Sets what the system says of the process now.
    pub(super) fn read(&self) {
        let pages = std::fs::read_to_string("/proc/self/statm").ok();
        let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
        let bytes = pages.unwrap_or_default().saturating_mul(rustix::param::page_size());
        self.memory.set(whole(bytes));
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.files.set(whole(files));
    }
}
