//! Traces: what a collector is told, and that nothing waits for it.

use reqwest::Method;

use crate::delivery::reader::Served;
use crate::engine::scene::Scene;
use crate::support::collector::Collector;
use crate::support::{App, until};

#[test]
fn a_collector_is_told_of_requests_and_of_each_stage_of_an_image() {
    let collector = Collector::start();
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let scene = Scene::with(&settings);
    scene.put("page", &scene.origin.image(300, 200)).expect(201);
    for name in ["image", "fetch", "inspect", "wait", "decode", "derive", "store", "settle"] {
        until(name, || collector.has(name.as_bytes()));
    }
    until("the PUT", || collector.has(b"PUT /customers/{customer}/spaces/{space}/images/{image}"));
    let requests = collector.requests();
    assert!(requests.iter().all(|line| line == "POST /v1/traces HTTP/1.1 application/x-protobuf"));
    assert!(collector.has(b"hydria") && collector.has(b"done"));
}

#[test]
fn the_trace_of_a_client_goes_on_here_and_a_stranger_does_not_decide_what_is_traced() {
    let collector = Collector::start();
    let url = collector.url();
    let start = |more: &[(&str, &str)]| {
        let mut settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
        settings.extend(more);
        App::start_with(
            &settings,
            hydria::cli::serve::Options { no_worker: true, ..Default::default() },
        )
    };
    let ask = |app: &App, trace: &str, flags: &str| {
        let parent = format!("00-{trace}-00f067aa0ba902b7-{flags}");
        let request = app.visitor.request(Method::GET, "/vocab").header("traceparent", parent);
        assert_eq!(app.visitor.send(request).status, 200);
    };
    let number = |trace: &str| -> Vec<u8> {
        (0..16).map(|n| u8::from_str_radix(&trace[2 * n..2 * n + 2], 16).expect("hex")).collect()
    };
    let everything = start(&[]);
    let known = "4bf92f3577b34da6a3ce929d0e0e4736";
    ask(&everything, known, "01");
    until("the trace", || collector.has(&number(known)));
    let parent = [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];
    assert!(collector.has(&parent), "the span of the client is the parent");
    let malformed = everything.visitor.request(Method::GET, "/vocab").header("traceparent", "00-x");
    assert_eq!(everything.visitor.send(malformed).status, 200);
    drop(everything);
    // None is traced but those of which a proxy says so that is trusted with that.
    let nothing = start(&[("HYDRIA_TRACE_RATIO", "0")]);
    let stranger = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1";
    ask(&nothing, stranger, "01");
    drop(nothing);
    let proxied = [("HYDRIA_TRACE_RATIO", "0"), ("HYDRIA_TRUSTED_PROXIES", "127.0.0.0/8")];
    let passes_on = start(&proxied);
    let unchanged = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa4";
    ask(&passes_on, unchanged, "01");
    drop(passes_on);
    let proxied = start(&[proxied[0], proxied[1], ("HYDRIA_TRACE_DECISION", "proxies")]);
    let (sampled, not) = ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3");
    ask(&proxied, not, "00");
    ask(&proxied, sampled, "01");
    until("the trace", || collector.has(&number(sampled)));
    for other in [stranger, unchanged, not] {
        assert!(!collector.has(&number(other)), "{other}");
    }
}

#[test]
fn nothing_waits_for_a_collector_that_is_broken() {
    let collector = Collector::start();
    collector.breaks();
    let url = collector.url();
    let page = Served::of(Scene::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())]), 600, 400);
    until("spans to be refused", || !collector.requests().is_empty());
    page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    let gone = Scene::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
    gone.put("page", &gone.origin.image(30, 20)).expect(201);
}
