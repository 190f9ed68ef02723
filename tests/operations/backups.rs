//! Backups: made while work goes on, checked, and restored elsewhere.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use hydria::queue::hold;
use serde_json::{Value, json};

use crate::engine::scene::{Hands, Scene};
use crate::process::home::{Home, Running};
use crate::support::s3::Behaviour;
use crate::support::{App, Client, Origin, S3, database, rows, until};

/// Settings by which a command finds the data of a service of this process.
pub struct Owned {
    pub home: Home,
    pub settings: Vec<(&'static str, String)>,
}

impl Owned {
    pub fn of(scene: &Scene) -> Self {
        let data = scene.app.data.path().to_str().expect("a path").to_owned();
        let url = scene.app.database_url.clone();
        Self { home: Home::new(), settings: vec![("HYDRIA_DATA", data), ("DATABASE_URL", url)] }
    }

    /// A data folder and a database of its own, both empty.
    pub fn empty() -> Self {
        let home = Home::new();
        let data = home.data().to_str().expect("a path").to_owned();
        Self { home, settings: vec![("HYDRIA_DATA", data), ("DATABASE_URL", database::empty())] }
    }

    /// Has the objects in a bucket.
    pub fn in_bucket(mut self, s3: &S3, storage: &str) -> Self {
        self.settings.extend(s3.settings(storage));
        self
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.home.command(arguments);
        command.envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())));
        command.output().expect("the binary runs")
    }

    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = words(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        said
    }

    pub fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = words(&output);
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("a file");
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 1;
    std::fs::write(path, bytes).expect("a file that can be written");
}

/// All answers by which an image is served.
fn served(client: &Client, id: &str) -> BTreeMap<String, (u16, Vec<u8>)> {
    let paths = [
        format!("/iiif-img/1/1/{id}/info.json"),
        format!("/iiif-img/1/1/{id}/full/max/0/default.jpg"),
        format!("/iiif-img/1/1/{id}/0,0,60,60/30,/0/gray.png"),
        format!("/thumbs/1/1/{id}/full/100,/0/default.jpg"),
    ];
    let get = |path: String| {
        let answer = client.get(&path);
        (path, (answer.status, answer.bytes))
    };
    paths.into_iter().map(get).collect()
}

fn start(home: &Home, arguments: &[&str]) -> Running {
    let mut command = home.command(arguments);
    // So many that some wait while others are worked on.
    command.env("HYDRIA_FETCHES", "4");
    Running::start(command, "ready at ")
}

#[test]
fn a_backup_made_while_images_are_processed_is_restored_and_serves_them_the_same() {
    let (home, origin) = (Home::new(), Origin::start());
    let service = start(&home, &["serve"]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let image =
        |id: String, side: u32| json!({ "id": id, "space": 1, "origin": origin.image(side, 90) });
    let submit = |members: Vec<Value>| {
        client.post("/customers/1/queue", &json!({ "member": members })).expect(201).id()
    };
    let first = submit((0..12).map(|n| image(format!("kept{n}"), 100 + n)).collect());
    until("the first batch", || client.get(&first).expect(200).body.get("finished").is_some());
    let moving: Vec<Value> = (0..60).map(|n| image(format!("moving{n}"), 100 + n)).collect();
    submit(moving.clone());
    let folder = home.data().with_file_name("backup");
    let mut command = home.command(&["backup", text(&folder)]);
    let backup = std::thread::spawn(move || command.output().expect("the binary runs"));
    let mut round = 0;
    while !backup.is_finished() {
        submit(moving.iter().skip(round % 7).take(20).cloned().collect());
        client.delete(&format!("/customers/1/spaces/1/images/moving{}", 59 - round % 30));
        round += 1;
    }
    let output = backup.join().expect("no panic");
    assert!(output.status.success(), "{}", words(&output));
    assert!(round > 0, "nothing was done meanwhile");
    assert!(home.says(&["backup", "--verify", text(&folder)]).contains("is as it was written"));
    let before: Vec<_> = (0..12).map(|n| served(&client, &format!("kept{n}"))).collect();
    service.stop();
    let secret = std::fs::read_to_string(home.data().join("secret")).expect("a secret");

    let elsewhere = Home::new();
    let said = elsewhere.says(&["restore", text(&folder)]);
    assert!(said.contains("The secret is not in the backup"), "{said}");
    let mut without = elsewhere.command(&["serve"]);
    assert_eq!(without.output().expect("the binary runs").status.code(), Some(1), "no secret");
    std::fs::write(elsewhere.data().join("secret"), secret).expect("a file");
    assert!(elsewhere.says(&["check"]).contains("agree"));
    let restored = start(&elsewhere, &["serve"]);
    let again = restored.administrator();
    for (number, before) in before.iter().enumerate() {
        let after = served(&again, &format!("kept{number}"));
        assert!(after.values().all(|(status, _)| *status == 200), "{number}");
        assert!(&after == before, "image {number} is served in another way");
    }
    let idle = || again.get("/customers/1/queue").expect(200).number("size") == 0;
    until("what was waiting to be processed", idle);
    let images = again.get("/customers/1/spaces/1/images?pageSize=100").expect(200).members();
    assert!(images.len() > 40, "{}", images.len());
    for image in images {
        assert_eq!(image["error"], "", "{image}");
        assert!(image["width"].as_i64() >= Some(100), "{image}");
    }
    restored.stop();
    assert!(elsewhere.says(&["check"]).contains("agree"));
}

#[test]
fn a_flipped_byte_is_reported_and_nothing_of_the_database_is_restored() {
    let scene = Scene::start();
    scene.put("page", &scene.origin.image(300, 200)).expect(201);
    let owner = Owned::of(&scene);
    let folder = owner.home.data().with_file_name("backup");
    owner.does(&["backup", text(&folder), "--with-secret"]);
    let verify = ["backup", "--verify", text(&folder)];
    owner.does(&verify);
    let object = rows::files(&folder.join("objects")).remove(0);
    let files = ["database.dump", "secret", "SHA256SUMS", "backup.json"];
    let files: Vec<PathBuf> =
        files.iter().map(|name| folder.join(name)).chain([object.clone()]).collect();
    for file in &files {
        for at in [20, 300] {
            flip(file, at);
            let said = owner.fails(&verify);
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(said.contains(name), "{name}: {said}");
            let target = Owned::empty();
            let said = target.fails(&["restore", text(&folder)]);
            assert!(said.contains(name), "{name}: {said}");
            let url = &target.settings[1].1;
            let mut conn = hydria::database::connect(url).expect("the server answers");
            let tables = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(rows::number(&mut conn, tables), 0, "{name}");
            assert!(!target.home.data().exists(), "{name}");
            flip(file, at);
        }
    }
    std::fs::rename(&object, object.with_extension("away")).expect("a file");
    assert!(owner.fails(&verify).contains("is missing"));
    std::fs::rename(object.with_extension("away"), &object).expect("a file");
    owner.does(&verify);
    let kept = std::fs::read(folder.join("backup.json")).expect("a file");
    std::fs::remove_file(folder.join("backup.json")).expect("a file");
    assert!(owner.fails(&verify).contains("no complete backup"));
    std::fs::write(folder.join("backup.json"), kept).expect("a file");

    let target = Owned::empty();
    target.does(&["restore", text(&folder)]);
    assert!(target.does(&["check"]).contains("agree"));
    let said = target.fails(&["restore", text(&folder)]);
    assert!(said.contains("is not empty") || said.contains("is in use"), "{said}");
}

#[test]
fn a_backup_of_a_bucket_is_restored_into_another_place_and_none_is_made_while_it_is_away() {
    let s3 = S3::start();
    s3.make_bucket("images");
    let settings = s3.settings("s3://images/from");
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = App::start_with(&settings, hydria::cli::serve::Options::default());
    let scene = Scene::of(app);
    scene.put("page", &scene.origin.image(300, 200)).expect(201);
    let owner = Owned::of(&scene).in_bucket(&s3, "s3://images/from");
    let folder = owner.home.data().with_file_name("backup");
    s3.behave(Behaviour::Refuses);
    let said = owner.fails(&["backup", text(&folder)]);
    assert!(said.contains("503") && !folder.exists(), "{said}");
    s3.behave(Behaviour::Works);
    owner.does(&["backup", text(&folder), "--with-secret"]);

    s3.put("images", "used/thumbnails/001/1-1", b"of an attempt before");
    for (storage, reason) in
        [("s3://images/used", "is not empty"), ("s3://images/from/below", "belongs to another")]
    {
        let target = Owned::empty().in_bucket(&s3, storage);
        let said = target.fails(&["restore", text(&folder)]);
        assert!(said.contains(reason), "{storage}: {said}");
    }
    let target = Owned::empty().in_bucket(&s3, "s3://images/to");
    target.does(&["restore", text(&folder)]);
    assert!(target.does(&["check"]).contains("agree"));
    let below = |place: &str| -> Vec<String> {
        s3.keys("images")
            .iter()
            .filter_map(|key| key.strip_prefix(place).map(str::to_owned))
            .collect()
    };
    assert_eq!(below("to/"), below("from/"));
    assert_eq!(below("to/").len(), 2, "an object and the marker");
}

#[test]
fn a_backup_is_its_owners_alone_and_has_the_secret_only_where_that_is_asked_for() {
    let scene = Scene::start();
    scene.put("page", &scene.origin.image(300, 200)).expect(201);
    let owner = Owned::of(&scene);
    let secret = std::fs::read_to_string(scene.app.data.path().join("secret")).expect("a secret");
    for (name, more) in [("without", &[][..]), ("with", &["--with-secret"])] {
        let folder = owner.home.data().with_file_name(name);
        let arguments = [&["backup", text(&folder)], more].concat();
        owner.does(&arguments);
        assert_eq!(folder.metadata().expect("a folder").permissions().mode() & 0o777, 0o700);
        let mut has_secret = false;
        let files = rows::files(&folder);
        assert!(files.len() >= 4, "{files:?}");
        for file in files {
            let mode = file.metadata().expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
            let bytes = std::fs::read(&file).expect("a file");
            let secret = secret.trim().as_bytes();
            has_secret |= bytes.windows(secret.len()).any(|part| part == secret);
        }
        assert_eq!(has_secret, name == "with");
        assert!(owner.fails(&arguments).contains("is not empty"), "nothing is written over");
    }
}

#[test]
fn objects_that_a_backup_may_copy_are_removed_when_it_has_ended() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    scene.submit(&["page"], &scene.origin.image(300, 200));
    hands.work_one();
    let first = scene.objects();
    assert_eq!(first.len(), 1);
    let mut backup = hands.connection();
    assert!(hold::keep_objects(&mut backup).expect("the database answers"));
    let other = Owned::of(&scene);
    let folder = other.home.data().with_file_name("second");
    assert!(other.fails(&["backup", text(&folder)]).contains("another backup"));
    scene.submit(&["page"], &scene.origin.image(310, 200));
    hands.work_one();
    hands.tidy();
    assert_eq!(scene.objects().len(), 2, "what was replaced is kept");
    scene.owner.client.delete(&scene.path("page")).expect(205);
    hands.tidy();
    assert_eq!(scene.objects().len(), 2, "what was deleted is kept");
    drop(backup);
    until("the end of the session", || {
        hands.tidy();
        scene.objects().is_empty()
    });
}

#[test]
fn a_backup_tells_of_objects_that_are_lost_and_has_all_others() {
    let scene = Scene::start();
    scene.put("kept", &scene.origin.image(300, 200)).expect(201);
    let objects = || rows::files(&scene.app.data.path().join("objects"));
    let kept = objects();
    scene.put("lost", &scene.origin.image(310, 200)).expect(201);
    let lost = objects().into_iter().find(|file| !kept.contains(file)).expect("another");
    std::fs::remove_file(&lost).expect("a file");
    let lost = lost.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let owner = Owned::of(&scene);
    let folder = owner.home.data().with_file_name("backup");
    let said = owner.fails(&["backup", text(&folder)]);
    assert!(said.contains(&lost) && said.contains("hydria check --repair"), "{said}");
    assert!(owner.does(&["backup", "--verify", text(&folder)]).contains("1 objects"));
}

#[test]
fn root_is_told_to_act_as_the_user_whose_data_they_are() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scene = Scene::start();
    let owner = Owned::of(&scene);
    let folder = owner.home.data().with_file_name("backup");
    let location = scene.app.data.path().join("database.json");
    std::os::unix::fs::chown(&location, Some(65_534), None).expect("root may");
    for arguments in [&["backup", text(&folder)][..], &["check"], &["key", "list", "1"]] {
        let said = owner.fails(arguments);
        assert!(said.contains("belongs to user 65534"), "{said}");
    }
    std::os::unix::fs::chown(&location, Some(0), None).expect("root may");
    owner.does(&["backup", text(&folder)]);
    let target = Owned::empty();
    std::fs::create_dir(target.home.data()).expect("a folder");
    std::os::unix::fs::chown(target.home.data(), Some(65_534), None).expect("root may");
    let said = target.fails(&["restore", text(&folder)]);
    assert!(said.contains("systemd-run --pipe --wait --uid=65534"), "{said}");
    assert_eq!(rows::files(&target.home.data()), Vec::<PathBuf>::new());
}
