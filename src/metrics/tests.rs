//! The text that Prometheus reads.

use std::time::Duration;

use super::Metrics;
use super::http::{ClientClass, RequestClass};

#[test]
fn what_is_counted_and_what_is_read_stands_in_the_text() {
    let metrics = Metrics::new().expect("names that differ");
    let took = Duration::from_millis(3);
    metrics.http.answered(RequestClass::Copy, ClientClass::Ai, "200", took);
    metrics.read_by(|metrics| metrics.database.set_ready(true));
    let text = String::from_utf8(metrics.text().expect("text")).expect("UTF-8");
    for line in [
        "hydria_http_requests_total{class=\"copy\",client=\"ai\",status=\"200\"} 1",
        "hydria_http_request_seconds_bucket{class=\"copy\",le=\"0.0025\"} 0",
        "hydria_http_request_seconds_bucket{class=\"copy\",le=\"0.005\"} 1",
        "hydria_ready 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
}
