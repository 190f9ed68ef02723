//! Changes: what a customer is shown of them, and how they are paged.

use serde_json::json;

use crate::support::{Answer, App, Client, rows};

/// Returns the page that a view links to by a name.
fn linked(client: &Client, page: &Answer, name: &str) -> Option<Answer> {
    let address = page.body["view"][name].as_str()?;
    Some(client.get(address).expect(200))
}

#[test]
fn a_customer_is_told_what_was_changed_by_whom_and_nothing_of_others() {
    let app = App::without_workers();
    let (owner, other) = (app.customer("library"), app.customer("other"));
    let space = owner.space("maps");
    other.space("theirs");
    let path = owner.path(&format!("/spaces/{space}"));
    app.administrator.patch(&path, &json!({ "name": "charts" })).expect(205);
    owner.client.delete(&path).expect(205);
    let own = owner.client.get(&owner.path("")).expect(200);
    let changes = owner.client.get(&own.text("changes")).expect(200);
    assert_eq!(
        changes.each("kind"),
        ["spaceDeleted", "spaceChanged", "spaceCreated", "roleCreated"]
    );
    let key = format!("{}{}", app.base, owner.path(&format!("/keys/{}", owner.key)));
    assert_eq!(changes.each("actor"), [&*key, "administrator", &*key, "administrator"]);
    let address = format!("{}{path}", app.base);
    assert_eq!(changes.each("address")[..3], [&*address, &*address, &*address]);
    let versions: Vec<i64> =
        changes.each("version").iter().map(|version| version.parse().expect("a number")).collect();
    assert!(versions.is_sorted_by(|one, next| one > next), "{versions:?}");
    let one = owner.client.get(&changes.each("@id")[0]).expect(200);
    assert_eq!((one.text("kind"), one.number("version")), ("spaceDeleted".into(), versions[0]));
    let seen = app.administrator.get(&own.text("changes")).expect(200);
    let keys = format!("{}/customers/1/keys/administrator", app.base);
    assert_eq!(seen.each("actor"), [&*key, &*keys, &*key, &*keys]);

    let theirs = other.client.get(&other.path("/changes")).expect(200);
    assert_eq!(theirs.each("kind"), ["spaceCreated", "roleCreated"]);
    other.client.get(&own.text("changes")).expect(403);
    let number = versions[0];
    other.client.get(&other.path(&format!("/changes/{number}"))).expect(404);
}

#[test]
fn pages_of_changes_are_walked_both_ways_without_a_gap() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for n in 0..9 {
        owner.client.put(&owner.path(&format!("/roles/role-{n}")), &json!({})).expect(201);
    }
    let all = owner.client.get(&owner.path("/changes")).expect(200).each("version");
    assert_eq!(all.len(), 10);
    let mut page = owner.client.get(&owner.path("/changes?pageSize=4")).expect(200);
    let mut found = page.each("version");
    // What comes meanwhile moves nothing.
    owner.client.put(&owner.path("/roles/late"), &json!({})).expect(201);
    while let Some(next) = linked(&owner.client, &page, "next") {
        found.extend(next.each("version"));
        page = next;
    }
    assert_eq!(found, all);
    let mut back = page.each("version");
    while let Some(previous) = linked(&owner.client, &page, "previous") {
        back.splice(0..0, previous.each("version"));
        page = previous;
    }
    assert_eq!(back[back.len() - 10..], all);
    let end = linked(&owner.client, &page, "last").expect("a last page");
    assert_eq!(end.each("version").last(), all.last());
    let oldest = owner.client.get(&owner.path("/changes?orderBy=version&pageSize=2")).expect(200);
    assert_eq!(oldest.each("version"), [all[9].clone(), all[8].clone()]);
    let past = owner.client.get(&owner.path("/changes?page=99")).expect(200);
    assert!(past.members().is_empty());
}

#[test]
fn of_very_many_changes_the_total_is_an_estimate_and_pages_far_in_are_refused() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let many = format!(
        "INSERT INTO changes (customer, kind, name) \
         SELECT {}, 'roleChanged', n::text FROM generate_series(1, 100100) AS n",
        owner.id
    );
    rows::execute(&mut app.database(), &many);
    let first = owner.client.get(&owner.path("/changes")).expect(200);
    assert_eq!(first.body["totalItemsEstimated"], true);
    let total = first.number("totalItems");
    let next = linked(&owner.client, &first, "next").expect("a second page");
    assert_eq!(next.number("totalItems"), total);
    let last = linked(&owner.client, &first, "last").expect("a last page");
    assert_eq!(last.each("kind").last().map(String::as_str), Some("roleCreated"));
    let far = owner.client.get(&owner.path("/changes?page=1200")).expect(400);
    assert_eq!(far.faults(), ["page"]);
}
