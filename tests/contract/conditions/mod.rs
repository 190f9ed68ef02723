//! Tags, conditions, preferences, methods and failures: what HTTP asks of every address.

mod documents;
mod failures;
mod methods;
mod preferences;
mod races;
mod reading;
mod writing;

use reqwest::Method;
use serde_json::{Value, json};

use super::families::{FAMILIES, Family};
use super::world::World;
use crate::support::{Answer, Client};

/// Sends a request with further headers, and a body or none.
fn sent(
    client: &Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = client.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(match body {
        Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
        None => request,
    })
}

/// The entity tag of an answer: strong, and in quotes.
#[track_caller]
fn tag(answer: &Answer) -> String {
    let tag = answer.header("etag").unwrap_or_else(|| panic!("no tag: {:?}", answer.headers));
    assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    tag.to_owned()
}

/// The tag of what GET shows now.
#[track_caller]
fn now(client: &Client, path: &str) -> String {
    tag(&client.get(path).expect(200))
}

/// All that may be written of a member, different for each number.
fn change(world: &World, family: &Family) -> Value {
    let number = world.number();
    let mut body = (family.whole)(world, number);
    if family.class == "StoragePolicy" {
        body["maximumNumberOfStoredImages"] = number.into();
    }
    body
}

/// Everything that is changed at its address: its path, who may do it, and a change that is another each
/// time; what is made at an address of the client's choice, and what is there from the beginning.
fn changeable(world: &World) -> Vec<(String, Client, Box<dyn Fn(&World) -> Value>)> {
    let mut found: Vec<(String, Client, Box<dyn Fn(&World) -> Value>)> = Vec::new();
    for family in FAMILIES {
        let path = world.made(family).0;
        found.push((path, world.writer(family).clone(), Box::new(|w| change(w, family))));
    }
    let provider = world.owner.path("/authServices/clickthrough/roleProvider");
    world.owner.client.put(&provider, &json!({})).expect(201);
    let configuration = |w: &World| json!({ "configuration": format!("{{\"n\":{}}}", w.number()) });
    found.push((provider, world.owner.client.clone(), Box::new(configuration)));
    let name = |w: &World| json!({ "displayName": format!("Library {}", w.number()) });
    found.push((world.owner.path(""), world.owner.client.clone(), Box::new(name)));
    let policy = |w: &World| {
        let id = format!("policy-{}", w.number());
        let made = w.app.administrator.put(&format!("/storagePolicies/{id}"), &json!({}));
        json!({ "storagePolicy": made.expect(201).id() })
    };
    for storage in
        [world.owner.path("/storage"), world.path("/customers/{customer}/spaces/{space}/storage")]
    {
        found.push((storage, world.app.administrator.clone(), Box::new(policy)));
    }
    found
}
