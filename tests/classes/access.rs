//! Particular cases of who may do what.

use serde_json::json;

use crate::support::App;

#[test]
fn a_customer_sees_itself_and_an_administrator_sees_all() {
    let app = App::without_workers();
    let (first, second) = (app.customer("first"), app.customer("second"));
    let own = first.client.get("/customers").expect(200);
    assert_eq!((own.each("name"), own.number("totalItems")), (vec!["first".to_owned()], 1));
    let all = app.administrator.get("/customers").expect(200);
    assert_eq!(all.each("name"), ["administrator", "first", "second"]);
    app.visitor.get("/customers").expect(401);
    assert_eq!(second.client.get(&second.path("")).expect(200).text("name"), "second");
}

#[test]
fn what_is_for_administrators_is_refused_to_customers_and_not_offered() {
    let app = App::without_workers();
    let owner = app.customer("library");
    owner.client.post("/customers", &json!({ "name": "another" })).expect(403);
    owner.client.put("/storagePolicies/mine", &json!({})).expect(403);
    owner.client.patch(&owner.path("/storage"), &json!({ "storagePolicy": "default" })).expect(403);
    let offered = owner.client.get(&owner.path("/storage")).expect(200);
    assert!(offered.body.get("hydra:operation").is_none(), "{}", offered.body);
    let offered = app.administrator.get(&owner.path("/storage")).expect(200);
    assert!(offered.body.get("hydra:operation").is_some(), "{}", offered.body);
    app.visitor.put("/storagePolicies/mine", &json!({})).expect(401);
}

#[test]
fn an_administrator_gets_404_for_a_customer_that_is_not_there() {
    let app = App::without_workers();
    for path in ["/customers/99", "/customers/99/spaces", "/customers/abc", "/customers/007/queue"]
    {
        app.administrator.get(path).expect(404);
        app.administrator.post(path, &json!({})).expect(404);
    }
}

#[test]
fn one_tenant_never_reads_or_writes_what_another_has_under_the_same_name() {
    let app = App::without_workers();
    let (first, second) = (app.customer("first"), app.customer("second"));
    assert_eq!((first.space("maps"), second.space("maps")), (1, 1));
    let user = json!({ "email": "a@example.org", "password": "long enough" });
    first.client.put(&first.path("/portalUsers/anna"), &user).expect(201);
    second.client.get(&second.path("/portalUsers/anna")).expect(404);
    second
        .client
        .patch(&second.path("/portalUsers/anna"), &json!({ "enabled": false }))
        .expect(404);
    second.client.delete(&second.path("/portalUsers/anna")).expect(404);
    let held = first.client.get(&first.path("/portalUsers/anna")).expect(200);
    assert_eq!(held.body["enabled"], true);
    // What another has is no reason to refuse, which would tell that it is there.
    second.client.put(&second.path("/portalUsers/anna"), &user).expect(201);
}

#[test]
fn customer_names_that_addresses_give_a_meaning_are_refused() {
    let app = App::without_workers();
    for name in ["v2", "42", "admin", "Admin", "a b", "ä", "", "a/b"] {
        let answer = app.administrator.post("/customers", &json!({ "name": name })).expect(400);
        assert_eq!(answer.faults(), ["name"], "{name}");
    }
    app.administrator.post("/customers", &json!({ "name": "V-2_x.y" })).expect(201);
    let taken = app.administrator.post("/customers", &json!({ "name": "v-2_X.Y" })).expect(400);
    assert!(taken.text("type").ends_with("#AlreadyTaken"), "{}", taken.body);
}

#[test]
fn a_new_customer_has_a_clickthrough_service_its_logout_and_role() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let services = owner.client.get(&owner.path("/authServices")).expect(200);
    assert_eq!(services.each("name"), ["clickthrough", "logout"]);
    let nested = owner.client.get(&owner.path("/authServices/clickthrough/nestedServices"));
    assert_eq!(nested.expect(200).each("name"), ["logout"]);
    let role = owner.client.get(&owner.path("/roles/clickthrough")).expect(200);
    assert!(role.text("authService").ends_with("/authServices/clickthrough"));
    let customer = owner.client.get(&owner.path("")).expect(200);
    assert_eq!(customer.body["acceptedAgreement"], true);
    assert_eq!(customer.body["displayName"], "library");
}
