//! Where uploads are kept: in a bucket, by several processes, and in backups.

use hydria::cli::serve::Options;
use reqwest::Method;
use serde_json::json;

use super::{append, create, noise, offset, place, tus};
use crate::engine::scene::Scene;
use crate::operations::backups::{Owned, text};
use crate::process::home::{BASE, Home, Running};
use crate::support::s3::Behaviour;
use crate::support::{App, Client, Owner, S3, database, pictures, rows, until};

#[test]
fn uploads_are_kept_in_a_bucket_and_images_are_made_of_them_there() {
    let s3 = S3::start();
    s3.make_bucket("images");
    let settings = s3.settings("s3://images/hydria");
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let scene = Scene::of(App::start_with(&settings, Options::default()));
    let owner = &scene.owner;
    let bytes = noise(5 << 20);
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    append(&owner.client, &upload, 0, &bytes[..3_000]).expect(204);
    s3.behave(Behaviour::Refuses);
    append(&owner.client, &upload, 3_000, &bytes[3_000..]).expect(503);
    assert_eq!(offset(&owner.client, &upload), 3_000);
    s3.behave(Behaviour::Works);
    append(&owner.client, &upload, 3_000, &bytes[3_000..]).expect(204);
    assert!(owner.client.get(&upload).expect(200).bytes == bytes);
    let picture = owner.upload(&pictures::noise("300x200"));
    let made = scene.put("page", &picture).expect(201);
    assert_eq!((made.text("error"), made.number("width")), (String::new(), 300));
    let of_uploads = |key: &String| key.starts_with("hydria/uploads/");
    assert!(s3.keys("images").iter().any(of_uploads));
    owner.client.delete(&scene.path("page")).expect(205);
    super::terminate(&owner.client, &upload).expect(204);
    let home = Owned::of(&scene).in_bucket(&s3, "s3://images/hydria");
    assert!(home.does(&["check"]).contains("agree"));
    s3.put("images", "hydria/uploads/999/999", b"left behind");
    let said = home.fails(&["check"]);
    assert!(said.contains("object uploads/999/999 belongs to no image and no upload"), "{said}");
}

#[test]
fn what_was_stored_of_an_upload_that_went_meanwhile_is_removed_at_once() {
    let s3 = S3::start();
    s3.make_bucket("images");
    let settings = s3.settings("s3://images/hydria");
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = App::start_with(&settings, Options { no_worker: true, ..Default::default() });
    let owner = app.customer("library");
    let upload = place(&create(&owner.client, &owner.uploads(), 1000).expect(201));
    s3.behave(Behaviour::IsSilent);
    let mut slow = super::Slow::begin(&owner, &upload, 0, 1000);
    slow.send(&[1; 1000]);
    let mut conn = app.database();
    until("it to be written", || {
        rows::number(&mut conn, "SELECT count(*) AS n FROM discards") == 1
    });
    super::terminate(&owner.client, &upload).expect(204);
    s3.behave(Behaviour::Works);
    assert_eq!(slow.answer().0, 404);
    let later = "SELECT count(*) AS n FROM discards WHERE due > now()";
    assert_eq!(rows::number(&mut conn, later), 0);
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM discards"), 1);
}

#[test]
fn each_request_may_reach_another_process() {
    let (home, url) = (Home::new(), database::fresh());
    let serve = || {
        let mut command = home.command(&["serve", "--no-worker"]);
        command.env("DATABASE_URL", &url);
        Running::start(command, "ready at ")
    };
    let (first, second) = (serve(), serve());
    let owner = Owner::make(&first.administrator(), "library");
    let other: Client = second.client_of(&owner);
    let bytes = noise(5 << 20);
    let made = |client: &Client| {
        let request = tus(client, Method::POST, &owner.uploads());
        let request = request.header("Upload-Length", bytes.len());
        place(&client.send(request.header("Idempotency-Key", "\"page\"")).expect(201))
    };
    let upload = made(&owner.client);
    assert!(upload.starts_with(BASE));
    assert_eq!(made(&other), upload, "the first process has made it");
    let half = bytes.len() / 2;
    append(&other, &upload, 0, &bytes[..half]).expect(204);
    assert_eq!(offset(&owner.client, &upload), half);
    append(&owner.client, &upload, half, &bytes[half..]).expect(204);
    assert!(other.get(&upload).expect(200).bytes == bytes);
    first.stop();
    second.stop();
}

#[test]
fn a_backup_has_uploads_and_images_are_made_of_them_where_it_is_restored() {
    let scene = Scene::start();
    let owner = &scene.owner;
    let upload = owner.upload(&pictures::smooth("50x40"));
    scene.put("page", &upload).expect(201);
    let bytes = noise(9 << 20);
    let half = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    append(&owner.client, &half, 0, &bytes[..5 << 20]).expect(204);
    let home = Owned::of(&scene);
    let folder = home.home.data().with_file_name("backup");
    home.does(&["backup", text(&folder), "--with-secret"]);
    let target = Owned::empty();
    target.does(&["restore", text(&folder)]);
    assert!(target.does(&["check"]).contains("agree"));
    let mut command = target.home.command(&["serve"]);
    command.envs(target.settings.iter().map(|(name, value)| (*name, value.as_str())));
    command.env("HYDRIA_PUBLIC_URL", &scene.app.base);
    let service = Running::start(command, "ready at ");
    let client = Client::new(&scene.app.base, &service.root(), Some((&owner.key, &owner.secret)));
    // After a restore, no number of an object is given twice.
    append(&client, &half, 5 << 20, &bytes[5 << 20..]).expect(204);
    assert!(client.get(&half).expect(200).bytes == bytes);
    let again = client.post(&format!("{}/reingest", scene.path("page")), &json!({})).expect(200);
    assert_eq!((again.text("error"), again.number("width")), (String::new(), 50));
    service.stop();
}
