use serde_json::{Value, json};

use crate::support::App;

#[test]
fn an_order_over_all_spaces_is_merged_from_those_of_each() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = [owner.space("maps"), owner.space("plates"), owner.space("empty")];
    let image = |id: &str, space: i64, string1: Value, number2: Value| {
        let origin = format!("https://example.org/{id}.jpg");
        json!({ "id": id, "space": space, "origin": origin, "string1": string1, "number2": number2 })
    };
    owner
        .submit(&[
            image("a", spaces[0], json!("kiwi"), json!(2)),
            image("b", spaces[1], json!("apple"), json!(2)),
            image("c", spaces[0], Value::Null, json!(7)),
            image("d", spaces[1], json!("kiwi"), Value::Null),
            image("a", spaces[1], json!("fig"), json!(1)),
        ])
        .expect(201);
    let found = |query: &str| {
        let answer = owner.client.get(&owner.path(&format!("/allImages?{query}"))).expect(200);
        assert_eq!(answer.number("totalItems"), 5);
        answer.each("id").join(" ")
    };
    assert_eq!(found("orderBy=string1"), "c b a a d");
    assert_eq!(found("orderByDescending=string1"), "d a a b c");
    assert_eq!(found("orderBy=number2"), "d a a b c");
    assert_eq!(found("orderBy=number2&pageSize=2&page=2"), "a b");
    assert_eq!(found("orderBy=number2&pageSize=2&page=3"), "c");
    assert_eq!(found("orderBy=number2&pageSize=2&page=4"), "");
    assert_eq!(found("orderBy=finished"), "a b c d a");
    assert_eq!(found("orderByDescending=finished"), "a d c b a");
    assert_eq!(found("orderBy=family"), "a b c d a");
    assert_eq!(found("orderByDescending=family"), "a d c b a");
    let of_each = |query: &str| {
        let answer = owner.client.get(&owner.path(&format!("/allImages?{query}"))).expect(200);
        answer.each("space").join(" ")
    };
    assert_eq!(found("orderBy=id"), "a a b c d");
    assert_eq!(found("orderByDescending=id"), "d c b a a");
    assert_eq!(found("orderBy=id&pageSize=2&page=2"), "b c");
    assert_eq!(of_each("orderBy=id"), "1 2 2 1 2");
    assert_eq!(of_each("orderByDescending=id"), "2 1 2 2 1");
}

#[test]
fn a_batch_that_sends_images_again_writes_what_it_names_and_keeps_the_rest() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let origin = "https://example.org/1.jpg";
    owner
        .submit(&[
            json!({ "id": "one", "space": space, "origin": origin, "string1": "it's \"so\"",
                    "tags": ["a, b", "{c}"], "number1": 5 }),
            json!({ "id": "two", "space": space, "origin": origin, "tags": ["x"] }),
        ])
        .expect(201);
    let again = owner.submit(&[
        json!({ "id": "one", "space": space, "string2": "back\\slash" }),
        json!({ "id": "two", "space": space, "tags": [], "number2": 9 }),
        json!({ "id": "three", "space": space, "origin": origin }),
    ]);
    let batch = again.expect(201).id();
    let images = owner.client.get(&format!("{batch}/images")).expect(200);
    assert_eq!(images.each("id").join(" "), "one two three");
    assert_eq!(images.each("string1").join("|"), "it's \"so\"||");
    assert_eq!(images.each("string2").join("|"), "back\\slash||");
    assert_eq!(images.each("number1").join("|"), "5|0|0");
    assert_eq!(images.each("number2").join("|"), "0|9|0");
    assert_eq!(images.members()[0]["tags"], json!(["a, b", "{c}"]));
    assert_eq!(images.members()[1]["tags"], json!([]));
    let queue = owner.client.get(&owner.path("/queue")).expect(200);
    assert_eq!(queue.number("size"), 3);
}
