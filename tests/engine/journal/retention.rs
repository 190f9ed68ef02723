//! How long rows are kept.

use super::{close, served};
use crate::engine::scene::Hands;
use crate::support::rows;

/// Rounds of maintenance that take a minute together.
const MINUTE: usize = 12;

const AGE: &str = "UPDATE journal SET created = now() - interval '2 hours'";

#[test]
fn rows_are_removed_when_they_are_old_and_were_visible_for_a_minute() {
    let scene = served(&["old", "slow", "young"]);
    let (mut conn, hands) = (scene.app.database(), Hands::of(&scene.app));
    let mut left = || rows::texts(&mut conn, "SELECT image AS text FROM journal ORDER BY id");
    let tidy = |rounds: usize| (0..rounds).for_each(|_| hands.tidy());

    close(&scene, "old");
    let mut slow = scene.app.database();
    rows::execute(&mut slow, "BEGIN");
    rows::execute(&mut slow, "UPDATE images SET max_unauthorised = 0 WHERE id = 'slow'");
    rows::execute(&mut slow, AGE);
    tidy(MINUTE + 1);
    rows::execute(&mut slow, "COMMIT");
    close(&scene, "young");
    tidy(MINUTE);
    assert_eq!(left(), ["slow", "young"], "the other has not been visible for a minute");
    tidy(1);
    assert_eq!(left(), ["young"]);
}

#[test]
fn more_rows_than_go_at_once_are_removed_in_one_round() {
    let scene = served(&["map"]);
    let (mut conn, hands) = (scene.app.database(), Hands::of(&scene.app));
    rows::execute(
        &mut conn,
        "INSERT INTO journal (customer, space, image, change, created) \
         SELECT customer, space, n::text, 'closed', now() - interval '2 hours' \
         FROM images, generate_series(1, 2500) AS n",
    );
    // From a dump of another server: its transactions are yet to come here.
    rows::execute(
        &mut conn,
        "INSERT INTO journal (transaction, customer, space, image, change, created) \
         SELECT '900000000000', customer, space, 'dumped', 'closed', now() - interval '2 hours' FROM images",
    );
    close(&scene, "map");
    (0..=MINUTE).for_each(|_| hands.tidy());
    assert_eq!(rows::texts(&mut conn, "SELECT image AS text FROM journal"), ["map"]);
}
