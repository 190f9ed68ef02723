//! Credentials that a browser remembers, that are wrong, that are given twice, and where they do not count.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hydria::cli::serve::Options;
use reqwest::Method;
use serde_json::json;

use super::world::{ORIGIN, World};
use crate::support::{Answer, App, Client};

fn asked(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, path);
    client.send(headers.iter().fold(request, |r, (name, value)| r.header(*name, *value)))
}

#[test]
fn no_page_of_another_site_makes_a_browser_post_what_needs_no_preflight() {
    let world = World::new();
    let (client, keys) = (&world.owner.client, world.owner.path("/keys"));
    let test = format!("{}/test", world.batch());
    let held = client.get(&keys).expect(200).number("totalItems");
    let own = world.app.base.clone();
    for headers in [
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
        vec![("Sec-Fetch-Site", "cross-site"), ("Origin", own.as_str())],
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
        vec![("Origin", "https://evil.example"), ("Content-Type", "text/plain")],
        vec![("Sec-Fetch-Site", "cross-site"), ("Content-Type", "multipart/form-data; boundary=x")],
        vec![
            ("Origin", "https://evil.example"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ],
    ] {
        for path in [&keys, &test] {
            let answer = asked(client, Method::POST, path, &headers).expect(403);
            assert!(answer.text("type").ends_with("#AccessDenied"), "{headers:?}");
            // Who has no key is asked for one first.
            asked(&world.app.visitor, Method::POST, path, &headers).expect(401);
        }
    }
    assert_eq!(client.get(&keys).expect(200).number("totalItems"), held, "no key was made");
    for headers in [
        vec![],
        vec![("Sec-Fetch-Site", "same-origin"), ("Origin", own.as_str())],
        vec![("Sec-Fetch-Site", "none")],
        vec![("Origin", "https://app.example"), ("Content-Type", "application/json")],
    ] {
        asked(client, Method::POST, &keys, &headers).expect(201);
    }
    // What browsers preflight stays allowed from everywhere.
    let headers = [("Origin", "https://app.example"), ("Content-Type", "application/json")];
    let request = client.request(Method::PATCH, &world.owner.path(""));
    let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
    client.send(request.body(json!({ "displayName": "One" }).to_string())).expect(205);
    asked(client, Method::GET, &keys, &[("Sec-Fetch-Site", "cross-site")]).expect(200);
}

#[test]
fn a_password_box_stands_over_no_page_of_the_service() {
    let world = World::new();
    let spaces = world.owner.path("/spaces");
    for (headers, wanted) in [
        (vec![], "Basic realm=\"Hydria\", charset=\"UTF-8\""),
        (vec![("Accept", "application/ld+json")], "Basic realm=\"Hydria\", charset=\"UTF-8\""),
        (vec![("Sec-Fetch-Site", "cross-site")], "Basic realm=\"Hydria\", charset=\"UTF-8\""),
        (vec![("Sec-Fetch-Site", "same-origin")], "Session realm=\"Hydria\""),
        (vec![("Accept", "text/html")], "Session realm=\"Hydria\""),
    ] {
        let answer = asked(&world.app.visitor, Method::GET, &spaces, &headers).expect(401);
        assert_eq!(answer.header("www-authenticate"), Some(wanted), "{headers:?}");
    }
}

#[test]
fn on_the_iiif_side_credentials_that_do_not_count_are_none() {
    let world = World::new();
    let path = format!("/thumbs/{}/{}/map/info.json", world.owner.id, world.space);
    let wrong = format!("Basic {}", STANDARD.encode(format!("{}:wrong", world.owner.key)));
    let open = world.app.visitor.get(&path).expect(404);
    for authorization in [wrong.as_str(), "Bearer x", "x"] {
        let headers = [("Authorization", authorization)];
        let answer = asked(&world.app.visitor, Method::GET, &path, &headers).expect(404);
        assert_eq!(answer.text("detail"), open.text("detail"), "{authorization}");
        asked(&world.app.visitor, Method::OPTIONS, &path, &headers).expect(204);
    }
}

#[test]
fn whether_there_is_an_image_is_not_told_by_its_thumbnails() {
    let world = World::new();
    let image = world.owner.path(&format!("/spaces/{}/images/closed", world.space));
    world.owner.client.put(&image, &json!({ "origin": ORIGIN, "maxUnauthorised": 0 })).expect(201);
    for (form, status) in [
        ("", 404),
        ("/info.json", 404),
        ("/full/400,/0/default.jpg", 404),
        ("/full/nonsense/0/default.jpg", 400),
    ] {
        let [absent, closed] = ["absent", "closed"].map(|id| {
            let path = format!("/thumbs/{}/{}/{id}{form}", world.owner.id, world.space);
            world.app.visitor.get(&path).expect(status)
        });
        assert_eq!(absent.text("detail"), closed.text("detail"), "{form}");
        assert_eq!(absent.text("type"), closed.text("type"), "{form}");
    }
}

#[test]
fn of_two_values_where_one_counts_neither_is_guessed() {
    let world = World::new();
    let client = &world.owner.client;
    let path = world.owner.path("/spaces");
    let right =
        format!("Basic {}", STANDARD.encode(format!("{}:{}", world.owner.key, world.owner.secret)));
    for other in [right.as_str(), "Basic eDp4", "Bearer x"] {
        let request = client.request(Method::GET, &path).header("Authorization", other);
        let answer = client.send(request).expect(400);
        assert!(answer.text("detail").contains("authorization"), "{}", answer.body);
    }
    let request = client.request(Method::POST, &path);
    let request = request.header("Content-Type", "application/json");
    let request = request.header("Content-Type", "text/turtle").body("{\"name\":\"x\"}");
    client.send(request).expect(400);
}

#[test]
fn a_right_secret_is_answered_while_wrong_ones_of_the_same_key_wait() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_AUTH_DELAY_MS", "5000")], options);
    let owner = app.customer("library");
    let stranger = app.visitor.with_key(Some((&owner.key, "wrong")));
    let wrong: Vec<_> = (0..24)
        .map(|_| {
            let stranger = stranger.clone();
            std::thread::spawn(move || stranger.get("/").status)
        })
        .collect();
    // Failures that are not delayed show that the others were counted or soon will be.
    crate::support::until("the first failures", || {
        wrong.iter().any(std::thread::JoinHandle::is_finished)
    });
    owner.client.get(&owner.path("")).expect(200);
    assert!(wrong.iter().any(|wrong| !wrong.is_finished()), "nothing was slowed");
    for wrong in wrong {
        assert_eq!(wrong.join().expect("an answer"), 401);
    }
}

#[test]
fn a_key_works_at_once_although_unknown_ones_are_remembered() {
    let world = World::new();
    for _ in 0..3 {
        world.app.visitor.with_key(Some(("nobody", "x"))).get("/").expect(401);
        let made = world.owner.client.post(&world.owner.path("/keys"), &json!({})).expect(201);
        let (key, secret) = (made.text("key"), made.text("secret"));
        let program = world.app.visitor.with_key(Some((&key, &secret)));
        program.get(&world.owner.path("")).expect(200);
        program.with_key(Some((&key, "wrong"))).get("/").expect(401);
        program.get(&world.owner.path("")).expect(200);
    }
}
