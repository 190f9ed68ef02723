use serde_json::json;

use crate::support::App;

#[test]
fn an_address_is_taken_within_its_customer_in_any_case_and_nowhere_else() {
    let app = App::without_workers();
    let (first, second) = (app.customer("first"), app.customer("second"));
    let user = |email: &str| json!({ "email": email, "password": "long enough" });
    let anna = first.path("/portalUsers/anna");
    first.client.put(&anna, &user("Anna@example.org")).expect(201);
    let taken = first.client.post(&first.path("/portalUsers"), &user("anna@EXAMPLE.org"));
    let taken = taken.expect(400);
    assert!(taken.text("type").ends_with("#AlreadyTaken"), "{}", taken.body);
    assert_eq!(taken.faults(), ["email"]);
    second.client.post(&second.path("/portalUsers"), &user("anna@example.org")).expect(201);
    let other = first.client.post(&first.path("/portalUsers"), &user("b@example.org")).expect(201);
    first.client.patch(&other.id(), &json!({ "email": "ANNA@example.org" })).expect(400);
    first.client.patch(&anna, &json!({ "email": "anna@example.org" })).expect(205);
    let found = second.client.get(&second.path("/portalUsers?email=ANNA%40example.org"));
    assert_eq!(found.expect(200).number("totalItems"), 1);
}
