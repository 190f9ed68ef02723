use serde_json::{Value, json};

use crate::support::{App, rows};

#[test]
fn a_submission_is_refused_whole_with_every_fault_of_every_member() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let origin = "https://example.org/a.jpg";
    let answer = owner
        .submit(&[
            json!({ "id": "good", "space": space, "origin": origin }),
            json!({ "id": "a/b", "space": space, "origin": "ftp://example.org/a", "number1": -1 }),
            json!({ "id": "lost", "space": 99, "origin": origin }),
            json!({ "id": "nowhere", "origin": origin }),
            json!({ "id": "good", "space": space, "origin": origin }),
            json!({ "space": space }),
            json!("no object"),
        ])
        .expect(400);
    let faults = answer.faults();
    for fault in [
        "member[1].origin",
        "member[1].number1",
        "member[1].id",
        "member[2].space",
        "member[3].space",
        "member[4].id",
        "member[5].origin",
        "member[6]",
    ] {
        assert!(faults.contains(&fault.to_owned()), "{fault} is not among {faults:?}");
    }
    assert!(!faults.iter().any(|fault| fault.starts_with("member[0]")), "{faults:?}");
    let pointers: Vec<&Value> =
        answer.body["violations"].as_array().unwrap().iter().map(|v| &v["pointer"]).collect();
    assert!(pointers.contains(&&json!("#/member/1/number1")), "{pointers:?}");
    for path in ["/allImages", "/queue/images", "/queue/batches"] {
        let listed = owner.client.get(&owner.path(path)).expect(200);
        assert_eq!(listed.number("totalItems"), 0, "{path}");
    }
}

#[test]
fn a_collection_is_needed_whole_within_the_limit_and_not_empty() {
    let app = App::start_with(
        &[("HYDRIA_BATCH_LIMIT", "2")],
        hydria::cli::serve::Options { no_worker: true, samples: None },
    );
    let owner = app.customer("library");
    let space = owner.space("maps");
    let queue = owner.path("/queue");
    let image = |id: &str| json!({ "id": id, "space": space, "origin": "https://example.org/a" });
    owner.submit(&[]).expect(400);
    owner.client.post(&queue, &json!({ "@type": "Collection" })).expect(400);
    owner.client.post(&queue, &json!({ "@type": "Image", "member": [image("a")] })).expect(400);
    let paged = json!({ "member": [image("a")], "view": { "@id": "x" } });
    assert_eq!(owner.client.post(&queue, &paged).expect(400).faults(), ["view"]);
    let over = owner.submit(&[image("a"), image("b"), image("c")]).expect(400);
    assert!(over.text("detail").contains("2 at most"), "{}", over.body);
    let made = owner.submit(&[image("a"), image("b")]).expect(201);
    assert_eq!(made.header("location"), Some(made.id().as_str()));
    assert_eq!((made.number("count"), made.number("completed")), (2, 0));
}

#[test]
fn ids_are_minted_when_absent_and_read_in_every_form() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let other = app.customer("other");
    let space = owner.space("maps");
    let origin = "https://example.org/a";
    let address = |id: &str| owner.path(&format!("/spaces/{space}/images/{id}"));
    owner
        .submit(&[
            json!({ "space": space, "origin": origin }),
            json!({ "space": space.to_string(), "origin": origin, "modelId": "model" }),
            json!({ "origin": origin, "id": format!("{}/{space}/joined", owner.id) }),
            json!({ "origin": origin, "@id": format!("{}{}", app.base, address("whole")) }),
            json!({ "@id": "_:b0", "space": space, "origin": origin, "id": "blank" }),
        ])
        .expect(201);
    let ids = owner.client.get(&owner.path("/allImages")).expect(200).each("id");
    assert_eq!(ids[1..], ["model", "joined", "whole", "blank"]);
    assert_eq!(ids[0].len(), 36, "{}", ids[0]);
    for wrong in [
        json!({ "origin": origin, "id": format!("{}/{space}/x", other.id) }),
        json!({ "origin": origin, "space": space + 1, "id": format!("{}/{space}/x", owner.id) }),
        json!({ "origin": origin, "@id": other.path(&format!("/spaces/{space}/images/x")) }),
        json!({ "origin": origin, "space": space, "id": "x".repeat(220) }),
    ] {
        owner.submit(&[wrong]).expect(400);
    }
}

#[test]
fn an_image_that_is_there_keeps_what_a_submission_leaves_out() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let origin = "https://example.org/a";
    let image = json!({
        "id": "a", "space": space, "origin": origin, "roles": ["clickthrough"],
        "tags": ["x"], "string1": "one", "number1": 5, "maxUnauthorised": 0,
    });
    let first = owner.submit(&[image]).expect(201);
    let second = owner.submit(&[json!({ "id": "a", "space": space, "string1": null })]).expect(201);
    let path = owner.path(&format!("/spaces/{space}/images/a"));
    let held = owner.client.get(&path).expect(200);
    assert_eq!(held.body["roles"].as_array().unwrap().len(), 1, "the image was opened");
    assert_eq!((held.text("string1"), held.number("number1")), (String::new(), 5));
    assert_eq!((held.text("origin"), held.number("maxUnauthorised")), (origin.to_owned(), 0));
    assert_eq!(held.text("batch"), second.id());
    let moved = owner.client.get(&format!("{}/images", first.id())).expect(200);
    assert_eq!(moved.number("totalItems"), 0);
    assert_eq!(owner.client.get(&first.id()).expect(200).number("count"), 1);
    let queue = owner.client.get(&owner.path("/queue")).expect(200);
    assert_eq!(queue.number("size"), 1, "one image, one job");
}

#[test]
fn batches_are_ordered_by_how_their_members_came_out() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let origin = "https://example.org/a";
    let batches: Vec<String> = (0..3)
        .map(|batch| {
            let image =
                |n| json!({ "id": format!("{batch}-{n}"), "space": space, "origin": origin });
            owner.submit(&[image(0), image(1)]).expect(201).number("id").to_string()
        })
        .collect();
    let [one, two, three] = batches.as_slice() else { panic!("three batches") };
    let mut conn = app.database();
    for (batch, completed, errors) in [(two, 2, 0), (three, 1, 1)] {
        let counts = format!("completed = {completed}, errors = {errors}");
        rows::execute(&mut conn, &format!("UPDATE batches SET {counts} WHERE id = {batch}"));
    }
    for (order, wanted) in [
        ("orderBy=completed", [one, three, two]),
        ("orderByDescending=completed", [two, three, one]),
        ("orderBy=errors", [one, two, three]),
        ("orderByDescending=Errors", [three, two, one]),
    ] {
        let path = owner.path(&format!("/queue/batches?{order}"));
        let listed = owner.client.get(&path).expect(200).each("id");
        assert_eq!(listed.iter().collect::<Vec<_>>(), wanted, "{order}");
    }
    let page = owner.path("/queue/batches?orderByDescending=completed&pageSize=1&page=2");
    assert_eq!(owner.client.get(&page).expect(200).each("id").concat(), *three);
}
