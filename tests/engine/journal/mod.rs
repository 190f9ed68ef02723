//! The journal: what is written of changes to images that can be served, and how processes learn of them; and the record of
//! all changes.

mod changes;
mod partitions;
mod reader;
mod retention;
mod told;
mod watermark;
mod written;

use diesel::PgConnection;
use reqwest::Method;
use serde_json::json;

use super::scene::Scene;
use crate::support::rows;

/// A service without workers, and images of which something was made, as the rows say.
fn served(ids: &[&str]) -> Scene {
    let scene = Scene::without_workers();
    scene.submit(ids, "https://example.org/map.jpg");
    let mut conn = scene.app.database();
    rows::execute(
        &mut conn,
        "INSERT INTO derivatives (customer, space, image, object, size, derived_size, checked) \
         SELECT customer, space, id, 'thumbnails/' || id, 1, 1, now() FROM images",
    );
    taken(&mut conn);
    scene
}

/// What the journal says, in its order, which it says no more afterwards.
#[track_caller]
fn taken(conn: &mut PgConnection) -> Vec<String> {
    rows::texts(
        conn,
        "WITH taken AS (DELETE FROM journal RETURNING id, image, change) \
         SELECT image || ' ' || change AS text FROM taken ORDER BY id",
    )
}

/// Closes an image in a request that is refused, and so undone: parameters are judged when all else is done.
#[track_caller]
fn close_in_vain(scene: &Scene, id: &str) {
    let path = format!("{}?nonsense=1", scene.path(id));
    let request = scene.owner.client.request(Method::PATCH, &path);
    let request = request
        .header("Content-Type", "application/ld+json")
        .header("Prefer", "handling=strict")
        .body(json!({ "maxUnauthorised": 0 }).to_string());
    scene.owner.client.send(request).expect(400);
}

/// Closes an image to readers without a role.
#[track_caller]
fn close(scene: &Scene, id: &str) {
    let closed = json!({ "maxUnauthorised": 0 });
    scene.owner.client.patch(&scene.path(id), &closed).expect(205);
}
