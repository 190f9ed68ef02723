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
}
