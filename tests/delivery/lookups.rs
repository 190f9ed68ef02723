//! Look-ups of single images, however many there are beside them.

use crate::engine::scene::Scene;
use crate::support::rows::{execute, number};
use crate::support::until;

/// Images of one space, and of many others.
const IMAGES: (u32, u32) = (9_000, 1_000);

#[test]
fn an_image_of_a_space_that_has_nearly_all_is_found_by_its_key() {
    let scene = Scene::start();
    let owner = scene.owner.id;
    let mut conn = scene.app.database();
    // Each pair of a customer and a space seems to have less than one image. Rows without customers, and without totals.
    execute(&mut conn, "SET session_replication_role = replica");
    let (in_one, others) = IMAGES;
    execute(
        &mut conn,
        &format!(
            "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
             media_type, ingesting) SELECT \
             CASE WHEN n <= {in_one} THEN {owner} ELSE {owner} + n % 300 END, \
             CASE WHEN n <= {in_one} THEN 1 ELSE 1 + n % 97 END, 'image-' || n, \
             now() - n * interval '1 second', 'https://example.org/', -1, '{{}}', '{{}}', 'image/jpeg', FALSE \
             FROM generate_series(1, {in_one} + {others}) AS n"
        ),
    );
    // It reads indexes too.
    execute(&mut conn, "ALTER TABLE images SET (autovacuum_enabled = FALSE)");
    execute(&mut conn, "ANALYZE images");
    // A connection that is closed tells all that it did; it is waited for, because its writing took blocks of indexes too.
    drop(conn);
    let mut conn = scene.app.database();
    until("the rows to be counted", || {
        let counted = "SELECT n_tup_ins AS n FROM pg_stat_user_tables WHERE relname = 'images'";
        number(&mut conn, counted) >= i64::from(in_one + others)
    });
    let scans = |conn: &mut _| {
        number(
            conn,
            "SELECT sum(idx_scan)::bigint AS n FROM pg_stat_user_indexes WHERE relname = 'images'",
        )
    };
    let blocks = |conn: &mut _| {
        number(
            conn,
            "SELECT sum(idx_blks_hit + idx_blks_read)::bigint AS n \
             FROM pg_statio_user_indexes WHERE relname = 'images'",
        )
    };
    let before = (scans(&mut conn), blocks(&mut conn));
    let mut asked = 0;
    // The server tells what a connection did about once a second.
    let made = loop {
        let image = format!("image-{}", 1 + asked % in_one);
        assert_eq!(scene.read(&image).text("error"), "");
        scene.app.visitor.get(&format!("/iiif-img/{owner}/1/{image}/info.json")).expect(404);
        scene
            .app
            .visitor
            .get(&format!("/iiif-img/{owner}/1/{image}/full/max/0/default.jpg"))
            .expect(404);
        asked += 1;
        let made = scans(&mut conn) - before.0;
        if made > 100 {
            break made;
        }
        assert!(asked < 100_000, "nothing is told of {asked} look-ups");
    };
    let read = blocks(&mut conn) - before.1;
    assert!(read < 10 * made, "{read} blocks of indexes in {made} look-ups");
}
