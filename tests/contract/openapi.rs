//! The OpenAPI document, held against the service that it describes.

use std::collections::BTreeSet;

use hydria::web::described::described;
use reqwest::Method;
use serde_json::Value;

use super::linked_data::walk;
use super::world::World;
use crate::support::App;

fn document(app: &App) -> Value {
    app.visitor.get("/openapi.json").expect(200).body
}

/// Every method of every path, with the operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("methods").iter();
            methods
                .filter(|(name, _)| *name != "parameters")
                .map(|(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

/// A path with something in place of each variable.
fn filled(path: &str, world: &World) -> String {
    let path = path
        .replace("{customer}", &world.owner.id.to_string())
        .replace("{space}", &world.space.to_string())
        .replace("{batch}", "1")
        .replace("{authService}", "clickthrough")
        .replace("{context}", "Space.jsonld")
        .replace("/metadata/distinct", "/metadata/distinct?field=string1");
    path.split('/')
        .map(|part| if part.starts_with('{') { "something" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[test]
fn it_is_open_to_everybody_and_the_root_leads_to_it() {
    let app = App::without_workers();
    let answer = app.visitor.get("/openapi.json").expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.body["openapi"], "3.1.0");
    assert_eq!(answer.body["servers"][0]["url"], app.base.as_str());
    let link =
        format!("<{}/openapi.json>; rel=\"service-desc\"; type=\"application/json\"", app.base);
    let root = app.visitor.get("/").expect(200);
    assert!(root.headers.get_all("link").iter().any(|l| *l == link), "{:?}", root.headers);
    assert_eq!(app.visitor.get("/customers").expect(401).headers.get_all("link").iter().count(), 2);
}

#[test]
fn every_reference_leads_somewhere_and_names_are_unique() {
    let document = document(&App::without_workers());
    let mut references = 0;
    walk(&document, &mut |node| {
        if let Some(to) = node.get("$ref").and_then(Value::as_str) {
            references += 1;
            assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to}");
        }
    });
    assert!(references > 500, "only {references} references");
    let names: Vec<&str> = operations(&document)
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().expect("a name"))
        .collect();
    let distinct: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[test]
fn its_paths_are_all_there_are_and_answer_the_methods_that_it_tells() {
    let world = World::new();
    let document = document(&world.app);
    world.batch();
    let wanted: BTreeSet<String> = described()
        .routes
        .iter()
        .map(|route| hydria::hydra::openapi::public(&route.template))
        .chain(["/vocab", "/contexts/{context}", "/openapi.json", "/healthz"].map(Into::into))
        .collect();
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(paths.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    for path in paths.keys() {
        let address = filled(path, &world);
        let answer = world.app.visitor.send(world.app.visitor.request(Method::OPTIONS, &address));
        let answer = answer.expect(204);
        let allowed: BTreeSet<&str> =
            answer.header("allow").expect("methods").split(", ").collect();
        let own = operations(&document);
        let own = own.iter().filter(|(at, _, _)| at == path).map(|(_, method, _)| *method);
        let own: Vec<String> = own.map(str::to_uppercase).collect();
        let mut told: BTreeSet<&str> = own.iter().map(String::as_str).collect();
        if told.contains("GET") {
            told.insert("HEAD");
        }
        told.insert("OPTIONS");
        assert_eq!(allowed, told, "{path}");
    }
}

#[test]
fn what_it_calls_open_is_open_and_nothing_else_is() {
    let world = World::new();
    let document = document(&world.app);
    for (path, method, operation) in operations(&document) {
        let is_open =
            operation["security"].as_array().is_some_and(|s| s[0] == serde_json::json!({}));
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let visitor = &world.app.visitor;
        let answer = visitor.send(visitor.request(method, &filled(path, &world)));
        assert_eq!(answer.status != 401, is_open, "{path}: {}", answer.status);
    }
}

#[test]
fn what_any_request_may_meet_is_said_of_every_operation_of_a_class() {
    let world = World::new();
    let document = document(&world.app);
    let long = format!("/spaces?name={}", "a".repeat(40_000));
    world.owner.client.get(&long).expect(414);
    let crowded = world.owner.client.request(Method::GET, "/");
    let crowded = (0..100).fold(crowded, |request, n| request.header(format!("x-{n}"), "1"));
    world.owner.client.send(crowded).expect(431);
    let of_classes =
        operations(&document).into_iter().filter(|(path, _, _)| path.starts_with("/customers"));
    let mut seen = 0;
    for (path, method, operation) in of_classes {
        let body: &[&str] =
            if operation.get("requestBody").is_some() { &["408", "413", "415"] } else { &[] };
        for status in ["401", "414", "431", "503"].iter().chain(body) {
            let told = operation["responses"].get(*status).is_some();
            assert!(told, "{method} {path} does not say {status}");
        }
        seen += 1;
    }
    assert!(seen > 60, "only {seen} operations were seen");
}

#[test]
fn the_bodies_it_shows_are_accepted() {
    let world = World::new();
    let document = document(&world.app);
    let mut tried = 0;
    let mut wrong = Vec::new();
    // What a PATCH changes was made by the PUT before it; what a POST makes would be taken after it.
    let order = |method: &str| ["put", "patch", "post"].iter().position(|m| *m == method);
    let mut all = operations(&document);
    all.sort_by_key(|(path, method, _)| (order(method), path.len()));
    for (path, method, operation) in all {
        let content = &operation["requestBody"]["content"];
        let Some(body) = content["application/ld+json"].get("example") else { continue };
        tried += 1;
        let administrator = &world.app.administrator;
        let mut address = filled(path, &world);
        if path == "/customers/{customer}/spaces/{space}" {
            address = world.owner.path("/spaces/77");
        }
        if path == "/customers/{customer}/webhooks/{webhook}" {
            // Its id is given by the service: none can be made by PUT.
            let hook = serde_json::json!({ "url": "https://example.org/hook" });
            address = administrator.post(&world.owner.path("/webhooks"), &hook).expect(201).id();
        }
        if path == "/customers/{customer}/spaces/{space}/images" && method == "patch" {
            address.push_str("?all=true");
        }
        if method == "post" {
            // At another customer, where nothing is yet but a space.
            address = address.replace(&world.owner.path("/"), &world.stranger.path("/"));
            let at = world.stranger.path("/spaces/1");
            let named = serde_json::json!({ "name": "the first" });
            administrator.put(&at, &named);
            let renamed = serde_json::json!({ "displayName": "another" });
            administrator.patch(&world.owner.path(""), &renamed).expect(205);
            let user = world.stranger.path("/portalUsers/something");
            let given = serde_json::json!({ "email": "x@example.org", "password": "long enough" });
            administrator.put(&user, &given);
            // What was made by PUT, or by another POST, holds what is unique.
            for taken in ["/portalUsers/something", "/authServices/something"] {
                administrator.delete(&world.owner.path(taken));
            }
            for service in administrator.get(&world.stranger.path("/authServices")).each("@id") {
                if !service.ends_with("/clickthrough") && !service.ends_with("/logout") {
                    administrator.delete(&service);
                }
            }
        }
        let mut body = body.clone();
        if ["/allImages", "/deleteImages"].iter().any(|end| path.ends_with(end)) {
            // What it names has to be there.
            let image = serde_json::json!({ "origin": super::world::ORIGIN });
            administrator.put(&world.stranger.path("/spaces/1/images/named"), &image);
            body["member"][0]["id"] = format!("{}/1/named", world.stranger.id).into();
        }
        let body = &body;
        let answer = match method {
            "put" => administrator.put(&address, body),
            "patch" => administrator.patch(&address, body),
            _ => administrator.post(&address, body),
        };
        if answer.status >= 300 {
            wrong.push(format!("{method} {path} {body}: {} {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 25, "only {tried} bodies");
}

#[test]
fn operations_look_at_the_conditions_that_it_tells_and_at_no_others() {
    let world = World::new();
    let document = document(&world.app);
    world.batch();
    let administrator = &world.app.administrator;
    let mut refused = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let refers = |name: &str| {
            let to = format!("#/components/parameters/{name}");
            parameters.iter().any(|parameter| parameter["$ref"] == *to)
        };
        let told = refers("If-Match");
        assert_eq!(told, refers("If-None-Match"), "{method} {path}");
        assert_eq!(told, operation["responses"].get("412").is_some(), "{method} {path}");
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let request = administrator.request(method.clone(), &filled(path, &world));
        let request = request.header("If-Match", "\"another\"");
        let body = &operation["requestBody"]["content"]["application/ld+json"]["example"];
        let answer = administrator.send(match body {
            Value::Null => request,
            body => request.header("Content-Type", "application/ld+json").body(body.to_string()),
        });
        match answer.status {
            412 => assert!(told, "{method} {path}"),
            404 => {}
            other => assert!(!told, "{method} {path}: {other} {}", answer.body),
        }
        if answer.status == 412 {
            refused.insert(method.to_string());
        }
    }
    let methods = ["DELETE", "GET", "PATCH", "POST", "PUT"].map(String::from);
    assert_eq!(refused, BTreeSet::from(methods));
}

#[test]
fn the_media_types_it_tells_of_open_documents_are_those_that_are_sent() {
    let world = World::new();
    let document = document(&world.app);
    let visitor = &world.app.visitor;
    let mut sent = 0;
    for (path, method, operation) in operations(&document) {
        if method != "get" || path.contains("/customers") {
            continue;
        }
        let content = operation["responses"]["200"]["content"].as_object().expect("media types");
        for told in content.keys() {
            let request = visitor.request(Method::GET, &filled(path, &world));
            let answer = visitor.send(request.header("Accept", told));
            if answer.status == 200 {
                let kind = answer.header("content-type").expect("a type");
                assert_eq!(kind.split(';').next(), Some(told.as_str()), "{path}");
                sent += 1;
            }
        }
    }
    let vocabulary = &document["paths"]["/vocab"]["get"]["responses"]["200"]["content"];
    assert_eq!(vocabulary.as_object().map(serde_json::Map::len), Some(6));
    assert!(sent > 20, "only {sent} answers");
}

/// Every schema that is described anywhere, with the place where it stands.
fn schemas(document: &Value) -> Vec<(String, &Value)> {
    let all = document["components"]["schemas"].as_object().expect("schemas");
    all.iter().map(|(name, schema)| (name.clone(), schema)).collect()
}

#[test]
fn no_generated_client_finds_a_default_to_send_or_a_name_that_is_two() {
    let document = document(&App::without_workers());
    for (name, schema) in schemas(&document) {
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (member, property) in properties {
            assert!(!member.starts_with('@'), "{name}.{member}");
            assert!(property.get("default").is_none(), "{name}.{member}");
            assert!(property.get("properties").is_none(), "{name}.{member} has no name");
        }
    }
    // What is left out is told in words.
    let body = &document["components"]["schemas"]["ImageBody"];
    assert!(body["description"].as_str().is_some_and(|d| d.contains("left out keeps its value")));
    let limit = body["properties"]["maxUnauthorised"]["description"].as_str().expect("words");
    assert!(limit.contains("default of its space") && limit.contains("resets it to -1"), "{limit}");
}

#[test]
fn bodies_have_schemas_of_their_own_and_plain_json_comes_first() {
    let document = document(&App::without_workers());
    let mut bodies = 0;
    for (path, method, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("answers").values();
        let contents = answers.chain([&operation["requestBody"]]).map(|a| &a["content"]);
        for content in contents.filter_map(Value::as_object) {
            if content.contains_key("application/json") {
                let first = content.keys().next().map(String::as_str);
                assert_eq!(first, Some("application/json"), "{method} {path}");
            }
        }
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        for (media_type, body) in content.iter().filter(|(name, _)| name.ends_with("json")) {
            bodies += 1;
            let schema = body["schema"]["$ref"].as_str();
            assert!(schema.is_some(), "{method} {path} {media_type}: {}", body["schema"]);
        }
    }
    assert!(bodies > 60, "only {bodies}");
}
