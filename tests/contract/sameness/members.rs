//! The members of a body: what resets, what is ignored, and that every fault is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{lasting, tag, unchanged, without};
use crate::contract::families::{Family, each_family};
use crate::contract::world::{World, names};

/// The properties of a class as the vocabulary has them: name, whether it is read-only, whether required.
fn properties(world: &World, class: &str) -> Vec<(String, bool, bool)> {
    let vocabulary = world.app.visitor.get("/vocab").expect(200).body;
    let classes = vocabulary["supportedClass"].as_array().expect("classes");
    let class = classes.iter().find(|c| c["title"] == class).expect("a class that is described");
    let properties = class["supportedProperty"].as_array().expect("properties").iter();
    properties
        .map(|p| {
            let name = p["title"].as_str().expect("a title").to_owned();
            (name, p["readonly"] == true, p["required"] == true)
        })
        .collect()
}

/// One made with what is required of another that has everything.
fn plain(world: &World, family: &Family) -> Value {
    let number = world.number();
    let mut body = (family.whole)(world, number);
    let object = body.as_object_mut().expect("an object");
    object.retain(|name, _| family.required.contains(&name.as_str()));
    world.writer(family).put(&world.item(family, number), &body).expect(201).body
}

#[test]
fn null_resets_what_has_a_default_and_is_refused_for_what_is_required() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let plain = plain(&world, family);
        for (name, read_only, required) in properties(&world, family.class) {
            assert_eq!(required, family.required.contains(&name.as_str()), "{name}");
            // A strategy without an order of its own is tried after the others there are; the password so far is not kept.
            if read_only || name == "order" || name == "currentPassword" {
                continue;
            }
            for method in ["PUT", "PATCH"] {
                let (path, shown) = world.made(family);
                let body = json!({ &name: null });
                let answer = match method {
                    "PUT" => writer.put(&path, &body),
                    _ => writer.patch(&path, &body),
                };
                if required {
                    assert_eq!(answer.expect(400).faults(), [name.as_str()]);
                    unchanged(writer, &path, &shown);
                } else {
                    assert!(answer.status < 300, "{method} {path} {body}: {}", answer.body);
                    let now = writer.get(&path).expect(200);
                    // What is never shown is seen by the entity tag alone.
                    if !shown.body.as_object().expect("an object").contains_key(&name) {
                        assert_ne!(tag(&now), tag(&shown), "{path}: {name} was not reset");
                    }
                    let now = now.body;
                    let whole = shown.body["@id"].as_str().expect("an address").to_owned();
                    let link = format!("{whole}/{name}");
                    if now.get(&name) != Some(&Value::from(link)) {
                        assert_eq!(now.get(&name), plain.get(&name), "{path} {name}");
                    }
                    let rest = [name.as_str()];
                    assert_eq!(without(&now, &rest), without(&shown.body, &rest), "{path} {name}");
                }
            }
        }
    });
}

#[test]
fn null_gives_a_space_no_default_roles_and_a_customer_its_name_for_people() {
    let world = World::new();
    let space = world.owner.path(&format!("/spaces/{}", world.space));
    let roles = |world: &World| {
        world.owner.client.get(&format!("{space}/defaultRoles")).expect(200).each("id")
    };
    world.owner.client.patch(&space, &json!({ "defaultRoles": ["clickthrough"] })).expect(205);
    assert_eq!(roles(&world), ["clickthrough"]);
    world.owner.client.patch(&space, &json!({ "defaultRoles": null })).expect(205);
    assert!(roles(&world).is_empty());

    let customer = world.owner.path("");
    let shown = |world: &World| world.owner.client.get(&customer).expect(200).text("displayName");
    world.owner.client.patch(&customer, &json!({ "displayName": "The Library" })).expect(205);
    assert_eq!(shown(&world), "The Library");
    world.owner.client.patch(&customer, &json!({ "displayName": null })).expect(205);
    assert_eq!(shown(&world), "library");
    let blank = world.owner.client.patch(&customer, &json!({ "displayName": " " })).expect(400);
    assert_eq!(blank.faults(), ["displayName"]);
}

#[test]
fn an_empty_array_empties() {
    let world = World::new();
    for (class, member) in
        [("Role", "aliases"), ("Space", "defaultTags"), ("Image", "tags"), ("Image", "roles")]
    {
        let family = crate::contract::families::family(class);
        let (path, shown) = world.made(family);
        assert!(!shown.body[member].as_array().expect("an array").is_empty(), "{class} {member}");
        world.writer(family).patch(&path, &json!({ member: [] })).expect(205);
        let now = world.writer(family).get(&path).expect(200).body;
        assert_eq!(now[member], json!([]), "{class} {member}");
    }
}

#[test]
fn unknown_and_read_only_members_are_ignored_whatever_they_are() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let mut stale = json!({
            "nonsense": { "deep": [1, 2] }, "https://example.org/term": 1, "originId": 5,
            "hydra:operation": 7,
        });
        for (name, read_only, _) in properties(&world, family.class) {
            // Identity is no matter of reading.
            if read_only && !["id", "space"].contains(&name.as_str()) {
                stale[name] = json!({ "of no": "use" });
            }
        }
        writer.put(&path, &stale).expect(200);
        writer.patch(&path, &stale).expect(205);
        unchanged(writer, &path, &shown);

        let mut new = (family.least)(world.number());
        new.as_object_mut().expect("an object").extend(stale.as_object().expect("one").clone());
        let made = writer.post(&world.collection(family), &new).expect(201).body;
        assert!(made.get("nonsense").is_none() && made.get("originId").is_none(), "{made}");
    });
    for (path, client) in lasting(&world) {
        let shown = client.get(&path).expect(200).body;
        let stale = json!({ "nonsense": 1, "created": 5, "administrator": true, "numberOfStoredImages": 9 });
        client.patch(&path, &stale).expect(205);
        assert_eq!(client.get(&path).expect(200).body, shown, "{path}");
    }
}

#[test]
fn every_fault_of_a_body_is_told_at_once_with_its_member_and_place() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let (path, shown) = world.made(family);
        let wrong = (family.wrong)(&world);
        let wanted: BTreeSet<String> = names(&wrong).into_iter().map(ToOwned::to_owned).collect();
        assert!(wanted.len() > 1, "{}", family.class);
        for answer in [
            writer.post(&world.collection(family), &wrong),
            writer.put(&path, &wrong),
            writer.put(&world.item(family, world.number()), &wrong),
            writer.patch(&path, &wrong),
        ] {
            let answer = answer.expect(400);
            let told: BTreeSet<String> = answer.faults().into_iter().collect();
            assert_eq!(told, wanted, "{}: {}", family.class, answer.body);
            for violation in answer.body["violations"].as_array().expect("violations") {
                let place = violation["pointer"].as_str().expect("a pointer");
                let pointer = place.strip_prefix('#').expect("a fragment");
                assert!(wrong.pointer(pointer).is_some(), "{place} points nowhere in {wrong}");
            }
        }
        unchanged(writer, &path, &shown);
    });
}

#[test]
fn what_is_required_is_missed_by_name_and_a_name_may_stand_in_the_address() {
    let world = World::new();
    each_family(|family| {
        let writer = world.writer(family);
        let empty = writer.post(&world.collection(family), &json!({}));
        if family.required.is_empty() {
            empty.expect(201);
            return;
        }
        assert_eq!(empty.expect(400).faults(), family.required, "{}", family.class);
        let number = world.number();
        let path = world.item(family, number);
        let mut least = (family.least)(number);
        least.as_object_mut().expect("one").retain(|n, _| !family.from_path.contains(&n.as_str()));
        let made = writer.put(&path, &least).expect(201);
        for name in family.from_path {
            assert_eq!(made.text(name), family.id(number), "{}", family.class);
        }
        let put = writer.put(&world.item(family, world.number()), &json!({}));
        let missed: Vec<&str> =
            family.required.iter().copied().filter(|n| !family.from_path.contains(n)).collect();
        if missed.is_empty() {
            put.expect(201);
        } else {
            assert_eq!(put.expect(400).faults(), missed, "{}", family.class);
        }
    });
}
