//! Many images in one request: named by their ids, or all that a filter matches.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Owner, rows};

const ORIGIN: &str = "https://example.org/a.png";

/// A customer with six images in a space, of which three are `red`, and one in another.
struct Shelf {
    app: App,
    owner: Owner,
    space: i64,
    other: i64,
}

impl Shelf {
    fn new() -> Self {
        let app = App::without_workers();
        let owner = app.customer("library");
        let (space, other) = (owner.space("maps"), owner.space("letters"));
        let image = |id: &str, space: i64, colour: &str| json!({ "id": id, "space": space, "origin": ORIGIN, "string1": colour });
        let mut images: Vec<Value> =
            ["a", "b", "c"].iter().map(|id| image(id, space, "red")).collect();
        images.extend(["d", "e", "f"].iter().map(|id| image(id, space, "blue")));
        images.push(image("z", other, "red"));
        owner.submit(&images).expect(201);
        Self { app, owner, space, other }
    }

    fn images(&self, query: &str) -> String {
        self.owner.path(&format!("/spaces/{}/images{query}", self.space))
    }

    /// The ids and first texts of all images of the customer.
    fn held(&self) -> Vec<(String, String)> {
        let all = self.owner.client.get(&self.owner.path("/allImages?orderBy=id")).expect(200);
        all.each("id").into_iter().zip(all.each("string1")).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.held().into_iter().map(|(id, _)| id).collect()
    }

    fn name(&self, id: &str) -> String {
        format!("{}/{}/{id}", self.owner.id, self.space)
    }

    fn delete(&self, query: &str) -> Answer {
        self.owner.client.delete(&self.images(query))
    }

    fn patch(&self, query: &str, body: &Value) -> Answer {
        self.owner.client.patch(&self.images(query), body)
    }

    /// Members of `deleteImages` and `allImages`.
    fn post(&self, link: &str, members: &[Value]) -> Answer {
        let customer = self.owner.client.get(&self.owner.path("")).expect(200);
        self.owner.client.post(&customer.text(link), &json!({ "member": members }))
    }
}

#[test]
fn images_are_found_and_deleted_by_their_ids_however_these_are_spelled() {
    let shelf = Shelf::new();
    let address = format!("{}{}", shelf.app.base, shelf.images("/c"));
    let members = [
        json!({ "id": shelf.name("d") }),
        json!({ "@id": address }),
        json!({ "id": "a", "space": shelf.space, "string1": "not looked at", "width": "x" }),
        json!(format!("{}/{}/z", shelf.owner.id, shelf.other)),
    ];
    let found = shelf.post("allImages", &members).expect(200);
    assert_eq!(found.each("id"), ["d", "c", "a", "z"], "in the order in which they are named");
    assert_eq!(found.number("totalItems"), 4);
    assert_eq!(found.each("string1"), ["blue", "red", "red", "red"]);
    let deleted = shelf.post("deleteImages", &members).expect(200);
    assert_eq!(deleted.members().len(), 4);
    assert_eq!(deleted.each("@id"), found.each("@id"));
    assert_eq!(shelf.ids(), ["b", "e", "f"]);
    let storage = shelf.owner.client.get(&shelf.owner.path("/storage")).expect(200);
    assert_eq!(storage.number("numberOfStoredImages"), 3);
    let changes = shelf.owner.client.get(&shelf.owner.path("/changes?pageSize=4")).expect(200);
    let key = shelf.owner.path(&format!("/keys/{}", shelf.owner.key));
    assert!(changes.each("actor").iter().all(|actor| actor.ends_with(&key)), "{}", changes.body);
    assert_eq!(changes.each("kind"), ["imageDeleted"; 4]);
}

#[test]
fn each_id_that_is_not_there_is_named_and_then_nothing_is_done() {
    let shelf = Shelf::new();
    let stranger = shelf.app.customer("stranger");
    let theirs = stranger.space("theirs");
    let image = json!({ "id": "own", "space": theirs, "origin": ORIGIN });
    stranger.submit(&[image]).expect(201);
    let foreign = format!("{}/{theirs}/own", stranger.id);
    for link in ["deleteImages", "allImages"] {
        let members = [
            json!({ "id": shelf.name("a") }),
            json!({ "id": shelf.name("x") }),
            json!({ "id": shelf.name("y") }),
        ];
        let answer = shelf.post(link, &members).expect(400);
        assert_eq!(answer.faults(), ["member[1].id", "member[2].id"], "{link}");
        let words = answer.body["violations"][1]["message"].as_str().expect("words");
        assert!(words.contains(&shelf.name("y")), "{words}");
        for (wrong, fault) in [
            (json!({ "id": foreign }), "member[0].id"),
            (json!({ "id": "a" }), "member[0].space"),
            (json!({}), "member[0].space"),
            (json!({ "space": shelf.space }), "member[0].id"),
            (json!({ "id": 5, "space": shelf.space }), "member[0].id"),
            (json!({ "id": "a\u{0}", "space": shelf.space }), "member[0].id"),
            (json!({ "id": "../a", "space": shelf.space }), "member[0].id"),
            (json!(7), "member[0]"),
        ] {
            assert_eq!(
                shelf.post(link, std::slice::from_ref(&wrong)).expect(400).faults(),
                [fault],
                "{link} {wrong}"
            );
        }
        let twice = [json!({ "id": shelf.name("a") }), json!({ "id": "a", "space": shelf.space })];
        assert_eq!(shelf.post(link, &twice).expect(400).faults(), ["member[1].id"]);
        assert_eq!(shelf.post(link, &[]).expect(400).faults(), ["member"]);
        let many: Vec<Value> =
            (0..1001).map(|n| json!({ "id": shelf.name(&n.to_string()) })).collect();
        let many = shelf.post(link, &many).expect(400);
        assert!(
            many.body["detail"].as_str().is_some_and(|text| text.contains("1000")),
            "{}",
            many.body
        );
    }
    let unknown: Vec<Value> =
        (0..1000).map(|n| json!({ "id": shelf.name(&format!("no-{n}")) })).collect();
    assert_eq!(
        shelf.post("deleteImages", &unknown).expect(400).faults().len(),
        1000,
        "all are named"
    );
    // What selects by a filter is not passed over: it may have been meant to.
    for query in ["dryRun=true", "expect=1", "all=true", "string1=x"] {
        let one = json!({ "member": [{ "id": shelf.name("a") }] });
        let path = shelf.owner.path(&format!("/deleteImages?{query}"));
        shelf.owner.client.post(&path, &one).expect(400);
    }
    assert_eq!(shelf.ids().len(), 7);
    let names = json!({ "member": [{ "id": foreign }] });
    shelf.owner.client.post(&stranger.path("/deleteImages"), &names).expect(403);
    shelf.owner.client.get(&shelf.owner.path("/deleteImages")).expect(405);
    let strict = shelf.owner.client.request(Method::POST, &shelf.owner.path("/deleteImages"));
    let body = json!({ "member": [{ "id": shelf.name("a"), "string1": "x", "colour": "red" }] });
    let strict =
        strict.header("Prefer", "handling=strict").header("Content-Type", "application/json");
    let answer = shelf.owner.client.send(strict.body(body.to_string())).expect(400);
    assert_eq!(answer.faults(), ["member[0].colour"]);
    assert_eq!(shelf.ids().len(), 7);
}

#[test]
fn images_of_a_space_are_changed_each_as_its_member_says_or_none_is() {
    let shelf = Shelf::new();
    let each = |members: Value| shelf.patch("", &json!({ "member": members }));
    let answer = each(json!([
        { "id": "a", "string1": "green", "tags": ["x"] },
        { "id": shelf.name("b"), "number1": 7 },
        { "@id": format!("{}{}", shelf.app.base, shelf.images("/c")), "roles": ["clickthrough"] },
    ]))
    .expect(205);
    assert!(answer.bytes.is_empty());
    let read = |id: &str| shelf.owner.client.get(&shelf.images(&format!("/{id}"))).expect(200).body;
    assert_eq!((&read("a")["string1"], &read("a")["tags"]), (&json!("green"), &json!(["x"])));
    assert_eq!((&read("b")["number1"], &read("b")["string1"]), (&json!(7), &json!("red")));
    assert_eq!(read("c")["roles"].as_array().map(Vec::len), Some(1));
    let before = shelf.held();
    let answer = each(json!([
        { "id": "a", "string1": "never" },
        { "id": "x", "string1": "y" },
        { "id": "b", "number1": "x", "roles": ["nothing"] },
        { "id": "c", "roles": ["nothing"] },
        { "id": "d", "space": shelf.other },
        { "string1": "whose?" },
    ]))
    .expect(400);
    assert_eq!(
        answer.faults(),
        ["member[1].id", "member[2].number1", "member[3].roles", "member[4].space", "member[5].id"]
    );
    assert_eq!(shelf.held(), before, "not one was changed");
    let selecting = "?string1=red&all=true&dryRun=true&expect=1";
    let answer =
        shelf.patch(selecting, &json!({ "member": [{ "id": "a", "string1": "n" }] })).expect(400);
    assert_eq!(answer.faults(), ["string1", "all", "dryRun", "expect"]);
    shelf.patch("?string9=x", &json!({ "member": [{ "id": "a", "string1": "n" }] })).expect(400);
    assert_eq!(shelf.held(), before);
}

#[test]
fn a_new_origin_is_fetched_again_after_what_waits_and_a_change_of_nothing_is_no_change() {
    let shelf = Shelf::new();
    let mut conn = shelf.app.database();
    rows::execute(&mut conn, "UPDATE images SET ingesting = FALSE, finished = now()");
    rows::execute(&mut conn, "DELETE FROM jobs");
    let count = "SELECT count(*) AS n FROM changes";
    let before = rows::number(&mut conn, count);
    let body = json!({ "member": [
        { "id": "a", "origin": "https://example.org/other.png" }, { "id": "b", "string1": "red" },
    ] });
    shelf.patch("", &body).expect(205);
    let waiting = shelf.owner.client.get(&shelf.owner.path("/queue/images")).expect(200);
    assert_eq!(waiting.each("id"), ["a"]);
    let immediate = "SELECT count(*) AS n FROM jobs WHERE immediate";
    assert_eq!(rows::number(&mut conn, immediate), 0, "no request waits for it");
    assert_eq!(rows::number(&mut conn, count), before + 1);
}

#[test]
fn what_a_filter_matches_is_changed_alike_and_deleted_at_once() {
    let shelf = Shelf::new();
    let counted = shelf.delete("?string1=red&dryRun=true").expect(200);
    assert_eq!((counted.number("totalItems"), counted.members().len()), (3, 0));
    let answer = shelf.patch("?string1=red&expect=2", &json!({ "string1": "green" })).expect(412);
    assert!(
        answer.body["detail"].as_str().is_some_and(|text| text.contains('3')),
        "{}",
        answer.body
    );
    assert_eq!(
        shelf
            .patch("?string1=red&dryRun=true", &json!({ "string1": "x" }))
            .expect(200)
            .number("totalItems"),
        3
    );
    shelf.patch("?string1=red&expect=3", &json!({ "string1": "green", "number2": 4 })).expect(205);
    assert_eq!(shelf.delete("?number2=4&dryRun=true").expect(200).number("totalItems"), 3);
    shelf.patch("?string1=nothing", &json!({ "string1": "x" })).expect(205);
    let query =
        "?q=%7B%22string1%22:%5B%22green%22,%22blue%22%5D,%22id%22:%5B%22a%22,%22d%22%5D%7D";
    shelf.delete(query).expect(205);
    assert_eq!(shelf.ids(), ["b", "c", "e", "f", "z"]);
    assert_eq!(shelf.delete("?all=true&dryRun=true").expect(200).number("totalItems"), 4);
    shelf.delete("?all=true&expect=4").expect(205);
    assert_eq!(shelf.ids(), ["z"], "the other space is left alone");
    shelf.delete("?all=true").expect(205);
    shelf.owner.client.delete(&shelf.owner.path(&format!("/spaces/{}", shelf.space))).expect(205);
    shelf.delete("?all=true").expect(404);
}

#[test]
fn what_might_select_more_than_was_meant_is_refused_and_nothing_is_done() {
    let shelf = Shelf::new();
    let before = shelf.held();
    for (query, faults) in [
        ("", vec!["all"]),
        ("?all=false", vec!["all"]),
        ("?all=true&string1=red", vec!["all"]),
        ("?all=yes", vec!["all"]),
        ("?string9=red&all=true", vec!["string9"]),
        ("?string1=red&string1=blue", vec!["string1"]),
        ("?string1=red&string2=", vec!["string2"]),
        ("?string1=red&string2", vec!["string2"]),
        ("?string1=red&dryrun=true", vec!["dryrun"]),
        ("?string1=red&pageSize=1", vec!["pageSize"]),
        ("?string1=red&orderBy=id", vec!["orderBy"]),
        ("?string1=red&tags=,", vec!["tags"]),
        ("?string1=red&tags=%20", vec!["tags"]),
        ("?string1=red&roles=a,,b", vec!["roles"]),
        ("?string1=%FF", vec!["string1"]),
        ("?q=%7B%7D", vec!["q"]),
        ("?q=%20&all=true", vec!["q"]),
        ("?q=%7B%22string1%22:null%7D&number1=0", vec!["q"]),
        ("?q=%7B%22tags%22:%5B%5D%7D&number1=0", vec!["q"]),
        ("?q=%7B%22string1%22:%22red%22,%22string1%22:%22blue%22%7D", vec!["q"]),
        ("?q=%7B%22string1%22:%22red%22%7D&string1=blue", vec!["string1"]),
        ("?q=%7B%22colour%22:%22red%22%7D", vec!["q"]),
        ("?string1=red&expect=x", vec!["expect"]),
        ("?string1=red&expect=-1", vec!["expect"]),
        ("?string1=red&expect=%2B3", vec!["expect"]),
        ("?error=maybe&minWidth=x", vec!["error", "minWidth"]),
        ("?format=nonsense&string1=red", vec!["format"]),
    ] {
        for answer in [shelf.delete(query), shelf.patch(query, &json!({ "string1": "never" }))] {
            let mut told = answer.expect(400).faults();
            told.sort();
            assert_eq!(told, faults, "{query}");
        }
    }
    for (body, faults) in [
        (json!({ "id": "a", "string1": "x" }), vec!["id"]),
        (json!({ "@id": shelf.images("/a") }), vec!["@id"]),
        (json!({ "space": shelf.other, "number1": "x" }), vec!["space"]),
        (
            json!({ "number1": "x", "roles": ["nothing"], "origin": null }),
            vec!["number1", "origin", "roles"],
        ),
        (json!({ "@type": "Space" }), vec!["@type"]),
    ] {
        let mut told = shelf.patch("?string1=nothing", &body).expect(400).faults();
        told.sort();
        assert_eq!(told, faults, "{body}");
    }
    let conditional = |condition: (&str, &str)| {
        let request = shelf.owner.client.request(Method::DELETE, &shelf.images("?all=true"));
        shelf.owner.client.send(request.header(condition.0, condition.1))
    };
    conditional(("If-Match", "\"another\"")).expect(412);
    conditional(("If-None-Match", "*")).expect(412);
    assert_eq!(shelf.held(), before);
    conditional(("If-Match", "*")).expect(205);
}

#[test]
fn what_is_closed_for_many_is_closed_as_it_is_for_one() {
    let shelf = Shelf::new();
    let mut conn = shelf.app.database();
    rows::execute(
        &mut conn,
        "INSERT INTO derivatives SELECT customer, space, id, 'thumbnails/000/1-1', 5, 7, now() FROM images",
    );
    let journal = |conn: &mut _, change: &str| {
        rows::number(conn, &format!("SELECT count(*) AS n FROM journal WHERE change = '{change}'"))
    };
    shelf.patch("?string1=red", &json!({ "roles": ["clickthrough"] })).expect(205);
    assert_eq!(journal(&mut conn, "closed"), 3);
    shelf.delete("?string1=blue").expect(205);
    assert_eq!(journal(&mut conn, "deleted"), 3);
    let storage = shelf.owner.client.get(&shelf.owner.path("/storage")).expect(200);
    assert_eq!(storage.number("numberOfStoredImages"), 4);
    assert_eq!(storage.number("totalSizeOfStoredImages"), 20);
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM discards"), 1);
}

#[test]
fn bodies_in_other_terms_mean_the_same() {
    let shelf = Shelf::new();
    let context = json!({
        "v": format!("{}/vocab#", shelf.app.base), "h": "http://www.w3.org/ns/hydra/core#",
    });
    let image = |id: &str| format!("{}{}", shelf.app.base, shelf.images(&format!("/{id}")));
    let alike = json!({ "@context": context, "@type": "v:Image", "v:Image/string1": "green" });
    shelf.patch("?string1=red", &alike).expect(205);
    let each = json!({ "@context": context, "@type": "h:Collection", "h:member": [
        { "@id": image("d"), "@type": "v:Image", "v:Image/string1": "black" },
        { "@id": image("e"), "v:Image/tags": ["x"] },
    ] });
    shelf.patch("", &each).expect(205);
    let colours: Vec<String> = shelf.held().into_iter().map(|(_, colour)| colour).collect();
    assert_eq!(colours, ["green", "green", "green", "black", "blue", "blue", "red"]);
    let turtle = format!(
        "@prefix h: <http://www.w3.org/ns/hydra/core#> . [] a h:Collection ; h:member <{}>, <{}> .",
        image("a"),
        image("e")
    );
    let request = shelf.owner.client.request(Method::POST, &shelf.owner.path("/deleteImages"));
    shelf.owner.client.send(request.header("Content-Type", "text/turtle").body(turtle)).expect(200);
    assert_eq!(shelf.ids(), ["b", "c", "d", "f", "z"]);
}
