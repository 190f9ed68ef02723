//! Files for operators: each metric that they name is there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scrape::operator_of;
use crate::engine::scene::Scene;

/// Every word in a text that looks like the name of a metric.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c));
    let is_metric = |word: &&str| word.starts_with("hydria_") || word.starts_with("process_");
    words.filter(is_metric).map(str::to_owned).collect()
}

#[test]
fn each_metric_of_the_dashboard_of_the_alarms_and_of_the_guide_is_there_and_the_guide_has_all() {
    let scene = Scene::with(&[("HYDRIA_ADMIN_LISTEN", "127.0.0.1:0")]);
    scene.put("lost", &scene.origin.url("/missing/x.png")).expect(201);
    let text = operator_of(&scene.app).get("/metrics").expect(200).bytes;
    let text = String::from_utf8(text).expect("UTF-8");
    let mut there = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a kind");
        there.insert(name.to_owned());
        if kind == "histogram" {
            for end in ["bucket", "sum", "count"] {
                there.insert(format!("{name}_{end}"));
            }
        }
    }
    let read = |file: &str| {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(root.join(file)).expect(file)
    };
    let dashboard: Value =
        serde_json::from_str(&read("deploy/grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() > 10);
    let guide = read("docs/operating.md");
    for (file, named) in [
        ("the dashboard", names(&dashboard["panels"].to_string())),
        ("the alarms", names(&read("deploy/alerts.yml"))),
        ("the guide", names(&guide)),
    ] {
        assert!(named.len() > 10, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&there).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
    let told = names(&guide);
    let of_histogram = |name: &String| {
        ["_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end)) && !told.contains(name)
    };
    let untold: Vec<_> = there.difference(&told).filter(|name| !of_histogram(name)).collect();
    assert!(untold.is_empty(), "the guide says nothing of {untold:?}");
}
