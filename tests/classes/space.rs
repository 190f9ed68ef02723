use serde_json::json;

use crate::support::{App, rows};

#[test]
fn numbers_skip_those_chosen_by_put_and_are_not_driven_up() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = owner.path("/spaces");
    for (number, name) in [(2, "second"), (3, "third"), (900_000, "far")] {
        let put = owner.client.put(&format!("{spaces}/{number}"), &json!({ "name": name }));
        put.expect(201);
    }
    assert_eq!(owner.space("a"), 1);
    assert_eq!(owner.space("b"), 4);
    assert_eq!(owner.space("c"), 5);
    owner.client.delete(&format!("{spaces}/5")).expect(205);
    assert_eq!(owner.space("d"), 6, "a number was given again");
}

#[test]
fn a_number_is_the_servers_on_post_and_well_formed_on_put() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = owner.path("/spaces");
    let answer = owner.client.post(&spaces, &json!({ "name": "a", "id": 7 })).expect(400);
    assert_eq!(answer.faults(), ["id"]);
    for number in ["abc", "0", "-1", "007", "99999999999"] {
        owner.client.put(&format!("{spaces}/{number}"), &json!({ "name": "a" })).expect(400);
        owner.client.get(&format!("{spaces}/{number}")).expect(404);
    }
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

#[test]
fn defaults_are_given_to_new_images_that_leave_the_member_out_and_to_no_others() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let path = owner.path(&format!("/spaces/{space}"));
    let defaults = json!({
        "defaultTags": ["map"], "maxUnauthorised": 400, "defaultRoles": ["clickthrough"],
    });
    owner.client.patch(&path, &defaults).expect(205);
    let origin = "https://example.org/a.jpg";
    owner
        .submit(&[
            json!({ "id": "plain", "space": space, "origin": origin }),
            json!({ "id": "own", "space": space, "origin": origin,
                    "tags": [], "roles": [], "maxUnauthorised": 0 }),
        ])
        .expect(201);
    let image = |id: &str| owner.client.get(&format!("{path}/images/{id}")).expect(200).body;
    let role = format!("{}{}", app.base, owner.path("/roles/clickthrough"));
    let plain = image("plain");
    assert_eq!(
        (&plain["tags"], &plain["roles"], &plain["maxUnauthorised"]),
        (&json!(["map"]), &json!([role]), &json!(400))
    );
    let own = image("own");
    assert_eq!(
        (&own["tags"], &own["roles"], &own["maxUnauthorised"]),
        (&json!([]), &json!([]), &json!(0))
    );
    owner.client.patch(&path, &json!({ "defaultTags": ["late"] })).expect(205);
    owner.submit(&[json!({ "id": "plain", "space": space, "origin": origin })]).expect(201);
    assert_eq!(image("plain")["tags"], json!(["map"]), "defaults came to an image that was there");
    let space = owner.client.get(&path).expect(200);
    assert_eq!(space.body["defaultMaxUnauthorised"], 400);
    assert_eq!(space.text("defaultRoles"), format!("{}{path}/defaultRoles", app.base));
}

#[test]
fn default_roles_are_replaced_by_a_collection_and_added_by_one() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    for role in ["a", "b", "c"] {
        owner.client.put(&owner.path(&format!("/roles/{role}")), &json!({})).expect(201);
    }
    let path = owner.path(&format!("/spaces/{space}/defaultRoles"));
    let post = |body: serde_json::Value| owner.client.post(&path, &body);
    assert_eq!(post(json!({ "@id": owner.path("/roles/a") })).expect(200).each("id"), ["a"]);
    assert_eq!(post(json!({ "id": "b" })).expect(200).each("id"), ["a", "b"]);
    let collection =
        json!({ "@type": "Collection", "member": [{ "@id": owner.path("/roles/c") }] });
    assert_eq!(post(collection).expect(200).each("id"), ["c"]);
    assert_eq!(post(json!(["a", "b"])).expect(200).each("id"), ["a", "b"]);
    post(json!({})).expect(400);
    post(json!({ "@id": "nothing" })).expect(400);
    post(json!("a")).expect(400);
    assert_eq!(owner.client.get(&path).expect(200).each("id"), ["a", "b"]);
    assert_eq!(post(json!({ "member": [] })).expect(200).each("id"), Vec::<String>::new());
}

#[test]
fn default_roles_may_be_one_reference_and_only_the_link_itself_says_nothing() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for role in ["staff", "guests"] {
        owner.client.put(&owner.path(&format!("/roles/{role}")), &json!({})).expect(201);
    }
    let whole = format!("{}{}", app.base, owner.path("/roles/staff"));
    let other = owner.path(&format!("/spaces/{}", owner.space("other")));
    for (number, one) in [json!("staff"), json!(whole), json!({ "@id": whole })].iter().enumerate()
    {
        let body = json!({ "name": format!("space {number}"), "defaultRoles": one });
        let space = owner.client.post(&owner.path("/spaces"), &body).expect(201).id();
        let held = || owner.client.get(&format!("{space}/defaultRoles")).expect(200).each("id");
        assert_eq!(held(), ["staff"], "{one}");
        owner.client.patch(&space, &json!({ "defaultRoles": "guests" })).expect(205);
        assert_eq!(held(), ["guests"], "{one}");
        let shown = owner.client.get(&space).expect(200);
        let number = space.rsplit('/').next().expect("a number");
        for link in [shown.text("defaultRoles"), format!("{number}/defaultRoles")] {
            owner.client.patch(&space, &json!({ "defaultRoles": link })).expect(205);
            assert_eq!(held(), ["guests"], "{link}");
        }
        let foreign = format!("{}{other}/defaultRoles", app.base);
        let answer = owner.client.patch(&space, &json!({ "defaultRoles": foreign })).expect(400);
        assert_eq!(answer.faults(), ["defaultRoles"], "{}", answer.body);
    }
}

#[test]
fn every_role_that_is_none_is_told_with_its_place() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.path(&format!("/spaces/{}", owner.space("maps")));
    let roles = json!(["clickthrough", null, "no role", "clickthrough"]);
    for (method, path, member) in
        [("PATCH", space.clone(), "defaultRoles"), ("PUT", format!("{space}/images/a"), "roles")]
    {
        let body = json!({ "origin": "https://example.org/a.jpg", member: roles });
        let answer = match method {
            "PATCH" => owner.client.patch(&path, &body),
            _ => owner.client.put(&path, &body),
        };
        let answer = answer.expect(400);
        assert_eq!(answer.faults(), [format!("{member}[1]"), format!("{member}[2]")]);
        let violations = answer.body["violations"].as_array().expect("violations");
        assert_eq!(violations[0]["pointer"], format!("#/{member}/1"));
    }
    let many: Vec<String> = (0..501).map(|n| format!("role{n}")).collect();
    let answer = owner.client.patch(&space, &json!({ "defaultRoles": many })).expect(400);
    assert_eq!(answer.faults(), ["defaultRoles"]);
    let answer = owner.client.post(&format!("{space}/defaultRoles"), &json!(many)).expect(400);
    assert_eq!(answer.faults(), ["member"]);
}

#[test]
fn a_page_of_default_roles_does_not_replace_all_of_them() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for role in ["staff", "guests"] {
        owner.client.put(&owner.path(&format!("/roles/{role}")), &json!({})).expect(201);
    }
    let space = owner.path(&format!("/spaces/{}", owner.space("maps")));
    let path = format!("{space}/defaultRoles");
    owner.client.post(&path, &json!(["staff", "guests"])).expect(200);
    for page in ["1", "2"] {
        let shown = owner.client.get(&format!("{path}?pageSize=1&page={page}")).expect(200).body;
        let mut with_a_prefix = shown.clone();
        with_a_prefix["@context"] = json!([shown["@context"], { "x": "urn:x:" }]);
        for body in [shown, with_a_prefix] {
            let answer = owner.client.post(&path, &body).expect(400);
            assert_eq!(answer.faults(), ["view"], "{}", answer.body);
        }
    }
    let whole = owner.client.get(&path).expect(200).body;
    assert_eq!(owner.client.post(&path, &whole).expect(200).number("totalItems"), 2);
}

#[test]
fn of_more_than_two_thousand_faults_the_first_are_told() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let roles: Vec<String> = (0..300).map(|n| format!("role{n}")).collect();
    let image = |n: usize| {
        let origin = format!("https://example.org/{n}.jpg");
        json!({ "id": n.to_string(), "space": space, "origin": origin, "roles": roles })
    };
    let images: Vec<_> = (0..10).map(image).collect();
    let answer = owner.submit(&images).expect(400);
    assert_eq!(answer.faults().len(), 2001);
    assert_eq!(answer.faults()[0], "member[0].roles");
    let last = answer.body["violations"][2000]["message"].as_str().expect("words");
    assert!(last.ends_with(" more faults"), "{last}");
    let wrong = json!({ "space": space });
    let answer = owner.submit(&vec![wrong; 150]).expect(400);
    assert_eq!(answer.faults().len(), 150);
    assert!(answer.text("detail").ends_with("; and 50 more"), "{}", answer.text("detail"));
}

#[test]
fn spaces_are_found_by_their_whole_name() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for name in ["maps", "maps of cities", "letters & cards"] {
        owner.space(name);
    }
    let find = |name: &str| {
        owner.client.get(&owner.path(&format!("/spaces?name={name}"))).expect(200).each("name")
    };
    assert_eq!(find("maps"), ["maps"]);
    assert_eq!(find("letters+%26%20cards"), ["letters & cards"]);
    assert!(find("nothing").is_empty());
    assert_eq!(find("").len(), 3);
}

#[test]
fn two_names_for_one_thing_must_agree() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let both = json!({ "name": "a", "defaultMaxUnauthorised": 1, "maxUnauthorised": 2 });
    let answer = owner.client.post(&owner.path("/spaces"), &both).expect(400);
    assert_eq!(answer.faults(), ["maxUnauthorised"]);
    let same = json!({ "name": "a", "defaultMaxUnauthorised": 2, "maxUnauthorised": 2 });
    let made = owner.client.post(&owner.path("/spaces"), &same).expect(201);
    assert!(made.body.get("maxUnauthorised").is_none(), "the other name is written");
}

#[test]
fn distinct_lists_what_was_set_once_each_in_order() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = |id: &str, string: Option<&str>, number: Option<i64>| {
        let mut image = json!({ "id": id, "space": space, "origin": "https://example.org/a" });
        if let Some(string) = string {
            image["string1"] = string.into();
        }
        if let Some(number) = number {
            image["number1"] = number.into();
        }
        image
    };
    owner
        .submit(&[
            image("a", Some("beta"), Some(10)),
            image("b", Some("alpha"), Some(9)),
            image("c", Some("beta"), Some(0)),
            image("d", Some(""), None),
            image("e", None, None),
        ])
        .expect(201);
    let metadata = owner.client.get(&owner.path(&format!("/spaces/{space}/metadata"))).expect(200);
    let list = |field: &str| owner.client.get(&metadata.text(field)).expect(200);
    assert_eq!(list("string1").body, json!(["alpha", "beta"]));
    assert_eq!(list("number1").body, json!([9, 10]), "a 0 over what was unset is unset");
    assert_eq!(list("string2").body, json!([]));
    assert_eq!(list("string1").header("content-type"), Some("application/json"));
    let patched = owner.path(&format!("/spaces/{space}/images/a"));
    owner.client.patch(&patched, &json!({ "number1": 0 })).expect(205);
    assert_eq!(list("number1").body, json!([0, 9]), "a 0 over what was set is a 0");
    let distinct = owner.path(&format!("/spaces/{space}/metadata/distinct"));
    owner.client.get(&distinct).expect(400);
    owner.client.get(&format!("{distinct}?field=tags")).expect(400);
    owner.client.get(&owner.path("/spaces/99/metadata/distinct?field=string1")).expect(404);
}

#[test]
fn numbers_that_are_used_up_are_a_bad_request() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = owner.path("/spaces");
    let used = format!("UPDATE customers SET last_space = {} WHERE id = {}", i32::MAX, owner.id);
    assert_eq!(rows::execute(&mut app.database(), &used), 1);
    let full = owner.client.post(&spaces, &json!({ "name": "one more" })).expect(400);
    assert_eq!(full.faults(), ["id"]);
    owner.client.put(&format!("{spaces}/5"), &json!({ "name": "one more" })).expect(201);
}

#[test]
fn distinct_values_come_two_thousand_at_a_time() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let many = format!(
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         string1, number1, media_type, ingesting) \
         SELECT {}, {space}, n::text, now(), 'https://example.org/x', -1, '{{}}', '{{}}', \
         'value & ' || n, n, 'image/png', FALSE FROM generate_series(1, 4001) AS n",
        owner.id
    );
    assert_eq!(rows::execute(&mut app.database(), &many), 4001);
    for field in ["string1", "number1"] {
        let mut next =
            Some(owner.path(&format!("/spaces/{space}/metadata/distinct?field={field}")));
        let (mut pages, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
        while let Some(path) = next {
            let answer = owner.client.get(&path).expect(200);
            let values = answer.body.as_array().expect("an array").clone();
            pages.push(values.len());
            seen.extend(values.iter().map(ToString::to_string));
            let links = answer.headers.get_all("link").iter();
            next = links.filter_map(|link| link.to_str().ok()).find_map(|link| {
                let target = link.strip_suffix(">; rel=\"next\"")?.strip_prefix('<')?;
                Some(target.to_owned())
            });
        }
        assert_eq!((pages, seen.len()), (vec![2000, 2000, 1], 4001), "{field}");
    }
    let wrong = format!("/spaces/{space}/metadata/distinct?field=number1&after=x");
    assert_eq!(owner.client.get(&owner.path(&wrong)).expect(400).faults(), ["after"]);
}
