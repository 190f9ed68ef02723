//! Metrics: what is counted is what was done, and nothing of it names a customer.

use std::collections::BTreeSet;

use hydria::cli::serve::Options;
use reqwest::Method;
use serde_json::json;

use super::scrape::{Scrape, operator_of};
use crate::delivery::reader::Served;
use crate::engine::scene::Scene;
use crate::support::{App, until};

const ADMIN: (&str, &str) = ("HYDRIA_ADMIN_LISTEN", "127.0.0.1:0");

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[test]
fn requests_are_counted_by_class_client_and_status_and_the_sums_are_those_sent() {
    let page = Served::of(Scene::with(&[ADMIN]), 1200, 900);
    let operator = operator_of(&page.scene.app);
    let before = Scrape::of(&operator);
    let (image, thumbs) = (page.service("iiif-img"), page.service("thumbs"));
    let visitor = &page.scene.app.visitor;
    let get = |path: &str, agent: &str, more: &[(&str, &str)]| {
        let mut request = visitor.request(Method::GET, path).header("User-Agent", agent);
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        visitor.send(request).status
    };
    let tile = format!("{image}/0,0,512,512/512,512/0/default.jpg");
    let embedded = ("Sec-Fetch-Dest", "image");
    let sent = [
        ("copy", "viewer", 200, get(&tile, FIREFOX, &[embedded])),
        ("copy", "ai", 200, get(&tile, "GPTBot/1.2", &[])),
        ("copy", "program", 200, get(&tile, "curl/8.5.0", &[])),
        (
            "thumbnail",
            "browser",
            200,
            get(&format!("{thumbs}/full/100,/0/default.jpg"), FIREFOX, &[]),
        ),
        ("small", "program", 200, get(&format!("{image}/0,0,300,300/150,/0/gray.jpg"), "x", &[])),
        ("info", "crawler", 200, get(&format!("{image}/info.json"), "Googlebot/2.1", &[])),
        ("image", "program", 400, get(&format!("{image}/full/max/0/loud.jpg"), "x", &[])),
        ("read", "program", 401, get("/customers", "x", &[])),
        ("write", "program", 401, visitor.post("/customers", &json!({})).status),
        ("document", "browser", 200, get("/vocab", FIREFOX, &[])),
        ("health", "program", 200, get("/healthz", "x", &[])),
        ("unknown", "program", 404, get("/nothing/here/at/all", "x", &[])),
    ];
    let after = Scrape::of(&operator);
    for (class, client, expected, status) in sent {
        assert_eq!(status, expected, "{class}");
        let series = format!(
            "hydria_http_requests_total{{class=\"{class}\",client=\"{client}\",status=\"{status}\"}}"
        );
        let counted = after.value(&series) - before.value(&series);
        assert!((counted - 1.0).abs() < 0.1, "{series}: {counted}");
    }
    let all = |scrape: &Scrape, name: &str| scrape.sum(name, &[]);
    for name in ["hydria_http_requests_total", "hydria_http_request_seconds_count"] {
        let counted = all(&after, name) - all(&before, name);
        assert!((counted - 12.0).abs() < 0.1, "{name}: {counted}");
    }
    let admitted = "hydria_render_admissions_total{lane=\"small\",outcome=\"admitted\"}";
    assert!((after.value(admitted) - before.value(admitted) - 1.0).abs() < 0.1);
}

#[test]
fn images_that_come_through_and_fail_are_counted_with_the_time_of_each_stage() {
    let scene = Scene::with(&[ADMIN]);
    let operator = operator_of(&scene.app);
    scene.put("good", &scene.origin.image(300, 200)).expect(201);
    scene.put("lost", &scene.origin.url("/missing/x.png")).expect(201);
    scene.put("text", &scene.origin.url("/text/x.png")).expect(201);
    // A request is answered when its image is settled, a moment before that is counted.
    until("three attempts to be counted", || {
        Scrape::of(&operator).sum("hydria_ingest_attempts_total", &[]) > 2.5
            && Scrape::of(&operator).is("hydria_ingest_images", 0.0)
    });
    let scrape = Scrape::of(&operator);
    let is = |series: &str, expected: f64| {
        let value = scrape.value(series);
        assert!((value - expected).abs() < 0.1, "{series}: {value}");
    };
    is("hydria_ingest_attempts_total{outcome=\"done\"}", 1.0);
    is("hydria_ingest_attempts_total{outcome=\"failed\"}", 2.0);
    is("hydria_ingest_errors_total{kind=\"origin_missing\"}", 1.0);
    is("hydria_ingest_errors_total{kind=\"image\"}", 1.0);
    for kind in ["local", "storage", "database"] {
        let series = format!("hydria_ingest_errors_total{{kind=\"{kind}\"}}");
        assert!(scrape.0.contains_key(&series), "{series} is told before it occurs");
        is(&series, 0.0);
    }
    is("hydria_ingest_claimed_total{queue=\"immediate\"}", 3.0);
    is("hydria_ingest_stage_seconds_count{stage=\"fetch\"}", 3.0);
    for stage in ["decode", "derive", "store"] {
        is(&format!("hydria_ingest_stage_seconds_count{{stage=\"{stage}\"}}"), 1.0);
    }
    is("hydria_ingest_stage_seconds_count{stage=\"settle\"}", 3.0);
    assert!(scrape.value("hydria_ingest_stage_seconds_sum{stage=\"decode\"}") > 0.0);
}

#[test]
fn the_queue_tells_how_many_wait_and_for_how_long() {
    let app = App::start_with(&[ADMIN], Options { no_worker: true, ..Options::default() });
    let scene = Scene::of(app);
    let operator = operator_of(&scene.app);
    until("an empty queue", || {
        let scrape = Scrape::of(&operator);
        scrape.value("hydria_sampled_timestamp_seconds") > 0.0
            && scrape.is("hydria_queue_images", 0.0)
    });
    scene.submit(&["a", "b", "c"], &scene.origin.image(30, 20));
    let earlier = "UPDATE jobs SET available = now() - interval '100 seconds' WHERE image = 'b'";
    crate::support::rows::execute(&mut scene.app.database(), earlier);
    until("three that wait", || {
        let scrape = Scrape::of(&operator);
        scrape.is("hydria_queue_images", 3.0)
            && scrape.value("hydria_queue_oldest_seconds") >= 100.0
    });
    let claimed = "UPDATE jobs SET available = now() + interval '100 seconds'";
    crate::support::rows::execute(&mut scene.app.database(), claimed);
    until("none that waits", || Scrape::of(&operator).is("hydria_queue_oldest_seconds", 0.0));
}

#[test]
fn no_label_names_anybody_and_nothing_else_is_there() {
    let page = Served::of(Scene::with(&[ADMIN]), 600, 400);
    page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    let operator = operator_of(&page.scene.app);
    let answer = operator.get("/metrics").expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.bytes).expect("UTF-8");
    let labels: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('{')?.1.split_once('}'))
        .flat_map(|(labels, _)| labels.split("\","))
        .filter_map(|label| label.split_once('=').map(|(name, _)| name))
        .collect();
    let known = [
        "class", "client", "kind", "lane", "le", "outcome", "pool", "queue", "stage", "state",
        "status", "version",
    ];
    assert!(labels.iter().all(|label| known.contains(label)), "{labels:?}");
    for path in ["/", "/customers", "/healthz", "/vocab", "/metrics/"] {
        operator.get(path).expect(404);
    }
    assert_eq!(page.scene.app.visitor.get("/metrics").expect(404).body["status"], json!(404));
}

#[test]
fn without_the_setting_nobody_listens_for_operators() {
    let app = App::without_workers();
    assert_eq!(app.admin_address(), None);
    app.visitor.get("/metrics").expect(404);
}
