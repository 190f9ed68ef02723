//! What is said to caches and clients about an answer: validators, ranges, names of files.

use reqwest::Method;
use serde_json::json;

use super::reader::Served;
use crate::engine::scene::Scene;

const TILE: &str = "0,0,512,400/512,400/0/default.jpg";
const RENDERED: &str = "10,10,200,100/100,/0/gray.png";

#[test]
fn what_is_open_may_be_stored_for_the_time_that_is_set() {
    let page = Served::of(Scene::with(&[("HYDRIA_CACHE_SECONDS", "17")]), 600, 400);
    for rest in ["info.json", TILE, RENDERED] {
        let answer = page.get("iiif-img", rest).expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=17, must-revalidate"));
        let (customer, space) = (page.scene.owner.id, page.scene.space);
        let tags =
            format!("customer/{customer},space/{customer}/{space},image/{customer}/{space}/page");
        assert_eq!(answer.header("cache-tag"), Some(tags.as_str()));
        assert_eq!(answer.header("xkey"), Some(tags.replace(',', " ").as_str()));
        assert!(answer.header("set-cookie").is_none());
    }
    let thumbnail = page.get("thumbs", "full/max/0/default.jpg").expect(200);
    assert_eq!(thumbnail.header("cache-control"), Some("public, no-cache"));
    let pixels = page.get("iiif-img", TILE).expect(200);
    let vary = pixels.header("vary").unwrap_or_default();
    assert!(
        !vary.contains("Accept") && !vary.contains("Authorization"),
        "one copy for all: {vary}"
    );
}

#[test]
fn a_copy_is_confirmed_by_its_tag_or_its_time_without_pixels() {
    let page = Served::smooth(600, 400);
    for rest in ["info.json", TILE, RENDERED, "full/max/0/default.jpg"] {
        let path = format!("{}/{rest}", page.service("iiif-img"));
        let first = page.scene.app.visitor.get(&path).expect(200);
        let tag = first.header("etag").expect("a tag").to_owned();
        assert!(!tag.starts_with("W/"), "{tag}");
        let same = page.with(Method::GET, &path, &[("If-None-Match", &tag)]).expect(304);
        assert_eq!(same.header("etag"), Some(tag.as_str()));
        assert_eq!(same.header("cache-control"), first.header("cache-control"));
        assert!(same.bytes.is_empty());
        page.with(Method::GET, &path, &[("If-None-Match", "\"other\"")]).expect(200);
        page.with(Method::GET, &path, &[("If-Match", "\"other\"")]).expect(412);
        if rest == "info.json" || rest.starts_with("full") {
            // They change as the image is closed and opened, of which no time tells.
            let later = [("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")];
            page.with(Method::GET, &path, &later).expect(200);
            continue;
        }
        let modified = first.header("last-modified").expect("a time").to_owned();
        page.with(Method::GET, &path, &[("If-Modified-Since", &modified)]).expect(304);
        let before = "Thu, 01 Jan 2015 00:00:00 GMT";
        page.with(Method::GET, &path, &[("If-Modified-Since", before)]).expect(200);
        let both = [("If-Modified-Since", modified.as_str()), ("If-None-Match", "\"other\"")];
        page.with(Method::GET, &path, &both).expect(200);
    }
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let page = Served::smooth(600, 400);
    for rest in ["info.json", TILE, RENDERED, "full/max/0/default.jpg"] {
        let path = format!("{}/{rest}", page.service("iiif-img"));
        let get = page.scene.app.visitor.get(&path).expect(200);
        let head = page.with(Method::HEAD, &path, &[]).expect(200);
        assert!(head.bytes.is_empty());
        page.with(Method::HEAD, &path, &[("Range", "bytes=0-1")]).expect(200);
        for name in
            ["content-type", "content-length", "etag", "cache-control", "last-modified", "link"]
        {
            assert_eq!(head.header(name), get.header(name), "{rest}: {name}");
        }
    }
}

#[test]
fn a_range_of_a_copy_or_of_a_rendering_is_a_part_of_the_same_bytes() {
    let page = Served::smooth(1200, 900);
    for rest in [TILE.replace("400", "512").as_str(), RENDERED, "full/max/0/default.jpg"] {
        let path = format!("{}/{rest}", page.service("iiif-img"));
        let whole = page.scene.app.visitor.get(&path).expect(200);
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        let (length, tag) = (whole.bytes.len(), whole.header("etag").expect("a tag"));
        let ask = |headers: &[(&str, &str)]| page.with(Method::GET, &path, headers);
        let part = ask(&[("Range", "bytes=10-19")]).expect(206);
        assert_eq!(part.bytes, &whole.bytes[10..20]);
        assert_eq!(part.header("content-range"), Some(format!("bytes 10-19/{length}").as_str()));
        let last = ask(&[("Range", "bytes=-7")]).expect(206);
        assert_eq!(last.bytes, &whole.bytes[length - 7..]);
        let beyond = ask(&[("Range", &format!("bytes={length}-"))]).expect(416);
        assert_eq!(beyond.header("cache-control"), Some("private, no-store"));
        assert_eq!(beyond.header("content-range"), Some(format!("bytes */{length}").as_str()));
        ask(&[("Range", "bytes=0-1"), ("If-Range", tag)]).expect(206);
        assert_eq!(
            ask(&[("Range", "bytes=0-1"), ("If-Range", "\"other\"")]).expect(200).bytes,
            whole.bytes
        );
        assert_eq!(ask(&[("Range", "bytes=0-1,4-5")]).expect(200).bytes, whole.bytes);
    }
}

#[test]
fn a_name_for_the_file_is_made_of_what_is_public_and_changes_nothing_else() {
    let page = Served::smooth(600, 400);
    let plain = page.get("iiif-img", TILE).expect(200);
    let named = |query: &str| {
        let answer = page.get("iiif-img", &format!("{TILE}?filename={query}")).expect(200);
        assert_eq!(answer.header("etag"), plain.header("etag"), "the same entry of a cache");
        assert_eq!(answer.bytes, plain.bytes);
        answer.header("content-disposition").map(str::to_owned)
    };
    assert_eq!(plain.header("content-disposition"), None);
    assert_eq!(named("map.exe").as_deref(), Some("attachment; filename=\"map.exe.jpg\""));
    assert_eq!(
        named("%7Bspace%7D-%7Bid%7D.jpg").as_deref(),
        Some("attachment; filename=\"1-page.jpg\"")
    );
    assert_eq!(
        named("Br%C3%BCcke+%22a%22%2F..%0D%0AX:y").as_deref(),
        Some(
            "attachment; filename=\"Br_cke _a__..X_y.jpg\"; filename*=UTF-8''Br%C3%BCcke%20_a__..X_y.jpg"
        )
    );
    assert_eq!(named("%7Bstring1%7D"), None, "metadata is not public");
    let tag = plain.header("etag").expect("a tag");
    let path = format!("{}/{TILE}?filename=a", page.service("iiif-img"));
    let unchanged = page.with(Method::GET, &path, &[("If-None-Match", tag)]).expect(304);
    assert!(unchanged.header("content-disposition").is_none());
}

#[test]
fn the_services_answer_preflights_and_refuse_other_methods() {
    let page = Served::smooth(600, 400);
    for service in ["iiif-img", "thumbs", "degraded"] {
        let path = format!("{}/info.json", page.service(service));
        let options = page.with(Method::OPTIONS, &path, &[]);
        assert_eq!(options.status, 204);
        assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(page.with(Method::POST, &path, &[]).status, 405);
    }
    let rendered = page.get("iiif-img", RENDERED).expect(200);
    assert_eq!(rendered.header("access-control-allow-origin"), Some("*"));
    let links: Vec<_> = rendered.headers.get_all("link").iter().collect();
    let service = format!("{}{}", page.scene.app.base, page.service("iiif-img"));
    let canonical = format!("<{service}/10,10,200,100/100,50/0/gray.png>;rel=\"canonical\"");
    let profile = "<http://iiif.io/api/image/3/level2.json>;rel=\"profile\"";
    assert_eq!(links, [&format!("{canonical}, {profile}")], "one header, and nothing of the API");
    page.patch(&json!({ "tags": ["nothing that is served"] }));
    assert_eq!(page.get("iiif-img", RENDERED).expect(200).header("etag"), rendered.header("etag"));
}
