//! Restores: all of a backup or nothing, and what those are told who follow changes.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::backups::{Owned, text};
use crate::engine::scene::Scene;
use crate::process::home::{Home, Running};
use crate::support::receiver::Received;
use crate::support::{Events, Receiver, rows, until};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Writes a backup anew with a change to its manifest, whose checksum fits.
fn rewrite(folder: &Path, change: impl FnOnce(&mut String)) {
    let path = folder.join("backup.json");
    let mut manifest = std::fs::read_to_string(&path).expect("a manifest");
    change(&mut manifest);
    let (before, _) = manifest.rsplit_once("\"checksum\": \"").expect("a checksum");
    let bare = format!("{before}\"checksum\": \"\"\n}}");
    // As it is without blanks, which no value has.
    let compact: String = bare.lines().map(|line| line.trim().replace("\": ", "\":")).collect();
    let checksum = sha256(compact.as_bytes());
    let whole = format!("{before}\"checksum\": \"{checksum}\"\n}}\n");
    std::fs::write(&path, whole).expect("a file");
}

/// Cuts the dump off in the rows at its end, and makes all checksums fit: no check finds it.
fn cut_dump(folder: &Path) {
    let (dump, sums) = (folder.join("database.dump"), folder.join("SHA256SUMS"));
    let whole = std::fs::read(&dump).expect("a dump");
    let cut = &whole[..whole.len() - 200];
    std::fs::write(&dump, cut).expect("a file");
    let list = std::fs::read_to_string(&sums).expect("a list");
    let list = list.replace(&sha256(&whole), &sha256(cut));
    let of_list = sha256(list.as_bytes());
    std::fs::write(&sums, list).expect("a file");
    rewrite(folder, |manifest| {
        let value: Value = serde_json::from_str(manifest).expect("JSON");
        *manifest = manifest.replace(value["sums"].as_str().expect("a checksum"), &of_list);
    });
}

#[test]
fn a_restore_that_fails_at_its_end_leaves_nothing_and_can_be_begun_again() {
    let scene = Scene::start();
    scene.put("page", &scene.origin.image(300, 200)).expect(201);
    let owner = Owned::of(&scene);
    let folder = owner.home.data().with_file_name("backup");
    owner.does(&["backup", text(&folder), "--with-secret"]);
    let whole = std::fs::read(folder.join("database.dump")).expect("a dump");
    cut_dump(&folder);
    owner.does(&["backup", "--verify", text(&folder)]);
    let mut private = Owned { home: Home::new(), settings: Vec::new() };
    for target in [&mut private, &mut Owned::empty()] {
        let data = target.home.data();
        let said = target.fails(&["restore", text(&folder)]);
        assert!(said.contains("objects are in"), "{said}");
        assert!(said.contains("pg_restore failed") && said.contains("is removed again"), "{said}");
        assert_eq!(rows::files(&target.home.objects()), Vec::<std::path::PathBuf>::new());
        for name in ["postgres", "secret", "objects/hydria.json"] {
            assert!(!data.join(name).exists(), "{name} is left");
        }
    }
    // Of a later server, it is refused before anything is copied.
    std::fs::write(folder.join("database.dump"), &whole).expect("a file");
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).expect("a list");
    let (_, rest) = sums.split_once("  ").expect("a checksum");
    let sums = format!("{}  {rest}", sha256(&whole));
    std::fs::write(folder.join("SHA256SUMS"), &sums).expect("a file");
    let fits = |manifest: &mut String, version: u64| {
        let mut value: Value = serde_json::from_str(manifest).expect("JSON");
        let (old, now) = (value["sums"].take(), value["postgresql"].take());
        *manifest = manifest
            .replace(old.as_str().expect("a checksum"), &sha256(sums.as_bytes()))
            .replace(&format!("\"postgresql\": {now}"), &format!("\"postgresql\": {version}"));
        now.as_u64().expect("a version")
    };
    let mut version = 0;
    rewrite(&folder, |manifest| version = fits(manifest, 99));
    let said = private.fails(&["restore", text(&folder)]);
    assert!(said.contains("a server of version 99 or later restores it"), "{said}");
    assert!(!private.home.data().join("postgres").exists());
    rewrite(&folder, |manifest| {
        fits(manifest, version);
    });
    private.does(&["restore", text(&folder)]);
    assert!(private.does(&["check"]).contains("agree"));
    let said = private.fails(&["restore", text(&folder)]);
    assert!(said.contains("is in use"), "{said}");
}

#[test]
fn after_a_restore_no_number_is_given_again_and_who_follows_changes_begins_anew() {
    let (scene, receiver) = (Scene::start(), Receiver::start());
    let client = &scene.owner.client;
    let path = scene.owner.path("/events");
    client.post(&scene.owner.path("/webhooks"), &json!({ "url": receiver.url("/") })).expect(201);
    scene.put("kept", &scene.origin.image(60, 40)).expect(201);
    receiver.wait_for(1);
    let owner = Owned::of(&scene);
    let folder = owner.home.data().with_file_name("backup");
    owner.does(&["backup", text(&folder), "--with-secret"]);
    // What comes now is lost: its numbers are those that a database without a gap would give again.
    let mut events = Events::open(client, &path, None);
    scene.put("lost", &scene.origin.image(70, 40)).expect(201);
    let (made, processed) = (events.next().expect("one"), events.next().expect("another"));
    assert_eq!(made.words(), "imageCreated lost");
    // In one message or in two.
    until("what is lost to be told", || {
        let told: Vec<String> = receiver.received().iter().flat_map(Received::words).collect();
        told.contains(&"imageChanged lost".to_owned())
    });
    let mut conn = scene.app.database();
    let job = rows::number(&mut conn, "SELECT last_value AS n FROM jobs_id_seq");
    let key = client.post(&scene.owner.path("/keys"), &json!({})).expect(201);
    drop((conn, events, key));

    let mut numbers = Vec::new();
    for _ in 0..2 {
        let target = Owned::empty();
        target.does(&["restore", text(&folder)]);
        let mut conn =
            hydria::database::connect(&target.settings[1].1).expect("the server answers");
        let of = |conn: &mut _, name: &str| {
            rows::number(conn, &format!("SELECT last_value AS n FROM {name}"))
        };
        let (change, next) = (of(&mut conn, "changes_id"), of(&mut conn, "jobs_id_seq"));
        assert!(change > processed.id + (1 << 32) && next > job + (1 << 32), "{change}, {next}");
        assert!(change < 1 << 53, "{change} is not exact in JSON");
        numbers.push(change);
        let before = receiver.received().len();
        let mut command = target.home.command(&["serve"]);
        command.envs(target.settings.iter().map(|(name, value)| (*name, value.as_str())));
        command.env("HYDRIA_WEBHOOK_ALLOW", "127.0.0.0/8");
        let service = Running::start(command, "ready at ");
        let again = service.administrator();
        let reset = receiver.wait_for(before + 1).pop().expect("a message");
        assert_eq!(reset.json()["type"], "reset", "{}", reset.body);
        let ids: Vec<_> =
            receiver.received().iter().map(|message| message.id().to_owned()).collect();
        assert_eq!(ids.iter().filter(|id| *id == reset.id()).count(), 1, "{ids:?}");
        for last in [made.id - 1, made.id, processed.id, processed.id + 1000] {
            let mut stream = Events::open(&again, &path, Some(&last.to_string()));
            let event = stream.next().expect("an event");
            assert_eq!((event.name.as_str(), event.id), ("reset", change), "{last}");
        }
        again.patch(&scene.path("kept"), &json!({ "tags": ["x"] })).expect(205);
        let mut stream = Events::open(&again, &path, Some(&change.to_string()));
        let event = stream.next().expect("an event");
        assert_eq!(event.words(), "imageChanged kept");
        assert!(event.id > change);
        until("the change to be sent", || {
            receiver.received().last().is_some_and(|last| last.body.contains("imageChanged"))
        });
        service.stop();
    }
    assert!(numbers[1] > numbers[0], "each restore goes on elsewhere: {numbers:?}");
}
