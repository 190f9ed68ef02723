//! The API documentation, as the clients that read it need it (`hydra:ApiDocumentation`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::judge::{Judge, walk, with_a_large_stack};
use crate::support::App;

fn documentation(app: &App) -> Value {
    app.visitor.get("/vocab").expect(200).body
}

fn each<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().unwrap_or_else(|| panic!("no {name} in {of}")).iter()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// Every operation that stands anywhere in the documentation.
fn operations(documentation: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    walk(documentation, &mut |node| {
        if let Some(operations) = node.get("supportedOperation").and_then(Value::as_array) {
            found.extend(operations.iter().cloned());
        }
    });
    assert!(found.len() > 50, "only {} operations", found.len());
    found
}

#[test]
fn the_vocabulary_is_one_node_that_expands_without_a_loss() {
    with_a_large_stack(|| {
        let app = App::without_workers();
        let documentation = documentation(&app);
        assert!(documentation["@context"].is_object(), "one client reads it as a dictionary");
        assert!(documentation.get("@graph").is_none());
        assert_eq!(documentation["@id"], format!("{}/vocab", app.base));
        assert_eq!(documentation["@type"], "ApiDocumentation");
        assert_eq!(documentation["entrypoint"], format!("{}/", app.base));
        assert!(!text(&documentation, "title").is_empty());
        assert!(!text(&documentation, "description").is_empty());
        assert!(each(&documentation, "possibleStatus").count() > 0);
        let faults = Judge::of(&app).faults(&documentation);
        assert!(faults.is_empty(), "{faults:#?}");
    });
}

#[test]
fn classes_are_called_by_the_local_names_of_their_iris_each_once() {
    let documentation = documentation(&App::without_workers());
    let mut seen = BTreeSet::new();
    for class in each(&documentation, "supportedClass") {
        let id = text(class, "@id");
        assert!(seen.insert(id), "{id} stands twice");
        assert_eq!(format!("vocab:{}", text(class, "title")), id);
        assert_eq!(class["label"], class["title"]);
        assert!(!text(class, "description").is_empty(), "{id}");
        let mut terms = BTreeSet::new();
        for property in each(class, "supportedProperty") {
            assert!(terms.insert(text(property, "title")), "{id} has {property} twice");
        }
        each(class, "supportedOperation").for_each(drop);
        if class.get("manages").is_some() {
            assert_eq!(class["manages"], class["memberAssertion"], "{id}");
            assert!(text(class, "subClassOf").ends_with("Collection"), "{id}");
            for term in ["member", "totalItems", "view"] {
                assert!(terms.contains(term), "{id} has no {term}");
            }
        }
    }
}

#[test]
fn properties_are_embedded_with_all_that_clients_ask_of_them() {
    let documentation = documentation(&App::without_workers());
    for class in each(&documentation, "supportedClass") {
        for supported in each(class, "supportedProperty") {
            let flag =
                |name: &str| supported[name].as_bool().unwrap_or_else(|| panic!("{supported}"));
            let property = &supported["property"];
            let term = text(supported, "title");
            assert_eq!(property["label"], term);
            flag("required");
            assert_eq!(flag("writable"), flag("writeable"), "{term}");
            assert_eq!(flag("readonly"), !flag("writable"), "{term}");
            assert_eq!(flag("writeonly"), !flag("readable"), "{term}");
            assert!(flag("readable") || flag("writable"), "{term}");
            assert!(each(property, "range").count() > 0, "{term}");
            let kind = text(property, "@type");
            assert!(["Link", "rdf:Property"].contains(&kind), "{term} is a {kind}");
            let id = text(property, "@id");
            if id.starts_with("vocab:") && property.get("domain").is_some() {
                assert_eq!(id, format!("vocab:{}/{term}", text(class, "title")));
                assert_eq!(property["domain"], class["@id"]);
            }
            if kind == "Link" && id.starts_with("vocab:") {
                each(property, "supportedOperation").for_each(drop);
            }
        }
    }
}

#[test]
fn collections_that_are_sent_have_members_that_clients_write() {
    let documentation = documentation(&App::without_workers());
    let expected: BTreeSet<String> =
        operations(&documentation).iter().map(|o| text(o, "expects").to_owned()).collect();
    let mut sent = 0;
    for class in each(&documentation, "supportedClass").filter(|c| c.get("manages").is_some()) {
        let mut properties = each(class, "supportedProperty");
        let member = properties.find(|p| text(p, "title") == "member").expect("members");
        let is_sent = expected.contains(text(class, "@id"));
        sent += usize::from(is_sent);
        for flag in ["writable", "writeable", "required"] {
            assert_eq!(member[flag], is_sent, "{flag} of {}", text(class, "@id"));
        }
        assert_eq!(member["readonly"], !is_sent, "{}", text(class, "@id"));
    }
    assert!(sent > 0, "a batch is a collection that is sent");
}

#[test]
fn operations_have_titles_bodies_and_statuses_and_one_iri_means_one_thing() {
    let documentation = documentation(&App::without_workers());
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    for operation in operations(&documentation) {
        let id = text(&operation, "@id").to_owned();
        assert!(!text(&operation, "title").is_empty(), "{id}");
        assert_eq!(operation["label"], operation["title"], "{id}");
        let method = text(&operation, "method");
        assert!(["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method), "{id}");
        let (expects, returns) = (text(&operation, "expects"), text(&operation, "returns"));
        assert!(!["GET", "DELETE"].contains(&method) || expects == "owl:Nothing", "{id}");
        // A deletion by a filter can be asked how many it would delete.
        let shows = method != "DELETE" || id.ends_with("/removeAll");
        assert!(shows || returns == "owl:Nothing", "{id}");
        assert!(each(&operation, "possibleStatus").count() > 0, "{id}");
        for status in each(&operation, "possibleStatus") {
            assert!(status["statusCode"].is_u64() && !text(status, "title").is_empty(), "{id}");
        }
        if let Some(other) = seen.insert(id.clone(), operation.clone()) {
            assert_eq!(other, operation, "{id} means two things");
        }
    }
}

#[test]
fn operations_stand_with_put_before_patch() {
    walk(&documentation(&App::without_workers()), &mut |node| {
        let operations = node.get("supportedOperation").and_then(Value::as_array);
        let methods: Vec<&str> =
            operations.into_iter().flatten().filter_map(|o| o["method"].as_str()).collect();
        let at = |method: &str| methods.iter().position(|m| *m == method);
        if let (Some(put), Some(patch)) = (at("PUT"), at("PATCH")) {
            assert!(put < patch, "{methods:?}");
        }
        let distinct: BTreeSet<&&str> = methods.iter().collect();
        assert_eq!(distinct.len(), methods.len(), "{methods:?}");
    });
}

#[test]
fn everything_expected_returned_or_ranged_over_is_a_class_that_is_described() {
    let documentation = documentation(&App::without_workers());
    let classes: BTreeSet<&str> =
        each(&documentation, "supportedClass").map(|class| text(class, "@id")).collect();
    let is_known = |iri: &str| {
        let foreign = ["hydra:", "xsd:"].iter().any(|prefix| iri.starts_with(prefix));
        foreign || iri == "owl:Nothing" || classes.contains(iri)
    };
    for class in each(&documentation, "supportedClass") {
        if let Some(parent) = class.get("subClassOf") {
            assert!(is_known(parent.as_str().expect("an IRI")), "{class}");
        }
    }
    for operation in operations(&documentation) {
        for end in ["expects", "returns"] {
            assert!(is_known(text(&operation, end)), "{operation}");
        }
    }
    walk(&documentation, &mut |node| {
        for range in node.get("range").and_then(Value::as_array).into_iter().flatten() {
            let iri = range.as_str().unwrap_or_else(|| text(range, "@id"));
            assert!(is_known(iri), "{range}");
        }
    });
}

#[test]
fn links_to_collections_say_what_their_members_are_and_what_may_be_done() {
    let documentation = documentation(&App::without_workers());
    let class_of = |id: &str| each(&documentation, "supportedClass").find(|c| c["@id"] == id);
    let mut links = 0;
    for class in each(&documentation, "supportedClass") {
        for supported in each(class, "supportedProperty") {
            let property = &supported["property"];
            let ranges: Vec<&Value> = each(property, "range").collect();
            if *ranges[0] != "hydra:Collection" {
                continue;
            }
            links += 1;
            assert_eq!(property["@type"], "Link");
            let collection = class_of(text(ranges[1], "@id")).expect("a class");
            let restriction = &ranges[1]["owl:equivalentClass"];
            assert_eq!(restriction["@type"], "owl:Restriction");
            assert_eq!(restriction["owl:onProperty"]["@id"], "hydra:member");
            let member = &restriction["owl:allValuesFrom"]["@id"];
            assert_eq!(collection["manages"][0]["object"], *member);
            assert!(class_of(member.as_str().expect("an IRI")).is_some(), "{member}");
            assert_eq!(property["supportedOperation"], collection["supportedOperation"]);
        }
    }
    assert!(links > 15, "only {links} links to collections");
}

#[test]
fn the_root_has_links_only_and_every_one_of_them() {
    let app = App::without_workers();
    let documentation = documentation(&app);
    let root = app.visitor.get("/").expect(200).body;
    let described = each(&documentation, "supportedClass").find(|c| c["title"] == "EntryPoint");
    let properties = each(described.expect("the root's class"), "supportedProperty");
    let described: BTreeSet<&str> = properties
        .map(|p| {
            assert_eq!(p["property"]["@type"], "Link", "{p}");
            text(p, "title")
        })
        .collect();
    let shown: BTreeSet<&str> =
        crate::contract::world::names(&root).into_iter().filter(|n| !n.starts_with('@')).collect();
    assert_eq!(shown, described);
}
