//! Traces of requests and of the processing of images, for a collector of OpenTelemetry; the only module that knows its
//! crates.
//!
//! Spans are sent in batches by a thread of their own. What it cannot send in time is dropped: nothing waits for a collector.

mod exporter;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    FutureExt as _, Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider,
};

use exporter::Exporter;

/// Time after which spans are sent, at most.
const DELAY: Duration = Duration::from_secs(1);
/// Time that a collector may take to receive them.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Time that the last ones may take when the process ends.
const LAST: Duration = Duration::from_secs(2);

/// A value that a span has.
pub type Attribute = (&'static str, AttributeValue);

/// The kinds of values that spans have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    Text(String),
    Number(i64),
}

/// A request that was answered.
#[derive(Debug)]
pub struct RequestTrace<'a> {
    /// The value of `traceparent` (W3C Trace Context), if the client sent one.
    pub traceparent: Option<&'a str>,
    /// Tells whether its flag decides that the request is traced.
    pub is_trusted: bool,
    /// The method and the template of the address, which names nobody.
    pub name: String,
    pub attributes: Vec<Attribute>,
    /// Tells whether the service failed.
    pub has_failed: bool,
    pub took: Duration,
}

/// Traces of a process, sent to a collector where there is one; cheap to clone.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Tracing>>);

struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    ratio: f64,
}

impl Traces {
    /// Sends a part of all traces, from 0 to 1, to a collector at a URL, by OTLP over HTTP.
    ///
    /// # Errors
    /// Fails if that is no URL, or the system gives no thread.
    pub fn to_collector(url: &str, ratio: f64) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", url.trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()?;
        let batches = BatchConfigBuilder::default().with_scheduled_delay(DELAY).build();
        let processor = BatchSpanProcessor::builder(Exporter::new(exporter, url));
        let provider = SdkTracerProvider::builder()
            // It is decided here, because a client must not decide it by the number of its trace.
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(Resource::builder_empty().with_service_name("hydria").build())
            .with_span_processor(processor.with_batch_config(batches).build())
            .build();
        let tracer = provider.tracer("hydria");
        Ok(Self(Some(Arc::new(Tracing { provider, tracer, ratio }))))
    }

    /// Returns whether anything is traced.
    pub fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// Tells of a request that was answered just now.
    pub fn request(&self, told: RequestTrace<'_>) {
        let Some(tracing) = &self.0 else { return };
        let parent = told.traceparent.and_then(parent);
        let is_traced = match &parent {
            Some(parent) if told.is_trusted => parent.span().span_context().is_sampled(),
            _ => tracing.takes_one(),
        };
        if !is_traced {
            return;
        }
        let now = SystemTime::now();
        let status = match told.has_failed {
            true => Status::error(""),
            false => Status::Unset,
        };
        let mut span = tracing
            .tracer
            .span_builder(told.name)
            .with_kind(SpanKind::Server)
            .with_start_time(now.checked_sub(told.took).unwrap_or(now))
            .with_attributes(told.attributes.into_iter().map(key_value))
            .start_with_context(&tracing.tracer, &parent.unwrap_or_default());
        span.set_status(status);
        span.end_with_timestamp(now);
    }

    /// Does some work as a trace of its own, of which [`Traces::stage`] and [`Traces::outcome`] tell within.
    pub async fn job<T>(
        &self,
        name: &'static str,
        attributes: impl FnOnce() -> Vec<Attribute>,
        work: impl Future<Output = T>,
    ) -> T {
        let Some(tracing) = self.0.as_ref().filter(|tracing| tracing.takes_one()) else {
            return work.await;
        };
        let builder = tracing.tracer.span_builder(name).with_kind(SpanKind::Consumer);
        let builder = builder.with_attributes(attributes().into_iter().map(key_value));
        let span = builder.start_with_context(&tracing.tracer, &Context::new());
        let context = Context::new().with_span(span);
        let done = work.with_context(context.clone()).await;
        context.span().end();
        done
    }

    /// Tells of a stage of the work at hand that began then and took so long.
    pub fn stage(&self, name: &'static str, began: Instant, took: Duration) {
        let Some(tracing) = &self.0 else { return };
        let context = Context::current();
        if !context.has_active_span() {
            return;
        }
        let now = SystemTime::now();
        let began = now.checked_sub(began.elapsed()).unwrap_or(now);
        let builder = tracing.tracer.span_builder(name).with_start_time(began);
        let mut span = builder.start_with_context(&tracing.tracer, &context);
        span.end_with_timestamp(began + took);
    }

    /// Says what came of the work at hand.
    pub fn outcome(&self, outcome: &'static str) {
        if self.are_on() {
            Context::current().span().set_attribute(KeyValue::new("outcome", outcome));
        }
    }

    /// Sends what is left, for two seconds at most.
    pub fn close(&self) {
        if let Some(tracing) = &self.0
            && let Err(error) = tracing.provider.shutdown_with_timeout(LAST)
        {
            log::debug!("the last spans were not sent: {error}");
        }
    }
}

impl Tracing {
    fn takes_one(&self) -> bool {
        fastrand::f64() < self.ratio
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traces({})", if self.are_on() { "on" } else { "off" })
    }
}

/// Returns the context that a client names; `None` where it is malformed.
fn parent(traceparent: &str) -> Option<Context> {
    let headers = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
    context.span().span_context().is_valid().then_some(context)
}

fn key_value((key, value): Attribute) -> KeyValue {
    let value = match value {
        AttributeValue::Text(text) => Value::String(Cow::<str>::Owned(text).into()),
        AttributeValue::Number(number) => Value::I64(number),
    };
    KeyValue::new(key, value)
}
