//! Access: what is shown of an image by its roles and its open size, and to whom. Keys of the API open nothing here.

use reqwest::Method;
use serde_json::json;

use super::reader::{Picture, Served};
use crate::support::{Browser, Owner};

const ROLE: &str = "https://example.org/roles/reader";

#[test]
fn without_roles_an_open_size_is_described_as_the_image_and_nothing_larger_is_shown() {
    let page = Served::smooth(1200, 800);
    page.patch(&json!({ "maxUnauthorised": 400 }));
    let info = page.info("iiif-img");
    assert_eq!(
        (&info["profile"], &info["width"], &info["height"]),
        (&json!("level0"), &json!(400), &json!(267))
    );
    assert!(info.get("tiles").is_none());
    assert_eq!(info["maxWidth"], 400);
    let older = page.info("iiif-img/v2");
    assert_eq!(older["profile"][0], "http://iiif.io/api/image/2/level0.json");
    for (service, rest) in [
        ("iiif-img", "full/max/0/default.jpg"),
        ("iiif-img/v2", "full/full/0/default.jpg"),
        ("iiif-img", "0,0,1200,800/400,267/0/default.jpg"),
        ("iiif-img", "pct:0,0,100,100/!400,400/0/default.jpg"),
    ] {
        assert_eq!(page.picture(service, rest).size(), (400, 267), "{rest}");
    }
    for rest in [
        "full/401,/0/default.jpg",
        "0,0,512,512/512,/0/default.jpg",
        "0,0,512,512/100,/0/default.jpg",
        "0,0,10,10/max/0/default.png",
        "square/400,/0/default.jpg",
        "full/1200,800/0/default.jpg",
    ] {
        let refused = page.get("iiif-img", rest);
        assert_eq!(refused.status, 401, "{rest}");
        assert_eq!(refused.header("cache-control"), Some("private, no-store"));
        assert_eq!(refused.header("www-authenticate"), Some("Session realm=\"Hydria\""));
    }
    assert_eq!(page.get("degraded", "info.json").status, 404, "the tier is at the image itself");
}

#[test]
fn with_roles_visitors_are_led_to_the_open_tier_of_which_no_region_shows_more() {
    let page = Served::smooth(1200, 800);
    page.patch(&json!({ "roles": [ROLE], "maxUnauthorised": 400 }));
    for service in ["iiif-img", "iiif-img/v2"] {
        let led = page.get(service, "info.json").expect(302);
        let tier = page.service(&service.replace("iiif-img", "degraded"));
        let tier = format!("{}{tier}/info.json", page.scene.app.base);
        assert_eq!(led.header("location"), Some(tier.as_str()));
        assert_eq!(led.header("cache-control"), Some("private, no-store"));
    }
    let info = page.info("degraded");
    assert_eq!((&info["profile"], &info["width"]), (&json!("level0"), &json!(400)));
    assert_eq!(info["id"], format!("{}{}", page.scene.app.base, page.service("degraded")));
    assert_eq!(page.picture("degraded", "full/max/0/default.jpg").size(), (400, 267));
    assert_eq!(page.picture("degraded", "0,0,40,40/max/0/default.png").size(), (40, 40));
    for size in ["^400,", "^max", "41,"] {
        let rest = format!("0,0,40,40/{size}/0/default.png");
        assert_eq!(page.get("degraded", &rest).status, 400, "{size} would show what lies between");
    }
    assert_eq!(page.get("degraded/v2", "0,0,40,40/400,/0/default.png").status, 400);
    assert_eq!(page.picture("degraded/v2", "0,0,40,40/full/0/default.png").size(), (40, 40));
    assert_eq!(page.get("degraded", "400,0,800,800/max/0/default.jpg").status, 400);
    // The open size is open at the image itself, too; its own `max` is the full image.
    assert_eq!(page.picture("iiif-img", "full/400,/0/default.jpg").size(), (400, 267));
    assert_eq!(page.get("iiif-img", "full/max/0/default.jpg").status, 401);
}

#[test]
fn the_tier_shows_the_same_picture_as_the_image() {
    let page = Served::smooth(1200, 800);
    page.patch(&json!({ "roles": [ROLE], "maxUnauthorised": 600 }));
    let part = page.picture("degraded", "300,200,150,100/max/0/default.png");
    assert_eq!(part.size(), (150, 100));
    for (x, y) in [(0, 0), (149, 0), (75, 50), (149, 99)] {
        let [red, green, ..] = part.at(x, y);
        let (wanted_red, wanted_green) = ((300 + x) * 255 / 600, (200 + y) * 255 / 400);
        let near = |level: u8, wanted: u32| u32::from(level).abs_diff(wanted) <= 4;
        assert!(near(red, wanted_red) && near(green, wanted_green), "{x},{y}: {red},{green}");
    }
}

#[test]
fn what_is_closed_is_refused_by_a_whole_description() {
    let page = Served::smooth(1200, 800);
    for body in [
        json!({ "roles": [], "maxUnauthorised": 0 }),
        json!({ "roles": [ROLE], "maxUnauthorised": 0 }),
        json!({ "roles": [ROLE], "maxUnauthorised": -1 }),
    ] {
        page.patch(&body);
        for service in ["iiif-img", "iiif-img/v2"] {
            let refused = page.get(service, "info.json").expect(401);
            assert_eq!((refused.number("width"), refused.number("height")), (1200, 800), "{body}");
            assert!(refused.body.get("service").is_none(), "there is no log-in yet");
            assert_eq!(refused.header("cache-control"), Some("private, no-store"));
            assert!(refused.header("cache-tag").is_none());
        }
        for rest in
            ["full/max/0/default.jpg", "full/10,/0/default.jpg", "0,0,512,512/512,/0/default.jpg"]
        {
            assert_eq!(page.get("iiif-img", rest).status, 401, "{body}: {rest}");
        }
        for service in ["degraded", "thumbs"] {
            assert_eq!(page.get(service, "info.json").status, 404, "{body}: {service}");
            assert_eq!(page.get(service, "full/max/0/default.jpg").status, 404, "{body}");
        }
    }
}

#[test]
fn credentials_of_the_api_neither_open_nor_close_anything() {
    let page = Served::smooth(600, 400);
    let info = format!("{}/info.json", page.service("iiif-img"));
    let tile = format!("{}/0,0,512,400/512,400/0/default.jpg", page.service("iiif-img"));
    for value in ["Basic d3Jvbmc6d3Jvbmc=", "Bearer stale", "nonsense"] {
        page.with(Method::GET, &info, &[("Authorization", value)]).expect(200);
        page.with(Method::GET, &tile, &[("Authorization", value)]).expect(200);
    }
    page.patch(&json!({ "maxUnauthorised": 0 }));
    page.scene.owner.client.get(&info).expect(401);
    page.scene.owner.client.get(&tile).expect(401);
    page.scene.app.administrator.get(&tile).expect(401);
}

#[test]
fn what_is_malformed_is_refused_before_it_is_asked_who_may_see_it() {
    let page = Served::smooth(600, 400);
    page.patch(&json!({ "maxUnauthorised": 0 }));
    assert_eq!(page.get("iiif-img", "full/nonsense/0/default.jpg").status, 400);
    assert_eq!(page.get("iiif-img", "600,0,1,1/max/0/default.jpg").status, 400);
}

#[test]
fn an_open_size_smaller_than_the_image_is_not_opened_by_turning_or_naming_it_otherwise() {
    let page = Served::smooth(800, 800);
    page.patch(&json!({ "maxUnauthorised": 200 }));
    assert_eq!(page.picture("iiif-img", "square/200,/0/default.jpg").size(), (200, 200));
    let turned = Picture::of(&page.get("iiif-img", "full/max/45/default.png").expect(200));
    assert!(turned.width > 200, "the box around it is larger, and shows no more");
    for rest in ["square/201,/0/default.jpg", "1,0,799,800/200,/0/default.jpg"] {
        assert_eq!(page.get("iiif-img", rest).status, 401, "{rest}");
    }
    let largest = page.picture("iiif-img", "full/^max/0/default.png");
    assert_eq!(largest.size(), (200, 200));
}

#[test]
fn a_session_opens_what_its_own_customer_protects_and_a_thumbnail_never_looks_at_it() {
    let page = Served::smooth(1200, 800);
    let (app, owner) = (&page.scene.app, &page.scene.owner);
    let logged_in = |owner: &Owner| {
        let browser = Browser::new(&app.visitor);
        browser.log_in(&json!({ "key": owner.key, "secret": owner.secret })).expect(204);
        browser
    };
    let (browser, other) = (logged_in(owner), logged_in(&app.customer("other")));
    let stale = Browser::new(&app.visitor);
    stale.keep("hydria=stale");
    let path = |service: &str, rest: &str| format!("{}/{rest}", page.service(service));
    let info = path("iiif-img", "info.json");
    let pixels = path("iiif-img", "0,0,512,512/512,/0/default.jpg");
    let open = browser.get(&info).expect(200);
    assert!(open.header("cache-control").is_some_and(|c| c.starts_with("public")), "{open:?}");
    for body in [
        json!({ "roles": [ROLE], "maxUnauthorised": 400 }),
        json!({ "roles": [ROLE], "maxUnauthorised": -1 }),
        json!({ "roles": [], "maxUnauthorised": 400 }),
        json!({ "roles": [], "maxUnauthorised": 0 }),
    ] {
        page.patch(&body);
        for service in ["iiif-img", "iiif-img/v2"] {
            let told = browser.get(&path(service, "info.json")).expect(200);
            assert_eq!((told.number("width"), told.number("height")), (1200, 800), "{body}");
            assert_eq!(told.header("cache-control"), Some("private, no-store"), "{body}");
            assert!(told.header("cache-tag").is_none(), "{body}");
        }
        let shown = browser.get(&pixels).expect(200);
        assert_eq!(shown.header("cache-control"), Some("private, no-store"), "{body}");
        assert_eq!(Picture::of(&shown).size(), (512, 512), "{body}");
        let whole = browser.get(&path("iiif-img", "full/max/0/default.jpg")).expect(200);
        assert_eq!(Picture::of(&whole).size(), (1200, 800), "{body}");
        let visitor = page.get("iiif-img", "info.json").status;
        for stranger in [&other, &stale] {
            assert_eq!(stranger.get(&info).status, visitor, "{body}");
            stranger.get(&pixels).expect(401);
        }
        for rest in ["info.json", "full/max/0/default.jpg"] {
            for service in ["thumbs", "degraded"] {
                let (own, all) = (browser.get(&path(service, rest)), page.get(service, rest));
                assert_eq!(own.status, all.status, "{body}: {service}/{rest}");
                assert_eq!(own.header("cache-control"), all.header("cache-control"));
            }
        }
    }
    browser.delete("/console/session").expect(204);
    browser.get(&pixels).expect(401);
}
