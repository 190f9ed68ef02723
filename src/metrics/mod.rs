//! Metrics of this process, as Prometheus reads them; the only module that knows its crate.
//!
//! No label names a customer, an image, or an address: what a label may say is a fixed list, so that the number of series
//! is bounded, and a reader learns nothing about anybody.

pub mod database;
pub mod engine;
pub mod fault_kind;
pub mod http;
mod process;
pub mod renderings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::core::Collector;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The reason why metrics cannot be set up: two of one name, or a malformed one.
pub type MetricsError = prometheus::Error;

/// All metrics of a process.
pub struct Metrics {
    registry: Registry,
    pub http: http::Http,
    pub engine: engine::EngineMetrics,
    pub renderings: renderings::Renderings,
    pub database: database::DatabaseMetrics,
    process: process::Process,
    readers: Mutex<Vec<Box<dyn Fn(&Self) + Send>>>,
}

impl Metrics {
    /// Returns metrics at which nothing has been counted.
    ///
    /// # Errors
    /// Fails if two metrics have one name, which a test would have seen.
    pub fn new() -> Result<Arc<Self>, MetricsError> {
        let registry = Registry::new();
        Ok(Arc::new(Self {
            http: http::Http::new(&registry)?,
            engine: engine::EngineMetrics::new(&registry)?,
            renderings: renderings::Renderings::new(&registry)?,
            database: database::DatabaseMetrics::new(&registry)?,
            process: process::Process::new(&registry)?,
            registry,
            readers: Mutex::default(),
        }))
    }

    /// Calls `reader` before each answer, to set gauges of what has a state of its own, such as a pool.
    ///
    /// It runs on the thread of the admin listener, and must neither wait for anything nor hold these metrics.
    pub fn read_by(&self, reader: impl Fn(&Self) + Send + 'static) {
        self.readers.lock().push(Box::new(reader));
    }

    /// Returns all metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// Fails if a metric cannot be written.
    pub fn text(&self) -> Result<Vec<u8>, MetricsError> {
        for reader in self.readers.lock().iter() {
            reader(self);
        }
        self.process.read();
        let mut text = Vec::with_capacity(32 << 10);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(..)")
    }
}

/// Something that is counted in a gauge until it is dropped.
#[derive(Debug)]
pub struct Counted(IntGauge);

impl Counted {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> Result<C, MetricsError> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn counters(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<IntCounterVec, MetricsError> {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

fn gauge(registry: &Registry, (name, help): (&str, &str)) -> Result<IntGauge, MetricsError> {
    registered(registry, IntGauge::new(name, help)?)
}

fn gauges(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<IntGaugeVec, MetricsError> {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

fn histograms(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
    buckets: &[f64],
) -> Result<HistogramVec, MetricsError> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    registered(registry, HistogramVec::new(options, labels)?)
}

/// Returns a number as a gauge holds it.
fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
