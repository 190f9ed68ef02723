//! Thumbnails: made once, served to everybody while they are open.

use serde_json::json;

use super::scene::Scene;
use crate::support::Answer;

#[test]
fn thumbnails_are_jpegs_of_the_sizes_that_are_told() {
    let scene = Scene::start();
    let image = scene.put("map", &scene.origin.image(1200, 800)).expect(201);
    let info = scene.app.visitor.get(&image.text("thumbnailInfoJson")).expect(200);
    let sizes = json!([
        { "width": 100, "height": 67 },
        { "width": 200, "height": 133 },
        { "width": 400, "height": 267 },
        { "width": 1024, "height": 683 },
    ]);
    assert_eq!(info.body.get("sizes"), Some(&sizes));
    let thumbnail = scene.app.visitor.get(&image.text("thumbnail400")).expect(200);
    assert_eq!(thumbnail.header("content-type"), Some("image/jpeg"));
    assert_eq!(size_of(&thumbnail), (400, 267));
    let service = service(&image);
    for size in ["1024,683", "1024,", ",683", "!1024,683", "max"] {
        let path = format!("{service}/full/{size}/0/default.jpg");
        assert_eq!(size_of(&scene.app.visitor.get(&path).expect(200)), (1024, 683), "{size}");
    }
}

#[test]
fn no_thumbnail_is_larger_than_its_image() {
    let scene = Scene::start();
    let image = scene.put("small", &scene.origin.image(150, 90)).expect(201);
    let info = scene.app.visitor.get(&image.text("thumbnailInfoJson")).expect(200);
    assert_eq!(info.body.get("sizes"), Some(&json!([{ "width": 100, "height": 60 }])));
    assert!(image.body.get("thumbnail400").is_none());
    let tiny = scene.put("tiny", &scene.origin.image(30, 20)).expect(201);
    assert_eq!((tiny.text("error"), tiny.number("width")), (String::new(), 30));
    assert!(tiny.body.get("thumbnailInfoJson").is_none());
    scene.app.visitor.get(&format!("/thumbs/{}/1/tiny/info.json", scene.owner.id)).expect(404);
    assert_eq!(scene.objects().len(), 1, "only of the larger image");
    scene.agrees();
}

#[test]
fn protection_closes_thumbnails_at_once_and_opens_them_again() {
    let scene = Scene::start();
    let image = scene.put("map", &scene.origin.image(1200, 800)).expect(201);
    let service = service(&image);
    let status =
        |size: &str| scene.app.visitor.get(&format!("{service}/full/{size}/0/default.jpg")).status;
    let patch = |body| scene.owner.client.patch(&scene.path("map"), &body).expect(205);
    assert_eq!((status("400,267"), status("200,133")), (200, 200));
    patch(json!({ "maxUnauthorised": 200 }));
    assert_eq!((status("400,267"), status("200,133")), (404, 200));
    assert!(scene.read("map").body.get("thumbnail400").is_none());
    patch(json!({ "maxUnauthorised": 0 }));
    assert_eq!((status("200,133"), status("max")), (404, 404));
    scene.app.visitor.get(&format!("{service}/info.json")).expect(404);
    patch(json!({ "maxUnauthorised": -1 }));
    assert_eq!(status("400,267"), 200);
    patch(json!({ "roles": ["https://example.org/roles/reader"] }));
    assert_eq!((status("400,267"), status("100,67")), (404, 404));
    patch(json!({ "roles": [] }));
    assert_eq!(status("400,267"), 200);
    assert_eq!(scene.origin.asked().len(), 1, "nothing of this fetches the image again");
}

#[test]
fn other_sizes_are_not_there_and_other_forms_are_refused() {
    let scene = Scene::start();
    let service = service(&scene.put("map", &scene.origin.image(1200, 800)).expect(201));
    let status = |rest: &str| scene.app.visitor.get(&format!("{service}/{rest}")).status;
    for size in ["401,267", "1200,800", "!300,300", "99999999999999999999,"] {
        assert_eq!(status(&format!("full/{size}/0/default.jpg")), 404, "{size}");
    }
    for rest in [
        "full/abc/0/default.jpg",
        "full/0,0/0/default.jpg",
        "full/,/0/default.jpg",
        "full/400,267/90/default.jpg",
        "0,0,10,10/400,267/0/default.jpg",
        "full/400,267/0/gray.png",
    ] {
        assert_eq!(status(rest), 400, "{rest}");
    }
}

fn service(image: &Answer) -> String {
    let info = image.text("thumbnailInfoJson");
    info.strip_suffix("/info.json").expect("a description").to_owned()
}

/// Decodes the whole of a thumbnail, as any client would.
fn size_of(answer: &Answer) -> (usize, usize) {
    let decoder = mozjpeg::Decompress::new_mem(&answer.bytes).expect("a JPEG");
    let mut pixels = decoder.rgb().expect("colours");
    let size = (pixels.width(), pixels.height());
    let lines: Vec<[u8; 3]> = pixels.read_scanlines().expect("a whole JPEG");
    assert_eq!(lines.len(), size.0 * size.1);
    size
}
