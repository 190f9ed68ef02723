//! The queue and its workers, on an origin that fails in every way.

mod again;
mod batches;
mod bulk;
mod cancel;
mod corpus;
mod derivation;
mod errors;
mod fairness;
mod formats;
mod ftp;
mod immediate;
mod journal;
mod leases;
mod lost;
mod priority;
mod purge;
mod quota;
mod reingest;
mod retries;
mod s3;
pub mod scene;
mod settling;
mod sftp;
mod strategies;
mod tiles;
mod unmounted;
mod webhooks;

use serde_json::json;

use crate::support::{App, Origin};

#[test]
fn a_batch_tells_what_is_wrong_with_each_image() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = |id: &str, origin: String| json!({ "id": id, "space": space, "origin": origin });
    let batch = owner
        .submit(&[
            image("good", origin.image(1200, 800)),
            image("photo", origin.url("/photo/rocket.jpg")),
            image("missing", origin.url("/missing/x.jpg")),
            image("text", origin.url("/text/x.jpg")),
            image("truncated", origin.url("/truncated/x.jpg")),
            image("cut", origin.url("/cut/x.jpg")),
        ])
        .expect(201);
    let done = owner.finished(&batch.id());
    assert_eq!((done.number("count"), done.number("completed"), done.number("errors")), (6, 2, 4));
    let read = |id: &str| {
        let path = owner.path(&format!("/spaces/{space}/images/{id}"));
        owner.client.get(&path).expect(200)
    };
    let good = read("good");
    assert_eq!((good.number("width"), good.number("height")), (1200, 800));
    assert_eq!(good.text("error"), "");
    let mut words: Vec<String> =
        ["missing", "text", "truncated", "cut"].map(|id| read(id).text("error")).into();
    assert!(words.iter().all(|word| !word.is_empty()), "{words:?}");
    words.dedup();
    assert!(words.len() >= 3, "not told apart: {words:?}");
}
