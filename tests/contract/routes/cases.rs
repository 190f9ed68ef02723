//! The requests by which every status of the table is reached.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Asked, Case};
use crate::contract::families::{FAMILIES, Family, family};
use crate::contract::world::{ORIGIN, World};
use crate::support::Client;

/// A batch that there is not.
const NO_BATCH: &str = "/queue/batches/999999";

pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for family in FAMILIES.iter().filter(|f| f.collection.starts_with("/customers/")) {
        items(family, &mut cases);
        // Images are registered by the queue; the table offers no POST to a space.
        if family.class != "Image" {
            collection(family, &mut cases);
        }
    }
    single(&mut cases);
    batches(&mut cases);
    lists_of_images(&mut cases);
    cases
}

fn add(
    cases: &mut Vec<Case>,
    method: &'static str,
    uri: &str,
    status: u16,
    ask: impl Fn(&World) -> Asked + 'static,
) {
    cases.push(Case { uri: uri.to_owned(), method, status, ask: Box::new(ask) });
}

fn ask(client: &Client, method: &'static str, path: String, body: Option<&Value>) -> Asked {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = client.request(method, &path);
    let request = match body {
        Some(body) => request.header("Content-Type", "application/ld+json").body(body.to_string()),
        None => request,
    };
    Asked { path, answer: client.send(request) }
}

fn get(world: &World, path: String) -> Asked {
    ask(&world.owner.client, "GET", path, None)
}

/// The collection of a class that is made by POST.
fn collection(family: &'static Family, cases: &mut Vec<Case>) {
    let uri = family.collection;
    add(cases, "GET", uri, 200, |world| get(world, world.collection(family)));
    add(cases, "POST", uri, 201, |world| {
        let body = (family.least)(world.number());
        ask(&world.owner.client, "POST", world.collection(family), Some(&body))
    });
    add(cases, "POST", uri, 400, |world| {
        ask(&world.owner.client, "POST", world.collection(family), Some(&json!({})))
    });
}

/// A member of a collection, under all its methods.
fn items(family: &'static Family, cases: &mut Vec<Case>) {
    let uri = family.template();
    let with = move |method: &'static str, body: fn(&World, &Family) -> Option<Value>| {
        move |world: &World| {
            let (path, _) = world.made(family);
            ask(&world.owner.client, method, path, body(world, family).as_ref())
        }
    };
    let without = move |method: &'static str, body: Option<Value>| {
        move |world: &World| {
            let path = format!("{}/{}", world.collection(family), family.unknown());
            ask(&world.owner.client, method, path, body.as_ref())
        }
    };
    add(cases, "GET", &uri, 200, with("GET", |_, _| None));
    add(cases, "GET", &uri, 404, without("GET", None));
    add(cases, "PUT", &uri, 201, |world| {
        let number = world.number();
        let body = (family.least)(number);
        ask(&world.owner.client, "PUT", world.item(family, number), Some(&body))
    });
    add(cases, "PUT", &uri, 200, with("PUT", |world, f| Some((f.least)(world.number()))));
    add(cases, "PUT", &uri, 400, with("PUT", |world, f| Some((f.wrong)(world))));
    add(cases, "PATCH", &uri, 205, with("PATCH", |world, f| Some((f.least)(world.number()))));
    add(cases, "PATCH", &uri, 400, with("PATCH", |world, f| Some((f.wrong)(world))));
    add(cases, "PATCH", &uri, 404, without("PATCH", Some(json!({}))));
    add(cases, "DELETE", &uri, 205, with("DELETE", |_, _| None));
    add(cases, "DELETE", &uri, 404, without("DELETE", None));
}

/// What there is one of: the customer, its queue, defaults and values of a space.
fn single(cases: &mut Vec<Case>) {
    let uri = "/customers/{customer}";
    add(cases, "GET", uri, 200, |world| get(world, world.owner.path("")));
    add(cases, "GET", uri, 403, |world| {
        ask(&world.stranger.client, "GET", world.owner.path(""), None)
    });

    let uri = "/customers/{customer}/queue";
    add(cases, "GET", uri, 200, |world| get(world, world.owner.path("/queue")));
    add(cases, "POST", uri, 201, |world| {
        let id = format!("posted-{}", world.number());
        let image = json!({ "id": id, "space": world.space, "origin": ORIGIN });
        let body = json!({ "@type": "Collection", "member": [image] });
        ask(&world.owner.client, "POST", world.owner.path("/queue"), Some(&body))
    });
    add(cases, "POST", uri, 400, |world| {
        let body = json!({ "@type": "Collection", "member": [] });
        ask(&world.owner.client, "POST", world.owner.path("/queue"), Some(&body))
    });

    let uri = "/customers/{customer}/spaces/{space}/defaultRoles";
    let path = |world: &World| world.path("/customers/{customer}/spaces/{space}/defaultRoles");
    add(cases, "GET", uri, 200, move |world| get(world, path(world)));
    add(cases, "POST", uri, 200, move |world| {
        let (role, _) = world.made(family("Role"));
        let body = json!({ "@type": "Collection", "member": [{ "@id": role }] });
        ask(&world.owner.client, "POST", path(world), Some(&body))
    });
    add(cases, "POST", uri, 400, move |world| {
        let body = json!({ "@type": "Collection", "member": [{ "@id": "nothing" }] });
        ask(&world.owner.client, "POST", path(world), Some(&body))
    });

    let uri = "/customers/{customer}/spaces/{space}/metadata/distinct?field={field}";
    let path = |world: &World, space: i64, field: &str| {
        world.owner.path(&format!("/spaces/{space}/metadata/distinct?field={field}"))
    };
    add(cases, "GET", uri, 200, move |world| {
        world.made(family("Image"));
        get(world, path(world, world.space, "number1"))
    });
    add(cases, "GET", uri, 400, move |world| get(world, path(world, world.space, "origin")));
    add(cases, "GET", uri, 404, move |world| get(world, path(world, 999_999, "number1")));
}

fn batches(cases: &mut Vec<Case>) {
    let uri = "/customers/{customer}/queue/batches";
    add(cases, "GET", uri, 200, |world| get(world, world.owner.path("/queue/batches")));
    let uri = "/customers/{customer}/queue/batches/{batch}";
    add(cases, "GET", uri, 200, |world| {
        let batch = world.batch();
        get(world, batch.trim_start_matches(&world.app.base).to_owned())
    });
    for list in ["images", "errorImages", "completedImages"] {
        let uri = &format!("{uri}/{list}");
        let path = move |world: &World, query: &str| {
            let batch = world.batch();
            format!("{}/{list}{query}", batch.trim_start_matches(&world.app.base))
        };
        add(cases, "GET", uri, 200, move |world| get(world, path(world, "")));
        add(cases, "GET", uri, 400, move |world| get(world, path(world, "?orderBy=nonsense")));
        add(cases, "GET", uri, 404, move |world| {
            get(world, world.owner.path(&format!("{NO_BATCH}/{list}")))
        });
    }
}

/// The lists of images that a query selects from, batches apart.
fn lists_of_images(cases: &mut Vec<Case>) {
    for uri in [
        "/customers/{customer}/queue/images",
        "/customers/{customer}/spaces/{space}/images",
        "/customers/{customer}/allImages",
    ] {
        add(cases, "GET", uri, 200, move |world| get(world, world.path(uri)));
        add(cases, "GET", uri, 400, move |world| get(world, world.path(uri) + "?q=[1]"));
    }
}
