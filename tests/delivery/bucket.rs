//! Images whose objects are kept in a bucket: what is read of it, and what is answered while it does not answer.

use std::collections::HashMap;
use std::io::Write as _;

use hydria::config::Config;
use hydria::storage::Storage;
use reqwest::Method;
use serde_json::json;

use super::reader::{Picture, Served};
use crate::engine::scene::Scene;
use crate::support::s3::Behaviour;
use crate::support::{App, S3, database, until};

const TILE: &str = "0,0,512,512/512,512/0/default.jpg";

/// Starts a service that keeps its objects below a prefix of a bucket.
fn scene(s3: &S3, more: &[(&str, &str)]) -> Scene {
    s3.make_bucket("images");
    let settings = s3.settings("s3://images/hydria/one");
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain(more.iter().copied())
        .collect();
    Scene::of(App::start_with(&settings, hydria::cli::serve::Options::default()))
}

/// Returns the reads of objects so far.
fn reads(s3: &S3) -> Vec<String> {
    let is_read = |asked: &String| asked.starts_with("GET ") && asked.contains("thumbnails/");
    s3.asked().into_iter().filter(is_read).collect()
}

#[test]
fn a_bucket_serves_all_pixels_by_ranges_and_what_was_read_is_not_read_again() {
    let s3 = S3::start();
    let page = Served::of(scene(&s3, &[]), 1300, 900);
    let keys = s3.keys("images");
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("hydria/one/")), "{keys:?}");

    let tile = page.picture("iiif-img", TILE);
    assert_eq!((tile.width, tile.height), (512, 512));
    let thumbnail = page.picture("thumbs", "full/!100,100/0/default.jpg");
    assert!(thumbnail.width.max(thumbnail.height) == 100);
    let region = page.picture("iiif-img", "100,50,700,800/350,400/90/gray.png");
    assert_eq!((region.width, region.height), (400, 350));
    let whole = page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    assert_eq!(Picture::of(&whole).width, 1300);

    let before = reads(&s3);
    assert!(before.iter().all(|asked| asked.contains(" bytes=")), "{before:?}");
    for rest in [TILE, "full/max/0/default.jpg", "100,50,700,800/350,400/90/gray.png"] {
        page.get("iiif-img", rest).expect(200);
    }
    assert_eq!(reads(&s3), before);
}

#[test]
fn long_answers_from_a_bucket_come_in_parts_and_ranges_of_them_are_right() {
    let s3 = S3::start();
    let scene = scene(&s3, &[]);
    scene.put("page", &scene.origin.url("/noise/900x700/page.png")).expect(201);
    let page = Served { scene, id: "page".into() };
    let path = format!("{}/full/max/0/default.jpg", page.service("iiif-img"));
    let whole = page.scene.app.visitor.get(&path).expect(200);
    assert!(whole.bytes.len() > 300 << 10, "{} bytes", whole.bytes.len());
    assert_eq!(Picture::of(&whole).width, 900);
    let lengths: Vec<u64> = reads(&s3).iter().map(|asked| length(asked)).collect();
    assert!(lengths.len() > 1 && lengths.iter().all(|length| *length <= 256 << 10), "{lengths:?}");
    for (from, to) in [(0, 99), (200_000, 299_999), (262_144, 300_000)] {
        let range = format!("bytes={from}-{to}");
        let part = page.with(Method::GET, &path, &[("Range", &range)]).expect(206);
        assert!(part.bytes == whole.bytes[from..=to], "{range}");
    }
    let whole_reads = reads(&s3).len();
    page.with(Method::GET, &path, &[("Range", "bytes=99999999-")]).expect(416);
    let head = page.with(Method::HEAD, &path, &[]).expect(200);
    assert_eq!(head.header("content-length"), Some(whole.bytes.len().to_string().as_str()));
    assert_eq!(reads(&s3).len(), whole_reads, "nothing is read for an answer without bytes");
    page.scene.put("fresh", &page.scene.origin.url("/noise/900x701/page.png")).expect(201);
    s3.behave(Behaviour::Refuses);
    let path = path.replace("/page/", "/fresh/");
    page.with(Method::GET, &path, &[("Range", "bytes=300000-300009")]).expect(503);
}

/// Returns the bytes that a request such as `GET /bucket/key bytes=0-99` asks for.
fn length(asked: &str) -> u64 {
    let range = asked.rsplit_once("bytes=").expect("a range").1;
    let (from, to) = range.split_once('-').expect("two ends");
    to.parse::<u64>().expect("a number") - from.parse::<u64>().expect("a number") + 1
}

#[test]
fn while_a_bucket_is_away_pixels_are_503_and_images_wait_without_an_error() {
    let s3 = S3::start();
    let page = Served::of(scene(&s3, &[]), 1300, 900);
    let scene = &page.scene;
    let known = page.get("iiif-img", TILE).expect(200);
    let mut batches = HashMap::new();
    for (number, behaviour) in [Behaviour::HangsUp, Behaviour::Refuses].into_iter().enumerate() {
        s3.behave(behaviour);
        let unread = ["512,0,512,512/512,512/0/default.jpg", "0,512,512,388/512,388/0/default.jpg"];
        let away = page.get("iiif-img", unread[number]).expect(503);
        assert!(
            away.body["detail"].as_str().expect("words").contains("try again"),
            "{}",
            away.body
        );
        page.get("iiif-img", &format!("{number},9,99,99/33,/0/default.jpg")).expect(503);
        assert_eq!(page.get("iiif-img", TILE).expect(200).bytes, known.bytes, "it is in memory");

        let id = format!("waits-{number}");
        let asked = s3.asked().len();
        batches.insert(id.clone(), scene.submit(&[&id], &scene.origin.image(300, 200)));
        // With a client that hangs up no request is seen.
        let tried = || s3.asked().len() > asked || !scene.origin.asked().is_empty();
        until("an attempt to store it", tried);
        let waits = scene.read(&id);
        assert_eq!((waits.text("error"), &waits.body["ingesting"]), (String::new(), &json!(true)));
    }
    s3.behave(Behaviour::Works);
    for (id, batch) in batches {
        scene.owner.finished(&batch);
        assert_eq!(scene.counts(&batch), (1, 0), "{id}");
        assert_eq!(scene.read(&id).number("width"), 300);
    }
    page.get("iiif-img", "512,0,512,512/512,512/0/default.jpg").expect(200);
}

/// Counts the looks at the marker of the storage so far.
fn looks(s3: &S3) -> usize {
    s3.asked()
        .iter()
        .filter(|asked| asked.starts_with("HEAD ") && asked.contains("hydria.json"))
        .count()
}

#[test]
fn while_a_bucket_is_away_images_that_wait_are_not_fetched_again_and_again() {
    let s3 = S3::start();
    let scene = scene(&s3, &[]);
    s3.behave(Behaviour::Refuses);
    let first = scene.submit(&["first"], &scene.origin.image(300, 200));
    // Each look is a few requests, because one that fails is repeated.
    let look_on = || {
        let before = looks(&s3);
        until("a few looks at the bucket", || looks(&s3) > before + 12);
    };
    look_on();
    let second = scene.submit(&["second"], &scene.origin.image(301, 201));
    look_on();
    let fetched = scene.origin.asked();
    assert_eq!(fetched.len(), 1, "{fetched:?}");
    s3.behave(Behaviour::Works);
    for batch in [first, second] {
        scene.owner.finished(&batch);
        assert_eq!(scene.counts(&batch), (1, 0));
    }
    let idle = looks(&s3);
    scene.put("third", &scene.origin.image(302, 202)).expect(201);
    assert_eq!(looks(&s3), idle, "a bucket that answers is not looked at");
}

#[test]
fn a_bucket_that_refuses_an_object_keeps_no_other_image_waiting() {
    let s3 = S3::start();
    let scene = scene(&s3, &[]);
    s3.behave(Behaviour::IsReadOnly);
    let first = scene.submit(&["first"], &scene.origin.image(300, 200));
    until("it to be refused", || looks(&s3) > 0);
    let second = scene.submit(&["second"], &scene.origin.image(301, 201));
    until("the other one to be fetched", || {
        scene.origin.asked().iter().any(|path| path.contains("301"))
    });
    for id in ["first", "second"] {
        assert_eq!(scene.read(id).text("error"), "");
    }
    s3.behave(Behaviour::Works);
    for batch in [first, second] {
        scene.owner.finished(&batch);
        assert_eq!(scene.counts(&batch), (1, 0));
    }
}

#[test]
fn deleted_and_replaced_images_leave_the_bucket_in_the_end_also_after_an_outage() {
    let s3 = S3::start();
    let page = Served::of(scene(&s3, &[]), 600, 400);
    let objects = || s3.keys("images").len() - 1;
    page.scene.put("page", &page.scene.origin.smooth(500, 400)).expect(200);
    page.scene.put("other", &page.scene.origin.smooth(500, 400)).expect(201);
    assert_eq!(objects(), 3, "what was replaced goes later");
    page.scene.owner.client.delete(&page.scene.path("other")).expect(205);
    s3.behave(Behaviour::Refuses);
    let due = "UPDATE discards SET due = now() - interval '1 hour'";
    crate::support::rows::execute(&mut page.scene.app.database(), due);
    let asked = s3.asked().len();
    until("an attempt to remove them", || s3.asked().len() > asked);
    s3.behave(Behaviour::Works);
    until("the objects to be gone", || {
        // One that could not be removed is left alone for a while.
        crate::support::rows::execute(&mut page.scene.app.database(), due);
        objects() == 1
    });
    page.get("iiif-img", "full/max/0/default.jpg").expect(200);
}

#[test]
fn objects_of_several_parts_are_there_whole_or_not_at_all() {
    let s3 = S3::start();
    s3.make_bucket("images");
    let settings = s3.settings("s3://images");
    let config = Config::read(|name| {
        settings.iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone())
    });
    let storage = Storage::existing(&config.expect("settings").storage).expect("a bucket");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let file = || {
        let mut file = tempfile::tempfile_in(database::folder()).expect("a file");
        let bytes: Vec<u8> = (0..20_000_000_u32).map(|at| at.to_le_bytes()[1]).collect();
        file.write_all(&bytes).expect("a disk");
        (file, bytes)
    };
    let (whole, bytes) = file();
    runtime.block_on(storage.put_file("1-1", whole)).expect("it is stored");
    assert!(s3.get("images", "1-1").as_deref() == Some(bytes.as_slice()));
    let ends = runtime.block_on(storage.get_all("1-1", &[0..3, 19_999_990..20_000_000]));
    let ends = ends.expect("ranges");
    assert!(ends[0] == bytes[..3] && ends[1] == bytes[19_999_990..]);
    let beyond = runtime.block_on(storage.get("1-1", 19_999_990..20_000_001));
    assert!(beyond.is_err_and(|error| !error.is_missing()));
    assert!(runtime.block_on(storage.get("1-2", 0..1)).is_err_and(|error| error.is_missing()));

    // It fails after the parts, or before.
    std::thread::scope(|scope| {
        let part = |asked: &String| asked.contains("partNumber=2");
        let before = s3.asked().into_iter().filter(part).count();
        let storing = scope.spawn(|| runtime.block_on(storage.put_file("1-2", file().0)));
        until("a second part", || s3.asked().into_iter().filter(part).count() > before);
        s3.behave(Behaviour::HangsUp);
        let failed = storing.join().expect("no panic").expect_err("an outage");
        assert!(failed.is_of_all(), "{failed}");
    });
    s3.behave(Behaviour::Works);
    assert_eq!(s3.keys("images"), ["1-1"]);
}
