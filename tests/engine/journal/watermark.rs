//! How changes are followed without a gap, although their numbers are committed in another order.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::PgConnection;
use hydria::journal::Watermark;
use hydria::journal::change::between;

use crate::engine::scene::Scene;
use crate::support::{App, rows, until};

/// Somebody who reads all changes of a customer, each time those since the last time.
struct Follower {
    conn: PgConnection,
    watermark: Watermark,
    customer: i32,
    position: i64,
    read: Vec<String>,
}

impl Follower {
    fn of(app: &App, customer: i64) -> Self {
        let mut follower = Self {
            conn: app.database(),
            watermark: Watermark::default(),
            customer: i32::try_from(customer).expect("small"),
            position: 0,
            read: Vec::new(),
        };
        let given = rows::number(&mut follower.conn, "SELECT last_value AS n FROM changes_id");
        until("what was before", || {
            follower.look();
            follower.position >= given
        });
        follower.read.clear();
        follower
    }

    fn look(&mut self) {
        let looked = self.watermark.look(&mut self.conn).expect("the database answers");
        let Some(up_to) = looked else { return };
        let found = between(&mut self.conn, self.customer, (self.position, up_to), 10_000);
        self.read.extend(found.expect("rows").into_iter().map(|change| change.name));
        self.position = up_to;
    }
}

#[test]
fn a_change_that_is_committed_late_is_read_in_its_place() {
    let scene = Scene::without_workers();
    scene.submit(&["slow", "fast", "later"], "https://example.org/x.jpg");
    let mut follower = Follower::of(&scene.app, scene.owner.id);
    let close = |conn: &mut PgConnection, id: &str| {
        rows::execute(conn, &format!("UPDATE images SET max_unauthorised = 0 WHERE id = '{id}'"));
    };
    let (mut slow, mut fast) = (scene.app.database(), scene.app.database());
    // It has begun to write before the other, and takes its number after it: no snapshot tells the one from the other.
    rows::execute(&mut slow, "BEGIN");
    rows::execute(&mut slow, "UPDATE spaces SET name = 'charts'");
    close(&mut fast, "fast");
    close(&mut slow, "slow");
    for _ in 0..5 {
        follower.look();
    }
    assert!(follower.read.is_empty(), "{:?}", follower.read);
    close(&mut fast, "later");
    rows::execute(&mut slow, "COMMIT");
    until("the last of them", || {
        follower.look();
        follower.read.len() >= 4
    });
    let space = scene.space.to_string();
    assert_eq!(follower.read, [space.as_str(), "fast", "slow", "later"]);
}

#[test]
fn a_reader_of_many_writers_reads_exactly_the_rows_in_their_order() {
    let scene = Scene::without_workers();
    let ids: Vec<String> = (0..8).map(|n| format!("image-{n}")).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    scene.submit(&names, "https://example.org/x.jpg");
    let mut follower = Follower::of(&scene.app, scene.owner.id);
    let begin = follower.position;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(writer, id)| {
                let mut conn = scene.app.database();
                scope.spawn(move || {
                    for n in 0..60 {
                        rows::execute(&mut conn, "BEGIN");
                        for part in 0..=(n % 3) {
                            let set =
                                format!("number1 = {n}, number2 = {part}, number3 = {writer}");
                            rows::execute(
                                &mut conn,
                                &format!("UPDATE images SET {set} WHERE id = '{id}'"),
                            );
                        }
                        let end = if n % 5 == 4 { "ROLLBACK" } else { "COMMIT" };
                        rows::execute(&mut conn, end);
                    }
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                follower.look();
            }
        });
        for writer in writers {
            writer.join().expect("it writes");
        }
        is_over.store(true, Ordering::SeqCst);
        reader.join().expect("it reads");
    });
    let mut conn = scene.app.database();
    let all = format!("SELECT name AS text FROM changes WHERE id > {begin} ORDER BY id");
    let all = rows::texts(&mut conn, &all);
    assert!(all.len() > 500, "{}", all.len());
    until("all of it", || {
        follower.look();
        follower.read.len() >= all.len()
    });
    assert_eq!(follower.read, all);
}
