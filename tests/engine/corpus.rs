//! Broken originals: each settles its image with words that a librarian understands, and harms no other.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::rows;

/// Formats, and sizes at which they are broken.
const FORMATS: [&str; 5] = ["jpeg", "png", "tiff", "webp", "gif"];

/// Words that are for operators, and would tell a librarian nothing.
const INTERNAL: [&str; 4] = ["internal", "report it", "storage", "signal"];

#[test]
fn originals_that_are_cut_or_changed_anywhere_are_told_in_words_and_stop_nothing() {
    let scene = Scene::start();
    let mut images: Vec<Value> = Vec::new();
    for format in FORMATS {
        for part in 1..16 {
            let cut = scene.origin.url(&format!("/broken/{format}/cut/{part}"));
            images.push(scene.image(&format!("{format}-cut-{part}"), &cut));
        }
        for seed in 0..12 {
            let changed = scene.origin.url(&format!("/broken/{format}/flip/{seed}"));
            images.push(scene.image(&format!("{format}-flip-{seed}"), &changed));
        }
    }
    images.push(scene.image("whole", &scene.origin.image(300, 200)));
    let batch = scene.owner.submit(&images).expect(201).id();
    let done = scene.owner.finished(&batch);
    assert_eq!(done.number("completed") + done.number("errors"), done.number("count"));
    assert!(scene.read("whole").text("error").is_empty());
    let failed = scene.owner.client.get(&format!("{batch}/errorImages?pageSize=500")).expect(200);
    assert!(failed.members().len() >= FORMATS.len() * 10, "{}", failed.members().len());
    for image in failed.members() {
        let error = image["error"].as_str().expect("words");
        let id = image["id"].as_str().expect("an id");
        assert!(
            error.len() > 20 && !INTERNAL.iter().any(|word| error.contains(word)),
            "{id}: {error}"
        );
        assert!(image.get("infoJson").is_none(), "{id}");
    }
    // Whatever was cut before its middle is incomplete, and is never shown in part.
    for format in FORMATS {
        for part in 1..8 {
            assert_ne!(
                scene.read(&format!("{format}-cut-{part}")).text("error"),
                "",
                "{format} {part}"
            );
        }
    }
    assert_eq!(rows::files(&scene.app.data.path().join("originals")).len(), 0);
    scene.agrees();
}

#[test]
fn bombs_are_refused_by_the_limit_that_they_break() {
    let scene =
        Scene::with(&[("HYDRIA_MAX_PIXELS", "1000000"), ("HYDRIA_INGEST_MEMORY_MB", "128")]);
    for (kind, words) in [
        ("png", "pixels"),
        ("gif", "pixels"),
        ("webp", "pixels"),
        ("jpeg", "pixels"),
        ("tiff", "pixels"),
        ("jp2", "pixels"),
    ] {
        let image = scene.put(kind, &scene.origin.url(&format!("/bomb/{kind}"))).expect(201);
        let error = image.text("error");
        assert!(error.contains(words) && error.contains("1000000"), "{kind}: {error}");
    }
    assert_eq!(scene.put("whole", &scene.origin.image(30, 20)).expect(201).text("error"), "");
    let said = json!({ "origin": scene.origin.url("/bomb/png") });
    let replaced = scene.owner.client.put(&scene.path("whole"), &said).expect(200);
    assert!(!replaced.text("error").is_empty());
    assert_eq!(replaced.number("width"), 30, "what was there before is still served");
    scene.agrees();
}
