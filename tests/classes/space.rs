use serde_json::json;

use crate::support::App;

#[test]
fn numbers_skip_those_chosen_by_put_and_are_not_driven_up() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = owner.path("/spaces");
    owner.client.put(&format!("{spaces}/2"), &json!({ "name": "second" })).expect(201);
    owner.client.put(&format!("{spaces}/900000"), &json!({ "name": "far" })).expect(201);
    assert_eq!(owner.space("a"), 1);
    assert_eq!(owner.space("b"), 3);
    assert_eq!(owner.space("c"), 4);
}

#[test]
fn a_space_with_images_is_not_deleted() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    owner
        .submit(&[json!({ "id": "one", "space": space, "origin": "https://example.org/1.jpg" })])
        .expect(201);
    let path = owner.path(&format!("/spaces/{space}"));
    owner.client.delete(&path).expect(409);
    owner.client.delete(&format!("{path}/images/one")).expect(205);
    owner.client.delete(&path).expect(205);
    owner.client.get(&path).expect(404);
}
