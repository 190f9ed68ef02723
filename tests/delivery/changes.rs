//! Changes: what is replaced, closed or deleted is not served any more, whatever was served before.

use std::thread;
use std::time::{Duration, Instant};

use hydria::cli::serve::Options;
use serde_json::json;

use super::reader::Served;
use crate::support::{App, until};

const TILE: &str = "0,0,512,400/512,400/0/default.jpg";

/// Time after which no process shows what was closed.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);

#[test]
fn an_image_is_closed_when_the_change_is_answered_and_opened_again() {
    let page = Served::smooth(600, 400);
    for _ in 0..3 {
        page.get("iiif-img", TILE).expect(200);
        page.patch(&json!({ "maxUnauthorised": 0 }));
        assert_eq!(page.get("iiif-img", TILE).status, 401);
        assert_eq!(page.get("thumbs", "info.json").status, 404);
        page.patch(&json!({ "maxUnauthorised": -1 }));
        page.get("iiif-img", TILE).expect(200);
    }
}

#[test]
fn a_copy_of_the_full_image_is_not_confirmed_once_only_a_smaller_size_is_open() {
    let page = Served::smooth(600, 400);
    for service in ["iiif-img", "iiif-img/v2"] {
        let path = format!("{}/full/max/0/default.jpg", page.service(service));
        let tag = page.scene.app.visitor.get(&path).expect(200);
        let tag = tag.header("etag").expect("a tag").to_owned();
        page.patch(&json!({ "maxUnauthorised": 200 }));
        let asked = page.with(reqwest::Method::GET, &path, &[("If-None-Match", &tag)]).expect(200);
        assert_eq!(super::reader::Picture::of(&asked).size(), (200, 133));
        page.patch(&json!({ "maxUnauthorised": -1 }));
    }
}

#[test]
fn an_image_that_is_sent_again_with_roles_is_closed_when_the_batch_is_answered() {
    let page = Served::smooth(600, 400);
    page.get("iiif-img", TILE).expect(200);
    let mut again = page.scene.image("page", &page.scene.origin.url("/held/600x400"));
    again["roles"] = json!(["https://example.org/roles/reader"]);
    page.scene.owner.submit(&[again]).expect(201);
    assert_eq!(page.get("iiif-img", TILE).status, 401);
    page.scene.origin.release();
}

#[test]
fn a_deleted_image_is_not_there_when_the_deletion_is_answered() {
    let page = Served::smooth(600, 400);
    for rest in [TILE, "info.json", "10,10,100,100/50,/0/default.jpg"] {
        page.get("iiif-img", rest).expect(200);
    }
    page.scene.owner.client.delete(&page.scene.path("page")).expect(205);
    for rest in [TILE, "info.json", "10,10,100,100/50,/0/default.jpg"] {
        assert_eq!(page.get("iiif-img", rest).status, 404, "{rest}");
    }
}

#[test]
fn a_replaced_image_is_served_in_its_new_state_when_the_request_is_answered() {
    let page = Served::smooth(600, 400);
    let before = page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    page.scene.put("page", &page.scene.origin.smooth(700, 300)).expect(200);
    let info = page.info("iiif-img");
    assert_eq!((&info["width"], &info["height"]), (&json!(700), &json!(300)));
    let after = page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_ne!(after.bytes, before.bytes);
}

#[test]
fn another_process_closes_an_image_in_time_also_beside_a_transaction_that_stays_open() {
    let page = Served::smooth(600, 400);
    let data = page.scene.app.data.path();
    let secret = std::fs::read_to_string(data.join("secret")).expect("a secret");
    let objects = data.join("objects");
    let settings = [
        ("HYDRIA_STORAGE", objects.to_str().expect("a path in UTF-8")),
        ("HYDRIA_SECRET", secret.trim()),
    ];
    let options = Options { no_worker: true, ..Options::default() };
    let other = App::start_on(&page.scene.app.database_url, &settings, options);
    let tile = format!("{}/{TILE}", page.service("iiif-img"));
    until("the other process serves the image", || other.visitor.get(&tile).status == 200);
    let mut open = page.scene.app.database();
    diesel::connection::SimpleConnection::batch_execute(
        &mut open,
        "BEGIN; SELECT pg_current_xact_id();",
    )
    .expect("a transaction");
    for (body, status) in [
        (json!({ "maxUnauthorised": 0 }), 401),
        (json!({ "maxUnauthorised": -1 }), 200),
        (json!({ "roles": ["https://example.org/roles/reader"] }), 401),
    ] {
        page.patch(&body);
        let changed = Instant::now();
        while other.visitor.get(&tile).status != status {
            assert!(changed.elapsed() < CLOSED_WITHIN * 2, "{body}");
            thread::sleep(Duration::from_millis(20));
        }
    }
    page.scene.owner.client.delete(&page.scene.path("page")).expect(205);
    until("the other process hears of the deletion", || other.visitor.get(&tile).status == 404);
}

#[test]
fn readers_see_whole_images_of_one_state_while_it_is_replaced_and_closed() {
    let page = Served::smooth(640, 480);
    let widths = [640_u32, 700, 820];
    thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0;
                    for _ in 0..40 {
                        let answer = page.get("iiif-img", "full/max/0/default.jpg");
                        if answer.status == 200 {
                            let picture = super::reader::Picture::of(&answer);
                            assert!(widths.contains(&picture.width), "{}", picture.width);
                            seen += 1;
                        } else {
                            assert_eq!(answer.status, 401, "{}", answer.body);
                        }
                    }
                    seen
                })
            })
            .collect();
        for width in [700, 820, 640] {
            page.scene.put("page", &page.scene.origin.smooth(width, 480)).expect(200);
            page.patch(&json!({ "maxUnauthorised": 0 }));
            assert_eq!(page.get("iiif-img", "full/max/0/default.jpg").status, 401);
            page.patch(&json!({ "maxUnauthorised": -1 }));
        }
        let seen: i32 = readers.into_iter().map(|reader| reader.join().expect("no panic")).sum();
        assert!(seen > 0);
    });
    page.scene.agrees();
}
