use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::RunQueryDsl;
use serde_json::json;

use crate::support::{App, Owner};

/// Fills a space with so many images by the server's own means; every tenth is removed where asked.
fn fill(app: &App, owner: &Owner, space: i64, count: i64) {
    let sql = format!(
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         media_type, ingesting) SELECT {}, {space}, to_char(n, 'FM000000'), \
         timestamptz '2020-01-01' + n * interval '1 second', 'https://example.org/a', -1, '{{}}', \
         '{{}}', 'image/jpeg', false FROM generate_series(0, {count} - 1) AS n",
        owner.id
    );
    diesel::sql_query(sql).execute(&mut app.database()).expect("filled");
}

#[test]
fn every_page_of_a_large_collection_is_the_one_that_counting_finds() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let (space, other) = (owner.space("large"), owner.space("other"));
    fill(&app, &owner, space, 6000);
    fill(&app, &owner, other, 7);
    let path = owner.path(&format!("/spaces/{space}/images"));
    let page = |number: i64, size: i64| {
        let answer = owner.client.get(&format!("{path}?page={number}&pageSize={size}")).expect(200);
        assert_eq!(answer.number("totalItems"), 6000);
        answer.each("id")
    };
    let wanted = |number: i64, size: i64| -> Vec<String> {
        ((number - 1) * size..(number * size).min(6000)).map(|n| format!("{n:06}")).collect()
    };
    // Far in, then near, then far again.
    for number in [31, 1, 40, 17, 60, 59, 30, 12, 45, 2] {
        assert_eq!(page(number, 100), wanted(number, 100), "page {number}");
    }
    for (number, size) in [(857, 7), (430, 7), (13, 500), (12, 500), (4, 499)] {
        assert_eq!(page(number, size), wanted(number, size), "page {number} of {size}");
    }
    assert!(page(61, 100).is_empty());
    let all = owner.client.get(&owner.path("/allImages?page=61&pageSize=100")).expect(200);
    assert_eq!(all.number("totalItems"), 6007);
    assert_eq!(all.members().len(), 7);
}

#[test]
fn pages_far_in_follow_when_something_is_removed() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("large");
    fill(&app, &owner, space, 6000);
    let path = owner.path(&format!("/spaces/{space}/images"));
    let first = |number: i64| {
        owner.client.get(&format!("{path}?page={number}")).expect(200).each("id")[0].clone()
    };
    assert_eq!(first(31), "003000");
    owner.client.delete(&format!("{path}/000005")).expect(205);
    assert_eq!(first(31), "003001");
    owner.client.delete(&format!("{path}/002999")).expect(205);
    assert_eq!(first(31), "003002");
    assert_eq!(first(60), "005902");
}

#[test]
fn views_tell_first_and_last_always_and_neighbours_where_they_are() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for name in ["a", "b", "c", "d", "e"] {
        owner.space(name);
    }
    let spaces = format!("{}{}", app.base, owner.path("/spaces"));
    let view = |query: &str| {
        let answer = owner.client.get(&format!("{spaces}{query}")).expect(200);
        assert_eq!(answer.id(), spaces);
        assert_eq!(answer.number("totalItems"), 5);
        answer.body["view"].clone()
    };
    let page = |number: i64, size: i64| format!("{spaces}?page={number}&pageSize={size}");
    let bare = view("");
    assert_eq!(bare["@id"], page(1, 100));
    assert_eq!((&bare["first"], &bare["last"]), (&page(1, 100).into(), &page(1, 100).into()));
    assert!(bare.get("next").is_none() && bare.get("previous").is_none());
    let middle = view("?pageSize=2&page=2");
    assert_eq!(middle["@id"], format!("{spaces}?pageSize=2&page=2"));
    assert_eq!(middle["previous"], page(1, 2));
    assert_eq!(middle["next"], page(3, 2));
    assert_eq!(middle["last"], page(3, 2));
    let past = view("?page=9&pageSize=2");
    assert_eq!(past["previous"], page(3, 2));
    assert!(past.get("next").is_none());
    assert_eq!(view("?page=-3&pageSize=0")["last"], page(1, 100));
    assert_eq!(view("?pageSize=9999")["first"], page(1, 500));
    assert_eq!(view("?itemsPerPage=2")["last"], page(3, 2));
}

#[test]
fn the_page_of_a_filtered_collection_is_another_thing_than_the_collection() {
    let app = App::without_workers();
    let owner = app.customer("library");
    owner.space("maps");
    let filtered = format!("{}{}?name=maps", app.base, owner.path("/spaces"));
    let page = format!("{filtered}&page=1&pageSize=100");
    for asked in [&filtered, &page] {
        let answer = owner.client.get(asked).expect(200);
        assert_eq!(answer.id(), filtered);
        assert_eq!(answer.body["view"]["@id"], page.as_str());
    }
}

#[test]
fn who_wrote_sees_it_in_a_list_that_many_ask_for_at_once() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let (path, made) = (owner.path("/spaces"), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for writer in 0..12 {
            let (client, path, made) = (&owner.client, &path, &made);
            scope.spawn(move || {
                for number in 0..8 {
                    let body = json!({ "name": format!("space {writer}/{number}") });
                    client.post(path, &body).expect(201);
                    let before = made.fetch_add(1, Ordering::SeqCst) + 1;
                    let listed = client.get(path).expect(200).number("totalItems");
                    let listed = usize::try_from(listed).expect("a number");
                    assert!(listed >= before, "{before} were made, {listed} are listed");
                }
            });
        }
    });
    assert_eq!(owner.client.get(&path).expect(200).number("totalItems"), 96);
}
