//! How long changes are kept, and where.

use diesel::Connection as _;
use hydria::journal::change::kept_after;
use hydria::journal::partitions::tend;

use crate::engine::scene::{Hands, Scene};
use crate::support::rows;

const PARTITIONS: &str = "SELECT inhrelid::regclass::text AS text FROM pg_inherits \
    WHERE inhparent = 'changes'::regclass ORDER BY 1";

#[test]
fn a_change_for_which_there_is_no_partition_is_kept_all_the_same() {
    let scene = Scene::without_workers();
    let mut conn = scene.app.database();
    let made = rows::texts(&mut conn, PARTITIONS);
    assert!(made.len() > 4, "{made:?}");
    for name in made.iter().filter(|name| *name != "changes_rest") {
        rows::execute(&mut conn, &format!("DROP TABLE {name}"));
    }
    scene.submit(&["map"], "https://example.org/x.jpg");
    let shown = scene.owner.client.get(&scene.owner.path("/changes")).expect(200);
    assert_eq!(shown.each("kind")[0], "imageCreated");
    // This week's changes stay where they are; those of the weeks to come have partitions again.
    Hands::of(&scene.app).tidy();
    let again = rows::texts(&mut conn, PARTITIONS);
    assert_eq!(again.len(), made.len() - 1, "{again:?}");
    scene.submit(&["plan"], "https://example.org/x.jpg");
    let shown = scene.owner.client.get(&scene.owner.path("/changes")).expect(200);
    assert_eq!(shown.each("kind")[..3], ["imageCreated", "batchCreated", "imageCreated"]);
}

#[test]
fn changes_go_with_their_partition_when_all_in_it_are_old() {
    let scene = Scene::without_workers();
    let mut conn = scene.app.database();
    let at = |ago: i32, name: &str| {
        format!(
            "INSERT INTO changes (customer, kind, name, created) \
             VALUES ({}, 'roleChanged', '{name}', now() - interval '{ago} days')",
            scene.owner.id
        )
    };
    let old = "SELECT date_trunc('week', now() - interval '100 days', 'UTC')::text AS text";
    let old = rows::texts(&mut conn, old).remove(0);
    let name = format!("changes_{}", &old[..10].replace('-', ""));
    rows::execute(&mut conn, &format!("CREATE TABLE {name} (LIKE changes INCLUDING ALL)"));
    rows::execute(
        &mut conn,
        &format!(
            "ALTER TABLE changes ATTACH PARTITION {name} \
             FOR VALUES FROM ('{old}') TO (timestamptz '{old}' + interval '7 days')"
        ),
    );
    rows::execute(&mut conn, "DELETE FROM changes");
    rows::execute(&mut conn, &at(100, "old"));
    rows::execute(&mut conn, &at(95, "beside any partition"));
    rows::execute(&mut conn, &at(80, "kept"));
    let first = rows::number(&mut conn, "SELECT min(id) AS n FROM changes");
    assert_eq!(kept_after(&mut conn).expect("a number"), first - 1);
    let left = |conn: &mut _| rows::texts(conn, "SELECT name AS text FROM changes ORDER BY id");

    conn.transaction(|conn| tend(conn, 120)).expect("tended");
    assert_eq!(left(&mut conn), ["old", "beside any partition", "kept"]);
    conn.transaction(|conn| tend(conn, 90)).expect("tended");
    assert_eq!(left(&mut conn), ["kept"]);
    assert_eq!(kept_after(&mut conn).expect("a number"), first + 1);
    assert!(!rows::texts(&mut conn, PARTITIONS).contains(&name));

    conn.transaction(|conn| tend(conn, 1)).expect("tended");
    let given = rows::number(&mut conn, "SELECT last_value AS n FROM changes_id");
    assert_eq!(kept_after(&mut conn).expect("a number"), given, "nothing is kept");
}

#[test]
fn a_reader_that_holds_the_changes_is_waited_for_by_nobody() {
    let scene = Scene::without_workers();
    let (mut conn, mut holder) = (scene.app.database(), scene.app.database());
    let ahead = "SELECT max(inhrelid::regclass::text) AS text FROM pg_inherits \
        WHERE inhparent = 'changes'::regclass AND inhrelid::regclass::text <> 'changes_rest'";
    let last = rows::texts(&mut conn, ahead).remove(0);
    rows::execute(&mut conn, &format!("DROP TABLE {last}"));
    rows::execute(&mut holder, "BEGIN");
    rows::execute(&mut holder, "SELECT FROM changes");
    let refused = conn.transaction(|conn| tend(conn, 90));
    assert!(refused.is_err(), "the lock cannot be had");
    scene.owner.space("another");
    // Maintenance goes on with the rest, and does it the next time.
    let hands = Hands::of(&scene.app);
    hands.tidy();
    rows::execute(&mut holder, "COMMIT");
    hands.tidy();
    assert!(rows::texts(&mut conn, PARTITIONS).contains(&last));
}
