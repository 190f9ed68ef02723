use serde_json::json;

use crate::support::{App, Owner};

/// Six images in two spaces; answers the numbers of the spaces.
fn filled(owner: &Owner) -> (i64, i64) {
    let (maps, letters) = (owner.space("maps"), owner.space("letters"));
    let image = |id: &str, space: i64, s: &str, n: i64, tags: &[&str]| {
        json!({ "id": id, "space": space, "origin": "https://example.org/a",
                "string1": s, "number1": n, "tags": tags })
    };
    let mut protected = image("f", letters, "gamma", 3, &["red"]);
    protected["roles"] = json!(["clickthrough", "urn:x"]);
    owner
        .submit(&[
            image("e", maps, "alpha", 2, &["red", "blue"]),
            image("d", maps, "beta", 1, &["red"]),
            image("c", maps, "alpha", 0, &[]),
            image("b", letters, "beta", 2, &["blue"]),
            image("a", letters, "", 0, &["red", "blue", "green"]),
            protected,
        ])
        .expect(201);
    (maps, letters)
}

fn ids(owner: &Owner, path: &str, query: &str) -> Vec<String> {
    let query =
        query.replace('{', "%7B").replace('}', "%7D").replace('"', "%22").replace(' ', "%20");
    let answer = owner.client.get(&owner.path(&format!("{path}?{query}"))).expect(200);
    let ids = answer.each("id");
    assert_eq!(
        answer.number("totalItems"),
        i64::try_from(ids.len()).expect("a small number"),
        "{query}"
    );
    ids
}

#[test]
fn filters_are_joined_and_unset_metadata_counts_as_shown() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let (maps, letters) = filled(&owner);
    let all = |query: &str| ids(&owner, "/allImages", query);
    assert_eq!(all(""), ["e", "d", "c", "b", "a", "f"]);
    assert_eq!(all("string1=alpha"), ["e", "c"]);
    assert_eq!(all("string1=alpha&number1=2"), ["e"]);
    assert_eq!(all("number1=0"), ["c", "a"]);
    assert_eq!(all("string1="), ["e", "d", "c", "b", "a", "f"]);
    assert_eq!(all("tags=red"), ["e", "d", "a", "f"]);
    assert_eq!(all("tags=red,blue"), ["e", "a"]);
    assert_eq!(all("roles=clickthrough"), ["f"]);
    assert_eq!(all("roles=clickthrough,urn:x"), ["f"]);
    assert_eq!(all(&format!("space={letters}")), ["b", "a", "f"]);
    assert_eq!(all("id=c"), ["c"]);
    assert_eq!(all("unknown=1&page=1"), ["e", "d", "c", "b", "a", "f"]);
    let own = |query: &str| ids(&owner, &format!("/spaces/{maps}/images"), query);
    assert_eq!(own("string1=beta"), ["d"]);
    assert_eq!(own(&format!("space={letters}")), Vec::<String>::new());
    assert_eq!(ids(&owner, "/queue/images", "string1=beta"), ["d", "b"]);
}

#[test]
fn q_takes_any_of_several_values_and_a_parameter_wins_over_it() {
    let app = App::without_workers();
    let owner = app.customer("library");
    filled(&owner);
    let all = |query: &str| ids(&owner, "/allImages", query);
    assert_eq!(all(r#"q={ "string1": ["alpha", "gamma"] }"#), ["e", "c", "f"]);
    assert_eq!(all(r#"q={"number1": [1, "3"]}"#), ["d", "f"]);
    assert_eq!(all(r#"q={"id": ["a", "e"], "tags": ["green"]}"#), ["a"]);
    assert_eq!(all(r#"q={"tags": ["red", "blue"]}"#), ["e", "a"]);
    assert_eq!(all(r#"q={"string1": ""}"#), ["a"]);
    assert_eq!(all(r#"q={"string1": "alpha", "number1": 2}&string1=beta"#), ["b"]);
    for wrong in [r#"q=["a"]"#, "q=nonsense", r#"q={"colour":"red"}"#, r#"q={"number1":"x"}"#] {
        let query = wrong.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
        owner.client.get(&owner.path(&format!("/allImages?{query}"))).expect(400);
    }
}

#[test]
fn any_shown_field_orders_ignoring_case_and_ties_are_stable() {
    let app = App::without_workers();
    let owner = app.customer("library");
    filled(&owner);
    let all = |query: &str| ids(&owner, "/allImages", query);
    assert_eq!(all("orderBy=id"), ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(all("orderByDescending=ID"), ["f", "e", "d", "c", "b", "a"]);
    assert_eq!(all("orderBy=String1"), ["a", "e", "c", "d", "b", "f"]);
    assert_eq!(all("orderByDescending=number1"), ["f", "b", "e", "d", "a", "c"]);
    for by in [
        "created",
        "finished",
        "space",
        "origin",
        "maxUnauthorised",
        "label",
        "requiredStatement",
        "rights",
        "mediaType",
        "width",
        "height",
        "queued",
        "dequeued",
        "ingesting",
        "error",
        "batch",
        "imageOptimisationPolicy",
        "thumbnailPolicy",
        "string2",
        "string3",
        "number2",
        "number3",
    ] {
        assert_eq!(all(&format!("orderBy={by}")).len(), 6, "{by}");
        assert_eq!(all(&format!("orderByDescending={by}")).len(), 6, "{by}");
    }
    for wrong in ["orderBy=nonsense", "orderBy=roles", "orderBy=id&orderByDescending=id"] {
        owner.client.get(&owner.path(&format!("/allImages?{wrong}"))).expect(400);
    }
}

#[test]
fn values_that_cannot_be_read_are_refused_each_by_its_name() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let query = "page=abc&pageSize=x&number1=x&space=y&orderBy=nonsense&q=%5B1%5D";
    let answer = owner.client.get(&owner.path(&format!("/allImages?{query}"))).expect(400);
    let mut faults = answer.faults();
    faults.sort();
    assert_eq!(faults, ["number1", "orderBy", "page", "pageSize", "q", "space"]);
    owner.client.get(&owner.path("/allImages?string1=%FF")).expect(400);
}

#[test]
fn page_links_carry_filters_and_order_and_lead_through_all() {
    let app = App::without_workers();
    let owner = app.customer("library");
    filled(&owner);
    let start = owner.path("/allImages?pageSize=2&q=%7B%22tags%22:%5B%22red%22%5D%7D&orderBy=id");
    let (mut seen, mut next) = (Vec::new(), Some(format!("{}{start}", app.base)));
    while let Some(address) = next {
        let page = owner.client.get(&address).expect(200);
        assert_eq!(page.body["view"]["@id"], address.as_str());
        assert_eq!(
            page.id(),
            format!(
                "{}{}?q=%7B%22tags%22:%5B%22red%22%5D%7D&orderBy=id",
                app.base,
                owner.path("/allImages")
            )
        );
        assert_eq!(page.number("totalItems"), 4);
        seen.extend(page.each("id"));
        next = page.body["view"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["a", "d", "e", "f"]);
}
