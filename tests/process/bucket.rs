//! Processes whose objects are kept in a bucket: whose it is, what is checked of it, and what is mended.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::home::{Home, Running};
use crate::support::{Origin, S3, database, rows, server, until};

/// Makes a command of a data folder, on a database and a storage that are not in it.
fn command(home: &Home, url: &str, s3: &S3, storage: &str, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("DATABASE_URL", url).envs(s3.settings(storage));
    command
}

/// Returns whether a command succeeds, and its words on both outputs.
#[track_caller]
fn said(mut command: Command) -> (bool, String) {
    let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.expect("the binary runs");
    let end = Instant::now() + Duration::from_mins(2);
    while child.try_wait().expect("a process").is_none() {
        if Instant::now() > end {
            child.kill().expect("a process");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().expect("its words");
    let words = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&words).into_owned())
}

#[test]
fn what_a_bucket_lacks_or_has_too_much_is_found_and_mended_and_images_are_sent_again() {
    let (s3, home, origin, url) = (S3::start(), Home::new(), Origin::start(), database::fresh());
    s3.make_bucket("images");
    let storage = "s3://images/hydria";
    let run = |arguments: &[&str]| said(command(&home, &url, &s3, storage, arguments));
    let service = Running::start(command(&home, &url, &s3, storage, &["serve"]), "ready at ");
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let path = |id: &str| format!("/customers/1/spaces/1/images/{id}");
    for id in ["a", "b", "c"] {
        client.put(&path(id), &json!({ "origin": origin.image(300, 200) })).expect(201);
    }
    let (agrees, words) = run(&["check"]);
    assert!(agrees && words.contains("agree"), "{words}");

    let objects: Vec<String> =
        s3.keys("images").into_iter().filter(|key| !key.ends_with("/hydria.json")).collect();
    assert_eq!(objects.len(), 3, "{objects:?}");
    s3.remove("images", &objects[0]);
    s3.put("images", "hydria/thumbnails/999/999-1", b"left behind");
    s3.put("images", "hydria/thumbnails/of/nobody", b"of somebody else");
    s3.put("images", "hydria/elsewhere", b"beside the objects");
    // A key of which the client makes no path.
    let odd = "hydria/thumbnails/999/a\u{7f}b";
    s3.write("images", odd, b"of somebody else too");
    let (agrees, words) = run(&["check"]);
    assert!(!agrees && words.contains("4 findings"), "{words}");
    assert!(words.contains(r"object thumbnails/999/a\u{7f}b is none"), "{words}");
    s3.take_away("images", odd);
    let (orphan, other) = ("object thumbnails/999/999-1", "object thumbnails/of/nobody is none");
    for found in ["has lost its thumbnails", orphan, other] {
        assert!(words.contains(found), "{words}");
    }
    let (mended, words) = run(&["check", "--repair"]);
    assert!(mended && words.contains("3 findings mended"), "{words}");
    let is_done = |id: &str| client.get(&path(id)).expect(200).body["ingesting"] == json!(false);
    until("the lost image to be processed again", || ["a", "b", "c"].into_iter().all(is_done));
    let (agrees, words) = run(&["check"]);
    assert!(!agrees && words.contains("1 findings") && words.contains(other), "{words}");
    assert!(s3.get("images", "hydria/elsewhere").is_some());
    assert!(s3.get("images", "hydria/thumbnails/999/999-1").is_none());
    s3.remove("images", "hydria/thumbnails/of/nobody");
    let (agrees, words) = run(&["check"]);
    assert!(agrees, "{words}");

    let mut conn = hydria::database::connect(&url).expect("the database answers");
    rows::execute(&mut conn, "UPDATE derivatives SET index = NULL");
    rows::execute(&mut conn, "UPDATE images SET has_tiles = FALSE");
    let (sent, words) = run(&["reingest", "--missing"]);
    assert!(sent && words.contains("3 images were sent again"), "{words}");
    until("tiles", || {
        let has_tiles = |id: &str| client.get(&path(id)).expect(200).body["infoJson"].is_string();
        ["a", "b", "c"].into_iter().all(has_tiles)
    });
    service.stop();
}

#[test]
fn two_deployments_on_one_bucket_and_prefix_refuse_in_words() {
    let s3 = S3::start();
    s3.make_bucket("images");
    let (first, second) = (Home::new(), Home::new());
    let (url, other) = (database::fresh(), database::fresh());
    let service =
        Running::start(command(&first, &url, &s3, "s3://images/one", &["serve"]), "ready at ");
    for arguments in [&["serve"][..], &["worker"]] {
        let (started, words) = said(command(&second, &other, &s3, "s3://images/one", arguments));
        assert!(!started, "{words}");
        for part in ["s3://images/one", "belongs to another database", "HYDRIA_STORAGE"] {
            assert!(words.contains(part), "{words}");
        }
    }
    let marker: Value =
        serde_json::from_slice(&s3.get("images", "one/hydria.json").expect("a marker"))
            .expect("JSON");
    assert!(marker["cluster"].is_string() && marker["storage"].is_string(), "{marker}");
    let (started, words) = said(command(&second, &other, &s3, "s3://images/one/two", &["serve"]));
    assert!(!started && words.contains("s3://images/one at"), "within that of another: {words}");
    // Another prefix is another storage.
    Running::start(command(&second, &other, &s3, "s3://images/two", &["serve"]), "ready at ")
        .stop();
    service.stop();

    // The same database with another storage, and with none any more.
    let (started, words) = said(command(&first, &url, &s3, "s3://images/three", &["serve"]));
    assert!(!started && words.contains("carries no marker"), "{words}");
    let (started, words) = said(command(&first, &url, &s3, "s3://images/two", &["serve"]));
    assert!(!started && words.contains("belongs to another database"), "{words}");
    s3.remove("images", "one/hydria.json");
    let (started, words) = said(command(&first, &url, &s3, "s3://images/one", &["serve"]));
    assert!(!started && words.contains("adopt --storage"), "{words}");
    let (adopted, words) =
        said(command(&first, &url, &s3, "s3://images/one", &["adopt", "--storage"]));
    assert!(adopted, "{words}");
    Running::start(command(&first, &url, &s3, "s3://images/one", &["serve"]), "ready at ").stop();
}

#[test]
fn a_bucket_that_is_not_there_and_credentials_that_are_wrong_are_told() {
    let s3 = S3::start();
    let (home, url) = (Home::new(), database::fresh());
    // The server of the tests makes buckets as it needs them; others refuse.
    let without = server::serve(|stream| {
        let mut lines = BufReader::new(stream).lines();
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let words = "<Error><Code>NoSuchBucket</Code><Message>There is none</Message></Error>";
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{words}",
            words.len()
        )
    });
    let mut missing = command(&home, &url, &s3, "s3://images", &["serve"]);
    missing.env("AWS_ENDPOINT_URL", format!("http://{without}"));
    let (started, words) = said(missing);
    assert!(!started && words.contains("NoSuchBucket"), "{words}");
    s3.make_bucket("images");
    let mut wrong = command(&home, &url, &s3, "s3://images", &["serve"]);
    wrong.env("AWS_SECRET_ACCESS_KEY", "another secret");
    let (started, words) = said(wrong);
    assert!(!started && words.contains("SignatureDoesNotMatch"), "{words}");
    assert!(!words.contains("another secret"), "{words}");
    let (_, words) = said(command(&home, &url, &s3, "s3://images", &["config"]));
    assert!(
        words.contains("s3://images") && !words.contains(crate::support::s3::SECRET_KEY),
        "{words}"
    );
}
