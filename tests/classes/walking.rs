//! Pages by number and by key, of every order and filter, while images come and go.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use hydria::cli::serve::Options;
use hydria::counters::roll_up::{self, Sizes};
use serde_json::json;

use crate::support::{App, Owner, database, rows};

/// So small that a few thousand images make many chunks and groups.
const SMALL: Sizes = Sizes { changes: 700, chunk: 40, group: 4, scan: 300, splits: 5 };

/// Fills spaces with so many images each by the server's own means, some in one second: the ids of a space are
/// numbers in the default order.
fn fill(app: &App, owner: &Owner, spaces: &[i64], count: i64) {
    for space in spaces {
        rows::execute(
            &mut app.database(),
            &format!(
                "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
                 number1, string1, finished, media_type, ingesting) \
                 SELECT {}, {space}, to_char(n, 'FM000000'), \
                   timestamptz '2020-01-01' + n / 3 * interval '1 second' + n * interval '1 microsecond', \
                   'https://example.org/a', -1, '{{}}', \
                   CASE WHEN n % 2 = 0 THEN ARRAY['even', 't' || n % 5] ELSE ARRAY['t' || n % 5] END, \
                   NULLIF(n % 4, 0), NULLIF('s' || n % 3, 's0'), \
                   CASE WHEN n % 6 > 0 THEN timestamptz '2020-01-01' + n % 9 * interval '1 second' END, \
                   'image/jpeg', false FROM generate_series(0, {count} - 1) AS n",
                owner.id
            ),
        );
    }
}

/// Rolls up in one transaction each, as the workers do, so often; returns whether there is more.
fn roll_up_once(conn: &mut PgConnection) -> bool {
    let customers = roll_up::customers(conn, SMALL).expect("customers");
    let mut more = false;
    for customer in customers {
        more |= conn
            .transaction(|conn| {
                roll_up::roll_up(conn, customer, SMALL)
                    .map_err(|_why| diesel::result::Error::RollbackTransaction)
            })
            .expect("rolled up");
    }
    more
}

fn ids_by(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let found: Vec<Row> = diesel::sql_query(sql).load(conn).expect(sql);
    found.into_iter().map(|row| row.id).collect()
}

/// The customer's number, as the roll-up takes it.
fn number(owner: &Owner) -> i32 {
    i32::try_from(owner.id).expect("a number")
}

fn each_id(owner: &Owner, address: &str) -> Vec<String> {
    let answer = owner.client.get(address).expect(200);
    answer
        .members()
        .iter()
        .map(|image| format!("{}/{}", image["space"], image["id"].as_str().expect("an id")))
        .collect()
}

/// Holds pages of the default order, by numbers, against what the database counts.
#[track_caller]
fn pages_are_right(app: &App, owner: &Owner, space: i64) {
    let mut conn = app.database();
    for (path, own, order) in [
        (format!("/spaces/{space}/images?"), format!("AND space = {space}"), ""),
        ("/allImages?".to_owned(), String::new(), ""),
        ("/allImages?orderByDescending=created&".to_owned(), String::new(), " DESC"),
    ] {
        let all = ids_by(
            &mut conn,
            &format!(
                "SELECT space || '/' || id AS id FROM images WHERE customer = {} {own} \
                 ORDER BY created{order}, images.space{order}, images.id{order}",
                owner.id
            ),
        );
        let last = all.len().div_ceil(50);
        for number in [1, 2, 21, 22, 30, last / 2, last - 1, last, last + 1] {
            let address = owner.path(&format!("{path}page={number}&pageSize=50"));
            let wanted: Vec<String> =
                all.iter().skip((number - 1) * 50).take(50).cloned().collect();
            assert_eq!(each_id(owner, &address), wanted, "{address} of {}", all.len());
        }
        let total = owner.client.get(&owner.path(&path)).expect(200).number("totalItems");
        assert_eq!(usize::try_from(total), Ok(all.len()));
    }
}

#[test]
fn pages_by_number_are_exact_whatever_is_rolled_up() {
    let secret = [("HYDRIA_SECRET", "a secret that two services share, long enough")];
    let options = || Options { no_worker: true, ..Options::default() };
    let app = App::start_on(&database::fresh(), &secret, options());
    let owner = app.customer("library");
    let spaces = [owner.space("large"), owner.space("other")];
    fill(&app, &owner, &spaces, 1800);
    let mut conn = app.database();
    pages_are_right(&app, &owner, spaces[0]);
    roll_up_once(&mut conn);
    pages_are_right(&app, &owner, spaces[0]);
    while roll_up_once(&mut conn) {}
    let chunks = |conn: &mut PgConnection| {
        rows::number(conn, "SELECT count(*) AS n FROM image_chunks WHERE space = 0 AND level = 0")
    };
    assert!(chunks(&mut conn) > 40, "{} chunks", chunks(&mut conn));
    pages_are_right(&app, &owner, spaces[0]);
    // Old ones go, some are put between others, and only a part of that is rolled up.
    owner.client.delete(&owner.path(&format!("/spaces/{}/images/000005", spaces[0]))).expect(205);
    pages_are_right(&app, &owner, spaces[0]);
    rows::execute(
        &mut conn,
        "DELETE FROM images WHERE id BETWEEN '000300' AND '000900' AND id LIKE '%1'",
    );
    rows::execute(
        &mut conn,
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, media_type, ingesting) \
         SELECT customer, space, id || '-b', created + interval '1 second', origin, -1, '{}', '{}', media_type, false \
         FROM images WHERE id LIKE '%7'",
    );
    pages_are_right(&app, &owner, spaces[0]);
    roll_up_once(&mut conn);
    pages_are_right(&app, &owner, spaces[0]);
    while roll_up_once(&mut conn) {}
    rows::execute(&mut conn, "DELETE FROM images WHERE id BETWEEN '000100' AND '001200'");
    let before = chunks(&mut conn);
    while roll_up_once(&mut conn) {}
    roll_up_once(&mut conn);
    pages_are_right(&app, &owner, spaces[0]);
    let after = chunks(&mut conn);
    assert!(after < before, "{before} chunks became {after}");
    assert_eq!(
        roll_up::check::chunks(&mut conn, number(&owner), false).expect("checked"),
        Vec::<String>::new()
    );
    // Another process, which has seen none of it.
    let objects = app.data.path().join("objects");
    let shared = [secret[0], ("HYDRIA_STORAGE", objects.to_str().expect("a path in UTF-8"))];
    let other = App::start_on(&app.database_url, &shared, options());
    let client = other.visitor.with_key(Some((&owner.key, &owner.secret)));
    pages_are_right(
        &other,
        &Owner { client, key: owner.key.clone(), secret: owner.secret.clone(), ..owner },
        spaces[0],
    );
}

#[test]
fn a_check_finds_chunks_that_are_off_and_counts_them_anew() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("large");
    fill(&app, &owner, &[space], 400);
    let mut conn = app.database();
    while roll_up_once(&mut conn) {}
    rows::execute(
        &mut conn,
        "UPDATE image_chunks SET images = images + 1 WHERE space > 0 AND start = \
        (SELECT max(start) FROM image_chunks WHERE space > 0)",
    );
    let found = conn.transaction(|conn| {
        Ok::<_, diesel::result::Error>(
            roll_up::check::chunks(conn, number(&owner), true).expect("checked"),
        )
    });
    assert_eq!(found.expect("done").len(), 1);
    assert!(roll_up::check::chunks(&mut conn, number(&owner), false).expect("checked").is_empty());
    while roll_up_once(&mut conn) {}
    assert!(roll_up::check::chunks(&mut conn, number(&owner), false).expect("checked").is_empty());
}

#[test]
fn a_customer_with_many_changes_does_not_keep_others_from_being_rolled_up() {
    let app = App::without_workers();
    let (busy, quiet) = (app.customer("busy"), app.customer("quiet"));
    let spaces = [busy.space("large"), quiet.space("small")];
    fill(&app, &busy, &spaces[..1], 3000);
    fill(&app, &quiet, &spaces[1..], 3);
    let mut conn = app.database();
    assert!(roll_up_once(&mut conn), "the busy customer has more");
    let left = |conn: &mut PgConnection, owner: &Owner| {
        rows::number(
            conn,
            &format!("SELECT count(*) AS n FROM tally_changes WHERE customer = {}", owner.id),
        )
    };
    assert_eq!(left(&mut conn, &busy), 300);
    assert_eq!(left(&mut conn, &quiet), 0);
}

const ORDERS: [&str; 9] = [
    "",
    "orderByDescending=created",
    "orderBy=id",
    "orderBy=number1",
    "orderByDescending=string1",
    "orderBy=finished",
    "orderByDescending=finished",
    "orderByDescending=space",
    "orderBy=width",
];

/// Walks by one of the links of each page; returns the ids seen.
fn walk(owner: &Owner, start: &str, link: &str) -> Vec<String> {
    let (mut seen, mut next) = (Vec::new(), Some(start.to_owned()));
    while let Some(address) = next {
        let page = owner.client.get(&address).expect(200);
        let mut ids: Vec<String> = page
            .members()
            .iter()
            .map(|image| format!("{}/{}", image["space"], image["id"].as_str().expect("an id")))
            .collect();
        if link == "previous" {
            ids.reverse();
        }
        assert!(!ids.is_empty(), "{address} is empty");
        seen.extend(ids);
        next = page.body["view"][link].as_str().map(str::to_owned);
    }
    seen
}

#[test]
fn walks_by_key_go_through_every_order_and_filter_in_both_directions() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = [owner.space("maps"), owner.space("letters"), owner.space("empty")];
    fill(&app, &owner, &spaces[..2], 40);
    let all = "/allImages?pageSize=7".to_owned();
    let one = format!("/spaces/{}/images?pageSize=7", spaces[1]);
    for list in [&all, &one] {
        for filter in [
            "",
            "&tags=even",
            "&number1=3",
            "&q=%7B%22number1%22:[0,1]%7D",
            "&string1=s1&tags=even",
        ] {
            for order in ORDERS {
                let address = owner.path(&format!("{list}{filter}&{order}"));
                let whole = each_id(&owner, &address.replace("pageSize=7", "pageSize=500"));
                assert_eq!(walk(&owner, &address, "next"), whole, "{address}");
                let first = owner.client.get(&address).expect(200);
                let total = first.number("totalItems");
                assert_eq!(usize::try_from(total), Ok(whole.len()), "{address}");
                assert_eq!(first.body.get("totalItemsEstimated"), None);
                let last = first.body["view"]["last"].as_str().expect("a last page").to_owned();
                let mut back = walk(&owner, &last, "previous");
                back.reverse();
                assert_eq!(back, whole, "{last}");
                for number in 1..=whole.len().div_ceil(7) + 1 {
                    let wanted: Vec<&String> =
                        whole.iter().skip((number - 1) * 7).take(7).collect();
                    let page = each_id(&owner, &format!("{address}&page={number}"));
                    assert_eq!(page.iter().collect::<Vec<_>>(), wanted, "{address} page {number}");
                }
            }
        }
    }
}

#[test]
fn walks_skip_and_repeat_nothing_while_images_come_and_go() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = [owner.space("maps"), owner.space("letters")];
    fill(&app, &owner, &spaces, 120);
    let mut conn = app.database();
    let stable: BTreeSet<String> =
        ids_by(&mut conn, "SELECT space || '/' || id AS id FROM images").into_iter().collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (owner, done, app) = (&owner, &done, &app);
        scope.spawn(move || {
            let mut conn = app.database();
            let mut number = 0;
            while !done.load(Ordering::SeqCst) {
                number += 1;
                let moment = format!("timestamptz '2020-01-01' + {} * interval '1 second'", number * 7 % 50);
                rows::execute(&mut conn, &format!(
                    "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, number1, \
                     string1, finished, media_type, ingesting) VALUES ({}, {}, 'new-{number}', {moment}, 'https://example.org/a', -1, \
                     '{{}}', '{{even}}', {}, 's{}', {moment}, 'image/jpeg', false)",
                    owner.id, spaces[number % 2], number % 4, number % 3
                ));
                rows::execute(&mut conn, "DELETE FROM images WHERE ctid IN \
                    (SELECT ctid FROM images WHERE id LIKE 'new-%' ORDER BY random() LIMIT (SELECT (count(*) > 20)::int FROM images WHERE id LIKE 'new-%'))");
            }
        });
        for order in ORDERS {
            let seen = walk(owner, &owner.path(&format!("/allImages?pageSize=9&{order}")), "next");
            let mut lasting: Vec<String> =
                seen.iter().filter(|id| stable.contains(*id)).cloned().collect();
            assert_eq!(lasting.len(), stable.len(), "{order}");
            lasting.sort();
            lasting.dedup();
            assert_eq!(lasting.len(), stable.len(), "{order} repeats some");
        }
        done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn a_key_wins_over_the_number_and_one_of_another_list_is_ignored() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    fill(&app, &owner, &[space], 30);
    let list = owner.path("/allImages?pageSize=10&tags=even");
    let first = owner.client.get(&list).expect(200);
    let next = first.body["view"]["next"].as_str().expect("a next page");
    let second = each_id(&owner, next);
    assert_eq!(each_id(&owner, &next.replace("page=2", "page=77")), second);
    let shown = owner.client.get(&next.replace("page=2", "page=77")).expect(200);
    assert!(shown.body["view"]["previous"].as_str().expect("a page").contains("page=76&"));
    let key = next.split("pageKey=").nth(1).expect("a key");
    let of = |query: &str| {
        each_id(&owner, &owner.path(&format!("/allImages?pageSize=10&{query}&pageKey={key}")))
    };
    assert_eq!(
        of("tags=t1&page=1"),
        each_id(&owner, &owner.path("/allImages?pageSize=10&tags=t1"))
    );
    assert_eq!(of("tags=even&orderBy=id")[0], format!("{space}/000000"));
    for unreadable in ["x", "%FF", "W10", ""] {
        let address = format!("{list}&page=2&pageKey={unreadable}");
        assert_eq!(each_id(&owner, &address), second, "{unreadable}");
    }
}

#[test]
fn totals_beyond_what_is_counted_are_estimates_that_stay_the_same_on_a_walk() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("large");
    rows::execute(
        &mut app.database(),
        &format!(
            "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, number1, \
             media_type, ingesting) SELECT {}, {space}, n::text, timestamptz '2020-01-01' + n * interval '1 ms', \
             'https://example.org/a', -1, '{{}}', CASE WHEN n % 1000 = 0 THEN '{{often,seldom}}'::text[] ELSE '{{often}}' END, \
             n % 2, 'image/jpeg', false FROM generate_series(1, 110000) AS n",
            owner.id
        ),
    );
    let list = owner.path(&format!("/spaces/{space}/images"));
    let seldom = owner.client.get(&format!("{list}?tags=seldom&orderBy=width")).expect(200);
    assert_eq!(seldom.number("totalItems"), 110);
    assert_eq!(seldom.body.get("totalItemsEstimated"), None);
    let often = owner.client.get(&format!("{list}?tags=often")).expect(200);
    assert_eq!(often.body["totalItemsEstimated"], true);
    let estimate = often.number("totalItems");
    assert!(estimate >= 100_000 && estimate % 10_000 == 0, "{estimate}");
    let view = &often.body["view"];
    // Statistics change, the walk does not.
    rows::execute(&mut app.database(), "DELETE FROM images WHERE id LIKE '%7'");
    rows::execute(&mut app.database(), "ANALYZE images");
    for link in ["first", "next", "last"] {
        let page = owner.client.get(view[link].as_str().expect(link)).expect(200);
        assert_eq!(page.number("totalItems"), estimate, "{link}");
        assert_eq!(page.body["totalItemsEstimated"], true);
        assert_eq!(page.members().len(), 100);
    }
    let end = owner.client.get(view["last"].as_str().expect("last")).expect(200);
    assert_eq!(end.each("id")[99], "110000");
    assert_eq!(
        owner.client.get(&format!("{list}?tags=often")).expect(200).number("totalItems"),
        99_000
    );
    rows::execute(&mut app.database(), "UPDATE images SET number1 = 5 WHERE id LIKE '%3'");
    // By number, far into an order of its own.
    let page = owner.client.get(&format!("{list}?orderBy=number1&page=900")).expect(200);
    let wanted = ids_by(
        &mut app.database(),
        "SELECT id FROM images ORDER BY number1, created, id OFFSET 89900 LIMIT 100",
    );
    assert_eq!(page.each("id"), wanted);
    rows::execute(
        &mut app.database(),
        &format!(
            "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, media_type, ingesting) \
         SELECT {}, {space}, 'more' || n, now(), 'https://example.org/a', -1, '{{}}', '{{}}', 'image/jpeg', false \
         FROM generate_series(1, 10000) AS n",
            owner.id
        ),
    );
    let refused = owner.client.get(&format!("{list}?orderByDescending=width")).expect(400);
    assert_eq!(refused.faults(), ["orderByDescending"]);
    assert!(refused.text("detail").contains("number1"), "{}", refused.body);
}

#[test]
fn numbers_far_into_an_order_over_all_spaces_are_exact_however_unlike_the_spaces_are() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let spaces = [owner.space("large"), owner.space("small"), owner.space("smaller")];
    for (space, count) in spaces.iter().zip([24_000, 9000, 300]) {
        fill(&app, &owner, &[*space], count);
    }
    // Most values of the largest space are after those of the others, and most tags of its first half are gone.
    let of_large = format!("WHERE customer = {} AND space = {}", owner.id, spaces[0]);
    for change in ["number1 = 7, string1 = 'z' || id", "tags = '{other}'"] {
        let rows = if change.starts_with("number1") { "id > '002000'" } else { "id < '012000'" };
        let sql = format!("UPDATE images SET {change} {of_large} AND {rows}");
        rows::execute(&mut app.database(), &sql);
    }
    let mut conn = app.database();
    for (order, sql) in [
        ("orderBy=number1", "COALESCE(number1, 0), created, space, images.id"),
        (
            "orderByDescending=number1",
            "COALESCE(number1, 0) DESC, created DESC, space DESC, images.id DESC",
        ),
        ("orderBy=string1", "COALESCE(string1, '') COLLATE \"C\", created, space, images.id"),
        ("orderBy=finished", "finished, created, space, images.id"),
        ("orderBy=id", "images.id, space"),
    ] {
        for (filter, condition) in [("", ""), ("&tags=even", "AND 'even' = ANY(tags)")] {
            let all = ids_by(
                &mut conn,
                &format!(
                    "SELECT space || '/' || id AS id FROM images WHERE customer = {} {condition} ORDER BY {sql}",
                    owner.id
                ),
            );
            let last = all.len().div_ceil(100);
            for number in [101, last / 2 + 10, last - 1, last, last + 1] {
                let address = owner.path(&format!("/allImages?{order}{filter}&page={number}"));
                let wanted: Vec<&String> = all.iter().skip((number - 1) * 100).take(100).collect();
                assert_eq!(
                    each_id(&owner, &address).iter().collect::<Vec<_>>(),
                    wanted,
                    "{address}"
                );
            }
        }
    }
}

#[test]
fn a_filter_is_found_by_its_index_however_often_it_is_asked_for() {
    const TIMES: i64 = 10;
    // A plan that is made once for all values cannot use the index, as PostgreSQL makes one after some executions.
    let url = database::fresh();
    let name = url.rsplit("dbname=").next().expect("a name");
    let mut conn = PgConnection::establish(&url).expect("a database");
    let setting = format!("ALTER DATABASE {name} SET plan_cache_mode = force_generic_plan");
    rows::execute(&mut conn, &setting);
    let app = App::start_on(&url, &[], Options { no_worker: true, ..Options::default() });
    let owner = app.customer("library");
    let space = owner.space("maps");
    fill(&app, &owner, &[space], 20_000);
    rows::execute(&mut conn, "UPDATE images SET tags = tags || ARRAY['rare'] WHERE id = '012345'");
    rows::execute(&mut conn, "VACUUM ANALYZE images");
    let scans = |conn: &mut PgConnection| {
        let sql = "SELECT idx_scan::text AS id FROM pg_stat_user_indexes WHERE indexrelname = 'images_tags'";
        ids_by(conn, sql)[0].parse::<i64>().expect("a number")
    };
    let before = scans(&mut conn);
    for _ in 0..TIMES {
        let path = owner.path(&format!("/spaces/{space}/images?tags=rare"));
        assert_eq!(owner.client.get(&path).expect(200).each("id"), ["012345"]);
    }
    // Each is counted, then read; the server tells its statistics with a delay.
    let end = Instant::now() + Duration::from_secs(30);
    while scans(&mut conn) - before < 2 * TIMES {
        assert!(Instant::now() < end, "the index served {} scans", scans(&mut conn) - before);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn different_values_are_stepped_through_and_leave_out_the_unset() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    fill(&app, &owner, &[space], 60);
    let values = |field: &str| {
        let path = format!("/spaces/{space}/metadata/distinct?field={field}");
        owner.client.get(&owner.path(&path)).expect(200).body
    };
    assert_eq!(values("number1"), json!([1, 2, 3]));
    assert_eq!(values("string1"), json!(["s1", "s2"]));
    assert_eq!(values("number3"), json!([]));
    let image = owner.path(&format!("/spaces/{space}/images/000001"));
    owner.client.patch(&image, &json!({ "number1": 9 })).expect(205);
    owner.client.patch(&image, &json!({ "number1": 0 })).expect(205);
    assert_eq!(values("number1"), json!([0, 1, 2, 3]));
    assert_eq!(values("number1&after=0"), json!([1, 2, 3]));
    assert_eq!(values("string1&after=s1"), json!(["s2"]));
}

#[test]
fn a_read_that_takes_too_long_is_given_up_in_words() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let mut conn = app.database();
    conn.transaction(|conn| {
        rows::execute(conn, "LOCK TABLE images IN ACCESS EXCLUSIVE MODE");
        let answer = owner.client.get(&owner.path("/allImages")).expect(503);
        assert!(answer.text("detail").contains("takes too long"), "{}", answer.body);
        assert!(answer.header("Retry-After").is_some());
        Ok::<_, diesel::result::Error>(())
    })
    .expect("nothing is kept");
    owner.client.get(&owner.path("/allImages")).expect(200);
}
