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
