//! Requests, by what they ask for and by who asks.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, Registry};

use super::{Counted, MetricsError, counters, gauge, histograms, whole};

/// Upper bounds of the times of answers, in seconds: a tile takes less than a millisecond, a request that waits for an image
/// half a minute.
const SECONDS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0];

/// The class of a request, by what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestClass {
    /// Something of the API, to be read.
    Read,
    /// Something of the API, to be changed.
    Write,
    /// A document that describes the API, which is kept in memory.
    Document,
    /// The description of an image (`info.json`), or the way to it.
    Info,
    /// Stored pixels of a thumbnail.
    Thumbnail,
    /// Stored pixels of an image, such as a tile.
    Copy,
    /// Pixels that are rendered in the lane of small renderings.
    Small,
    /// Pixels that are rendered in the lane of large renderings.
    Large,
    /// Something of an image service that is refused before it is known what it would cost.
    Image,
    /// A stream of events.
    Events,
    /// A log-in, a log-out, or the question who is logged in.
    Session,
    /// Anything about uploads: making one, sending a part, asking how far it is, reading, removing.
    Upload,
    /// Health of the service.
    Health,
    /// An address at which there is nothing.
    Unknown,
}

/// All classes of requests, in the order in which they are declared.
const CLASSES: [RequestClass; 14] = [
    RequestClass::Read,
    RequestClass::Write,
    RequestClass::Document,
    RequestClass::Info,
    RequestClass::Thumbnail,
    RequestClass::Copy,
    RequestClass::Small,
    RequestClass::Large,
    RequestClass::Image,
    RequestClass::Events,
    RequestClass::Session,
    RequestClass::Upload,
    RequestClass::Health,
    RequestClass::Unknown,
];

impl RequestClass {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Document => "document",
            Self::Info => "info",
            Self::Thumbnail => "thumbnail",
            Self::Copy => "copy",
            Self::Small => "small",
            Self::Large => "large",
            Self::Image => "image",
            Self::Events => "events",
            Self::Session => "session",
            Self::Upload => "upload",
            Self::Health => "health",
            Self::Unknown => "unknown",
        }
    }
}

/// The kind of a client, by what its requests say of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientClass {
    /// A crawler of a search engine, an archive, or a preview, that says so.
    Crawler,
    /// A crawler or an agent of a language model, that says so.
    Ai,
    /// A page in a browser that shows images, such as a viewer.
    Viewer,
    /// A browser at an address that a person opened.
    Browser,
    /// Another program.
    Program,
}

/// Number of client classes.
const CLIENTS: usize = ClientClass::Program as usize + 1;

impl ClientClass {
    const fn name(self) -> &'static str {
        match self {
            Self::Crawler => "crawler",
            Self::Ai => "ai",
            Self::Viewer => "viewer",
            Self::Browser => "browser",
            Self::Program => "program",
        }
    }
}

/// Metrics of requests.
#[derive(Debug)]
pub struct Http {
    requests: IntCounterVec,
    /// Counters of requests that were answered by 200, by class and client, once there was one.
    succeeded: [[OnceLock<IntCounter>; CLIENTS]; CLASSES.len()],
    /// By class, because looking one up takes longer than to observe a value.
    seconds: [Histogram; CLASSES.len()],
    under_way: IntGauge,
    streams: IntGauge,
}

impl Http {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let requests = (
            "hydria_http_requests_total",
            "Requests that were answered, by what they asked for, who asked, and the status",
        );
        let seconds = (
            "hydria_http_request_seconds",
            "Time until the answer to a request began, by what it asked for",
        );
        let under_way =
            ("hydria_http_requests_under_way", "Requests whose answers have not begun yet");
        let streams = ("hydria_event_streams", "Streams of events that are open");
        let seconds = histograms(registry, seconds, &["class"], &SECONDS)?;
        Ok(Self {
            requests: counters(registry, requests, &["class", "client", "status"])?,
            succeeded: Default::default(),
            seconds: CLASSES.map(|class| seconds.with_label_values(&[class.name()])),
            under_way: gauge(registry, under_way)?,
            streams: gauge(registry, streams)?,
        })
    }

    /// Counts a request as under way.
    pub fn begun(&self) -> Counted {
        Counted::new(&self.under_way)
    }

    pub fn set_streams(&self, count: usize) {
        self.streams.set(whole(count));
    }

    /// Counts a request whose answer begins now.
    pub fn answered(&self, class: RequestClass, client: ClientClass, status: &str, took: Duration) {
        let counter = || self.requests.with_label_values(&[class.name(), client.name(), status]);
        let known = self.succeeded.get(class as usize).and_then(|of| of.get(client as usize));
        match known.filter(|_| status == "200") {
            Some(known) => known.get_or_init(counter).inc(),
            None => counter().inc(),
        }
        if let Some(seconds) = self.seconds.get(class as usize) {
            seconds.observe(took.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_stands_where_its_times_are_kept() {
        for (place, class) in CLASSES.into_iter().enumerate() {
            assert_eq!(class as usize, place, "{}", class.name());
        }
        assert_eq!(CLASSES.len(), RequestClass::Unknown as usize + 1, "Unknown is declared last");
    }
}
