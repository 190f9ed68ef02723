//! Thumbnails: made once, served to everybody while they are open.

use reqwest::Method;
use serde_json::json;

use crate::engine::scene::Scene;
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
fn a_box_means_the_stored_size_that_fills_it_however_it_was_rounded() {
    let scene = Scene::start();
    // 156 pixels high at 400, but 157 by the aspect ratio of the largest thumbnail, which is rounded as well.
    let service = service(&scene.put("map", &scene.origin.image(1025, 401)).expect(201));
    let boxed = scene.app.visitor.get(&format!("{service}/full/!400,400/0/default.jpg"));
    assert_eq!(size_of(&boxed.expect(200)), (400, 156));
    let smaller = scene.app.visitor.get(&format!("{service}/full/!399,400/0/default.jpg"));
    assert_eq!(size_of(&smaller.expect(200)).0, 399);
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
    assert_eq!(scene.objects().len(), 2, "tiles are made of every image");
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
fn smaller_sizes_are_scaled_down_larger_ones_are_not_there_and_other_forms_are_refused() {
    let scene = Scene::start();
    let service = service(&scene.put("map", &scene.origin.image(1200, 800)).expect(201));
    let status = |rest: &str| scene.app.visitor.get(&format!("{service}/{rest}")).status;
    for (size, wanted) in [("401,267", (401, 267)), ("!300,300", (300, 200)), ("90,", (90, 60))] {
        let scaled = scene.app.visitor.get(&format!("{service}/full/{size}/0/default.jpg"));
        assert_eq!(size_of(&scaled.expect(200)), wanted, "{size}");
    }
    for size in ["1200,800", "1025,", "!2000,2000", "999999999,"] {
        let answer = status(&format!("full/{size}/0/default.jpg"));
        assert_eq!(answer, if size.starts_with('!') { 200 } else { 404 }, "{size}");
    }
    for rest in [
        "full/abc/0/default.jpg",
        "full/99999999999999999999,/0/default.jpg",
        "full/full/0/default.jpg",
        "full/pct:100/0/default.jpg",
        "full/^max/0/default.jpg",
        "full/0,0/0/default.jpg",
        "full/,/0/default.jpg",
        "full/400,267/90/default.jpg",
        "0,0,10,10/400,267/0/default.jpg",
        "full/400,267/0/gray.png",
    ] {
        assert_eq!(status(rest), 400, "{rest}");
    }
}

#[test]
fn thumbnails_are_described_in_both_versions_under_the_spelling_asked_for() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(1200, 800)).expect(201);
    let (number, base) = (scene.owner.id, &scene.app.base);
    let rest = |customer: &str| format!("{customer}/{}/map", scene.space);
    let get = |path: &str| scene.app.visitor.get(path).expect(200);
    for customer in [number.to_string(), "library".into(), "LIBRARY".into()] {
        let path = format!("/thumbs/{}", rest(&customer));
        let newest = get(&format!("{path}/info.json"));
        assert_eq!(newest.text("id"), format!("{base}{path}"));
        let media_type = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"";
        assert_eq!(newest.header("content-type"), Some(media_type));
        assert_eq!(newest.text("profile"), "level0");
        assert_eq!((newest.number("width"), newest.number("height")), (1024, 683));
        assert!(newest.header("vary").is_some_and(|vary| vary.contains("Accept")));

        let path = format!("/thumbs/v2/{}", rest(&customer));
        let older = get(&format!("{path}/info.json"));
        assert_eq!(older.text("@id"), format!("{base}{path}"));
        assert_eq!(older.header("content-type"), Some("application/json"));
        let level = &older.body["profile"][0];
        assert_eq!(level, &json!("http://iiif.io/api/image/2/level0.json"));
        assert_eq!(older.body["sizes"], newest.body["sizes"]);

        let pixels = get(&format!("{path}/full/400,/0/default.jpg"));
        assert_eq!(size_of(&pixels), (400, 267));
        let links: Vec<&str> =
            pixels.headers.get_all("link").iter().filter_map(|link| link.to_str().ok()).collect();
        let links = links.join(", ");
        let canonical = format!("<{base}{path}/full/400,/0/default.jpg>;rel=\"canonical\"");
        assert!(links.contains(&canonical), "{links}");
        assert!(links.contains("level0.json>;rel=\"profile\""), "{links}");
    }
    assert_eq!(
        size_of(&get(&format!("/thumbs/v2/{}/full/full/0/color.jpg", rest("library")))).0,
        1024
    );
    scene.app.visitor.get(&format!("/thumbs/{}/info.json", rest("nobody"))).expect(404);
    scene.app.visitor.get(&format!("/thumbs/v4/{}/info.json", rest("library"))).expect(404);
    scene.app.visitor.get(&format!("/thumbs/library%00/{}/map/info.json", scene.space)).expect(404);
}

#[test]
fn a_service_leads_to_its_description_and_to_the_version_that_is_accepted() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(1200, 800)).expect(201);
    let path = format!("/thumbs/library/{}/map", scene.space);
    let led = scene.app.visitor.get(&path).expect(303);
    assert_eq!(
        led.header("location"),
        Some(format!("{}{path}/info.json", scene.app.base).as_str())
    );
    let accept = "application/ld+json;profile=\"http://iiif.io/api/image/2/context.json\"";
    let accepting = |accept: &str| {
        let request = scene.app.visitor.request(Method::GET, &format!("{path}/info.json"));
        scene.app.visitor.send(request.header("Accept", accept))
    };
    let asked = accepting(accept);
    let older = format!("{}/thumbs/v2/library/{}/map/info.json", scene.app.base, scene.space);
    assert_eq!(asked.expect(303).header("location"), Some(older.as_str()));
    let tag = |accept: &str| {
        let answer = accepting(accept);
        answer.expect(200).header("etag").map(str::to_owned)
    };
    assert!(tag("application/json").is_some());
    assert_ne!(tag("application/json"), tag("application/ld+json"), "each form has its own tag");
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
