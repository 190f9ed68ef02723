//! Sends spans, and says in the log when a collector does not take them.

use std::time::{Duration, Instant};

use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use parking_lot::Mutex;

/// Time between two lines about a collector that takes nothing.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// Sends spans to a collector.
#[derive(Debug)]
pub(super) struct Exporter {
    otlp: Otlp,
    url: String,
    logged: Mutex<Option<Instant>>,
}

impl Exporter {
    pub(super) fn new(otlp: Otlp, url: &str) -> Self {
        Self { otlp, url: url.to_owned(), logged: Mutex::default() }
    }

    fn log(&self, error: &dyn std::error::Error) {
        let mut logged = self.logged.lock();
        if logged.is_none_or(|logged| logged.elapsed() >= LOG_PAUSE) {
            *logged = Some(Instant::now());
            log::warn!(
                "the collector at {} does not take traces, which are dropped: {error}",
                self.url
            );
        }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.otlp.export(batch).await;
        if let Err(error) = &sent {
            self.log(error);
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
