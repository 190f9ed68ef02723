use hydria::cli::serve::Options;
use serde_json::json;

use crate::support::App;

#[test]
fn the_number_of_images_is_enforced_when_they_are_registered() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let policy = json!({ "maximumNumberOfStoredImages": 3 });
    app.administrator.put("/storagePolicies/small", &policy).expect(201);
    let assigned = json!({ "storagePolicy": "small" });
    app.administrator.patch(&owner.path("/storage"), &assigned).expect(205);
    let image = |id: &str| json!({ "id": id, "space": space, "origin": "https://example.org/a" });
    owner.submit(&[image("a"), image("b")]).expect(201);
    let refused = owner.submit(&[image("c"), image("d")]).expect(507);
    assert!(refused.text("type").ends_with("#QuotaExceeded"));
    let batches = owner.client.get(&owner.path("/queue/batches")).expect(200);
    assert_eq!(batches.number("totalItems"), 1, "something of a refused request was done");
    owner.submit(&[image("a"), image("b"), image("c")]).expect(201);
    let path = owner.path(&format!("/spaces/{space}/images"));
    owner.client.put(&format!("{path}/d"), &image("d")).expect(507);
    owner.client.post(&path, &json!({ "origin": "https://example.org/a" })).expect(507);
    owner.client.delete(&format!("{path}/a")).expect(205);
    owner.submit(&[image("d")]).expect(201);
    let storage = owner.client.get(&owner.path("/storage")).expect(200);
    assert_eq!(storage.number("numberOfStoredImages"), 3);
    assert!(storage.text("storagePolicy").ends_with("/storagePolicies/small"));
}

#[test]
fn a_space_is_limited_beside_its_customer() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
    let owner = app.customer("library");
    let (space, other) = (owner.space("maps"), owner.space("letters"));
    let policies = app.visitor.base.clone() + "/storagePolicies";
    let storage = owner.path(&format!("/spaces/{space}/storage"));
    let assign = |policy: serde_json::Value| {
        app.administrator.patch(&storage, &json!({ "storagePolicy": policy }))
    };
    let held = owner.client.get(&storage).expect(200);
    assert!(held.body.get("storagePolicy").is_none(), "{}", held.body);
    let policy = json!({ "maximumNumberOfStoredImages": 2 });
    app.administrator.put("/storagePolicies/two", &policy).expect(201);
    owner.client.patch(&storage, &json!({ "storagePolicy": "two" })).expect(403);
    assert_eq!(assign(json!("nothing")).expect(400).faults(), ["storagePolicy"]);
    assign(json!(format!("{policies}/two"))).expect(205);
    let held = owner.client.get(&storage).expect(200);
    assert_eq!(held.text("storagePolicy"), format!("{policies}/two"));
    app.administrator.delete("/storagePolicies/two").expect(409);

    let image = |space: i64, id: &str| json!({ "id": id, "space": space, "origin": "https://example.org/a" });
    owner.submit(&[image(space, "a"), image(other, "a"), image(other, "b")]).expect(201);
    let over = [image(other, "c"), image(space, "b"), image(space, "c")];
    let refused = owner.submit(&over).expect(507);
    let words = format!("the storage policy two of space {space} allows 2 images; 1 are stored");
    assert!(refused.text("detail").starts_with(&words), "{}", refused.body);
    let images = |space: i64| {
        let storage = owner.client.get(&owner.path(&format!("/spaces/{space}/storage")));
        storage.expect(200).number("numberOfStoredImages")
    };
    assert_eq!((images(space), images(other)), (1, 2), "something of a refused request was done");
    owner.submit(&[image(space, "b"), image(space, "a")]).expect(201);
    let path = owner.path(&format!("/spaces/{space}/images"));
    owner.client.put(&format!("{path}/c"), &image(space, "c")).expect(507);
    owner.client.put(&format!("{path}/a"), &image(space, "a")).expect(200);
    owner.client.delete(&format!("{path}/a")).expect(205);
    owner.client.put(&format!("{path}/c"), &image(space, "c")).expect(201);
    // The customer's limit counts beside it.
    let customer = owner.path("/storage");
    app.administrator
        .put("/storagePolicies/five", &json!({ "maximumNumberOfStoredImages": 5 }))
        .expect(201);
    app.administrator.patch(&customer, &json!({ "storagePolicy": "five" })).expect(205);
    assign(json!(null)).expect(205);
    owner.submit(&[image(space, "d")]).expect(201);
    let refused = owner.submit(&[image(space, "e")]).expect(507);
    assert!(
        refused.text("detail").starts_with("the storage policy five allows"),
        "{}",
        refused.body
    );
    app.administrator.delete("/storagePolicies/two").expect(205);
    let empty = owner.space("empty");
    let emptied = owner.path(&format!("/spaces/{empty}"));
    let storage = format!("{emptied}/storage");
    app.administrator.patch(&storage, &json!({ "storagePolicy": "five" })).expect(205);
    owner.client.delete(&emptied).expect(205);
}

#[test]
fn registrations_at_once_never_exceed_the_limit_of_a_space() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    app.administrator
        .put("/storagePolicies/ten", &json!({ "maximumNumberOfStoredImages": 10 }))
        .expect(201);
    let storage = owner.path(&format!("/spaces/{space}/storage"));
    app.administrator.patch(&storage, &json!({ "storagePolicy": "ten" })).expect(205);
    let statuses: Vec<u16> = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let owner = &owner;
                threads.spawn(move || {
                    let image = |n| json!({ "id": format!("{writer}-{n}"), "space": space, "origin": "https://example.org/a" });
                    owner.submit(&[image(0), image(1), image(2)]).status
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    let made = statuses.iter().filter(|status| **status == 201).count();
    let refused = statuses.iter().filter(|status| **status == 507).count();
    assert_eq!((made, refused), (3, 5), "{statuses:?}");
    assert_eq!(owner.client.get(&storage).expect(200).number("numberOfStoredImages"), 9);
}

#[test]
fn an_administrator_edits_storage_policies_but_not_those_in_use_away() {
    let app = App::without_workers();
    let policies = "/storagePolicies";
    let body = json!({ "id": "big", "maximumNumberOfStoredImages": 10 });
    let made = app.administrator.post(policies, &body).expect(201);
    app.administrator.patch(&made.id(), &json!({ "maximumNumberOfStoredImages": 20 })).expect(205);
    let held = app.visitor.get(&made.id()).expect(200);
    assert_eq!(held.number("maximumNumberOfStoredImages"), 20);
    app.administrator.patch(&made.id(), &json!({ "maximumNumberOfStoredImages": -1 })).expect(400);
    app.administrator.delete(&format!("{policies}/default")).expect(409);
    app.administrator.delete(&made.id()).expect(205);
    let unknown = json!({ "storagePolicy": "big" });
    let answer = app.administrator.patch("/customers/1/storage", &unknown).expect(400);
    assert_eq!(answer.faults(), ["storagePolicy"]);
}

#[test]
fn system_lists_are_open_to_everybody() {
    let app = App::without_workers();
    for (list, id) in [
        ("/originStrategies", "basic-http-authentication"),
        ("/portalRoles", "admin"),
        ("/storagePolicies", "default"),
        ("/thumbnailPolicies", "default"),
        ("/imageOptimisationPolicies", "fast-higher"),
    ] {
        let listed = app.visitor.get(list).expect(200);
        assert!(listed.each("id").contains(&id.to_owned()), "{list}");
        app.visitor.get(&format!("{list}/{id}")).expect(200);
        app.visitor.get(&format!("{list}/nothing")).expect(404);
    }
    let thumbnails = app.visitor.get("/thumbnailPolicies/default").expect(200);
    assert_eq!(thumbnails.body["sizes"], json!([1024, 400, 200, 100]));
}

#[test]
fn portal_roles_of_a_user_are_set_by_reference() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let user = owner.path("/portalUsers/anna");
    let body = json!({ "email": "anna@example.org", "password": "long enough" });
    let made = owner.client.put(&user, &body).expect(201);
    assert!(made.body.get("password").is_none());
    let roles = made.text("roles");
    assert!(owner.client.get(&roles).expect(200).members().is_empty());
    let added = owner.client.post(&roles, &json!({ "@id": "/portalRoles/readonly" })).expect(200);
    assert_eq!(added.each("id"), ["readonly"]);
    let replaced = owner.client.post(&roles, &json!({ "member": ["admin"] })).expect(200);
    assert_eq!(replaced.each("id"), ["admin"]);
    owner.client.post(&roles, &json!({ "@id": "/portalRoles/nothing" })).expect(400);
}
