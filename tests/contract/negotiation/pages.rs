//! What browsers get: pages that show everything and run nothing.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::{BROWSER, HTML, get, profile};
use crate::contract::world::World;
use crate::support::{Answer, Client, Library};

fn page(client: &Client, address: &str, status: u16) -> (Answer, String) {
    let answer = get(client, address, &[BROWSER]).expect(status);
    assert_eq!(answer.header("content-type"), Some(HTML), "{address}");
    let text = String::from_utf8(answer.bytes.clone()).expect("text");
    (answer, text)
}

/// The value of each `href` of an element, unescaped.
fn addresses(page: &str, element: &str) -> Vec<String> {
    let start = format!("<{element} ");
    let tags = page.split(&start).skip(1);
    let tags = tags.filter_map(|rest| rest.split('>').next()?.split("href=\"").nth(1));
    tags.map(|rest| {
        rest.split('"').next().unwrap_or_default().replace("&amp;", "&").replace("&#39;", "'")
    })
    .collect()
}

#[test]
fn a_page_has_its_links_its_operations_and_the_way_to_the_data() {
    let library = Library::new();
    let (owner, base) = (&library.owner, &library.app.base);
    let space = owner.client.get(&owner.path("/spaces")).members()[0]["@id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let image = format!("{space}/images/good");
    let titled = [
        (format!("{base}/"), "Hydria"),
        (format!("{base}{}", owner.path("")), "library"),
        (space.clone(), "maps"),
        (image, "Image good"),
    ];
    let mut followed = BTreeSet::new();
    let (_, images) = page(&owner.client, &format!("{space}/images"), 200);
    assert!(images.contains("<summary>property, object</summary>"), "{images}");
    for (address, title) in titled {
        let (_, text) = page(&owner.client, &address, 200);
        let data = owner.client.get(&address).expect(200).body;
        assert!(text.contains(&format!("<h1>{title}</h1>")), "{text}");
        for (key, value) in data.as_object().expect("a resource") {
            if let Some(link) =
                value.as_str().filter(|v| v.starts_with("http") && !key.starts_with('@'))
            {
                assert!(addresses(&text, "a").iter().any(|a| a == link), "{key} of {address}");
            }
        }
        for operation in data["hydra:operation"].as_array().into_iter().flatten() {
            let method = operation["hydra:method"].as_str().expect("a method");
            assert!(text.contains(&format!("<code>{method}</code>")), "{method} of {address}");
        }
        let types: Vec<&str> = text.split("rel=\"alternate\" type=\"").skip(1).collect();
        for media_type in
            ["application/ld+json\"", "application/json\"", "text/turtle;", "application/n-quads\""]
        {
            assert!(types.iter().any(|t| t.starts_with(media_type)), "{media_type}: {text}");
        }
        let own = |link: &&String| !link.contains("/console/");
        assert!(addresses(&text, "link").iter().filter(own).all(|a| *a == address), "{text}");
        followed.extend(addresses(&text, "a").into_iter().filter(|a| a.starts_with(base)));
    }
    assert!(followed.len() > 30, "{followed:?}");
    // A stream of events has no end.
    let is_read =
        |address: &String| !address.ends_with("/events") && !address.ends_with("/uploads");
    for address in followed.into_iter().filter(is_read) {
        let answer = get(&owner.client, &address, &[BROWSER]);
        // A fragment is looked up in the page itself.
        if let Some((_, anchor)) = address.split_once('#') {
            let text = String::from_utf8_lossy(&answer.bytes);
            assert!(text.contains(&format!("id=\"{anchor}\"")), "{address}");
        }
        // The image has roles, which the customer's own key does not stand for.
        let wanted: &[u16] = match address.as_str() {
            address if address.contains("/iiif-img/") => &[303, 401],
            // What is done there is done by POST.
            address if address.ends_with("/good/reingest") => &[405],
            address if address.ends_with("/deleteImages") && !address.contains('#') => &[405],
            _ => &[200, 303],
        };
        assert!(wanted.contains(&answer.status), "{address}: {}", answer.status);
    }
}

#[test]
fn a_page_of_a_collection_leads_to_its_members_and_neighbours() {
    let world = World::new();
    let (client, spaces) = (&world.owner.client, world.owner.path("/spaces"));
    for n in 0..4 {
        world.owner.space(&format!("space {n}"));
    }
    let (_, text) = page(client, &format!("{spaces}?page=2&pageSize=2"), 200);
    let data = client.get(&format!("{spaces}?page=2&pageSize=2")).expect(200);
    let links = addresses(&text, "a");
    assert!(text.contains("<h1>Spaces (5)</h1>"), "{text}");
    for member in data.members() {
        let (id, name) =
            (member["@id"].as_str().expect("an id"), member["name"].as_str().expect("a name"));
        assert!(text.contains(&format!("<a href=\"{id}\">{name}</a>")), "{text}");
    }
    for term in ["first", "previous", "next", "last"] {
        let address = data.body["view"][term].as_str().expect("a neighbour");
        assert!(links.iter().any(|link| link == address), "{term}: {links:?}");
    }
    // The way up.
    for up in ["/", "/customers", &world.owner.path(""), &spaces] {
        assert!(links.contains(&format!("{}{up}", world.app.base)), "{up}: {links:?}");
    }
}

#[test]
fn what_strangers_wrote_is_text_and_nothing_else() {
    let world = World::new();
    let client = &world.owner.client;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{document}}&amp;";
    let space = client
        .post(&world.owner.path("/spaces"), &json!({ "name": evil, "defaultTags": [evil] }))
        .expect(201)
        .id();
    let image = json!({
        "origin": "https://example.org/a.jpg?'\"><script>", "string1": evil, "tags": [evil, "javascript:alert(3)"],
        "roles": ["javascript:alert(4)", "data:text/html,hello", "https://example.org/'onclick='x"],
    });
    let image = match client.put(&format!("{space}/images/x'&(y)"), &image) {
        made if made.status == 201 => made.id(),
        refused => panic!("{}", refused.body),
    };
    let service = json!({ "name": "x", "label": evil, "profile": "JavaScript:alert(5)" });
    let service = client.post(&world.owner.path("/authServices"), &service).expect(201).id();
    let query = world.owner.path("/spaces?name=%22%3E%3Cscript%3Ealert(6)%3C/script%3E");
    let nowhere = world.owner.path("/%3Cscript%3Ealert(7)%3C%2Fscript%3E'%22");
    for (address, status) in [
        (space.as_str(), 200),
        (&image, 200),
        (&service, 200),
        (&world.owner.path("/spaces"), 200),
        (&format!("{space}/images"), 200),
        (&query, 200),
        (&nowhere, 404),
        ("/%3Cscript%3E{{title}}", 404),
    ] {
        let (answer, text) = page(client, address, status);
        // The console, and the document as data.
        for own in [
            "<script type=\"module\" src=\"/console/",
            "<script type=\"application/ld+json\" id=\"doc\">",
        ] {
            assert_eq!(text.matches(own).count(), 1, "{address}: {text}");
        }
        assert_eq!(text.to_lowercase().matches("<script").count(), 2, "{address}: {text}");
        for forbidden in ["<img", "onerror=alert(2)>", "=\"javascript", "=\"data:", "<style"] {
            assert!(!text.to_lowercase().contains(forbidden), "{address}: {forbidden}: {text}");
        }
        for link in addresses(&text, "a").into_iter().filter(|link| link != "#main") {
            assert!(link.starts_with("http://") || link.starts_with("https://"), "{link}");
        }
        assert_eq!(text.matches("<h1>").count(), 1, "{text}");
        assert_eq!(
            answer.header("content-security-policy"),
            Some(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                 connect-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; \
                 form-action 'self'; frame-ancestors 'none'"
            )
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("vary").expect("Vary").contains("Accept, Cookie"));
    }
    assert!(page(client, &space, 200).1.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn files_of_the_console_are_named_by_what_they_hold_and_kept_for_ever() {
    let world = World::new();
    let (_, text) = page(&world.app.visitor, "/", 200);
    let script = text.split("src=\"").nth(1).and_then(|rest| rest.split('"').next());
    let script = script.expect("a script");
    let wrong = world.app.visitor.with_key(Some(("nobody", "wrong")));
    for (file, media_type) in [
        (script.to_owned(), "text/javascript;charset=utf-8"),
        (script.replace("main.js", "views/image.js"), "text/javascript;charset=utf-8"),
        (script.replace("main.js", "style.css"), "text/css;charset=utf-8"),
        (script.replace("main.js", "icon.svg"), "image/svg+xml"),
    ] {
        let answer = wrong.get(&file).expect(200);
        assert_eq!(answer.header("content-type"), Some(media_type), "{file}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let again = wrong.request(Method::GET, &file);
        let tag = answer.header("etag").expect("a tag");
        wrong.send(again.header("If-None-Match", tag)).expect(304);
    }
    for missing in [
        "/console/0/main.js",
        &script.replace("main.js", "main"),
        &script.replace("main.js", "..%2Fassets.rs"),
    ] {
        let answer = wrong.get(missing).expect(404);
        assert_eq!(answer.header("cache-control"), Some("private, no-store"), "{missing}");
    }
}

#[test]
fn the_vocabulary_is_a_page_in_which_every_word_is_found() {
    let world = World::new();
    let (_, text) = page(&world.app.visitor, "/vocab", 200);
    let base = &world.app.base;
    for word in [
        "Space",
        "Space/name",
        "SpaceCollection",
        "SpaceCollection/create",
        "NotAcceptable",
        "propertyPath",
    ] {
        assert_eq!(text.matches(&format!(" id=\"{word}\"")).count(), 1, "{word}");
    }
    for link in addresses(&text, "a").iter().filter(|a| a.starts_with(&format!("{base}/vocab#"))) {
        let anchor = link.split_once('#').expect("a fragment").1;
        assert!(text.contains(&format!(" id=\"{anchor}\"")), "{link}");
    }
}

#[test]
fn browsers_are_asked_who_they_are_and_told_what_is_wrong() {
    let world = World::new();
    let (answer, text) = page(&world.app.visitor, &world.owner.path("/spaces"), 401);
    // No password box of the browser stands over a page.
    assert_eq!(answer.header("www-authenticate"), Some("Session realm=\"Hydria\""));
    assert!(text.contains("<h1>401 Unauthorized</h1>"), "{text}");
    assert_eq!(answer.headers.get_all("link").iter().count(), 1);
    let client = &world.owner.client;
    let request =
        client.request(Method::POST, &world.owner.path("/spaces")).header("Accept", BROWSER);
    let answer = client.send(request.body("{}")).expect(400);
    let text = String::from_utf8(answer.bytes).expect("text");
    assert!(text.contains("name is required"), "{text}");
    // Programs that merely list HTML low get data.
    let accept = format!("{}, text/html;q=0.1", profile("expanded"));
    assert!(get(client, "/", &[&accept]).body.is_array());
}
