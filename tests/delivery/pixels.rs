//! Pixels: every form of a request, in both versions, as independent decoders see them.

use super::reader::{Picture, Served};

#[test]
fn every_form_of_region_and_size_yields_the_pixels_that_it_means() {
    let page = Served::smooth(900, 600);
    for (request, size) in [
        ("full/max", (900, 600)),
        ("full/450,", (450, 300)),
        ("full/,300", (450, 300)),
        ("full/pct:50", (450, 300)),
        ("full/300,300", (300, 300)),
        ("full/!300,300", (300, 200)),
        ("full/^1800,", (1800, 1200)),
        ("full/^!1800,1800", (1800, 1200)),
        ("square/max", (600, 600)),
        ("100,100,200,150/max", (200, 150)),
        ("800,500,500,500/max", (100, 100)),
        ("pct:50,50,25,25/max", (225, 150)),
        ("100,100,200,150/100,", (100, 75)),
    ] {
        let picture = page.picture("iiif-img", &format!("{request}/0/default.jpg"));
        assert_eq!(picture.size(), size, "{request}");
    }
    for (request, size) in
        [("full/full", (900, 600)), ("full/max", (900, 600)), ("full/1800,", (1800, 1200))]
    {
        let picture = page.picture("iiif-img/v2", &format!("{request}/0/default.jpg"));
        assert_eq!(picture.size(), size, "{request}");
    }
    let part = page.picture("iiif-img", "450,300,90,60/max/0/default.png");
    let [red, green, ..] = part.at(0, 0);
    assert!(red.abs_diff(127) <= 4 && green.abs_diff(127) <= 4, "{red},{green}");
}

#[test]
fn images_are_turned_clockwise_after_they_are_mirrored() {
    let page = Served::smooth(400, 200);
    let corner = |rotation: &str, x: u32, y: u32| {
        let picture = page.picture("iiif-img", &format!("full/max/{rotation}/default.png"));
        let [red, green, ..] = picture.at(x.min(picture.width - 1), y.min(picture.height - 1));
        (picture.size(), red > 127, green > 127)
    };
    // Red is on the right, green at the bottom.
    assert_eq!(corner("0", 0, 0), ((400, 200), false, false));
    assert_eq!(corner("90", 0, 0), ((200, 400), false, true));
    assert_eq!(corner("180", 0, 0), ((400, 200), true, true));
    assert_eq!(corner("270", 0, 0), ((200, 400), true, false));
    assert_eq!(corner("!0", 0, 0), ((400, 200), true, false));
    assert_eq!(corner("!90", 0, 0), ((200, 400), true, true));
    let turned = page.picture("iiif-img", "full/max/30/default.png");
    assert_eq!(turned.at(0, 0)[3], 0, "corners are transparent where the format can show that");
    let turned = page.picture("iiif-img", "full/max/30/default.jpg");
    assert!(turned.at(0, 0).iter().all(|sample| *sample > 250), "and white where not");
}

#[test]
fn every_quality_and_format_is_offered() {
    let page = Served::smooth(300, 200);
    for (format, media_type) in [
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("tif", "image/tiff"),
    ] {
        for quality in ["default", "color", "gray", "bitonal"] {
            let answer =
                page.get("iiif-img", &format!("full/max/0/{quality}.{format}")).expect(200);
            assert_eq!(answer.header("content-type"), Some(media_type));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            let picture = Picture::of(&answer);
            assert_eq!(picture.size(), (300, 200), "{quality}.{format}");
            let is_gray = |[r, g, b, _]: &[u8; 4]| r.abs_diff(*g) <= 2 && g.abs_diff(*b) <= 2;
            let all_gray = picture.pixels().iter().all(is_gray);
            assert_eq!(all_gray, matches!(quality, "gray" | "bitonal"), "{quality}.{format}");
            if quality == "bitonal" && format == "png" {
                assert!(picture.pixels().iter().all(|[r, ..]| matches!(r, 0 | 255)));
            }
        }
    }
}

#[test]
fn what_is_malformed_or_outside_is_refused_and_named() {
    let page = Served::smooth(300, 200);
    for (service, rest, member) in [
        ("iiif-img", "abc/max/0/default.jpg", "region"),
        ("iiif-img", "300,0,10,10/max/0/default.jpg", "region"),
        ("iiif-img", "0,0,0,10/max/0/default.jpg", "region"),
        ("iiif-img", "full/full/0/default.jpg", "size"),
        ("iiif-img", "full/301,/0/default.jpg", "size"),
        ("iiif-img", "full/^6000,/0/default.jpg", "size"),
        ("iiif-img", "full/0,/0/default.jpg", "size"),
        ("iiif-img", "full/max/361/default.jpg", "rotation"),
        ("iiif-img", "full/max/-1/default.jpg", "rotation"),
        ("iiif-img", "full/max/0/native.jpg", "quality"),
        ("iiif-img", "full/max/0/default.bmp", "format"),
        ("iiif-img", "full/max/0/default", "format"),
        ("iiif-img/v2", "full/^max/0/default.jpg", "size"),
        ("iiif-img", "full/%FF/0/default.jpg", "size"),
        ("iiif-img", "full/%3Cscript%3E/0/default.jpg", "size"),
    ] {
        let answer = page.get(service, rest);
        assert_eq!(answer.status, 400, "{rest}");
        assert!(
            answer.faults().iter().any(|fault| fault.contains(member)),
            "{rest}: {}",
            answer.body
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    for rest in ["full/max/0", "full/max", "x/full/max/0/default.jpg"] {
        let refused = page.get("iiif-img", rest).expect(400);
        assert_eq!(refused.faults(), ["what follows the image"], "{rest}");
        let other = page.service("iiif-img").replace("page", "other");
        assert_eq!(page.scene.app.visitor.get(&format!("{other}/{rest}")).status, 404, "{rest}");
    }
}

#[test]
fn the_largest_answer_is_stored_when_an_image_is_ingested() {
    let page =
        Served::of(crate::engine::scene::Scene::with(&[("HYDRIA_MAX_WIDTH", "800")]), 1300, 701);
    let answer = page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    assert_eq!(Picture::of(&answer).size(), (800, 431));
    let objects = page.scene.app.data.path().join("objects");
    let object = crate::support::rows::files(&objects).pop().expect("an object");
    let object = std::fs::read(object).expect("an object");
    let is_stored = object.windows(answer.bytes.len()).any(|part| part == answer.bytes);
    assert!(is_stored, "the answer is a copy of what is stored");
    assert_eq!(page.get("iiif-img", "full/801,/0/default.jpg").status, 400);
}
