//! What an image says where it is delivered, and the addresses of the services that deliver it.

use hydria::cli::serve::Options;
use serde_json::{Value, json};

use crate::support::{Answer, App, Origin, Owner, rows};

const ORIGIN: &str = "https://example.org/a.jpg";
const RIGHTS: &str = "http://rightsstatements.org/vocab/InC/1.0/";

/// A service in which nobody processes images or waits for that.
fn without_work() -> App {
    let options = Options { no_worker: true, ..Options::default() };
    App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options)
}

/// What is shown of three members; null for those that are not.
fn said(answer: &Answer) -> [Value; 3] {
    ["label", "requiredStatement", "rights"]
        .map(|name| answer.body.get(name).cloned().unwrap_or_default())
}

#[test]
fn label_statement_and_rights_are_kept_unless_given_and_null_resets_them() {
    let app = without_work();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let shown = || said(&owner.client.get(&path).expect(200));
    let put = |body: Value| owner.client.put(&path, &body);
    put(json!({ "origin": ORIGIN })).expect(201);
    assert_eq!(shown(), [Value::Null, Value::Null, Value::Null]);
    let all =
        json!({ "label": "Folio 1 <recto>", "requiredStatement": "City & Sons", "rights": RIGHTS });
    owner.client.patch(&path, &all).expect(205);
    let whole = [json!("Folio 1 <recto>"), json!("City & Sons"), json!(RIGHTS)];
    assert_eq!(shown(), whole);
    put(json!({ "origin": ORIGIN })).expect(200);
    let again = json!({ "id": "a", "space": space, "origin": ORIGIN });
    owner.submit(&[again]).expect(201);
    assert_eq!(shown(), whole);
    owner.client.patch(&path, &json!({ "label": null })).expect(205);
    assert_eq!(shown(), [Value::Null, whole[1].clone(), whole[2].clone()]);
    put(json!({ "requiredStatement": null, "label": "Folio 2" })).expect(200);
    assert_eq!(shown(), [json!("Folio 2"), Value::Null, whole[2].clone()]);
    owner.submit(&[json!({ "id": "a", "space": space, "rights": null })]).expect(201);
    assert_eq!(shown(), [json!("Folio 2"), Value::Null, Value::Null]);
    // How RDF says `null`.
    let all = json!({ "label": "x", "requiredStatement": "y", "rights": "https://example.org/r" });
    owner.client.patch(&path, &all).expect(205);
    let emptied = json!({ "label": [], "requiredStatement": [], "rights": [] });
    owner.client.patch(&path, &emptied).expect(205);
    assert_eq!(shown(), [Value::Null, Value::Null, Value::Null]);
}

#[test]
fn texts_that_are_blank_and_rights_that_lead_nowhere_are_refused_by_name() {
    let app = without_work();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    owner.client.put(&path, &json!({ "origin": ORIGIN, "rights": RIGHTS })).expect(201);
    let wrong = [
        ("label", json!("")),
        ("label", json!(" \t\n")),
        ("label", json!(7)),
        ("label", json!("a\u{0}b")),
        ("requiredStatement", json!("")),
        ("requiredStatement", json!({ "en": ["City Library"] })),
        ("rights", json!("")),
        ("rights", json!("in copyright")),
        ("rights", json!("/rights")),
        ("rights", json!("//example.org/rights")),
        ("rights", json!("http://")),
        ("rights", json!("http:///rights")),
        ("rights", json!("https://example.org/no rights")),
        ("rights", json!("ftp://example.org/rights")),
        ("rights", json!("urn:rights")),
        ("rights", json!(format!("https://example.org/{}", "r".repeat(1000)))),
    ];
    for (member, value) in wrong {
        let body = json!({ member: value });
        for answer in [owner.client.patch(&path, &body), owner.client.put(&path, &body)] {
            assert_eq!(answer.expect(400).faults(), [member], "{body}");
        }
        let mut image = body.clone();
        image["id"] = "a".into();
        image["space"] = space.into();
        let answer = owner.submit(&[image]).expect(400);
        assert_eq!(answer.faults(), [format!("member[0].{member}")], "{body}");
    }
    let three = json!({ "label": "", "requiredStatement": "", "rights": "none" });
    let answer = owner.client.patch(&path, &three).expect(400);
    assert_eq!(answer.faults(), ["label", "requiredStatement", "rights"]);
    let words = answer.text("detail");
    assert!(words.contains("rights must be an absolute IRI"), "{words}");
    for right in ["HTTPS://example.org/rights", "http://example.org:8080/größer?a#b"] {
        owner.client.patch(&path, &json!({ "rights": right })).expect(205);
        assert_eq!(owner.client.get(&path).expect(200).text("rights"), right);
    }
}

#[test]
fn statement_and_rights_of_a_space_are_given_to_new_images_and_to_no_others() {
    let app = without_work();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = owner.path(&format!("/spaces/{space}"));
    let image = |id: &str| owner.client.get(&format!("{path}/images/{id}")).expect(200);
    owner.submit(&[json!({ "id": "before", "space": space, "origin": ORIGIN })]).expect(201);
    let defaults = json!({ "defaultRequiredStatement": "City Library", "defaultRights": RIGHTS });
    owner.client.patch(&path, &defaults).expect(205);
    owner
        .submit(&[
            json!({ "id": "queued", "space": space, "origin": ORIGIN }),
            json!({ "id": "own", "space": space, "origin": ORIGIN, "rights": "https://example.org/own",
                    "requiredStatement": "My own" }),
            json!({ "id": "none", "space": space, "origin": ORIGIN, "rights": null,
                    "requiredStatement": null }),
            json!({ "id": "before", "space": space, "origin": ORIGIN }),
        ])
        .expect(201);
    let body = json!({ "origin": ORIGIN });
    owner.client.put(&format!("{path}/images/put"), &body).expect(201);
    let posted = owner.client.post(&format!("{path}/images"), &body).expect(201);
    owner.client.put(&format!("{path}/images/before"), &body).expect(200);
    let given = [Value::Null, json!("City Library"), json!(RIGHTS)];
    for made in [image("queued"), image("put"), posted] {
        assert_eq!(said(&made), given, "{}", made.body);
    }
    assert_eq!(said(&image("own"))[1..], [json!("My own"), json!("https://example.org/own")]);
    for id in ["none", "before"] {
        assert_eq!(said(&image(id)), [Value::Null, Value::Null, Value::Null], "{id}");
    }
    let other = json!({ "defaultRequiredStatement": "Another Library" });
    owner.client.patch(&path, &other).expect(205);
    owner.submit(&[json!({ "id": "queued", "space": space, "origin": ORIGIN })]).expect(201);
    assert_eq!(said(&image("queued")), given, "defaults came to an image that was there");
}

#[test]
fn defaults_of_a_space_are_kept_reset_and_refused_as_those_of_an_image_are() {
    let app = without_work();
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}", owner.space("maps")));
    let shown = || {
        let body = owner.client.get(&path).expect(200).body;
        ["defaultRequiredStatement", "defaultRights"]
            .map(|name| body.get(name).cloned().unwrap_or_default())
    };
    assert_eq!(shown(), [Value::Null, Value::Null]);
    let defaults = json!({ "defaultRequiredStatement": "City Library", "defaultRights": RIGHTS });
    owner.client.put(&path, &defaults).expect(200);
    owner.client.put(&path, &json!({ "name": "plans" })).expect(200);
    assert_eq!(shown(), [json!("City Library"), json!(RIGHTS)]);
    let wrong = json!({ "defaultRequiredStatement": " ", "defaultRights": "CC BY" });
    let answer = owner.client.patch(&path, &wrong).expect(400);
    assert_eq!(answer.faults(), ["defaultRequiredStatement", "defaultRights"]);
    owner.client.patch(&path, &json!({ "defaultRequiredStatement": null })).expect(205);
    assert_eq!(shown(), [Value::Null, json!(RIGHTS)]);
    owner.client.put(&path, &json!({ "defaultRights": null })).expect(200);
    assert_eq!(shown(), [Value::Null, Value::Null]);
}

#[test]
fn images_are_ordered_by_their_labels_and_those_without_come_last() {
    let app = without_work();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = |id: &str, label: Value| json!({ "id": id, "space": space, "origin": ORIGIN, "label": label, "rights": null });
    owner
        .submit(&[
            image("one", Value::Null),
            image("two", json!("b")),
            image("three", Value::Null),
            image("four", json!("a")),
        ])
        .expect(201);
    for (query, wanted) in [
        ("orderBy=label", ["four", "two", "one", "three"]),
        ("orderByDescending=label", ["three", "one", "two", "four"]),
    ] {
        let images = owner.path(&format!("/spaces/{space}/images?{query}"));
        assert_eq!(owner.client.get(&images).expect(200).each("id"), wanted);
        let mut walked = Vec::new();
        let mut next = Some(format!("{images}&pageSize=1"));
        while let Some(page) = next {
            let answer = owner.client.get(&page).expect(200);
            walked.extend(answer.each("id"));
            next = answer.body["view"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(walked, wanted, "a walk by {query}");
    }
}

/// The links to services that an image shows.
fn links(owner: &Owner, path: &str) -> Vec<(&'static str, String)> {
    const LINKS: [&str; 5] = [
        "infoJson",
        "imageService",
        "degradedInfoJson",
        "thumbnailInfoJson",
        "thumbnailImageService",
    ];
    let body = owner.client.get(path).expect(200).body;
    let shown = LINKS.into_iter().filter_map(|name| Some((name, body.get(name)?)));
    shown.map(|(name, link)| (name, link.as_str().expect("an address").to_owned())).collect()
}

#[test]
fn services_are_linked_while_they_serve_something() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = |id: &str| owner.path(&format!("/spaces/{space}/images/{id}"));
    let put = |id: &str, origin: &str| {
        owner.client.put(&path(id), &json!({ "origin": origin })).expect(201)
    };
    put("map", &origin.image(1200, 800));
    let at = |service: &str, rest: &str| {
        format!("{}/{service}/{}/{space}/map{rest}", app.base, owner.id)
    };
    let image = [("infoJson", at("iiif-img", "/info.json")), ("imageService", at("iiif-img", ""))];
    let degraded = [("degradedInfoJson", at("degraded", "/info.json"))];
    let thumbnails = [
        ("thumbnailInfoJson", at("thumbs", "/info.json")),
        ("thumbnailImageService", at("thumbs", "")),
    ];
    let shown = || links(&owner, &path("map"));
    let change = |body: Value| owner.client.patch(&path("map"), &body).expect(205);
    assert_eq!(shown(), [&image[..], &thumbnails].concat());
    let led = app.visitor.get(&at("thumbs", "")).expect(303);
    assert_eq!(led.header("location"), Some(at("thumbs", "/info.json").as_str()));

    change(json!({ "maxUnauthorised": 400 }));
    assert_eq!(shown(), [&image[..], &thumbnails].concat(), "the open part is served at the image");
    change(json!({ "roles": ["https://example.org/reader"] }));
    assert_eq!(shown(), [&image[..], &degraded, &thumbnails].concat());
    change(json!({ "maxUnauthorised": 50 }));
    assert_eq!(shown(), [&image[..], &degraded].concat(), "no thumbnail is as small");
    for nothing in [0, -1] {
        change(json!({ "maxUnauthorised": nothing }));
        assert_eq!(shown(), image, "{nothing}");
    }
    change(json!({ "roles": [], "maxUnauthorised": 0 }));
    assert_eq!(shown(), image);

    // In a list as by itself.
    let images = owner.client.get(&owner.path(&format!("/spaces/{space}/images"))).expect(200);
    assert_eq!(images.each("infoJson"), [image[0].1.clone()]);
    let failed = put("failed", &origin.url("/missing/x.jpg"));
    assert_ne!(failed.text("error"), "");
    assert!(links(&owner, &path("failed")).is_empty());
}

#[test]
fn an_image_of_a_version_before_links_its_thumbnails_until_it_is_processed_again() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let path = owner.path(&format!("/spaces/{}/images/map", owner.space("maps")));
    let body = json!({ "origin": origin.image(1200, 800) });
    owner.client.put(&path, &body).expect(201);
    let mut conn = app.database();
    rows::execute(&mut conn, "UPDATE derivatives SET index = NULL");
    rows::execute(&mut conn, "UPDATE images SET has_tiles = FALSE");
    let names = || links(&owner, &path).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(), ["thumbnailInfoJson", "thumbnailImageService"]);
    owner.client.put(&path, &body).expect(200);
    let all = ["infoJson", "imageService", "thumbnailInfoJson", "thumbnailImageService"];
    assert_eq!(names(), all);
    // What was made before is served until something else is made.
    owner.client.put(&path, &json!({ "origin": origin.url("/missing/x.jpg") })).expect(200);
    assert_eq!(names(), all);
}
