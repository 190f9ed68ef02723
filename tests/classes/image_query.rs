use serde_json::json;

use crate::support::{App, Origin, Owner};

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
fn images_are_found_by_how_they_came_through_and_by_what_they_measure() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let (maps, letters) = (owner.space("maps"), owner.space("letters"));
    let image = |id: &str, space: i64, string1: &str, origin: String| json!({ "id": id, "space": space, "string1": string1, "origin": origin });
    let batch = owner
        .submit(&[
            image("small", maps, "shelf-1", origin.image(60, 40)),
            image("wide", maps, "shelf-10", origin.image(400, 50)),
            image("high", letters, "shelf_1", origin.image(50, 300)),
            image("missing", letters, "Shelf-1", origin.url("/missing/x.png")),
        ])
        .expect(201);
    owner.finished(&batch.id());
    let held = json!({ "member": [image("waits", maps, "", origin.url("/held/30x20/x.png"))] });
    owner.client.post(&owner.path("/queue"), &held).expect(201);
    let all = |query: &str| ids(&owner, "/allImages", query);
    assert_eq!(all("error=true"), ["missing"]);
    assert_eq!(all("error=false"), ["small", "wide", "high", "waits"]);
    assert_eq!(all("ingesting=true"), ["waits"]);
    assert_eq!(all("ingesting=false&error=false"), ["small", "wide", "high"]);
    assert_eq!(all(r#"q={"error": true, "ingesting": "false"}"#), ["missing"]);
    assert_eq!(all("mediaType=image/png"), ["small", "wide", "high", "missing", "waits"]);
    assert_eq!(all(r#"q={"mediaType": ["image/tiff", "image/jp2"]}"#), Vec::<String>::new());
    assert_eq!(all("minWidth=60"), ["small", "wide"]);
    assert_eq!(all(r#"q={"minWidth": 60, "minHeight": 50}"#), ["wide"]);
    assert_eq!(all("string1Prefix=shelf-1"), ["small", "wide"]);
    assert_eq!(all("string1Prefix=shelf_&orderBy=id"), ["high"]);
    assert_eq!(all("string1Prefix=%25"), Vec::<String>::new());
    assert_eq!(all("string2Prefix=s"), Vec::<String>::new());
    let path = owner.path(&format!("/spaces/{maps}/images/small"));
    let small = owner.client.get(&path).expect(200);
    let size = owner.client.get(&small.text("storage")).expect(200).number("size");
    assert!(all(&format!("maxSize={size}")).contains(&"small".to_owned()));
    assert!(!all(&format!("minSize={}", size + 1)).contains(&"small".to_owned()));
    assert_eq!(
        all("minSize=1&maxSize=99999999"),
        ["small", "wide", "high"],
        "once they are processed"
    );
    assert_eq!(all("maxSize=0"), Vec::<String>::new());
    let (created, finished) = (small.text("created"), small.text("finished"));
    assert_eq!(
        all(&format!("createdAfter={created}")),
        ["small", "wide", "high", "missing", "waits"]
    );
    assert_eq!(all(&format!("createdBefore={created}")), Vec::<String>::new());
    assert!(all(&format!("finishedAfter={finished}")).contains(&"small".to_owned()));
    assert!(!all(&format!("finishedBefore={finished}")).contains(&"small".to_owned()));
    assert!(!all("finishedAfter=2000-01-01").contains(&"waits".to_owned()), "it is not finished");
    let own = |query: &str| ids(&owner, &format!("/spaces/{letters}/images"), query);
    assert_eq!(own("finishedAfter=2000-01-01T00:00:00%2B01:00&error=true"), ["missing"]);
    assert_eq!(own("createdAfter=2000-01-01T00:00:00+01:00&minHeight=300"), ["high"]);
    assert_eq!(ids(&owner, "/queue/images", "ingesting=true"), ["waits"]);
    for wrong in [
        "error=yes",
        "ingesting=1",
        "createdAfter=yesterday",
        "createdAfter=-99999-1-1",
        "createdBefore=+2026-01-3",
        "createdBefore=2026-13-01",
        "finishedAfter=2026-01-31T12:00:00",
        "finishedBefore=12026-01-01",
        "minWidth=-1",
        "minHeight=x",
        "minSize=1.5",
        "maxSize=99999999999999999999",
    ] {
        let (name, _) = wrong.split_once('=').expect("a name");
        let answer = owner.client.get(&owner.path(&format!("/allImages?{wrong}"))).expect(400);
        assert_eq!(answer.faults(), [name], "{wrong}");
    }
    let wrong = "q=%7B%22error%22:1,%22string1Prefix%22:%22%22,%22createdAfter%22:5,%22minSize%22:%5B1%5D%7D";
    let mut faults =
        owner.client.get(&owner.path(&format!("/allImages?{wrong}"))).expect(400).faults();
    faults.sort();
    assert_eq!(faults, ["createdAfter", "error", "minSize", "string1Prefix"]);
    origin.release();
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
