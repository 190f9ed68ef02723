use serde_json::json;

use crate::support::App;

#[test]
fn a_reference_may_be_spelt_in_every_way_and_is_shown_in_one() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let whole = format!("{}{}", app.base, owner.path("/authServices/clickthrough"));
    let elsewhere = format!("https://old.example.org{}", owner.path("/authServices/clickthrough"));
    let spellings = [
        json!(whole),
        json!(elsewhere),
        json!({ "@id": whole }),
        json!("clickthrough"),
        json!("../authServices/clickthrough"),
        json!(owner.path("/authServices/clickthrough")),
    ];
    for (index, spelling) in spellings.iter().enumerate() {
        let role = owner.path(&format!("/roles/role{index}"));
        let made = owner.client.put(&role, &json!({ "authService": spelling })).expect(201);
        assert_eq!(made.text("authService"), whole, "{spelling}");
    }
}

#[test]
fn a_reference_to_another_customer_or_to_nothing_is_refused_by_its_member() {
    let app = App::without_workers();
    let (owner, other) = (app.customer("library"), app.customer("other"));
    let foreign = format!("{}{}", app.base, other.path("/authServices/clickthrough"));
    for wrong in [foreign.as_str(), "nothing", "", "https://example.org/"] {
        let body = json!({ "name": "staff", "authService": wrong });
        let answer = owner.client.post(&owner.path("/roles"), &body).expect(400);
        assert_eq!(answer.faults(), ["authService"], "{wrong}");
    }
}

#[test]
fn a_role_that_images_or_defaults_name_is_in_use() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    for role in ["staff", "guests"] {
        owner.client.put(&owner.path(&format!("/roles/{role}")), &json!({})).expect(201);
    }
    let defaults = owner.path(&format!("/spaces/{space}/defaultRoles"));
    owner.client.post(&defaults, &json!({ "@id": "guests" })).expect(200);
    let image =
        json!({ "id": "a", "space": space, "origin": "https://example.org/a", "roles": ["staff"] });
    owner.submit(&[image]).expect(201);
    owner.client.delete(&owner.path("/roles/staff")).expect(409);
    owner.client.delete(&owner.path("/roles/guests")).expect(409);
    owner.client.post(&defaults, &json!([])).expect(200);
    owner.client.delete(&owner.path("/roles/guests")).expect(205);
    let image = owner.path(&format!("/spaces/{space}/images/a"));
    owner.client.patch(&image, &json!({ "roles": [] })).expect(205);
    owner.client.delete(&owner.path("/roles/staff")).expect(205);
}

#[test]
fn roles_of_an_image_are_own_ones_that_are_there_or_uris_word_for_word() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let own = format!("https://production.example.org{}", owner.path("/roles/clickthrough"));
    let image = |roles: serde_json::Value| {
        let body = json!({ "space": space, "origin": "https://example.org/a", "roles": roles });
        owner.submit(&[body])
    };
    image(json!([own, "urn:example:a", "https://other.example.org/roles/x", "clickthrough"]))
        .expect(201);
    let held = owner.client.get(&owner.path("/allImages")).expect(200).members();
    let shown = format!("{}{}", app.base, owner.path("/roles/clickthrough"));
    assert_eq!(
        held[0]["roles"],
        json!([shown, "urn:example:a", "https://other.example.org/roles/x"])
    );
    for (wrong, member) in [
        (json!(["nothing"]), "roles"),
        (json!([owner.path("/roles/nothing")]), "roles"),
        (json!([7]), "roles[0]"),
        (json!(["urn:example:a", "a b"]), "roles[1]"),
        (json!("a b"), "roles"),
    ] {
        let answer = image(wrong.clone()).expect(400);
        assert_eq!(answer.faults(), [format!("member[0].{member}")], "{wrong}");
    }
}
