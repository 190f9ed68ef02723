//! Descriptions of images: everything that one lists is served as it says.

use serde_json::json;

use super::reader::{Picture, Served, size_of};

#[test]
fn an_image_is_described_in_both_versions_at_level_2() {
    let page = Served::smooth(1500, 1000);
    let base = &page.scene.app.base;
    let newest = page.get("iiif-img", "info.json").expect(200);
    let media_type = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"";
    assert_eq!(newest.header("content-type"), Some(media_type));
    assert_eq!(newest.text("@context"), "http://iiif.io/api/image/3/context.json");
    assert_eq!(newest.text("id"), format!("{base}{}", page.service("iiif-img")));
    assert_eq!(
        (newest.text("type"), newest.text("profile")),
        ("ImageService3".into(), "level2".into())
    );
    assert_eq!(newest.body["tiles"], json!([{ "width": 512, "scaleFactors": [1, 2, 4] }]));
    assert_eq!((newest.number("width"), newest.number("height")), (1500, 1000));
    assert_eq!(newest.number("maxWidth"), 5000);
    assert!(newest.body.get("preferredFormats").is_none(), "viewers obey it");

    let older = page.get("iiif-img/v2", "info.json").expect(200);
    assert_eq!(older.header("content-type"), Some("application/json"));
    assert_eq!(older.text("@id"), format!("{base}{}", page.service("iiif-img/v2")));
    assert_eq!(older.body["profile"][0], "http://iiif.io/api/image/2/level2.json");
    assert_eq!(older.body["profile"][1]["maxWidth"], 5000);
    assert_eq!(older.body["sizes"], newest.body["sizes"]);
    for answer in [newest, older] {
        assert!(answer.header("link").is_some());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let lead = page.get("iiif-img", "").expect(303);
    let info = format!("{base}{}/info.json", page.service("iiif-img"));
    assert_eq!(lead.header("location"), Some(info.as_str()));
    assert_eq!(page.get("iiif-img", "canvas/c/1").status, 404);
}

#[test]
fn every_listed_size_and_every_tile_of_every_level_is_served_at_exactly_its_size() {
    let page = Served::smooth(1301, 700);
    for (service, file) in [("iiif-img", "default.jpg"), ("iiif-img/v2", "default.jpg")] {
        let info = page.info(service);
        for size in info["sizes"].as_array().expect("sizes") {
            let (width, height) = size_of(size);
            let whole = |form: &str| page.picture(service, &format!("full/{form}/0/{file}")).size();
            assert_eq!(whole(&format!("{width},{height}")), (width, height), "{service}");
            assert_eq!(whole(&format!("{width},")), (width, height), "{service}");
        }
        let (width, height) = size_of(&info);
        let tiles = &info["tiles"][0];
        let edge = tiles["width"].as_u64().expect("a width");
        let mut count = 0;
        for factor in tiles["scaleFactors"].as_array().expect("factors") {
            let span = u32::try_from(factor.as_u64().expect("a factor") * edge).expect("a span");
            let factor = span / u32::try_from(edge).expect("an edge");
            for (x, y) in grid(width, height, span) {
                let (w, h) = (span.min(width - x), span.min(height - y));
                let (sw, sh) = (w.div_ceil(factor), h.div_ceil(factor));
                let form =
                    if service == "iiif-img" { format!("{sw},{sh}") } else { format!("{sw},") };
                let answer =
                    page.get(service, &format!("{x},{y},{w},{h}/{form}/0/{file}")).expect(200);
                let tile = Picture::of(&answer);
                assert_eq!(tile.size(), (sw, sh), "{service} {x},{y} at 1/{factor}");
                // The middle of the tile shows the middle of its region.
                let [red, green, ..] = tile.at(sw / 2, sh / 2);
                let expected = |at: u32, of: u32| i32::try_from(at * 255 / of).expect("a level");
                let (x, y) = (expected(x + w / 2, width), expected(y + h / 2, height));
                let near = |level: u8, expected: i32| (i32::from(level) - expected).abs() <= 4;
                assert!(near(red, x) && near(green, y), "{red},{green} for {x},{y}");
                count += 1;
            }
        }
        assert_eq!(count, 3 * 2 + 2 + 1);
    }
}

fn grid(width: u32, height: u32, span: u32) -> Vec<(u32, u32)> {
    let starts = |edge: u32| (0..edge).step_by(span as usize);
    starts(height).flat_map(|y| starts(width).map(move |x| (x, y))).collect()
}

#[test]
fn a_client_of_version_2_is_led_from_the_unversioned_description_to_its_own() {
    let page = Served::smooth(600, 400);
    let accept = "application/ld+json;profile=\"http://iiif.io/api/image/2/context.json\"";
    let path = format!("{}/info.json", page.service("iiif-img"));
    let led = page.with(reqwest::Method::GET, &path, &[("Accept", accept)]).expect(303);
    let older = format!("{}{}/info.json", page.scene.app.base, page.service("iiif-img/v2"));
    assert_eq!(led.header("location"), Some(older.as_str()));
    assert!(led.header("vary").is_some_and(|vary| vary.contains("Accept")));
}

#[test]
fn a_customer_is_named_in_its_own_spelling_and_found_by_its_number() {
    let page = Served::smooth(600, 400);
    for customer in ["library", "Library"] {
        let path = format!("/iiif-img/{customer}/{}/page", page.scene.space);
        let info = page.scene.app.visitor.get(&format!("{path}/info.json")).expect(200);
        assert_eq!(info.text("id"), format!("{}{path}", page.scene.app.base));
    }
    for missing in
        ["/iiif-img/nobody/1/page", "/iiif-img/999/1/page", "/iiif-img/v4/library/1/page"]
    {
        page.scene.app.visitor.get(&format!("{missing}/info.json")).expect(404);
    }
    page.scene.app.visitor.get("/iiif-img/library/x/page/info.json").expect(400);
}

#[test]
fn an_image_that_failed_or_is_not_there_has_no_service() {
    let page = Served::smooth(600, 400);
    page.scene.put("broken", &page.scene.origin.url("/text")).expect(201);
    for id in ["broken", "nothing"] {
        let path = format!("/iiif-img/library/{}/{id}", page.scene.space);
        for rest in ["/info.json", "", "/full/max/0/default.jpg"] {
            page.scene.app.visitor.get(&format!("{path}{rest}")).expect(404);
        }
    }
}

#[test]
fn rights_and_the_required_statement_stand_in_the_description_as_soon_as_they_are_given() {
    let page = Served::smooth(600, 400);
    assert!(page.info("iiif-img").get("rights").is_none());
    page.patch(&json!({
        "rights": "https://creativecommons.org/licenses/by/4.0/",
        "requiredStatement": "From the <library>",
        "label": "A page",
    }));
    let newest = page.info("iiif-img");
    assert_eq!(newest["rights"], "https://creativecommons.org/licenses/by/4.0/");
    assert!(!newest.to_string().contains("A page"), "descriptions have no labels");
    let older = page.info("iiif-img/v2");
    assert_eq!(older["license"], newest["rights"]);
    assert_eq!(older["attribution"], "From the <library>");
    page.patch(&json!({ "rights": null, "requiredStatement": null }));
    assert!(page.info("iiif-img/v2").get("license").is_none());
}
